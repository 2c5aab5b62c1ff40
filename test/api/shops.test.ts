import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRegistry } from '../../src/hub/context.ts';
import { startDeliveries } from '../../src/hub/deliver.ts';
import { relabelDueOrders } from '../../src/hub/relabel-orders.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { startReceiver, until } from '../kit/deliveries.ts';
import { takeawayPlatform, takeawaySignature } from '../kit/takeaway-platform.ts';
import type { TakeawayMessage } from '../kit/takeaway-platform.ts';

let api: TestApi;
let orders = 0;

before(async () => {
  api = await createTestApi({ registry: createRegistry([takeawayPlatform]) }, { allowPrivateTargets: true });
});
after(async () => {
  await api.close();
});

async function account(id: string, merchant: string | null = null): Promise<string> {
  const credentials = { developerId: '1', signKey: 'k' };
  const body = { id, platform: takeawayPlatform.id, name: id, merchant, credentials };
  assert.equal((await api.call('POST', '/api/v1/accounts', { body })).status, 201);
  return id;
}

/** Takes in an order of a store. Returns its number. */
async function order(id: string, store: string, more: Partial<TakeawayMessage> = {}): Promise<string> {
  const number = more.number ?? `n-${(orders += 1)}`;
  const body = JSON.stringify({ number, store, payment: 'paid', at: Date.now(), ...more });
  const reply = await api.app.inject({
    method: 'POST',
    url: `/callbacks/${takeawayPlatform.id}/${id}/order`,
    headers: { 'x-sign': takeawaySignature(body, 'k') },
    payload: body,
  });
  assert.equal(reply.statusCode, 200, reply.body);
  return number;
}

async function make(path: string, body: object): Promise<string> {
  const made = await api.call('POST', `/api/v1${path}`, { body });
  assert.equal(made.status, 201, made.text);
  return made.body.id as string;
}

async function relabel(): Promise<void> {
  while ((await relabelDueOrders(api.hub.ctx, { accounts: api.hub.accounts })) > 0);
}

const find = async (number: string) => (await api.call('GET', `/api/v1/orders?platformOrderId=${number}`)).body.data[0];
const labelsOf = async (number: string) => {
  const { merchant, shop, version } = await find(number);
  return [merchant, shop, version];
};

test('merchants and shops are made, renamed, listed and removed', async () => {
  const merchant = await make('/merchants', { name: '老王餐饮' });
  assert.match(merchant, /^mch_/u);
  const own = await make('/merchants', { id: 'lao-li', name: '老李' });
  assert.equal(own, 'lao-li');
  const taken = await api.call('POST', '/api/v1/merchants', { body: { id: 'lao-li', name: 'x' } });
  assert.deepEqual([taken.status, taken.body.code], [409, 'conflict']);
  const renamed = await api.call('PATCH', '/api/v1/merchants/lao-li', { body: { name: '老李面馆' } });
  assert.equal(renamed.body.name, '老李面馆');
  const shop = await make('/shops', { id: 'xuezheng', merchant: 'lao-li', name: '学正街店' });
  assert.equal((await api.call('GET', `/api/v1/shops/${shop}`)).body.merchant, 'lao-li');
  assert.equal((await api.call('PATCH', `/api/v1/shops/${shop}`, { body: { name: '学正街' } })).body.name, '学正街');
  const busy = await api.call('DELETE', '/api/v1/merchants/lao-li');
  assert.deepEqual([busy.status, busy.body.code], [422, 'merchant_in_use']);
  assert.equal((await api.call('DELETE', `/api/v1/shops/${shop}`)).status, 204);
  assert.equal((await api.call('DELETE', '/api/v1/merchants/lao-li')).status, 204);
  assert.equal((await api.call('GET', '/api/v1/merchants/lao-li')).body.code, 'merchant_not_found');
  assert.equal((await api.call('GET', `/api/v1/shops/${shop}`)).body.code, 'shop_not_found');
  const nobody = await api.call('POST', '/api/v1/shops', { body: { merchant: 'nobody', name: 'x' } });
  assert.deepEqual([nobody.status, nobody.body.code], [404, 'merchant_not_found']);
});

test('new orders of a store belong to its shop and merchant at once', async () => {
  const id = await account('at-once');
  const merchant = await make('/merchants', { id: 'm-once', name: 'm' });
  const shop = await make('/shops', { id: 's-once', merchant, name: 's', stores: [{ account: id, store: '8859' }] });
  const [ours, other] = [await order(id, '8859'), await order(id, '1Z1')];
  assert.deepEqual(await labelsOf(ours), [merchant, shop, 1]);
  assert.deepEqual(await labelsOf(other), [null, null, 1]);
});

test('a store that only its orders speak of is listed as unbound, once', async () => {
  const id = await account('unbound');
  await Promise.all([order(id, '31'), order(id, '31'), order(id, '32')]);
  await order(id, '31');
  const { data } = (await api.call('GET', `/api/v1/stores?account=${id}`)).body;
  assert.deepEqual(
    data.map(({ store, state }: { store: string; state: string }) => [store, state]),
    [
      ['31', 'unbound'],
      ['32', 'unbound'],
    ],
  );
  const known = await api.hub.database.pool.query('select stores_version::int as n from accounts where id = $1', [id]);
  assert.ok((known.rows[0] as { n: number }).n > 0);
});

test('a shop joins stores of several accounts, and a store that moves takes its orders along', async () => {
  const [one, two] = [await account('join-1', 'm-join-old'), await account('join-2')];
  const merchant = await make('/merchants', { id: 'm-join', name: 'm' });
  const shop = await make('/shops', { id: 's-join', merchant, name: 's' });
  const early = await order(one, '7');
  assert.deepEqual(await labelsOf(early), ['m-join-old', null, 1]);

  for (const name of [one, two]) {
    const joined = await api.call('POST', `/api/v1/shops/${shop}/stores`, { body: { account: name, store: '7' } });
    assert.equal(joined.status, 200, joined.text);
  }
  const shown = await api.call('GET', `/api/v1/shops/${shop}`);
  assert.deepEqual(
    shown.body.stores.map(({ account: of, store, state }: Record<string, string>) => [of, store, state]),
    [
      [one, '7', 'unbound'],
      [two, '7', 'unbound'],
    ],
  );
  assert.deepEqual(shown.body.stores[0].relabelling, { done: 0, total: 1 });
  assert.deepEqual(await labelsOf(await order(two, '7')), [merchant, shop, 1]);
  await relabel();
  assert.deepEqual(await labelsOf(early), [merchant, shop, 2]);
  assert.equal((await api.call('GET', `/api/v1/shops/${shop}`)).body.stores[0].relabelling, null);

  await api.call('DELETE', `/api/v1/shops/${shop}/stores/${one}/7`);
  await relabel();
  assert.deepEqual(await labelsOf(early), ['m-join-old', null, 3]);
});

test('a merchant that changes reaches the shop’s stores and their orders, an event each', async () => {
  const id = await account('change');
  await make('/merchants', { id: 'm-before', name: 'm' });
  await make('/merchants', { id: 'm-after', name: 'm' });
  await make('/shops', { id: 's-change', merchant: 'm-before', name: 's', stores: [{ account: id, store: '1' }] });
  const numbers = await Promise.all(Array.from({ length: 7 }, () => order(id, '1')));
  const changed = await api.call('PATCH', '/api/v1/shops/s-change', { body: { merchant: 'm-after' } });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual(
    [changed.body.merchant, changed.body.stores[0].merchant, changed.body.stores[0].relabelling.total],
    ['m-after', 'm-after', 7],
  );
  await relabel();
  for (const number of numbers) assert.deepEqual(await labelsOf(number), ['m-after', 's-change', 2]);
  const feed = await api.call('GET', `/api/v1/events?account=${id}&types=order.changed`);
  assert.equal(feed.body.data.length, 7);
});

test('relabelling goes through every order in portions, and on from where it was', async () => {
  const id = await account('portions');
  await make('/shops', { id: 's-portions', name: 's' });
  const numbers = await Promise.all(Array.from({ length: 230 }, () => order(id, '5')));
  await api.call('POST', '/api/v1/shops/s-portions/stores', { body: { account: id, store: '5' } });
  const deps = { accounts: api.hub.accounts };
  assert.equal(await relabelDueOrders(api.hub.ctx, deps), 100);
  const half = await api.call('GET', `/api/v1/stores/${id}/5`);
  assert.deepEqual(half.body.relabelling, { done: 100, total: 230 });
  await relabel();
  assert.equal((await api.call('GET', `/api/v1/stores/${id}/5`)).body.relabelling, null);
  const listed = await api.call('GET', '/api/v1/orders?shop=s-portions&limit=500');
  assert.equal(listed.body.data.length, numbers.length);
});

test('a shop with stores is not removed, and what does not exist is said so', async () => {
  const id = await account('removal');
  await make('/shops', { id: 's-busy', name: 's', stores: [{ account: id, store: '1' }] });
  assert.equal((await api.call('DELETE', '/api/v1/shops/s-busy')).body.code, 'shop_in_use');
  const nowhere = await api.call('POST', '/api/v1/shops/s-busy/stores', { body: { account: 'nowhere', store: '1' } });
  assert.deepEqual([nowhere.status, nowhere.body.code], [404, 'account_not_found']);
  const stranger = await api.call('DELETE', `/api/v1/shops/s-busy/stores/${id}/2`);
  assert.deepEqual([stranger.status, stranger.body.code], [404, 'store_not_found']);
  assert.equal((await api.call('DELETE', `/api/v1/shops/s-busy/stores/${id}/1`)).status, 200);
  assert.equal((await api.call('DELETE', '/api/v1/shops/s-busy')).status, 204);
});

test('what happens to a store is delivered to endpoints that ask for it, in its own sequence', async () => {
  const id = await account('told');
  await make('/shops', { id: 's-told', name: 's' });
  const receiver = await startReceiver();
  const worker = startDeliveries(api.hub.ctx, { allowPrivateTargets: true });
  try {
    await make('/endpoints', { url: receiver.url, events: ['store.*'], accounts: [id] });
    await api.call('POST', '/api/v1/shops/s-told/stores', { body: { account: id, store: '8859' } });
    await api.call('DELETE', `/api/v1/shops/s-told/stores/${id}/8859`);
    await until(() => receiver.received.length === 2, 'both events');
    const got = receiver.received.map(
      ({ event }) => event as unknown as { type: string; data: Record<string, unknown> },
    );
    assert.deepEqual(
      got.map(({ type, data }) => [type, data['sequence'], data['previousSequence'], data['account']]),
      [
        ['store.changed', 1, null, id],
        ['store.changed', 2, 1, id],
      ],
    );
    const shops = got.map(({ data }) => (data['store'] as Record<string, unknown>)['shop']);
    assert.deepEqual(shops, ['s-told', null]);
  } finally {
    await worker.stop();
    await receiver.close();
  }
});
