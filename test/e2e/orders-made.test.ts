import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connectors, findConnector } from '../../src/connectors/registry.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { closeShownActions } from '../../src/hub/close-shown.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { startDueWork } from '../../src/hub/due-work.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { addPlayedAccount, playPlatform } from '../kit/played-platform.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';

let api: TestApi;
let machines: PlayedPlatform;
let pay: PlayedPlatform;
let supply: PlayedPlatform;
let work: ReturnType<typeof startDueWork>;
let count = 0;

before(async () => {
  const [vending, douyin, em] = [findConnector('vending'), findConnector('douyin'), findConnector('em')];
  assert.ok(vending !== undefined && douyin !== undefined && em !== undefined);
  [machines, pay, supply] = await Promise.all([playPlatform(vending), playPlatform(douyin), playPlatform(em)]);
  api = await createTestApi({ registry: createRegistry(connectors) }, { allowPrivateTargets: true });
  await addPlayedAccount(api, 'vending', 'vm-1', machines);
  await addPlayedAccount(api, 'douyin', 'dy-1', pay);
  await addPlayedAccount(api, 'em', 'em-1', supply);
  const gate = createActGate();
  const { ctx, accounts } = api.hub;
  work = startDueWork(ctx, [
    { name: 'actions', run: () => runDueActions(ctx, { accounts, gate }) },
    { name: 'shown-actions', run: () => closeShownActions(ctx, { accounts }) },
  ]);
});
after(async () => {
  await work.stop();
  await Promise.all([machines.close(), pay.close(), supply.close()]);
  await api.close();
});

const number = (): string => {
  count += 1;
  return `202611200000000000${String(count).padStart(2, '0')}`;
};

/** What a customer at the demo's machine wants, with the payment of it. */
function sale(withPayment: boolean): Readonly<Record<string, unknown>> {
  const wish = findConnector('vending')?.sandbox.wish?.(() => 0.5, 1, machines.account, machines.memory);
  const payment = findConnector('douyin')?.sandbox.wishPayment?.(() => 0.5);
  assert.ok(wish !== undefined);
  return {
    ...wish.body,
    account: 'vm-1',
    merchantOrderId: number(),
    ...(withPayment
      ? { payment: { ...(payment ?? { subject: '可乐', body: '可乐 1 瓶', openId: 'o1' }), account: 'dy-1' } }
      : {}),
  };
}

const post = (body: unknown): Promise<Answer> => api.call('POST', '/api/v1/orders', { body });

test('an order without a payment is held at the machine alone', async () => {
  const made = await post(sale(false));
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.status, 'pending');
  assert.ok(made.body.platformOrderId !== null);
  assert.equal(made.body.checkout, null);
  assert.ok(Date.parse(made.body.expiresAt) > Date.now());
  assert.equal(pay.calls.length, 0);
});

test('a sale at a machine that is paid by Douyin is held, and its payment is ready to be made by the customer', async () => {
  const body = sale(true);
  const made = await post(body);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.account, 'vm-1');
  assert.equal(made.body.checkout.account, 'dy-1');
  assert.deepEqual(Object.keys(made.body.checkout).sort(), ['account', 'orderId', 'orderToken']);
  const legs = await api.call('GET', `/api/v1/orders?parent=${made.body.id}&legs=true`);
  const [leg] = legs.body.data;
  assert.equal(leg.kind, 'payment');
  assert.equal(leg.platformOrderId, made.body.checkout.orderId);
  assert.equal(leg.amounts.total, made.body.amounts.total);
  const again = await post(body);
  assert.deepEqual(again.body.checkout, made.body.checkout);
  const asked = (played: PlayedPlatform): number =>
    played.calls.filter((call) => /create_order|\/orders$/u.test(call)).length;
  assert.equal(asked(pay), 1);
});

test('when Douyin is away the hold stays, and the same request goes on to the payment', async () => {
  pay.awayFor = /create_order/u;
  const body = sale(true);
  const { ctx } = api.hub;
  const waiting = post(body);
  setTimeout(() => {
    pay.awayFor = undefined;
    ctx.wake.work();
  }, 300);
  const made = await waiting;
  assert.equal(made.status, 201, made.text);
  assert.ok(made.body.checkout !== null);
});

const stockLeft = (): string =>
  JSON.stringify(findConnector('vending')?.sandbox.stock?.(machines.account, machines.memory));

test('when Douyin refuses the payment the goods are let go of, and the machine has its stock again', async () => {
  const before_ = stockLeft();
  pay.fault = { status: 200, body: '{"err_no":2010,"err_tips":"参数错误","data":null}' };
  const refused = await post(sale(true));
  pay.fault = undefined;
  assert.equal(refused.status, 422, refused.text);
  assert.equal(refused.body.code, 'order_create_failed');
  assert.match(refused.body.detail, /2010/u);
  const order = /ord_[a-z0-9]+/u.exec(refused.body.detail)?.[0] ?? '';
  const leg = (await api.call('GET', `/api/v1/orders/${order}`)).body;
  assert.equal(leg.status, 'cancelled');
  const until = Date.now() + 5000;
  let held = '';
  while (held !== 'cancelled' && Date.now() < until) {
    held = (await api.call('GET', `/api/v1/orders/${leg.parent}`)).body.status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(held, 'cancelled');
  assert.equal(stockLeft(), before_);
});

test('goods that are sold out are told as such, and nothing is asked of Douyin', async () => {
  const asked = pay.calls.length;
  const refused = await post({ ...sale(true), items: [{ productId: 121, quantity: 99 }] });
  assert.equal(refused.status, 422, refused.text);
  assert.equal(pay.calls.length, asked);
});

test('an order of the user’s own system at Douyin is taken in without a call', async () => {
  const asked = pay.calls.length;
  const body = {
    account: 'dy-1',
    merchantOrderId: number(),
    amount: 1200,
    subject: '外带',
    openId: 'o1',
  };
  const adopted = await api.call('POST', '/api/v1/orders/adopt', { body });
  assert.equal(adopted.status, 201, adopted.text);
  assert.equal(adopted.body.merchantOrderId, body.merchantOrderId);
  assert.equal(adopted.body.amounts.total, 1200);
  assert.equal(adopted.body.checkout, null);
  assert.equal(pay.calls.length, asked);
});

test('a payment of the trade system is signed here, without a call, for the customer’s app to make', async () => {
  const settings = { ...pay.settings, generation: 'trade', tagGroupId: 'tag_group_1' };
  await addPlayedAccount(api, 'douyin', 'dy-2', { ...pay, settings });
  const asked = pay.calls.length;
  const { payment, ...rest } = sale(true) as { readonly payment: Readonly<Record<string, unknown>> };
  const body = { ...rest, payment: { ...payment, account: 'dy-2' } };
  const made = await post(body);
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(Object.keys(made.body.checkout).sort(), ['account', 'byteAuthorization', 'data']);
  assert.equal(JSON.parse(made.body.checkout.data).totalAmount, made.body.amounts.total);
  assert.equal(pay.calls.length, asked);
  assert.deepEqual((await post(body)).body.checkout, made.body.checkout);
  const [leg] = (await api.call('GET', `/api/v1/orders?parent=${made.body.id}&legs=true`)).body.data;
  const timeline = await api.call('GET', `/api/v1/orders/${leg.id}/timeline`);
  assert.ok(!timeline.text.includes('byteAuthorization'));
  // Feed numbers stay without a gap where an order and its action are of one transaction.
  const { rows } = await api.hub.ctx.pool.query<{ feed: number }>(
    `select feed from events where account_id = 'dy-2' order by feed`,
  );
  assert.deepEqual(
    rows.map(({ feed }) => feed),
    rows.map((_row, index) => index + 1),
  );
});

test('a trade is made at EM once, and shows without the personal data that it was made with', async () => {
  const wish = findConnector('em')?.sandbox.wish?.(() => 0.5, 1, supply.account, supply.memory);
  assert.ok(wish !== undefined);
  const body = { ...wish.body, account: 'em-1' } as Readonly<Record<string, unknown>>;
  const made = await post(body);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.kind, 'supply');
  assert.ok(made.body.platformOrderId !== null);
  assert.equal(made.body.checkout, null);
  assert.deepEqual((await post(body)).body.id, made.body.id);
  assert.equal(supply.calls.length, 1);
  const listed = await api.call('GET', `/api/v1/actions?order=${made.body.id}`);
  for (const name of ['name', 'phone', 'address']) {
    const value = body[name];
    if (typeof value === 'string') assert.ok(!`${listed.text}${made.text}`.includes(value), name);
  }
});
