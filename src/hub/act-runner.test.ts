import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { machinePlatform, startMakingServer } from '../../test/kit/making-platform.ts';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import type { Json } from '../core/json.ts';
import { renewActions } from '../store/action-claims.ts';
import { transaction } from '../store/transaction.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { requestAction } from './act.ts';
import { createActGate } from './act-gate.ts';
import { createActRunner } from './act-run.ts';
import type { ActRunner } from './act-run.ts';
import type { ActionJson } from './action-json.ts';
import { createRegistry } from './context.ts';
import { readAction } from './read-actions.ts';

let hub: TestHub;
let hanging: MakingServer;
let working: MakingServer;
let runner: ActRunner;
let count = 0;

before(async () => {
  hub = await createTestHub({ registry: createRegistry([machinePlatform]) });
});
after(() => hub.close());
beforeEach(async () => {
  [hanging, working] = await Promise.all([startMakingServer(), startMakingServer()]);
  runner = createActRunner(hub.ctx, { accounts: hub.accounts, gate: createActGate() });
  count += 1;
  for (const [id, { url }] of [
    [`hangs-${count}`, hanging],
    [`works-${count}`, working],
  ] as const) {
    await hub.addAccount(id, 'test-machine', { signKey: 'k' });
    const settings = JSON.stringify({ baseUrl: url, callsPerSecond: 1000, breakerFailures: 1000 });
    await hub.database.pool.query('update accounts set settings = $2 where id = $1', [id, settings]);
  }
});
afterEach(async () => {
  await Promise.all([hanging.close(), working.close()]);
  await runner.stop();
  // What this test left behind is not the next one's.
  await hub.database.pool.query('update actions set due_at = null');
});

async function tell(account: string, number: string): Promise<string> {
  const known = await hub.accounts.find(`${account}-${count}`);
  assert.ok(known);
  const aliases = [{ kind: 'platform', value: number }] as const;
  const facts = [{ line: '', register: 'payment', value: 'paid' }] as const;
  const content = { kind: 'reports', reports: [{ aliases, kind: 'vending', at: 1, facts }] } as const;
  const { orderIds } = await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  return orderIds[0] ?? '';
}

const ask = async (order: string, action = 'accept', params: Readonly<Record<string, Json>> = {}): Promise<string> => {
  const { id } = await transaction(hub.ctx.pool, (tx) =>
    requestAction(hub.ctx, { accounts: hub.accounts }, ADMIN_PRINCIPAL, order, { action, params }, tx),
  );
  return id;
};
const read = (id: string): Promise<ActionJson> => readAction(hub.ctx, ADMIN_PRINCIPAL, id);

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let guard = 0; guard < 300; guard += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it never came to that');
}

test('a platform that hangs holds up none but its own', async () => {
  hanging.next('/accept', ...Array.from({ length: 20 }, () => 'hang' as const));
  for (let index = 0; index < 12; index += 1) await ask(await tell('hangs', `H${index}`));
  while ((await runner.run()) > 0);
  await until(async () => hanging.calls.length >= 8);
  const id = await ask(await tell('works', 'W1'));
  assert.equal(await runner.run(), 1);
  await until(async () => (await read(id)).state === 'succeeded');
});

test('actions of an order go one after the other, also when the second is asked for during the first', async () => {
  const order = await tell('works', 'W2');
  working.next('/accept', 'slow');
  const first = await ask(order);
  assert.equal(await runner.run(), 1);
  await until(async () => working.calls.length === 1);
  const second = await ask(order, 'accept');
  assert.equal(await runner.run(), 0);
  assert.equal((await read(second)).state, 'queued');
  await until(async () => (await read(first)).state === 'succeeded');
  await until(async () => (await runner.run()) === 1);
  await until(async () => (await read(second)).state === 'succeeded');
  assert.deepEqual(
    working.calls.map(({ path }) => path),
    ['/accept', '/accept'],
  );
});

test('what a dead process had in hand is taken up again within 40 s', async () => {
  hanging.next('/accept', 'hang');
  const id = await ask(await tell('hangs', 'H1'));
  await runner.run();
  await until(async () => (await read(id)).state === 'sent');
  const { nextAt } = await read(id);
  assert.ok(nextAt !== null && Date.parse(nextAt) <= Date.now() + 40_000);
});

test('a lease is renewed for what is still in hand, and for nothing that was written back', async () => {
  hanging.next('/accept', 'hang');
  const held = await ask(await tell('hangs', 'H2'));
  await runner.run();
  await until(async () => (await read(held)).state === 'sent');
  const done = await ask(await tell('works', 'W3'));
  await runner.run();
  await until(async () => (await read(done)).state === 'succeeded');
  const found = await hub.ctx.pool.query<{ account: string; id: string; lease: string | null }>(
    'select account_id as account, id, lease from actions where id = any($1) order by lease nulls last',
    [[held, done]],
  );
  const lease = found.rows[0]?.lease ?? '';
  assert.deepEqual(
    found.rows.map((row) => row.lease !== null),
    [true, false],
  );
  const later = new Date(Date.now() + 77_000);
  await renewActions(hub.ctx.pool, found.rows, lease, later);
  assert.equal((await read(held)).nextAt, later.toISOString());
  assert.equal((await read(done)).nextAt, null);
});
