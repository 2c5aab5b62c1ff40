import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { douyin } from '../../src/connectors/douyin/index.ts';
import { pushedStatuses } from '../../src/connectors/douyin/sandbox-push.ts';
import type { Json } from '../../src/core/json.ts';
import { SaleStage } from '../kit/sale-stage.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
let stage: SaleStage;
let count = 0;

const half = (): number => 0.5;
const account = douyin.sandbox.demoAccount(half, 'http://dy-1.test');

before(async () => {
  stage = await new SaleStage([{ id: 'dy-1', connector: douyin, ...account }]).open();
});
after(() => stage.close());
beforeEach(() => {
  count += 1;
});
afterEach(() => settings({}));

async function settings(own: Readonly<Record<string, Json>>): Promise<void> {
  const plain = { latePayment: 'refund', settleAfterSeconds: 604_800, holdSeconds: 1200, life: true };
  const body = { settings: { ...account.settings, ...plain, callsPerSecond: 1000, ...own } };
  const changed = await stage.api.call('PATCH', '/api/v1/accounts/dy-1', { body });
  assert.equal(changed.status, 200, changed.text);
}

async function buy(
  more: Readonly<Record<string, Json>> = {},
): Promise<{ id: string; number: string; paymentNo: string }> {
  const number = `PAY${String(count).padStart(6, '0')}`;
  const body = { account: 'dy-1', merchantOrderId: number, amount: 1000, subject: '月卡', openId: '_000user', ...more };
  const made = await stage.order({ body: '月卡', ...body });
  assert.equal(made.status, 201, made.text);
  return { id: made.body.id, number, paymentNo: made.body.checkout.orderId };
}

async function act(id: string, action: string, params: Readonly<Record<string, Json>> = {}): Promise<void> {
  const asked = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, { body: { action, params } });
  assert.equal(asked.status, 202, asked.text);
  await stage.wait(MINUTE_MS);
}

const pushes = (number: string): readonly string[] => pushedStatuses(stage.memory('dy-1'), number);

test('a payment is told to the order centre, paid, given back in part, and the rest is settled after the wait', async () => {
  const { id, number, paymentNo } = await buy();
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'paid');
  await act(id, 'refund', { amount: 300, reason: '部分退款' });
  const order = await stage.read(id);
  assert.deepEqual([order.payment, order.amounts.refunded], ['partially_refunded', 300]);
  assert.deepEqual(pushes(number), ['0', '1', '5', '6']);
  await stage.wait(7 * DAY_MS);
  assert.equal((await stage.read(id)).settlement, 'settled');
  assert.deepEqual(await stage.conditions(id), []);
});

test('what somebody has settled with splits is not settled again', async () => {
  const { id, paymentNo } = await buy();
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  const from = stage.calls.length;
  const splits = [{ merchantUid: '70000000000000000002', amount: 200 }];
  await act(id, 'settle', { description: '分账', splits, final: true });
  assert.equal((await stage.read(id)).settlement, 'settled');
  await stage.wait(8 * DAY_MS);
  assert.equal(stage.calls.slice(from).filter(({ call }) => call === 'ecpay.settle').length, 1);
});

test('unpaid at its end it is asked about, and then it has expired', async () => {
  const { id, number } = await buy({ validSeconds: 300 });
  await stage.wait(6 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'expired');
  assert.ok(stage.calls.some(({ call }) => call === 'ecpay.query_order'));
  assert.deepEqual(pushes(number), ['0', '2']);
});

/** The hub's own end comes before that of the platform, which still takes the money. */
async function payLate(own: Readonly<Record<string, Json>> = {}): Promise<{ id: string; number: string }> {
  await settings({ holdSeconds: 60, ...own });
  const { id, number, paymentNo } = await buy();
  await stage.wait(2 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'expired');
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  return { id, number };
}

test('paid after its end it is given back', async () => {
  const { id, number } = await payLate();
  const order = await stage.read(id);
  assert.deepEqual([order.status, order.amounts.refunded], ['refunded', 1000]);
  assert.deepEqual(pushes(number), ['0', '2', '1', '5', '6']);
});

test('paid after its end it lives on where the account says so', async () => {
  const { id } = await payLate({ latePayment: 'revive' });
  const order = await stage.read(id);
  assert.deepEqual([order.status, order.lifecycle, order.flags], ['paid', 'open', []]);
  await stage.wait(8 * DAY_MS);
  assert.equal((await stage.read(id)).settlement, 'settled');
});

test('paid after its end it waits for a person where the account says so', async () => {
  const { id } = await payLate({ latePayment: 'ask' });
  assert.deepEqual(await stage.conditions(id), ['late_payment']);
  await act(id, 'refund', { reason: '超时' });
  assert.equal((await stage.read(id)).status, 'refunded');
  assert.deepEqual(await stage.conditions(id), []);
});
