import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { pushedStatuses } from '../../src/connectors/douyin/sandbox-push.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { sweepAccount } from '../../src/hub/attention.ts';
import { MachineSales, one } from '../kit/machine-sales.ts';

const MINUTE_MS = 60_000;
const sales = new MachineSales();
const { stage, callsOf, dispensed, left, sell, settings } = sales;

before(sales.open);
after(sales.close);
afterEach(sales.calm);

test('a sale paid by Douyin: held, paid, dispensed one by one, completed, pushed and settled', async () => {
  const from = stage.calls.length;
  const { id, number, paymentNo } = await sell([one(221, 2)]);
  await stage.settle();
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0']);
  await stage.wait(30_000);
  await stage.pay('dy-1', paymentNo);
  await stage.settle();
  assert.equal((await stage.read(id)).payment, 'paid');
  assert.equal(callsOf('vm-1', from).filter((call) => call === 'delivery.put').length, 1, 'one at a time');
  await stage.wait(MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'completed');
  assert.deepEqual(await dispensed(number), [1, 1]);
  assert.equal(order.amounts.paid, 700);
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '1', '4']);
  assert.equal((await stage.leg(id)).settlement, 'none');
  await stage.wait(8 * 24 * 60 * MINUTE_MS);
  const leg = await stage.leg(id);
  assert.equal(leg.settlement, 'settled');
  assert.equal(leg.lifecycle, 'completed');
  assert.deepEqual(await stage.conditions(id), []);
  const events = await stage.events(id);
  assert.equal(events[0], 'order.pending');
  assert.equal(events.filter((type) => type === 'order.completed').length, 1);
  assert.equal(callsOf('dy-1', from).filter((call) => call === 'ecpay.settle').length, 1);
});

test('the shop cannot take the money for a sale that has a payment, or the customer could pay twice', async () => {
  const { id, paymentNo } = await sell([one(221)]);
  await stage.settle();
  const body = { action: 'paid', params: { amount: 700, channel: 'cash', reference: 'till 1' } };
  const asked = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, { body });
  assert.equal(asked.status, 422, asked.text);
  assert.equal(asked.body.code, 'action_refused');
  await stage.pay('dy-1', paymentNo);
  await stage.wait(MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'completed');
});

test('an item that jams is given back, exactly its share, and nothing else', async () => {
  const { id, number, paymentNo } = await sell([one(221), one(225)]);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(3 * MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'completed', JSON.stringify(order));
  assert.equal(order.payment, 'partially_refunded');
  // 700 for prices of 350 and 450.
  assert.equal(order.amounts.refunded, 394);
  assert.equal(order.refundDue, null);
  assert.equal((await stage.leg(id)).amounts.refunded, 394);
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '1', '5', '6', '4']);
});

test('what was given back by hand before the jam was known is not given back again', async () => {
  const { id, paymentNo } = await sell([one(221), one(225)]);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(1000);
  const leg = await stage.leg(id);
  const body = { action: 'refund', params: { amount: 500, reason: '顾客来电' } };
  const asked = await stage.api.call('POST', `/api/v1/orders/${leg.id}/actions`, { body });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  await stage.wait(5 * MINUTE_MS);
  // Due were 394 of it: they are in the 500.
  assert.deepEqual([(await stage.leg(id)).amounts.refunded, (await stage.read(id)).amounts.refunded], [500, 500]);
  assert.equal((await stage.read(id)).refundDue, null);
});

test('when nothing comes out all is given back, and the stock returns once', async () => {
  const before_ = left('226');
  const { id, number, paymentNo } = await sell([one(226)], { amount: 1200 });
  assert.equal(left('226'), (before_ ?? 0) - 1);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(10 * MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'refunded', JSON.stringify(order));
  assert.equal(order.amounts.refunded, 1200);
  assert.equal(left('226'), before_);
  assert.deepEqual(pushedStatuses(stage.memory('dy-1'), number), ['0', '1', '5', '6']);
});

test('without any callback every item is still known by the question', async () => {
  const { id, number, paymentNo } = await sell([one(221), one(225)]);
  stage.onCallback = (callback) => (callback.body.includes('device.delivery') ? [] : [0]);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(10 * MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'completed');
  assert.equal(order.amounts.refunded, 394);
  assert.deepEqual(await dispensed(number), [1, 0]);
});

test('the shop that takes the money itself is told what to give back, until it has', async () => {
  const { id } = await sell([one(225)], { amount: 450, payment: null });
  const paid = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, {
    body: { action: 'paid', params: { amount: 450, channel: 'cash', reference: 'R1' } },
  });
  assert.equal(paid.status, 202, paid.text);
  await stage.wait(5 * MINUTE_MS);
  const events = await stage.api.call('GET', '/api/v1/events?types=order.refund_due&limit=10');
  const due = events.body.data.find((event: { data: { order: OrderJson } }) => event.data.order.id === id);
  assert.deepEqual(
    [due.data.amount, due.data.items.map(({ sku, amount }: { sku: string; amount: number }) => [sku, amount])],
    [450, [['225', 450]]],
  );
  assert.equal((await stage.read(id)).refundDue, 450);
  const waiting = async () => {
    await sweepAccount(stage.api.hub.ctx, 'vm-1');
    const answer = await stage.api.call('GET', `/api/v1/attention?order=${id}`);
    return answer.body.data.map(({ kind, cause }: { kind: string; cause: unknown }) => [kind, cause]);
  };
  assert.deepEqual(await waiting(), [['refund_due', { amount: 450, reasons: ['商品未能出货'] }]]);
  const done = await stage.api.call('POST', `/api/v1/orders/${id}/actions`, {
    body: { action: 'refund-done', params: { reference: 'R2' } },
  });
  assert.equal(done.status, 202, done.text);
  await stage.settle();
  const order = await stage.read(id);
  assert.equal(order.status, 'refunded');
  assert.equal(order.refundDue, null);
  assert.deepEqual(await waiting(), []);
});

test('an account whose lives are switched off takes no step', async () => {
  await settings({ life: false });
  const { id, paymentNo } = await sell([one(221)]);
  await stage.pay('dy-1', paymentNo);
  const from = stage.calls.length;
  await stage.wait(10 * MINUTE_MS);
  assert.deepEqual(callsOf('vm-1', from), []);
  assert.equal((await stage.read(id)).status, 'pending');
});

test('an account that only observes takes no step until it is live again', async () => {
  const { id, paymentNo } = await sell([one(221)]);
  await stage.settle();
  for (const account of ['vm-1', 'dy-1']) {
    await stage.api.call('PATCH', `/api/v1/accounts/${account}`, { body: { mode: 'observe' } });
  }
  const from = stage.calls.length;
  await stage.pay('dy-1', paymentNo);
  await stage.wait(5 * MINUTE_MS);
  assert.deepEqual(stage.calls.slice(from), []);
  for (const account of ['vm-1', 'dy-1']) {
    await stage.api.call('PATCH', `/api/v1/accounts/${account}`, { body: { mode: 'live' } });
  }
  await stage.wait(5 * MINUTE_MS);
  assert.equal((await stage.read(id)).status, 'completed');
});

/** Loses the first command to the machine; what is asked about it is answered unless `isMute`. */
async function loseCommand(isMute: () => boolean): Promise<void> {
  // Only the question is not answered: left alone altogether, the machine would get no command either.
  await settings({ breakerFailures: 1000 });
  let commands = 0;
  stage.onCall = (_account, call) => {
    if (call === 'delivery.put') commands += 1;
    if (call === 'delivery.put' && commands === 1) return 'lost';
    return call === 'order.query' && commands > 0 && isMute() ? 'lost' : 'ok';
  };
}

const commandsSince = (from: number): number => callsOf('vm-1', from).filter((call) => call === 'delivery.put').length;

const unknownActions = async (id: string): Promise<readonly { readonly id: string; readonly action: string }[]> =>
  (await stage.api.call('GET', `/api/v1/actions?order=${id}&state=unknown`)).body.data;

test('a command that got lost is found out by asking: what did not come out is given back, and nobody is needed', async () => {
  const { id, number, paymentNo } = await sell([one(221), one(222)]);
  await loseCommand(() => false);
  await stage.pay('dy-1', paymentNo);
  await stage.wait(2 * MINUTE_MS);
  assert.equal((await stage.read(id)).amounts.refunded, 0, 'any attempt may still end');
  await stage.wait(2 * MINUTE_MS);
  const order = await stage.read(id);
  assert.equal(order.status, 'completed');
  // 700 for prices of 350 and 200.
  assert.equal(order.amounts.refunded, 445);
  assert.deepEqual(
    (await dispensed(number)).toSorted((a, b) => a - b),
    [0, 1],
  );
  assert.deepEqual(await unknownActions(id), []);
  assert.deepEqual(await stage.conditions(id), []);
  const failed = await stage.api.call('GET', `/api/v1/actions?order=${id}&state=failed`);
  assert.deepEqual(
    failed.body.data.map(({ action, code }: { action: string; code: string }) => `${action} ${code}`),
    ['dispense never_commanded'],
  );
});

test('while the platform cannot be asked the other items go on; when it can be, it tells what a person need not', async () => {
  const { id, paymentNo } = await sell([one(221), one(222)]);
  let isMute = true;
  await loseCommand(() => isMute);
  const from = stage.calls.length;
  await stage.pay('dy-1', paymentNo);
  await stage.wait(10 * MINUTE_MS);
  assert.equal(commandsSince(from), 2, 'the other item went on');
  assert.equal((await stage.read(id)).amounts.refunded, 0);
  assert.equal((await unknownActions(id)).length, 2, 'and a person can see it meanwhile');
  isMute = false;
  await stage.wait(10 * MINUTE_MS);
  const order = await stage.read(id);
  assert.deepEqual([order.status, order.amounts.refunded], ['completed', 445]);
  assert.deepEqual(await unknownActions(id), []);
});

for (const outcome of ['succeeded', 'failed'] as const) {
  test(`what a person says of a command that nobody can be asked about counts: ${outcome}`, async () => {
    const { id, number, paymentNo } = await sell([one(221), one(222)]);
    let isMute = true;
    await loseCommand(() => isMute);
    const from = stage.calls.length;
    await stage.pay('dy-1', paymentNo);
    await stage.wait(10 * MINUTE_MS);
    assert.equal(commandsSince(from), 2, 'the other item went on');
    const lost = (await unknownActions(id)).at(-1);
    assert.equal(lost?.action, 'dispense');
    const body = { outcome, reason: 'looked at the machine' };
    const settled = await stage.api.call('POST', `/api/v1/actions/${lost?.id ?? ''}/settle`, { body });
    assert.equal(settled.status, 200, settled.text);
    isMute = false;
    await stage.wait(10 * MINUTE_MS);
    const order = await stage.read(id);
    assert.equal(order.status, 'completed');
    assert.equal(order.amounts.refunded, outcome === 'failed' ? 445 : 0);
    assert.deepEqual(
      (await dispensed(number)).toSorted((a, b) => a - b),
      [0, 1],
    );
  });
}
