import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRegistry } from '../../src/hub/context.ts';
import { startDeliveries } from '../../src/hub/deliver.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { startReceiver, until } from '../kit/deliveries.ts';
import { takeawayPlatform, takeawaySignature } from '../kit/takeaway-platform.ts';

/**
 * One account with the stores of two merchants, and one of a third: the keys of each see only what is theirs, in every
 * list and every single read.
 */
let api: TestApi;
const PLATFORM = takeawayPlatform.id;
interface Side {
  readonly key: string;
  readonly order: string;
  readonly callback: string;
  readonly event: string;
}
const sides: Record<'wang' | 'li', { store: string; number: string }> = {
  wang: { store: '8859', number: 'n-wang' },
  li: { store: '1Z1', number: 'n-li' },
};

before(async () => {
  api = await createTestApi({ registry: createRegistry([takeawayPlatform]) }, { allowPrivateTargets: true });
  for (const [id, merchant] of [
    ['shared', null],
    ['zhao-own', 'zhao'],
  ] as const) {
    const credentials = { developerId: '1', signKey: 'k' };
    await ok('POST', '/accounts', { id, platform: PLATFORM, name: id, merchant, credentials });
  }
  for (const [merchant, { store, number }] of Object.entries(sides)) {
    await ok('POST', '/merchants', { id: merchant, name: merchant });
    await ok('POST', '/shops', { id: `${merchant}-1`, merchant, name: 's', stores: [{ account: 'shared', store }] });
    await send('shared', { number, store, payment: 'paid', at: 1_790_000_000_000, phone: '13812341234' });
  }
  await ok('POST', '/merchants', { id: 'zhao', name: 'zhao' });
  await send('zhao-own', { number: 'n-zhao', payment: 'paid', at: 1_790_000_000_000 });
});
after(async () => {
  await api.close();
});

async function ok(method: string, path: string, body?: object, key?: string): Promise<Answer['body']> {
  const answer = await api.call(method, `/api/v1${path}`, { ...(body && { body }), ...(key && { key }) });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.body;
}

/** One field of everything that a list shows to a key. */
async function listed(path: string, key: string, field = 'id'): Promise<readonly string[]> {
  const { data } = await ok('GET', path, undefined, key);
  return (data as Record<string, string>[]).map((row) => row[field] ?? '');
}

async function send(account: string, message: object): Promise<void> {
  const body = JSON.stringify(message);
  const headers = { 'x-sign': takeawaySignature(body, 'k') };
  const url = `/callbacks/${PLATFORM}/${account}/order`;
  assert.equal((await api.app.inject({ method: 'POST', url, headers, payload: body })).statusCode, 200);
}

/** What a key's owner has, found as an admin. */
async function sideOf(number: string, limits: object): Promise<Side> {
  const key = await api.key({ right: 'write', ...limits });
  const [order] = (await ok('GET', `/orders?platformOrderId=${number}`)).data;
  const [callback] = (await ok('GET', `/callbacks?order=${order.id}`)).data;
  const events = (await ok('GET', '/events?types=order.*&limit=500')).data;
  const event = events.find((one: Answer['body']) => one.data.order?.id === order.id);
  return { key, order: order.id, callback: callback.id, event: event.id };
}

const LIMITS = {
  merchant: { wang: { merchants: ['wang'] }, li: { merchants: ['li'] } },
  shop: { wang: { shops: ['wang-1'] }, li: { shops: ['li-1'] } },
} as const;

for (const kind of ['merchant', 'shop'] as const) {
  test(`lists show a key that is limited to a ${kind} only what is its own`, async () => {
    const wang = await sideOf('n-wang', LIMITS[kind].wang);
    const list = (path: string, field?: string): Promise<readonly string[]> => listed(path, wang.key, field);
    assert.deepEqual(await list('/orders'), [wang.order]);
    assert.deepEqual(await list('/orders?q=1234'), [wang.order]);
    assert.deepEqual(await list('/orders?shop=li-1'), []);
    assert.deepEqual(await list('/orders?store=1Z1'), []);
    assert.deepEqual(await list('/callbacks'), [wang.callback]);
    assert.deepEqual(await list('/callbacks?account=zhao-own'), []);
    const events = await ok('GET', '/events?limit=500', undefined, wang.key);
    assert.ok(events.data.length > 0);
    for (const { data } of events.data) assert.equal((data.order ?? data.store).merchant, 'wang');
    assert.deepEqual(await list('/stores', 'store'), ['8859']);
    assert.deepEqual(await list('/stores?shop=li-1'), []);
    assert.deepEqual(await list('/shops'), ['wang-1']);
    assert.deepEqual(await list('/merchants'), ['wang']);
    assert.deepEqual(await list('/stores/bindings'), []);
    assert.deepEqual(await list('/accounts'), [], 'the account is several merchants’');
    assert.deepEqual(await list('/deliveries'), []);
  });

  test(`single reads hide from a key that is limited to a ${kind} what is another’s`, async () => {
    const wang = await sideOf('n-wang', LIMITS[kind].wang);
    const li = await sideOf('n-li', LIMITS[kind].li);
    const own = [
      `/orders/${wang.order}`,
      `/orders/${wang.order}/timeline`,
      `/callbacks/${wang.callback}`,
      `/events/${wang.event}`,
      '/stores/shared/8859',
      '/stores/shared/8859/history',
      '/shops/wang-1',
      '/merchants/wang',
    ];
    for (const path of own) await ok('GET', path, undefined, wang.key);
    for (const path of own) {
      const answer = await api.call('GET', `/api/v1${path}`, { key: li.key });
      assert.equal(answer.status, 404, path);
    }
    for (const path of ['/accounts/shared', '/accounts/zhao-own', '/merchants/zhao']) {
      assert.equal((await api.call('GET', `/api/v1${path}`, { key: wang.key })).status, 404, path);
    }
    const redriven = await api.call('POST', `/api/v1/callbacks/${wang.callback}/redrive`, { key: li.key });
    assert.equal(redriven.status, 404);
  });
}

for (const kind of ['merchant', 'shop'] as const) {
  test(`an endpoint that is limited to a ${kind} gets only its own, and its key sees only those deliveries`, async () => {
    const wang = await sideOf('n-wang', LIMITS[kind].wang);
    const li = await sideOf('n-li', LIMITS[kind].li);
    const [receiver, all] = [await startReceiver(), await startReceiver()];
    const worker = startDeliveries(api.hub.ctx, { allowPrivateTargets: true });
    try {
      const made = await ok('POST', '/endpoints', { url: receiver.url, events: ['*'] }, wang.key);
      await ok('POST', '/endpoints', { url: all.url, events: ['order.*'] });
      assert.equal((await api.call('GET', `/api/v1/endpoints/${made.id}`, { key: li.key })).status, 404);
      await send('zhao-own', { number: `${kind}-zhao`, payment: 'paid', at: 1_790_000_000_000 });
      for (const [merchant, { store }] of Object.entries(sides)) {
        await send('shared', { number: `${kind}-${merchant}`, store, payment: 'paid', at: 1_790_000_000_000 });
      }
      // The endpoint without limits has them all, so whatever else was due to the other one would be there too.
      await until(() => all.received.length === 3 && receiver.received.length > 0, 'all deliveries');
      const got = receiver.received.map(({ event }) => event.data.order['platformOrderId']);
      assert.deepEqual(got, [`${kind}-wang`]);
      const attempts = async (key: string): Promise<readonly string[]> => listed('/deliveries', key, 'endpoint');
      await until(async () => (await attempts(wang.key)).includes(made.id), 'the attempt');
      assert.ok(!(await attempts(li.key)).includes(made.id));
    } finally {
      await worker.stop();
      await receiver.close();
      await all.close();
    }
  });
}

test('a key that is limited to accounts sees the stores, shops and merchants of those', async () => {
  const key = await api.key({ right: 'write', accounts: ['zhao-own'] });
  assert.ok(!(await listed('/orders', key, 'platformOrderId')).includes('n-wang'));
  assert.deepEqual(await listed('/stores', key), []);
  assert.deepEqual(await listed('/shops', key), []);
  assert.deepEqual(await listed('/merchants', key), ['zhao']);
  assert.deepEqual(await listed('/accounts', key), ['zhao-own']);
  const shared = await api.key({ right: 'read', accounts: ['shared'] });
  assert.deepEqual(await listed('/shops', shared), ['li-1', 'wang-1']);
});

test('a limited key neither makes nor moves what is not its own', async () => {
  const wang = await api.key({ right: 'write', merchants: ['wang'] });
  const shop = await api.key({ right: 'write', shops: ['wang-1'] });
  const refused = async (method: string, path: string, body: object | undefined, key: string, status: number) => {
    const answer = await api.call(method, `/api/v1${path}`, { key, ...(body && { body }) });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  };
  await refused('POST', '/merchants', { id: 'mine', name: 'x' }, wang, 403);
  await refused('POST', '/shops', { id: 'x', merchant: 'li', name: 'x' }, wang, 403);
  await refused('POST', '/shops', { id: 'x', name: 'x' }, wang, 403);
  await refused('PATCH', '/shops/wang-1', { merchant: 'li' }, wang, 403);
  await refused('PATCH', '/shops/li-1', { name: 'x' }, wang, 404);
  await refused('POST', '/shops/wang-1/stores', { account: 'shared', store: '1Z1' }, wang, 404);
  await refused('POST', '/shops/wang-1/stores', { account: 'shared', store: 'nobody-s' }, wang, 404);
  await refused('POST', '/shops/wang-1/stores', { account: 'shared', store: 'nobody-s' }, shop, 403);
  await refused('DELETE', '/shops/li-1/stores/shared/1Z1', undefined, wang, 404);
  assert.equal((await ok('GET', '/stores/shared/1Z1')).shop, 'li-1');
  assert.equal((await api.call('GET', '/api/v1/stores/shared/nobody-s')).status, 404);
});
