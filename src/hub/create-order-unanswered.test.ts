import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../test/kit/deliveries.ts';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import { MakingShop, NUMBER, refusedAs } from '../../test/kit/making-shop.ts';
import { ADMIN_PRINCIPAL } from './access.ts';

const shop = new MakingShop();
const { actionsOf, alone, create, machine, ordersOf, payer, sale, untilOver } = shop;
let machines: MakingServer;
let pay: MakingServer;

before(shop.open);
after(shop.close);
beforeEach(async () => {
  ({ machines, pay } = await shop.begin());
});
afterEach(shop.end);

test('no answer in time is told as not known, and the same request goes on to the one order', async () => {
  machines.next('/create', 'done-but-silent');
  await assert.rejects(create(sale(), ADMIN_PRINCIPAL, 200), refusedAs('order_create_pending', 'Action act_'));
  assert.equal(pay.calls.length, 0);
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await untilOver(order.id);
  pay.next('/create', 'done-but-silent');
  await assert.rejects(create(sale(), ADMIN_PRINCIPAL, 200), refusedAs('order_create_pending'));
  const [leg] = await ordersOf(payer());
  assert.ok(leg);
  await untilOver(leg.id);
  const made = await create(sale());
  assert.equal(made.order.id, order.id);
  assert.ok(made.checkout !== null);
  // Asked twice each, by one number, with the same bytes: the platform knows the repeat.
  for (const server of [machines, pay]) {
    assert.equal(server.orders.size, 1);
    const sent = server.calls.filter(({ path }) => path === '/create').map(({ body }) => body);
    assert.equal(sent.length, 2);
    assert.equal(new Set(sent).size, 1);
  }
});

test('an order whose hold has run out before it left is not made any more', async () => {
  machines.next('/create', 'busy');
  await assert.rejects(create(alone(), ADMIN_PRINCIPAL, 100), refusedAs('order_create_pending'));
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await until(() => machines.calls.length === 1, 'the call');
  const known = await shop.hub.accounts.find(machine());
  assert.ok(known);
  const report = {
    aliases: [{ kind: 'merchant', value: NUMBER }],
    kind: 'vending',
    at: 1,
    facts: [{ line: '', register: 'lifecycle', value: 'cancelled' }],
  } as const;
  await shop.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: { kind: 'reports', reports: [report] },
    source: 'own',
  });
  await untilOver(order.id);
  assert.equal(machines.calls.length, 1);
  await assert.rejects(create(alone()), refusedAs('order_create_failed', 'action_refused'));
});

test('an order whose time has run out before it left is not made either, though nobody has closed it yet', async () => {
  machines.next('/create', 'busy');
  await assert.rejects(create(alone(), ADMIN_PRINCIPAL, 0), refusedAs('order_create_pending'));
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await until(() => machines.calls.length === 1, 'the call');
  shop.aheadMs += 1_200_000;
  await untilOver(order.id);
  assert.equal(machines.calls.length, 1);
  assert.equal((await ordersOf(machine()))[0]?.status, 'cancelled');
});

test('a platform that is called too often is called no more for a second, by whatever action', async () => {
  machines.next('/create', 'too-often');
  await assert.rejects(create(alone(), ADMIN_PRINCIPAL, 0), refusedAs('order_create_pending'));
  // However slow this machine is, the second shall not be over.
  shop.stoppedAt = shop.hub.ctx.clock();
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await until(async () => (await actionsOf(order.id))[0]?.code === 'too-often', 'the answer');
  const other = alone({ merchantOrderId: '20261120000000000002' });
  await assert.rejects(create(other, ADMIN_PRINCIPAL, 200), refusedAs('order_create_pending'));
  assert.equal(machines.calls.length, 1);
  shop.stoppedAt = null;
  await untilOver(order.id);
  assert.ok((await create(other)).order.platformOrderId !== null);
});

test('the payment of goods that were let go of meanwhile is not made', async () => {
  machines.next('/create', 'done-but-silent');
  await assert.rejects(create(sale(), ADMIN_PRINCIPAL, 100), refusedAs('order_create_pending'));
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await untilOver(order.id);
  const known = await shop.hub.accounts.find(machine());
  assert.ok(known);
  const report = {
    aliases: [{ kind: 'merchant', value: NUMBER }],
    kind: 'vending',
    at: 1,
    facts: [{ line: '', register: 'lifecycle', value: 'cancelled' }],
  } as const;
  await shop.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: { kind: 'reports', reports: [report] },
    source: 'poll',
  });
  await assert.rejects(create(sale()), refusedAs('order_create_failed', 'cancelled already'));
  assert.equal(pay.calls.length, 0);
});

for (const point of ['act.before-send', 'act.after-send', 'act.before-outcome'] as const) {
  test(`a worker killed at ${point} of a creation leaves one order at the platform, and the request again finds it`, async () => {
    await shop.work.stop();
    const first = create(sale(), ADMIN_PRINCIPAL, 100);
    await assert.rejects(first, refusedAs('order_create_pending'));
    await shop.hub.ctx.pool.query(`update actions set due_at = now() - interval '1 s' where account_id = $1`, [
      machine(),
    ]);
    const file = fileURLToPath(new URL('../../test/kit/action-worker.ts', import.meta.url));
    const child = fork(file, [shop.hub.database.url, point], { execArgv: [] });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    const [order] = await ordersOf(machine());
    assert.ok(order);
    machines.next('/create', 'done-but-silent');
    shop.startWork();
    await untilOver(order.id);
    const made = await create(sale());
    assert.equal(made.order.id, order.id);
    assert.ok(made.checkout !== null);
    assert.equal(machines.orders.size, 1);
    assert.equal(new Set(machines.calls.map(({ body }) => body)).size, 1);
    assert.equal((await ordersOf(machine())).length, 1);
  });
}
