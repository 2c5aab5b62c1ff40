import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { douyin } from '../../src/connectors/douyin/index.ts';
import { pushedStatuses } from '../../src/connectors/douyin/sandbox-push.ts';
import type { Json } from '../../src/core/json.ts';
import { SaleStage } from '../kit/sale-stage.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let stage: SaleStage;
let count = 0;
const half = (): number => 0.5;

before(async () => {
  const demo = (id: string) => douyin.sandbox.demoAccount(half, `http://${id}.test`);
  stage = await new SaleStage([
    { id: 'dy-1', connector: douyin, ...demo('dy-1') },
    {
      id: 'dy-2',
      connector: douyin,
      credentials: demo('dy-2').credentials,
      settings: { ...demo('dy-2').settings, generation: 'trade' },
    },
  ]).open();
});
after(() => stage.close());
afterEach(() => {
  stage.onCall = undefined;
  stage.onCallback = undefined;
  stage.repairs = false;
});

interface Made {
  readonly id: string;
  readonly number: string;
  readonly checkout: Readonly<Record<string, string>>;
}

async function make(account = 'dy-1', more: Readonly<Record<string, Json>> = {}): Promise<Made> {
  count += 1;
  const number = `HUB20261120${String(count).padStart(6, '0')}`;
  const made = await stage.order({
    account,
    merchantOrderId: number,
    amount: 1000,
    subject: '会员月卡',
    body: '会员月卡 1 个月',
    validSeconds: 900,
    openId: '_000user',
    ...more,
  });
  assert.equal(made.status, 201, made.text);
  return { id: made.body.id, number, checkout: made.body.checkout };
}

async function act(id: string, action: string, params: Json = {}): Promise<string> {
  const asked = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, { body: { action, params } });
  assert.equal(asked.status, 202, asked.text);
  return asked.body.id;
}
const actionOf = async (id: string) => (await stage.api.call('GET', `/api/v1/actions/${id}`)).body;
/** How often the platform was called so, by our own number in the body. */
const callsOf = (call: string, number: string): number =>
  stage.calls.filter((one) => one.call === call && one.body.includes(number)).length;
const moneyBack = async (account: string): Promise<Readonly<Record<string, number>>> => {
  const known = await stage.api.hub.accounts.find(account);
  assert.ok(known);
  const orders = douyin.sandbox.orders?.(known.view, stage.memory(account)) ?? [];
  return Object.assign({}, ...orders.map(({ refunds }) => refunds)) as Readonly<Record<string, number>>;
};

describe('a payment by Douyin alone', () => {
  test('is made, paid, pushed, refunded in parts and settled with a split', async () => {
    const { id, number, checkout } = await make();
    assert.deepEqual(Object.keys(checkout).sort(), ['account', 'orderId', 'orderToken']);
    await stage.settle();
    await stage.pay('dy-1', checkout['orderId'] ?? '');
    await stage.wait(MINUTE_MS);
    assert.deepEqual(
      [(await stage.read(id)).status, pushedStatuses(stage.memory('dy-1'), number)],
      ['paid', ['0', '1']],
    );
    const first = await act(id, 'refund', { amount: 300, reason: '少发一件' });
    await stage.wait(MINUTE_MS);
    assert.equal((await actionOf(first)).state, 'succeeded');
    const parted = await stage.read(id);
    assert.deepEqual([parted.payment, parted.amounts.refunded, parted.flags], ['partially_refunded', 300, []]);
    const tooMuch = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, {
      body: { action: 'refund', params: { amount: 701, reason: 'x' } },
    });
    assert.equal(tooMuch.status, 422);
    const splits = [{ merchantUid: '70000000000000000002', amount: 200 }];
    const settled = await act(id, 'settle', { description: '分账：作者', splits, final: false });
    await stage.wait(MINUTE_MS);
    assert.equal((await actionOf(settled)).state, 'succeeded');
    assert.equal((await stage.read(id)).settlement, 'none', 'others follow');
    const asked = await act(id, 'unsettled');
    await stage.settle();
    assert.equal((await actionOf(asked)).answer.unsettled.unsettle_amount, 500);
    const last = await act(id, 'settle', { description: '结算' });
    await stage.wait(MINUTE_MS);
    assert.equal((await actionOf(last)).state, 'succeeded');
    assert.equal((await stage.read(id)).settlement, 'settled');
    assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '1', '5', '6']);
    await stage.wait(8 * DAY_MS);
    assert.equal(callsOf('ecpay.settle', number), 2, 'nothing settles it once more');
  });

  test('whatever line is cut after which call, there is one payment, one refund and one settlement', async () => {
    const cut = new Set(['ecpay.create_order', 'ecpay.create_refund', 'ecpay.settle', 'order.v2.push']);
    stage.onCall = (_account, call) => (cut.delete(call) ? 'done-but-silent' : 'ok');
    // Whoever waits for the answer waits by the clock of the test.
    const passing = setInterval(() => (stage.now += 500), 50);
    const made = make();
    await made.finally(() => clearInterval(passing));
    const { id, number, checkout } = await made;
    await stage.settle();
    await stage.pay('dy-1', checkout['orderId'] ?? '');
    await stage.wait(MINUTE_MS);
    const refund = await act(id, 'refund', { amount: 400, reason: '退一件' });
    await stage.wait(MINUTE_MS);
    const settle = await act(id, 'settle', { description: '结算' });
    await stage.wait(MINUTE_MS);
    assert.deepEqual(
      [cut.size, (await actionOf(refund)).state, (await actionOf(settle)).state],
      [0, 'succeeded', 'succeeded'],
    );
    const order = await stage.read(id);
    assert.deepEqual([order.amounts.refunded, order.settlement], [400, 'settled']);
    assert.equal(callsOf('ecpay.create_order', number), 2);
    const numbers = Object.entries(await moneyBack('dy-1')).filter(
      ([refundNo]) => callsOf('ecpay.create_refund', refundNo) > 0,
    );
    assert.equal(numbers.filter(([refundNo]) => callsOf('ecpay.create_refund', refundNo) === 2).length, 1);
  });

  test('a payment whose callback never came is asked for, and so are a refund and a settlement', async () => {
    stage.repairs = true;
    stage.onCallback = () => [];
    const { id, checkout } = await make('dy-1', { validSeconds: 1800 });
    await stage.wait(MINUTE_MS);
    await stage.pay('dy-1', checkout['orderId'] ?? '');
    await stage.wait(8 * MINUTE_MS);
    assert.equal((await stage.read(id)).status, 'paid');
    await act(id, 'refund', { amount: 250, reason: '退' });
    await stage.wait(40 * MINUTE_MS);
    const refunded = await stage.read(id);
    assert.deepEqual([refunded.amounts.refunded, refunded.flags], [250, []]);
    stage.repairs = false;
    await stage.wait(16 * DAY_MS);
    assert.equal((await stage.read(id)).settlement, 'settled');
  });

  test('a refund after the settlement fails when the merchant’s balance is short, and the order says so', async () => {
    const { id, checkout } = await make('dy-1', { amount: 5000 });
    await stage.pay('dy-1', checkout['orderId'] ?? '');
    await stage.wait(MINUTE_MS);
    await act(id, 'settle', { description: '结算' });
    await stage.wait(MINUTE_MS);
    stage.memory('dy-1')['balance'] = 10;
    await act(id, 'refund', { amount: 5000, reason: '退' });
    await stage.wait(MINUTE_MS);
    const order = await stage.read(id);
    assert.deepEqual([order.payment, order.amounts.refunded, order.settlement], ['paid', 0, 'settled']);
  });

  test('a token that another holder has cut off is fetched anew, and the push comes', async () => {
    const { id, number, checkout } = await make();
    await stage.settle();
    stage.memory('dy-1')['tokens'] = [];
    const fetched = stage.calls.filter(({ call }) => call === 'apps.v2.token').length;
    await stage.pay('dy-1', checkout['orderId'] ?? '');
    await stage.wait(MINUTE_MS);
    assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '1']);
    assert.equal(stage.calls.filter(({ call }) => call === 'apps.v2.token').length, fetched + 1);
    assert.equal((await stage.read(id)).status, 'paid');
  });

  test('unpaid at its end it is asked for and expires', async () => {
    const { id, number } = await make('dy-1', { validSeconds: 300 });
    await stage.wait(6 * MINUTE_MS);
    assert.equal((await stage.read(id)).status, 'expired');
    assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '2']);
  });

  test('a wish past a limit of the platform is refused with the field, and nothing is called', async () => {
    const number = 'HUBREFUSED1';
    const from = stage.calls.length;
    const wish = { account: 'dy-1', merchantOrderId: number, amount: 1, subject: 'x' };
    const limits = await stage.order({ ...wish, subject: '😀'.repeat(33) });
    assert.equal(limits.status, 422);
    assert.deepEqual(limits.body.fields, [{ field: 'subject', message: 'must have at most 128 bytes' }]);
    assert.equal(stage.calls.length, from);
  });
});

describe('a payment by the trade system', () => {
  test('is signed for the app without a call, paid, asked about and refunded', async () => {
    const from = stage.calls.length;
    const { id, number, checkout } = await make('dy-2');
    assert.deepEqual(Object.keys(checkout).sort(), ['account', 'byteAuthorization', 'data']);
    assert.match(checkout['byteAuthorization'] ?? '', /^SHA256-RSA2048 appid=/u);
    await stage.settle();
    assert.deepEqual(stage.calls.slice(from), [], 'nobody is called, and nothing is pushed');
    await stage.pay('dy-2', checkout['data'] ?? '');
    await stage.wait(MINUTE_MS);
    const paid = await stage.read(id);
    assert.deepEqual([paid.status, paid.merchantOrderId, paid.amounts.paid], ['paid', number, 1000]);
    assert.match(paid.platformOrderId ?? '', /^ots/u);
    const asked = await act(id, 'query');
    const refund = await act(id, 'refund', { amount: 1000, reason: '不要了' });
    await stage.wait(MINUTE_MS);
    assert.deepEqual([(await actionOf(asked)).state, (await actionOf(refund)).state], ['succeeded', 'succeeded']);
    assert.equal((await stage.read(id)).status, 'refunded');
    const tokens = stage.calls.slice(from).filter(({ call }) => call === 'oauth.client_token').length;
    assert.equal(tokens, 1);
  });

  test('the same order again gets the same checkout', async () => {
    const made = await make('dy-2');
    count -= 1;
    const again = await make('dy-2');
    assert.deepEqual(again, made);
  });
});
