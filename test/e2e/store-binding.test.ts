import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseForm } from '../../src/core/form.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';
import { changed as change, createLinkWorld } from '../kit/store-links.ts';
import type { LinkWorld } from '../kit/store-links.ts';

let world: LinkWorld;
let api: TestApi;
let platform: PlayedPlatform;

before(async () => {
  world = await createLinkWorld();
  ({ api, platform } = world);
});
after(() => world.close());

const account = (settings?: Record<string, string>): Promise<string> => world.account(settings);
const work = (): Promise<number> => world.work();
const later = (ms: number): void => world.later(ms);
const clock = (): number => world.clock();
const send = (id: string, callback: OutgoingCallback) => world.send(id, callback);
const store = (id: string, ref: string) => world.store(id, ref);
const askBinding = (id: string, ref: string, more?: object, options?: object): Promise<Answer> =>
  world.askBinding(id, ref, more, options);
const bind = (id: string, ref: string): Promise<OutgoingCallback> => world.bind(id, ref);

async function events(id: string): Promise<readonly [string, number, string][]> {
  const feed = await api.call('GET', `/api/v1/events?account=${id}&types=store.*&limit=500`);
  return feed.body.data.map((event: { type: string; data: { sequence: number; store: { state: string } | null } }) => [
    event.type,
    event.data.sequence,
    event.data.store?.state ?? '',
  ]);
}

test('a store is bound by its link, its callback and one call that proves the token', async () => {
  const id = await account();
  const made = await askBinding(id, '8859', { netStore: 1, callbackUrl: true, language: 'zh-CN' });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(
    [made.body.state, made.body.account, made.body.store, made.body.name],
    ['pending', id, '8859', '学院路店'],
  );
  const asked = new URL(made.body.url).searchParams;
  assert.equal(asked.get('netStore'), '1');
  assert.equal(asked.get('callbackUrl'), `http://hub.test/callbacks/meituan-waimai/${id}/bind`);
  assert.ok(asked.has('sign') && !asked.has('signKey'));
  assert.equal((await store(id, '8859')).state, 'pending');

  await platform.visit(made.body.url, true);
  const [callback] = platform.takeCallbacks();
  assert.ok(callback !== undefined);
  assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"success"}' });
  assert.equal((await store(id, '8859')).state, 'proving');
  assert.equal(await work(), 1);
  const bound = await store(id, '8859');
  assert.deepEqual([bound.state, bound.name, bound.open, bound.reason], ['bound', '湘北人家', 'open', null]);
  // Told by the bind callback alone: the call that proves the token names the store by our number.
  assert.equal(bound.platformStoreId, parseForm(callback.body)?.get('poiId'));
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${made.body.id}`)).body.state, 'done');
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${made.body.id}`)).body.url, null);
  assert.deepEqual(await events(id), [
    ['store.changed', 1, 'pending'],
    ['store.changed', 2, 'proving'],
    ['store.bound', 3, 'bound'],
  ]);
  const history = await api.call('GET', `/api/v1/stores/${id}/8859/history`);
  assert.deepEqual(history.body.data.map(({ kind }: { kind: string }) => kind).toSorted(), ['bound', 'token_received']);
});

test('no answer of the API and no event holds the token, and it lies sealed in the database', async () => {
  const id = await account();
  const callback = await bind(id, '1Z1');
  const token = parseForm(callback.body)?.get('appAuthToken') ?? '';
  assert.ok(token.length > 20);
  for (const path of [
    `/stores/${id}/1Z1`,
    `/stores/${id}/1Z1/history`,
    '/stores',
    '/stores/bindings',
    `/events?account=${id}`,
    '/audit',
  ]) {
    const answer = await api.call('GET', `/api/v1${path}`);
    assert.equal(answer.status, 200, path);
    assert.ok(!answer.text.includes(token), path);
  }
  const tables = ['stores', 'store_tokens', 'store_history', 'bindings', 'events', 'receipts'];
  for (const table of tables) {
    const { rows } = await api.hub.database.pool.query(`select t::text as text from ${table} t`);
    for (const row of rows as { text: string }[]) {
      assert.ok(!row.text.includes(token), table);
      assert.ok(!row.text.includes(Buffer.from(token).toString('hex')), table);
    }
  }
});

test('the same bind callback again is answered as stored and changes nothing', async () => {
  const id = await account();
  const callback = await bind(id, '8859');
  const earlier = await events(id);
  later(3000);
  for (let repeat = 0; repeat < 3; repeat += 1) {
    assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"success"}' });
  }
  assert.equal(await work(), 0);
  assert.deepEqual(await events(id), earlier);
  const { body } = await api.call('GET', `/api/v1/callbacks?account=${id}`);
  assert.deepEqual(
    body.data.map(({ verdict }: { verdict: string }) => verdict),
    ['duplicate', 'duplicate', 'duplicate', 'applied'],
  );
});

test('a bind callback for a store without a pending binding is refused', async () => {
  const [id, other] = [await account(), await account()];
  const callback = await bind(id, '8859');
  assert.deepEqual(await send(other, callback), { status: 200, body: '{"data":"error"}' });
  assert.equal((await api.call('GET', `/api/v1/stores/${other}/8859`)).status, 404);
  const stranger = change(callback, { ePoiId: '4711', appAuthToken: 'stolen-token-of-another' });
  assert.deepEqual(await send(id, stranger), { status: 200, body: '{"data":"error"}' });
});

test('a token that does not open the store never becomes its token, and does not stop the good one', async () => {
  const id = await account();
  const made = await askBinding(id, '8859');
  await platform.visit(made.body.url, true);
  const [good] = platform.takeCallbacks();
  assert.ok(good !== undefined);
  await send(id, change(good, { appAuthToken: 'pushed-in-front-by-somebody' }));
  await work();
  const waiting = await store(id, '8859');
  assert.equal(waiting.state, 'proving');
  assert.match(waiting.reason, /OP_AUTH_TOKEN_INVALID/u);
  assert.deepEqual(await send(id, good), { status: 200, body: '{"data":"success"}' });
  await work();
  assert.deepEqual([(await store(id, '8859')).state, (await store(id, '8859')).reason], ['bound', null]);

  // Pushed in behind it: a store that works goes on working with the token that it has.
  await askBinding(id, '8859');
  await send(id, change(good, { appAuthToken: 'pushed-in-behind-by-somebody', timestamp: '2000000000' }));
  await work();
  assert.equal((await store(id, '8859')).state, 'bound');
  assert.equal(await sealedTokenOf(id, '8859'), parseForm(good.body)?.get('appAuthToken'));
  await api.hub.database.pool.query(`delete from store_tokens where state = 'candidate'`);
});

async function sealedTokenOf(id: string, ref: string): Promise<string | undefined> {
  const { rows } = await api.hub.database.pool.query<{ sealed: Buffer | null }>(
    `select t.sealed from stores s join store_tokens t on t.account_id = s.account_id and t.id = s.token_id
      where s.account_id = $1 and s.ref = $2`,
    [id, ref],
  );
  const sealed = rows[0]?.sealed;
  if (sealed === undefined || sealed === null) return undefined;
  return (JSON.parse(api.hub.ctx.sealer.open(sealed).toString('utf8')) as { accessToken: string }).accessToken;
}

test('a platform that is away leaves the store proving, with the reason, until it answers', async () => {
  const id = await account();
  const made = await askBinding(id, '8859');
  await platform.visit(made.body.url, true);
  const [callback] = platform.takeCallbacks();
  assert.ok(callback !== undefined);
  platform.fault = { status: 502, body: 'bad gateway' };
  await send(id, callback);
  await work();
  assert.deepEqual([(await store(id, '8859')).state], ['proving']);
  assert.match((await store(id, '8859')).reason, /502/u);
  assert.equal(await work(), 0, 'it is not asked again at once');
  platform.fault = undefined;
  later(2000);
  assert.equal(await work(), 1);
  assert.deepEqual([(await store(id, '8859')).state, (await store(id, '8859')).reason], ['bound', null]);
});

test('the release link unbinds: the notice is proved, the token retired and wiped', async () => {
  const id = await account();
  await bind(id, '8859');
  const link = await api.call('POST', `/api/v1/stores/${id}/8859/release-link`);
  assert.equal(link.status, 200, link.text);
  assert.match((await platform.visit(link.body.url)).body, /解绑/u);
  later(5000);
  await platform.visit(link.body.url, true);
  const [unbind] = platform.takeCallbacks();
  assert.equal(unbind?.topic, 'unbind');
  assert.deepEqual(await send(id, unbind), { status: 200, body: '{"data":"success"}' });
  assert.equal((await store(id, '8859')).state, 'bound', 'nobody vouched for the notice, so the platform is asked');
  assert.equal(await work(), 1);
  const released = await store(id, '8859');
  assert.equal(released.state, 'released');
  assert.ok(released.releasedAt !== null);
  const { rows } = await api.hub.database.pool.query(
    `select state, sealed from store_tokens where account_id = $1 and sealed is not null`,
    [id],
  );
  assert.deepEqual(rows, []);
  assert.deepEqual((await events(id)).at(-1), ['store.released', 4, 'released']);
  const again = await api.call('POST', `/api/v1/stores/${id}/8859/release-link`);
  assert.deepEqual([again.status, again.body.code], [422, 'store_not_bound']);
});

test('a release that the platform does not bear out changes nothing', async () => {
  const id = await account();
  const callback = await bind(id, '8859');
  const forged = { ...change(callback, { appAuthToken: '' }), topic: 'unbind' };
  later(5000);
  const at = String(Math.floor(clock() / 1000));
  assert.deepEqual(await send(id, change(forged, { timestamp: at })), { status: 200, body: '{"data":"success"}' });
  await work();
  assert.equal((await store(id, '8859')).state, 'bound');
  assert.deepEqual((await events(id)).at(-1), ['store.bound', 3, 'bound']);
});

test('binding again replaces the token, and a late release of the old binding does not retire it', async () => {
  const id = await account();
  const first = await bind(id, '8859');
  const releasedAt = Math.floor(clock() / 1000) + 30;
  later(60_000);
  const second = await bind(id, '8859');
  const token = parseForm(second.body)?.get('appAuthToken');
  assert.notEqual(token, parseForm(first.body)?.get('appAuthToken'));
  assert.equal(await sealedTokenOf(id, '8859'), token);
  const late = { ...change(first, { timestamp: String(releasedAt) }), topic: 'unbind' };
  await send(id, late);
  assert.equal(await work(), 0, 'it is older than the binding');
  assert.equal((await store(id, '8859')).state, 'bound');
  // The first binding's callback, sent again by a platform that did not hear our answer.
  await send(id, first);
  await work();
  assert.equal(await sealedTokenOf(id, '8859'), token);
});

test('a store that was released is bound again by a new link', async () => {
  const id = await account();
  await bind(id, '8859');
  const link = await api.call('POST', `/api/v1/stores/${id}/8859/release-link`);
  later(5000);
  await platform.visit(link.body.url, true);
  for (const callback of platform.takeCallbacks()) await send(id, callback);
  await work();
  later(5000);
  await bind(id, '8859');
  assert.equal((await store(id, '8859')).state, 'bound');
});

test('of two addresses for a store each may be opened, and both are done once one was', async () => {
  const id = await account();
  const [first, second] = [await askBinding(id, '8859'), await askBinding(id, '8859')];
  for (const made of [second, first]) {
    later(5000);
    await platform.visit(made.body.url, true);
    const [callback] = platform.takeCallbacks();
    assert.ok(callback !== undefined);
    assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"success"}' });
    await work();
    assert.equal(await sealedTokenOf(id, '8859'), parseForm(callback.body)?.get('appAuthToken'));
    for (const one of [first, second]) {
      const shown = await api.call('GET', `/api/v1/stores/bindings/${one.body.id}`);
      assert.deepEqual([shown.body.state, shown.body.url], ['done', null]);
    }
  }
  later(5000);
  await platform.visit(first.body.url, true);
  const [third] = platform.takeCallbacks();
  assert.ok(third !== undefined);
  await send(id, third);
  assert.equal(await work(), 0, 'no third one was asked for');
});

test('an account that is deleted takes its tokens and addresses with it', async () => {
  const id = await account();
  await bind(id, '8859');
  await askBinding(id, '1Z1');
  assert.equal((await api.call('DELETE', `/api/v1/accounts/${id}`)).status, 204);
  const { rows } = await api.hub.database.pool.query(
    `select 1 from store_tokens where account_id = $1 and sealed is not null
      union all select 1 from bindings where account_id = $1 and sealed_url is not null`,
    [id],
  );
  assert.deepEqual(rows, []);
  assert.deepEqual([(await store(id, '8859')).state, (await store(id, '1Z1')).state], ['released', 'unbound']);
});

test('a bound store is closed, opened and asked about; an odd wish is refused before it is sent', async () => {
  const id = await account();
  await bind(id, '8859');
  await work();
  const act = (action: string, params: object = {}, ref = '8859'): Promise<Answer> =>
    api.call('POST', `/api/v1/stores/${id}/${ref}/actions`, { body: { action, params } });
  const closed = await act('close');
  assert.deepEqual([closed.status, closed.body], [200, { action: 'close', answer: {} }], closed.text);
  const [callback] = platform.takeCallbacks();
  assert.ok(callback !== undefined);
  await send(id, callback);
  assert.equal((await store(id, '8859')).open, 'resting');
  assert.equal((await act('info')).body.answer.isOpen, '3');
  assert.equal((await act('close')).status, 200, 'it is closed already, which is what was wanted');
  assert.equal((await act('open')).status, 200);
  assert.equal((await act('info')).body.answer.isOpen, '1');
  assert.equal((await act('hours', { openTime: '09:00-14:00,17:00-24:00' })).status, 200);
  assert.equal((await act('info')).body.answer.openTime, '09:00-14:00,17:00-24:00');
  platform.calls.length = 0;
  for (const [action, params, code] of [
    ['hours', { openTime: '9-14' }, 'action_params_invalid'],
    ['hours', {}, 'action_params_invalid'],
    ['close', { for: 1 }, 'action_params_invalid'],
    ['burn', {}, 'action_unknown'],
  ] as const) {
    const refused = await act(action, params);
    assert.deepEqual([refused.status, refused.body.code], [422, code], action);
  }
  assert.equal((await act('info', {}, '404')).body.code, 'store_not_found');
  await askBinding(id, '1Z1');
  assert.equal((await act('open', {}, '1Z1')).body.code, 'store_not_bound');
  assert.deepEqual(platform.calls, []);
  platform.awayFor = /poi/u;
  assert.equal((await act('info')).status, 422);
  platform.awayFor = undefined;
  await api.call('PATCH', `/api/v1/accounts/${id}`, { body: { mode: 'observe' } });
  assert.equal((await act('close')).body.code, 'account_observes');
  assert.equal((await act('info')).status, 200);
});
