import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { em } from '../connectors/em/index.ts';
import { meituanUnion } from '../connectors/meituan-union/index.ts';
import { meituanWaimai } from '../connectors/meituan-waimai/index.ts';
import type { Fact, OrderKind, Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import { createRegistry } from './context.ts';
import { runDueLives } from './lives.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let hub: TestHub;
let now = Date.UTC(2026, 10, 20, 4, 0, 0);
let count = 0;

before(async () => {
  const registry = createRegistry([em, meituanWaimai, meituanUnion]);
  hub = await createTestHub({ clock: () => now, registry });
  await hub.addAccount('em-1', 'em', { appid: 'A', appSecret: 'S' });
  await hub.addAccount('mtwm-1', 'meituan-waimai', { developerId: '1', signKey: 'K' });
  await hub.addAccount('mtu-1', 'meituan-union', { appkey: 'K', secret: 'S' });
});
after(() => hub.close());
beforeEach(() => {
  count += 1;
});

async function change(account: string, settings: Readonly<Record<string, Json>>, mode = 'live'): Promise<void> {
  const text = JSON.stringify(settings);
  await hub.database.pool.query('update accounts set settings = $2, mode = $3 where id = $1', [account, text, mode]);
  hub.accounts.forget(account);
}

/** The platform tells of the order of this test. Returns our id of it. */
async function tell(account: string, kind: OrderKind, facts: readonly Fact[], stage = 0): Promise<string> {
  const known = await hub.accounts.find(account);
  assert.ok(known);
  const report: Report = { aliases: [{ kind: 'platform', value: `N${count}` }], kind, at: now, stage, facts };
  const content = { kind: 'reports', reports: [report] } as const;
  const { orderIds } = await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'poll' });
  return orderIds[0] ?? assert.fail();
}

async function run(): Promise<void> {
  for (let guard = 0; guard < 50; guard += 1)
    if ((await runDueLives(hub.ctx, { accounts: hub.accounts })) === 0) return;
  assert.fail('it never comes to rest');
}

async function conditions(order: string): Promise<readonly string[]> {
  const found = await hub.database.pool.query<{ name: string }>(
    'select name from order_conditions where order_id = $1',
    [order],
  );
  return found.rows.map(({ name }) => name);
}

async function clocks(order: string): Promise<number> {
  const found = await hub.database.pool.query(`select from order_clocks where order_id = $1 and kind like 'life:%'`, [
    order,
  ]);
  return found.rowCount ?? 0;
}

const whole = (register: string, value: unknown): Fact => ({ line: '', register, value }) as Fact;

test('an order that nobody accepts is alarmed a minute before its time, and the alarm goes when it is accepted', async () => {
  const facts = [whole('payment', 'paid'), whole('acceptBy', now + 5 * MINUTE_MS)];
  const order = await tell('mtwm-1', 'takeaway', facts);
  await run();
  assert.deepEqual(await conditions(order), []);
  now += 4 * MINUTE_MS;
  await run();
  assert.deepEqual(await conditions(order), ['accept_deadline']);
  await tell('mtwm-1', 'takeaway', [whole('fulfilment', 'accepted')], 4);
  now += MINUTE_MS;
  await run();
  assert.deepEqual(await conditions(order), []);
  assert.equal(await clocks(order), 0, 'nothing is waited for any more');
});

test('an order that is accepted in time is never alarmed', async () => {
  const order = await tell('mtwm-1', 'takeaway', [whole('acceptBy', now + 5 * MINUTE_MS)]);
  await tell('mtwm-1', 'takeaway', [whole('fulfilment', 'accepted')], 4);
  now += HOUR_MS;
  await run();
  assert.deepEqual(await conditions(order), []);
  assert.equal(await clocks(order), 0);
});

test('a request for a refund is alarmed before the platform grants it', async () => {
  const refund = (state: string): Fact =>
    ({ line: 'refund:1', register: 'refund', value: { state, amount: 100 } }) as Fact;
  const request = [refund('requested'), whole('answerBy', now + 3 * HOUR_MS)];
  const order = await tell('mtwm-1', 'takeaway', [whole('payment', 'paid'), ...request]);
  now += 3 * HOUR_MS - 5 * MINUTE_MS - 1;
  await run();
  assert.deepEqual(await conditions(order), []);
  now += 1;
  await run();
  assert.deepEqual(await conditions(order), ['answer_deadline']);
  await tell('mtwm-1', 'takeaway', [refund('failed')], 9);
  now += MINUTE_MS;
  await run();
  assert.deepEqual(await conditions(order), []);
});

test('deadlines are alarmed of an account that only observes, too', async () => {
  await change('mtwm-1', {}, 'observe');
  const order = await tell('mtwm-1', 'takeaway', [whole('payment', 'paid'), whole('acceptBy', now + 5 * MINUTE_MS)]);
  now += 5 * MINUTE_MS;
  await run();
  assert.deepEqual(await conditions(order), ['accept_deadline']);
  await change('mtwm-1', {});
});

test('a trade that nobody audits is alarmed after the hours of its account; the audit is one event and ends it', async () => {
  await change('em-1', { auditAlarmHours: 2 });
  const order = await tell('em-1', 'supply', [whole('fulfilment', 'none')], 1);
  now += 2 * HOUR_MS - 1;
  await run();
  assert.deepEqual(await conditions(order), []);
  now += 1;
  await run();
  assert.deepEqual(await conditions(order), ['unaudited']);
  for (let resend = 0; resend < 3; resend += 1) {
    await tell('em-1', 'supply', [whole('fulfilment', 'accepted')], 2);
    await run();
  }
  assert.deepEqual(await conditions(order), []);
  const told = await hub.database.pool.query(`select from events where subject = $1 and type = 'order.accepted'`, [
    order,
  ]);
  assert.equal(told.rowCount, 1);
});

test('an account whose lives are switched off has no alarm and no clock', async () => {
  await change('em-1', { life: false, auditAlarmHours: 1 });
  const order = await tell('em-1', 'stock_in', [whole('fulfilment', 'none')], 1);
  assert.equal(await clocks(order), 0);
  now += 3 * HOUR_MS;
  await run();
  assert.deepEqual(await conditions(order), []);
  await change('em-1', {});
});

test('a promoted order sets no clock of a life', async () => {
  const order = await tell('mtu-1', 'cps', [whole('payment', 'paid')]);
  assert.equal(await clocks(order), 0);
});

for (const point of ['lives.before-commit', 'lives.after-commit', 'lives.before-clock'] as const) {
  test(`a worker killed at ${point} leaves the alarm to the next one`, async () => {
    const order = await tell('mtwm-1', 'takeaway', [whole('payment', 'paid'), whole('acceptBy', now)]);
    const file = fileURLToPath(new URL('../../test/kit/life-worker.ts', import.meta.url));
    const child = fork(file, [hub.database.url, point, String(now)], { execArgv: [] });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(await conditions(order), point === 'lives.before-commit' ? [] : ['accept_deadline']);
    await run();
    assert.deepEqual(await conditions(order).then((names) => names.length), point === 'lives.before-commit' ? 0 : 1);
    now += MINUTE_MS;
    await run();
    assert.deepEqual(await conditions(order), ['accept_deadline']);
  });
}
