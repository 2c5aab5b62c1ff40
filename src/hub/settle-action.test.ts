import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { machinePlatform, startMakingServer } from '../../test/kit/making-platform.ts';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import type { HuidanError } from '../core/errors.ts';
import type { Fact } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { partLine } from '../core/registers.ts';
import { lockClock } from '../store/events.ts';
import { readOrderJson } from '../store/orders.ts';
import { transaction } from '../store/transaction.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import type { Principal } from './access.ts';
import { requestAction } from './act.ts';
import { createActGate } from './act-gate.ts';
import { queueOwnAction } from './act-intent.ts';
import { runDueActions } from './act-run.ts';
import type { ActDeps } from './act-run.ts';
import type { ActionJson } from './action-json.ts';
import { closeShownActions } from './close-shown.ts';
import { createRegistry } from './context.ts';
import { createOrder } from './create-order.ts';
import { readAction, readActions } from './read-actions.ts';
import { settleAction } from './settle-action.ts';
import type { Settlement } from './settle-action.ts';

let hub: TestHub;
let platform: MakingServer;
let deps: ActDeps;
let offsetMs = 0;
let count = 0;

before(async () => {
  hub = await createTestHub({ clock: () => Date.now() + offsetMs, registry: createRegistry([machinePlatform]) });
});
after(async () => {
  await platform.close();
  await hub.close();
});
beforeEach(async () => {
  await (platform as MakingServer | undefined)?.close();
  platform = await startMakingServer();
  deps = { accounts: hub.accounts, gate: createActGate() };
  count += 1;
  await hub.addAccount(account(), 'test-machine', { signKey: 'top-secret-key' });
  const settings = JSON.stringify({ baseUrl: platform.url });
  await hub.database.pool.query('update accounts set settings = $2 where id = $1', [account(), settings]);
});

const account = (): string => `vm-${count}`;
let told = 0;

/** The platform tells of an order. Returns our id of it. */
async function tell(facts: readonly Fact[], number = 'N1'): Promise<string> {
  const known = await hub.accounts.find(account());
  assert.ok(known);
  told += 1;
  const aliases = [{ kind: 'platform', value: number }] as const;
  const report = { aliases, kind: 'vending', at: told, facts } as const;
  const content = { kind: 'reports', reports: [report] } as const;
  const { orderIds } = await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  return orderIds[0] ?? '';
}

const paid: readonly Fact[] = [
  { line: '', register: 'payment', value: 'paid' },
  { line: '', register: 'money.paid', value: 1000 },
];

const ask = (order: string, action: string, params: Readonly<Record<string, Json>> = {}) =>
  transaction(hub.ctx.pool, (tx) =>
    requestAction(hub.ctx, { accounts: hub.accounts }, ADMIN_PRINCIPAL, order, { action, params }, tx),
  );
const own = (order: string, step: Omit<Parameters<typeof queueOwnAction>[4], never>) =>
  transaction(hub.ctx.pool, async (tx) => {
    const known = await hub.accounts.find(account());
    assert.ok(known);
    await lockClock(tx, account());
    return queueOwnAction(hub.ctx, tx, known, order, step);
  });
const settle = (id: string, settlement: Settlement, principal: Principal = ADMIN_PRINCIPAL): Promise<ActionJson> =>
  transaction(hub.ctx.pool, (tx) => settleAction(hub.ctx, { accounts: hub.accounts }, principal, id, settlement, tx));
const read = (id: string): Promise<ActionJson> => readAction(hub.ctx, ADMIN_PRINCIPAL, id);
const run = (): Promise<number> => runDueActions(hub.ctx, deps);
const look = (): Promise<number> => closeShownActions(hub.ctx, { accounts: hub.accounts });
const refusedAs =
  (code: string) =>
  (error: unknown): boolean => {
    assert.equal((error as HuidanError).code, code, String(error));
    return true;
  };

async function orderOf(id: string): Promise<OrderJson> {
  const order = await readOrderJson(hub.ctx.pool, hub.ctx.sealer, account(), id, { reveal: false });
  assert.ok(order);
  return order;
}

async function eventsOf(id: string): Promise<readonly string[]> {
  const found = await hub.ctx.pool.query<{ type: string; sequence: number }>(
    'select type, sequence from events where account_id = $1 and subject = $2 order by feed',
    [account(), `action:${id}`],
  );
  return found.rows.map(({ type, sequence }) => `${sequence} ${type}`);
}

/** A refund of which nobody knows what became. */
async function lostRefund(amount: number): Promise<{ readonly order: string; readonly id: string }> {
  const order = await tell(paid);
  platform.next('/refund', 'done-but-silent');
  const { id } = await ask(order, 'refund', { amount, reason: 'cold' });
  await run();
  assert.equal((await read(id)).state, 'sent');
  return { order, id };
}

test('a refund that a person found done counts, is an event, and is sent no more', async () => {
  const { order, id } = await lostRefund(300);
  const settled = await settle(id, { outcome: 'succeeded', reason: 'seen in the console' });
  assert.equal(settled.state, 'succeeded');
  assert.equal(settled.code, 'settled_by_hand');
  assert.equal(settled.reason, 'seen in the console');
  assert.deepEqual(await read(id), settled);
  assert.equal((await orderOf(order)).amounts.refunded, 300);
  assert.deepEqual(await eventsOf(id), ['1 action.succeeded']);
  offsetMs += 86_400_000;
  assert.equal(await run(), 0);
  assert.equal(platform.calls.length, 1);
  await assert.rejects(settle(id, { outcome: 'failed', reason: 'x' }), refusedAs('action_not_open'));
  const audit = await hub.ctx.pool.query('select action, subject, detail from audit_log where subject = $1', [id]);
  const detail = { outcome: 'succeeded', reason: 'seen in the console' };
  assert.deepEqual(audit.rows, [{ action: 'action.settle', subject: id, detail }]);
});

test('a refund that a person found not done frees what it held', async () => {
  const { order, id } = await lostRefund(1000);
  await assert.rejects(ask(order, 'refund', { amount: 1, reason: 'x' }), refusedAs('refund_exceeds_paid'));
  assert.equal((await settle(id, { outcome: 'failed', reason: 'not there' })).state, 'failed');
  assert.equal((await orderOf(order)).amounts.refunded, 0);
  await ask(order, 'refund', { amount: 1000, reason: 'x' });
});

test('no word is taken while a call is under way, or money that is just being given back could go back twice', async () => {
  const order = await tell(paid);
  platform.next('/refund', 'slow');
  const { id } = await ask(order, 'refund', { amount: 600, reason: 'cold' });
  const running = run();
  while ((await read(id)).state !== 'sent') await new Promise((resolve) => setTimeout(resolve, 10));
  await assert.rejects(settle(id, { outcome: 'failed', reason: 'not there' }), refusedAs('action_under_way'));
  await assert.rejects(ask(order, 'refund', { amount: 600, reason: 'cold' }), refusedAs('refund_exceeds_paid'));
  await running;
  assert.equal((await read(id)).state, 'succeeded');
  assert.deepEqual(await eventsOf(id), ['1 action.succeeded']);
});

test('what a worker that died had in its hands can be settled once its lease is over', async () => {
  const { id } = await lostRefund(300);
  const lease = `update actions set lease = 'act_dead', due_at = $2 where id = $1`;
  await hub.ctx.pool.query(lease, [id, new Date(hub.ctx.clock() + 40_000)]);
  await assert.rejects(settle(id, { outcome: 'succeeded', reason: 'seen' }), refusedAs('action_under_way'));
  assert.deepEqual(await eventsOf(id), []);
  offsetMs += 41_000;
  assert.equal((await settle(id, { outcome: 'succeeded', reason: 'seen' })).state, 'succeeded');
});

test('only what left the hub can be settled, and only within the limits of the key', async () => {
  const order = await tell(paid);
  const { id } = await ask(order, 'accept');
  await assert.rejects(settle(id, { outcome: 'succeeded', reason: 'x' }), refusedAs('action_not_open'));
  const elsewhere = { ...ADMIN_PRINCIPAL, accounts: ['elsewhere'] };
  await assert.rejects(settle(id, { outcome: 'failed', reason: 'x' }, elsewhere), refusedAs('action_not_found'));
  await assert.rejects(settle('act_none', { outcome: 'failed', reason: 'x' }), refusedAs('action_not_found'));
});

test('an order whose making a person found undone is cancelled', async () => {
  platform.next('/create', 'done-but-silent');
  const wanted = {
    account: account(),
    merchantOrderId: '20261120000000000001',
    fields: { machineNo: '1', amount: 350 },
    payment: null,
  };
  const creating = createOrder(hub.ctx, { accounts: hub.accounts, waitMs: 0 }, ADMIN_PRINCIPAL, wanted);
  await assert.rejects(creating, refusedAs('order_create_pending'));
  await run();
  const [action] = await readActions(hub.ctx, ADMIN_PRINCIPAL, { account: account() }, { beforeId: null, limit: 1 });
  assert.equal(action?.state, 'sent');
  await settle(action.id, { outcome: 'failed', reason: 'not there' });
  assert.equal((await orderOf(action.order)).status, 'cancelled');
});

test('a callback that shows the effect ends an action that was never heard of, whether sent, asked for or given up', async () => {
  const order = await tell([...paid, { line: '', register: 'lifecycle', value: 'open' }]);
  platform.next('/dispense', 'done-but-silent');
  const { id } = await ask(order, 'dispense', { record: '77' });
  await run();
  const given = await read(id);
  assert.equal(given.state, 'unknown');
  assert.equal(given.nextAt, null);
  await tell([{ line: partLine('78'), register: 'fulfilment', value: 'delivered' }]);
  assert.ok((await look()) > 0);
  assert.equal((await read(id)).state, 'unknown', 'that was another record');
  await tell([{ line: partLine('77'), register: 'fulfilment', value: 'delivered' }]);
  await look();
  const over = await read(id);
  assert.equal(over.state, 'succeeded');
  assert.equal(over.code, 'shown');
  assert.deepEqual(await eventsOf(id), ['1 action.unknown', '2 action.succeeded']);
  assert.equal(await look(), 0);
});

test('a callback that shows the effect of what waits for its turn spares the call', async () => {
  const order = await tell(paid);
  const { id } = await ask(order, 'accept');
  await tell([{ line: '', register: 'fulfilment', value: 'delivered' }]);
  await look();
  assert.equal((await read(id)).state, 'succeeded');
  assert.equal(await run(), 0);
  assert.equal(platform.calls.length, 0);
});

test('a callback during the call wins over its silence', async () => {
  const order = await tell(paid);
  platform.next('/dispense', 'slow-and-silent');
  const { id } = await ask(order, 'dispense', { record: '9' });
  const running = run();
  while ((await read(id)).state !== 'sent') await new Promise((resolve) => setTimeout(resolve, 10));
  await tell([{ line: partLine('9'), register: 'fulfilment', value: 'delivered' }]);
  await running;
  // Before it gives up the hub looks at the order once more.
  const over = await read(id);
  assert.equal(over.state, 'succeeded');
  assert.equal(over.code, 'shown');
  assert.equal(platform.calls.length, 1);
});

test('what no platform hears of is done on the spot, with its event', async () => {
  const order = await tell([{ line: '', register: 'payment', value: 'unpaid' }]);
  await assert.rejects(ask(order, 'paid', { amount: 13 }), refusedAs('action_params_invalid'));
  const { id, state } = await ask(order, 'paid', { amount: 350 });
  assert.equal(state, 'succeeded');
  const action = await read(id);
  assert.deepEqual(action.answer, { booked: true });
  assert.equal(action.attempts, 0);
  assert.ok(action.finishedAt !== null);
  const after_ = await orderOf(order);
  assert.equal(after_.status, 'paid');
  assert.equal(after_.amounts.paid, 350);
  assert.deepEqual(await eventsOf(id), ['1 action.succeeded']);
  assert.equal(await run(), 0);
  await assert.rejects(ask(order, 'paid', { amount: 350 }), refusedAs('action_refused'));
});

test('the hub’s own steps are nobody else’s to ask for, and each is taken once a cause', async () => {
  const order = await tell(paid);
  await assert.rejects(ask(order, 'close'), (error: unknown) => {
    refusedAs('action_unknown')(error);
    assert.doesNotMatch((error as Error).message, /create|close/u);
    return true;
  });
  const dueAt = new Date(hub.ctx.clock() + 60_000);
  const first = await own(order, { action: 'close', cause: 'life:expire', dueAt });
  const again = await own(order, { action: 'close', cause: 'life:expire' });
  assert.ok(first.ok && again.ok);
  assert.equal(again.id, first.id);
  assert.deepEqual([first.isNew, again.isNew], [true, false]);
  assert.equal(await run(), 0);
  offsetMs += 61_000;
  await run();
  assert.equal((await read(first.id)).state, 'succeeded');
  const other = await own(order, { action: 'refund', cause: 'life:refund', params: { amount: 1001, reason: 'x' } });
  assert.ok(!other.ok && other.refusal.code === 'refund_exceeds_paid');
});
