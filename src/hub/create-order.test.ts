import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import { MakingShop, NUMBER, refusedAs } from '../../test/kit/making-shop.ts';
import type { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import type { Principal } from './access.ts';
import { readCheckout } from './checkout.ts';

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

test('an order is held at the machine first, then its payment is made as a leg, and the checkout is handed over', async () => {
  const { order, checkout } = await create(sale());
  assert.deepEqual(checkout, { account: payer(), orderId: `P${NUMBER}`, orderToken: 'tok-secret' });
  assert.equal(order.account, machine());
  assert.equal(order.kind, 'vending');
  assert.equal(order.status, 'pending');
  assert.equal(order.merchantOrderId, NUMBER);
  assert.equal(order.platformOrderId, `P${NUMBER}`);
  const [leg] = await ordersOf(payer());
  assert.equal(leg?.parent, order.id);
  assert.equal(leg?.amounts.total, 350);
  assert.ok(order.expiresAt !== null && leg?.expiresAt !== null);
  // The payment is open for as long as the goods are held, and no longer.
  assert.equal(leg.expiresAt, order.expiresAt);
  const made = machines.orders.get(NUMBER);
  const asked = pay.orders.get(NUMBER);
  assert.ok(made !== undefined && asked !== undefined);
  assert.equal((made.body as { notifyUrl: string }).notifyUrl, `http://hub.test/callbacks/test-machine/${machine()}`);
  const wish = (asked.body as { params: { wish: { items: Json; amount: number } } }).params.wish;
  assert.deepEqual(wish.items, [{ code: '1', title: 'cola', price: 350, quantity: 1 }]);
  assert.deepEqual(await readCheckout(shop.hub.ctx, ADMIN_PRINCIPAL, order.id), checkout);
});

test('what is handed over is in no action, no event, no timeline and not in clear in the database', async () => {
  const { order } = await create(sale());
  const [leg] = await ordersOf(payer());
  assert.ok(leg);
  const seen = [JSON.stringify(await actionsOf(leg.id)), JSON.stringify(await actionsOf(order.id))];
  for (const table of ['actions', 'events', 'facts', 'access_tokens', 'order_wishes']) {
    const rows = await shop.hub.ctx.pool.query<{ text: string }>(`select t::text as text from ${table} t`);
    seen.push(rows.rows.map(({ text }) => text).join('\n'));
  }
  for (const text of seen) {
    assert.ok(text.length > 10);
    assert.ok(!text.includes('tok-secret') && !text.includes('token-1') && !text.includes('top-secret'), text);
  }
});

test('the same request again gives the same order and checkout and makes nothing, another with its number is refused', async () => {
  const first = await create(sale());
  const again = await create(sale());
  assert.deepEqual(again, first);
  assert.equal(machines.orders.get(NUMBER)?.asked, 1);
  assert.equal(pay.orders.get(NUMBER)?.asked, 1);
  const other = sale({ fields: { machineNo: '10000002', amount: 350 } });
  await assert.rejects(create(other), refusedAs('order_exists', first.order.id));
});

test('many of the same request at a time make one order', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => create(sale())));
  assert.equal(new Set(made.map(({ order }) => order.id)).size, 1);
  assert.equal(machines.orders.get(NUMBER)?.asked, 1);
  assert.equal(pay.orders.get(NUMBER)?.asked, 1);
  assert.equal((await ordersOf(payer())).length, 1);
});

test('a number that an order has already which nobody wished for is refused', async () => {
  const known = await shop.hub.accounts.find(machine());
  assert.ok(known);
  const report = {
    aliases: [{ kind: 'merchant', value: NUMBER }],
    kind: 'vending',
    at: 1,
    facts: [{ line: '', register: 'payment', value: 'paid' }],
  } as const;
  await shop.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: { kind: 'reports', reports: [report] },
    source: 'poll',
  });
  await assert.rejects(create(alone()), refusedAs('order_exists'));
  assert.equal(machines.calls.length, 0);
});

test('what does not fit is said field by field before anything is stored or held', async () => {
  await assert.rejects(create(alone({ fields: {} })), (error: unknown) => {
    refusedAs('order_invalid')(error);
    assert.deepEqual((error as HuidanError).fields, [{ field: 'machineNo', message: 'is missing' }]);
    return true;
  });
  await assert.rejects(
    create(alone({ merchantOrderId: '1'.repeat(19) })),
    refusedAs('order_invalid', 'merchantOrderId'),
  );
  await assert.rejects(
    create(alone({ merchantOrderId: '1'.repeat(33) })),
    refusedAs('order_invalid', 'merchantOrderId'),
  );
  const wrongPayment = sale({ payment: { account: payer(), fields: {} } });
  await assert.rejects(create(wrongPayment), refusedAs('order_invalid', 'payment.subject'));
  const otherAmount = sale({ payment: { account: payer(), fields: { subject: 'x', amount: 349 } } });
  await assert.rejects(create(otherAmount), refusedAs('order_invalid', 'payment.amount'));
  const unpriced = sale({ fields: { machineNo: '1' } });
  await assert.rejects(create(unpriced), refusedAs('order_invalid', 'amount is missing'));
  const itself = sale({ payment: { account: machine(), fields: { subject: 'x' } } });
  await assert.rejects(create(itself), refusedAs('order_invalid', 'payment.account'));
  await assert.rejects(create(alone({ account: 'nowhere' })), refusedAs('account_not_found'));
  assert.equal(machines.calls.length + pay.calls.length, 0);
  assert.deepEqual(await ordersOf(machine()), []);
});

test('a number at the documented limits is taken', async () => {
  await create(alone({ merchantOrderId: '1'.repeat(20) }));
  await create(alone({ merchantOrderId: '2'.repeat(32) }));
});

test('an account that observes or is paused makes no orders, for the goods and for the payment alike', async () => {
  for (const [id, mode, code] of [
    [payer(), 'observe', 'account_observes'],
    [machine(), 'paused', 'account_paused'],
  ] as const) {
    await shop.hub.database.pool.query('update accounts set mode = $2 where id = $1', [id, mode]);
    shop.hub.accounts.forget(id);
    await assert.rejects(create(sale()), refusedAs(code));
  }
  assert.equal(machines.calls.length, 0);
});

test('a key limited to other accounts finds none, and one without the payment’s account cannot have it paid there', async () => {
  const limited = (accounts: readonly string[]): Principal => ({ ...ADMIN_PRINCIPAL, id: 'key_1', accounts });
  await assert.rejects(create(sale(), limited(['elsewhere'])), refusedAs('account_not_found'));
  await assert.rejects(create(sale(), limited([machine()])), refusedAs('account_not_found'));
  assert.equal(machines.calls.length, 0);
  const { order, checkout } = await create(sale(), limited([machine(), payer()]));
  assert.ok(checkout !== null);
  assert.equal(await readCheckout(shop.hub.ctx, limited([machine()]), order.id), null);
  await assert.rejects(readCheckout(shop.hub.ctx, limited(['elsewhere']), order.id), refusedAs('order_not_found'));
});

test('a platform that refuses is quoted, and the order stays as cancelled', async () => {
  machines.next('/create', 'sold-out');
  await assert.rejects(create(sale()), refusedAs('order_create_failed', '60003: the platform said 60003.'));
  const [order] = await ordersOf(machine());
  assert.equal(order?.status, 'cancelled');
  const [action] = await actionsOf(order.id);
  assert.deepEqual(action?.answer, { code: '60003', message: 'the platform said 60003', kind: 'sold_out' });
  assert.equal(pay.calls.length, 0);
  // The number is used up; the same again says the same.
  await assert.rejects(create(sale()), refusedAs('order_create_failed', '60003'));
  assert.equal(machines.calls.length, 1);
});

test('when the payment is refused the goods are let go of again', async () => {
  pay.next('/create', 'sold-out');
  await assert.rejects(create(sale()), refusedAs('order_create_failed', '60003'));
  const [order] = await ordersOf(machine());
  assert.ok(order);
  await untilOver(order.id);
  assert.equal(machines.orders.get(NUMBER)?.state, 'closed');
  assert.equal((await ordersOf(machine()))[0]?.status, 'cancelled');
  assert.equal((await ordersOf(payer()))[0]?.status, 'cancelled');
  await assert.rejects(create(sale()), refusedAs('order_create_failed'));
  assert.equal(machines.calls.filter(({ path }) => path === '/close').length, 1);
});

test('a platform that answers with the number of another order makes no two sales one, and hands over no payment of another', async () => {
  const other = '20261120000000000002';
  const first = await create(sale());
  pay.next('/create', 'first-number');
  await assert.rejects(
    create(sale({ merchantOrderId: other })),
    refusedAs('order_create_pending', 'number_of_another'),
  );
  const legs = await ordersOf(payer());
  assert.deepEqual(
    legs.map(({ merchantOrderId, platformOrderId, parent }) => [merchantOrderId, platformOrderId, parent !== null]),
    [
      [NUMBER, `P${NUMBER}`, true],
      [other, null, true],
    ],
  );
  assert.equal(legs[0]?.parent, first.order.id);
  const [action] = await actionsOf(legs[1]?.id ?? '');
  assert.deepEqual([action?.state, action?.code, action?.nextAt], ['unknown', 'number_of_another', null]);
  assert.equal(await readCheckout(shop.hub.ctx, ADMIN_PRINCIPAL, legs[1]?.parent ?? ''), null);
  machines.next('/create', 'first-number');
  const third = alone({ merchantOrderId: '20261120000000000003' });
  await assert.rejects(create(third), refusedAs('order_create_pending', 'number_of_another'));
  assert.deepEqual(
    (await ordersOf(machine())).map(({ platformOrderId }) => platformOrderId),
    [`P${NUMBER}`, `P${other}`, null],
  );
});
