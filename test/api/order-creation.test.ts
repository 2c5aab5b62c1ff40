import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { startDueWork } from '../../src/hub/due-work.ts';
import { actingPlatform } from '../kit/acting-platform.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { machinePlatform, payPlatform, startMakingServer } from '../kit/making-platform.ts';
import type { MakingServer } from '../kit/making-platform.ts';

let api: TestApi;
let machines: MakingServer;
let pay: MakingServer;
let work: ReturnType<typeof startDueWork>;
let count = 0;

before(async () => {
  [machines, pay] = await Promise.all([startMakingServer(), startMakingServer()]);
  const registry = createRegistry([machinePlatform, payPlatform, actingPlatform]);
  api = await createTestApi({ registry }, { allowPrivateTargets: true });
  await account('vm-1', 'test-machine', machines.url);
  await account('dy-1', 'test-pay', pay.url);
  await account('shop', 'test-acting', pay.url);
  const gate = createActGate();
  const { ctx, accounts } = api.hub;
  work = startDueWork(ctx, [{ name: 'actions', run: () => runDueActions(ctx, { accounts, gate }) }]);
});
after(async () => {
  await work.stop();
  await Promise.all([machines.close(), pay.close()]);
  await api.close();
});

async function account(id: string, platform: string, baseUrl: string): Promise<void> {
  const credentials = { developerId: '1', signKey: 'top-secret-key' };
  const body = { id, platform, name: id, credentials, settings: { baseUrl } };
  const made = await api.call('POST', '/api/v1/accounts', { body });
  assert.equal(made.status, 201, made.text);
}

const number = (): string => {
  count += 1;
  return `202611200000000000${String(count).padStart(2, '0')}`;
};

const sale = (merchantOrderId: string) => ({
  account: 'vm-1',
  merchantOrderId,
  machineNo: '10000001',
  items: [{ productId: 121, quantity: 1 }],
  amount: 350,
  payment: { account: 'dy-1', subject: '可乐' },
});

const post = (body: unknown, more: object = {}): Promise<Answer> =>
  api.call('POST', '/api/v1/orders', { body, ...more });

test('an order is made with 201: the order’s own fields, when it runs out, and the checkout', async () => {
  const made = await post(sale(number()));
  assert.equal(made.status, 201, made.text);
  assert.match(made.body.id, /^ord_/u);
  assert.equal(made.body.account, 'vm-1');
  assert.equal(made.body.status, 'pending');
  assert.ok(Date.parse(made.body.expiresAt) > Date.now());
  assert.deepEqual(made.body.checkout, {
    account: 'dy-1',
    orderId: `P${made.body.merchantOrderId}`,
    orderToken: 'tok-secret',
  });
  const again = await api.call('GET', `/api/v1/orders/${made.body.id}/checkout`);
  assert.deepEqual(again.body, {
    order: made.body.id,
    expiresAt: made.body.expiresAt,
    checkout: made.body.checkout,
  });
  const legs = await api.call('GET', `/api/v1/orders?parent=${made.body.id}&legs=true`);
  assert.equal(legs.body.data.length, 1);
  const listed = await api.call('GET', '/api/v1/orders?account=dy-1');
  assert.deepEqual(listed.body.data, []);
});

test('an Idempotency-Key gives the same bytes again, and so does the number without one', async () => {
  const body = sale(number());
  const headers = { 'idempotency-key': 'make-1' };
  const first = await post(body, { headers });
  assert.equal(first.status, 201, first.text);
  const second = await post(body, { headers });
  assert.equal(second.text, first.text);
  assert.equal(second.headers['idempotency-replayed'], 'true');
  const third = await post(body);
  assert.equal(third.status, 201);
  assert.equal(third.text, first.text);
  assert.equal(machines.orders.get(body.merchantOrderId)?.asked, 1);
  const other = await post({ ...body, amount: 351 });
  assert.equal(other.status, 409);
  assert.equal(other.body.code, 'order_exists');
});

test('what does not fit is answered with its fields', async () => {
  const { machineNo: _machineNo, ...rest } = sale(number());
  const refused = await post(rest);
  assert.equal(refused.status, 422);
  assert.equal(refused.body.code, 'order_invalid');
  assert.deepEqual(refused.body.fields, [{ field: 'machineNo', message: 'is missing' }]);
  assert.equal((await post({ account: 'vm-1' })).status, 400);
  assert.equal((await post({ ...sale(number()), payment: {} })).status, 400);
  const takeaway = await post({ account: 'shop', merchantOrderId: 'x' });
  assert.equal(takeaway.body.code, 'creation_unsupported');
});

test('a platform that refuses is quoted with 422', async () => {
  machines.next('/create', 'sold-out');
  const refused = await post(sale(number()));
  assert.equal(refused.status, 422);
  assert.equal(refused.body.code, 'order_create_failed');
  assert.match(refused.body.detail, /60003/u);
});

test('it takes the right to write, and within the limits of the key', async () => {
  const reader = await api.key({ right: 'read' });
  assert.equal((await post(sale(number()), { key: reader })).status, 403);
  const elsewhere = await api.key({ right: 'write', accounts: ['shop'] });
  assert.equal((await post(sale(number()), { key: elsewhere })).body.code, 'account_not_found');
  const half = await api.key({ right: 'write', accounts: ['vm-1'] });
  assert.equal((await post(sale(number()), { key: half })).body.code, 'account_not_found');
  const made = await post(sale(number()));
  const path = `/api/v1/orders/${made.body.id}/checkout`;
  assert.equal((await api.call('GET', path, { key: reader })).status, 403);
  assert.equal((await api.call('GET', path, { key: elsewhere })).status, 404);
  assert.equal((await api.call('GET', path, { key: half })).body.checkout, null);
});

test('an order of the user’s own system is taken in once, and known by both numbers', async () => {
  const merchantOrderId = number();
  const body = { account: 'dy-1', merchantOrderId, platformOrderId: 'N123', subject: '可乐', amount: 100 };
  const adopted = await api.call('POST', '/api/v1/orders/adopt', { body });
  assert.equal(adopted.status, 201, adopted.text);
  assert.equal(adopted.body.merchantOrderId, merchantOrderId);
  assert.equal(adopted.body.platformOrderId, 'N123');
  assert.equal(adopted.body.amounts.total, 100);
  const again = await api.call('POST', '/api/v1/orders/adopt', { body });
  assert.equal(again.body.id, adopted.body.id);
  const other = await api.call('POST', '/api/v1/orders/adopt', { body: { ...body, amount: 101 } });
  assert.equal(other.body.code, 'order_exists');
  assert.equal(pay.orders.get(merchantOrderId), undefined);
});

test('without any number, or at a platform that can neither plan nor be asked, nothing is taken in', async () => {
  const adopt = (body: object): Promise<Answer> => api.call('POST', '/api/v1/orders/adopt', { body });
  assert.equal((await adopt({ account: 'dy-1' })).body.code, 'malformed_request');
  assert.equal((await adopt({ account: 'shop', platformOrderId: '1' })).body.code, 'creation_unsupported');
  assert.equal((await adopt({ account: 'dy-1', merchantOrderId: number() })).body.code, 'order_invalid');
});
