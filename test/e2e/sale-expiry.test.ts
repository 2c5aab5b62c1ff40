import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { pushedStatuses } from '../../src/connectors/douyin/sandbox-push.ts';
import type { Json } from '../../src/core/json.ts';
import { MachineSales, one } from '../kit/machine-sales.ts';

const MINUTE_MS = 60_000;
const sales = new MachineSales();
const { stage, left, sell, settings } = sales;

before(sales.open);
after(sales.close);
afterEach(sales.calm);

test('unpaid at the end of the hold: asked for, closed, told, and the stock is back', async () => {
  const from = stage.calls.length;
  const before_ = left('221');
  await settings({ holdSeconds: 60 });
  const { id, number } = await sell([one(221)]);
  await stage.wait(2 * MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'expired');
  assert.equal(left('221'), before_);
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '2']);
  const asked = stage.calls.slice(from).map(({ account, call }) => `${account} ${call}`);
  const order_ = ['dy-1 ecpay.query_order', 'vm-1 order.close'].map((call) => asked.indexOf(call));
  assert.ok((order_[0] ?? -1) >= 0 && (order_[0] ?? 0) < (order_[1] ?? 0), asked.join());
  await stage.wait(30 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'expired');
});

test('a payment after the end is given back', async () => {
  await settings({ holdSeconds: 60 });
  const { id, number, paymentNo } = await sell([one(221)]);
  await stage.wait(2 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'expired');
  await stage.pay('dy-1', paymentNo);
  await stage.settle();
  assert.ok((await stage.read(id)).flags.includes('late_payment'));
  await stage.wait(MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'refunded');
  assert.equal(order.amounts.refunded, 700);
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '2', '1', '5', '6']);
});

test('a payment after the end waits for a person where the account says so', async () => {
  await settings({ holdSeconds: 60, latePayment: 'ask' });
  const { id, paymentNo } = await sell([one(221)]);
  await stage.wait(2 * MINUTE_MS);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  assert.deepEqual(await stage.conditions(id), ['late_payment']);
  const leg = await stage.leg(id);
  assert.equal(leg.amounts.refunded, 0);
  const body = { action: 'refund', params: { reason: '超时' } };
  const asked = await stage.api.call('POST', `/api/v1/orders/${leg.id}/actions`, { body });
  assert.equal(asked.status, 202, asked.text);
  await stage.wait(MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'refunded');
  assert.deepEqual(await stage.conditions(id), []);
});

test('a payment after the end lets the order live on where the account says so: made once more, and dispensed', async () => {
  await settings({ holdSeconds: 60, latePayment: 'revive' });
  const before_ = left('221') ?? 0;
  const { id, number, paymentNo } = await sell([one(221, 2)]);
  await stage.wait(2 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'expired');
  assert.equal(left('221'), before_);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'completed', JSON.stringify(order));
  assert.deepEqual(order.flags, []);
  assert.equal(order.parts.length, 2);
  assert.equal(left('221'), before_ - 2);
  assert.equal((await stage.leg(id)).status, 'completed');
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '2', '1', '4']);
  await stage.wait(8 * 24 * 60 * MINUTE_MS);
  assert.equal((await stage.leg(id)).settlement, 'settled');
  assert.equal((await stage.read(id)).status, 'completed');
});

test('a lost callback of the payment is found by the question at the end of the hold', async () => {
  stage.onCallback = (callback) => (callback.body.includes('payment') ? [] : [0]);
  const { id, paymentNo } = await sell([one(221)]);
  await stage.wait(19 * MINUTE_MS);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(30 * MINUTE_MS);
  const order = await stage.read(id);
  assert.ok(order.status === 'completed' || order.status === 'refunded', order.status);
  const { amounts } = await stage.leg(id);
  assert.equal(amounts.paid, 700);
});

test('somebody who wants out gets out only unpaid', async () => {
  const { id } = await sell([one(221)]);
  const asked = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, {
    body: { action: 'cancel', params: {} },
  });
  assert.equal(asked.status, 202, asked.text);
  await stage.wait(MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'cancelled');
  assert.deepEqual(order.flags, []);
});

test('a sale is paid by the trade system, too, and one that nobody begins to pay expires', async () => {
  const body = (merchantOrderId: string): Readonly<Record<string, Json>> => ({
    account: 'vm-1',
    merchantOrderId,
    machineNo: '10000002',
    items: [one(221)],
    amount: 350,
    payment: { account: 'dy-2', subject: '可乐', body: '可乐', openId: '_000user' },
  });
  const paid = await stage.order(body('20261120000000008001'));
  const left_ = await stage.order(body('20261120000000008002'));
  assert.deepEqual([paid.status, left_.status], [201, 201], paid.text);
  await stage.pay('dy-2', paid.body.checkout.data as string);
  await stage.wait(5 * MINUTE_MS);
  assert.equal((await stage.read(paid.body.id as string)).status, 'completed');
  await stage.wait(30 * MINUTE_MS);
  const legs = [await stage.leg(paid.body.id as string), await stage.leg(left_.body.id as string)];
  assert.deepEqual(
    legs.map(({ status }) => status),
    ['completed', 'expired'],
  );
  assert.equal((await stage.read(left_.body.id as string)).status, 'expired');
  assert.deepEqual(await stage.conditions(legs[1]?.id ?? ''), []);
});
