import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseForm, writeForm } from '../../src/core/form.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import { meituanWaimai } from '../../src/connectors/meituan-waimai/index.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { closeExpiredBindings } from '../../src/hub/store-bindings.ts';
import { runDueStoreTasks } from '../../src/hub/store-tasks.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { addPlayedAccount, playPlatform, sendCallback } from '../kit/played-platform.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';

const PLATFORM = 'meituan-waimai';
const STARTED = Date.UTC(2026, 10, 20, 4, 0, 0);

let api: TestApi;
let platform: PlayedPlatform;
let aheadMs = 0;
const clock = (): number => STARTED + aheadMs;
let accounts = 0;

before(async () => {
  api = await createTestApi({ clock }, { allowPrivateTargets: true });
  platform = await playPlatform(meituanWaimai, { bindUrl: '' }, clock);
});
after(async () => {
  await platform.close();
  await api.close();
});

/** A new account of the played platform. */
async function account(settings: Record<string, string> = {}): Promise<string> {
  const id = `wm-${(accounts += 1)}`;
  const own = { ...platform.settings, bindUrl: platform.url, ...settings };
  await addPlayedAccount(api, PLATFORM, id, { ...platform, settings: own });
  return id;
}

const deps = () => ({ accounts: api.hub.accounts, commits: api.hub.commits });
const work = (): Promise<number> => runDueStoreTasks(api.hub.ctx, deps());
const later = (ms: number): void => {
  aheadMs += ms;
};
const send = (id: string, callback: OutgoingCallback) => sendCallback(api, PLATFORM, id, callback);
const store = async (id: string, ref: string) => (await api.call('GET', `/api/v1/stores/${id}/${ref}`)).body;

async function askBinding(id: string, ref: string, more: object = {}, options: object = {}): Promise<Answer> {
  const body = { account: id, store: ref, name: '学院路店', ...more };
  return api.call('POST', '/api/v1/stores/bindings', { body, ...options });
}

/** Binds a store from the link to the proof. Returns the bind callback. */
async function bind(id: string, ref: string): Promise<OutgoingCallback> {
  const made = await askBinding(id, ref);
  assert.equal(made.status, 201, made.text);
  assert.match((await platform.visit(made.body.url)).body, /绑定/u);
  await platform.visit(made.body.url, true);
  const [callback] = platform.takeCallbacks();
  assert.ok(callback !== undefined);
  assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"success"}' });
  assert.equal(await work(), 1);
  return callback;
}

const change = ({ topic, headers, body }: OutgoingCallback, fields: Record<string, string>): OutgoingCallback => {
  const form = new Map(parseForm(body));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return { topic, headers, body: writeForm([...form]) };
};

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
  assert.equal(asked.get('callbackUrl'), `http://hub.test/callbacks/${PLATFORM}/${id}/bind`);
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
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${made.body.id}`)).body.state, 'done');
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${made.body.id}`)).body.url, null);
  assert.deepEqual(await events(id), [
    ['store.changed', 1, 'pending'],
    ['store.changed', 2, 'proving'],
    ['store.bound', 3, 'bound'],
  ]);
  const history = await api.call('GET', `/api/v1/stores/${id}/8859/history`);
  assert.deepEqual(
    history.body.data.map(({ kind }: { kind: string }) => kind).toSorted(),
    ['bound', 'token_received'],
  );
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

test('the unsigned link needs an admin, since it shows the sign key', async () => {
  const id = await account({ bindLink: 'unsigned' });
  const writer = await api.key({ right: 'write' });
  assert.equal((await askBinding(id, '8859', {}, { key: writer })).status, 403);
  const made = await askBinding(id, '8859');
  assert.ok(new URL(made.body.url).searchParams.has('signKey'));
  const shown = await api.call('GET', `/api/v1/stores/bindings/${made.body.id}`, { key: writer });
  assert.deepEqual([shown.status, shown.body.url], [200, null]);
  const signed = await askBinding(await account(), '8859', {}, { key: writer });
  assert.equal(signed.status, 201);
});

test('300 links come back as CSV that a spreadsheet opens, ids as text', async () => {
  const id = await account();
  const stores = Array.from({ length: 300 }, (_, index) => ({
    store: String(index).padStart(10, '0'),
    name: index === 0 ? '=1+1 "老王", 牛肉面' : `第 ${index} 家`,
  }));
  const answer = await api.call('POST', '/api/v1/stores/bindings', {
    body: { account: id, stores, netStore: 0 },
    headers: { accept: 'text/csv' },
  });
  assert.equal(answer.status, 201, answer.text.slice(0, 300));
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
  assert.ok(answer.text.startsWith('\uFEFFstore,name,url,id,state,expiresAt\r\n"\t0000000000","\'=1+1 ""老王"", 牛肉面",'));
  const urls = answer.text.split('\r\n').slice(1, -1).map((line) => /,(http[^,]*),bnd_/u.exec(line)?.[1] ?? '');
  assert.equal(new Set(urls).size, 300);
  assert.match((await platform.visit(urls[299] ?? '')).body, /0000000299/u);
});

test('links are asked for by CSV too, and what is wrong is named line by line; then none is made', async () => {
  const id = await account();
  const csv = (body: string) =>
    api.call('POST', `/api/v1/stores/bindings?account=${id}`, { body, headers: { 'content-type': 'text/csv' } });
  const fine = await csv('\uFEFFstore,name,netStore\n\t0088,学院路店,1\n8859,"a,b",\n');
  assert.equal(fine.status, 201, fine.text);
  assert.deepEqual(
    fine.body.data.map((one: { store: string; name: string }) => [one.store, one.name]),
    [
      ['0088', '学院路店'],
      ['8859', 'a,b'],
    ],
  );
  assert.equal(new URL(fine.body.data[0].url).searchParams.get('netStore'), '1');
  const wrong = await csv('store,netStore,colour\n1,7,\n1,0,red\n');
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'binding_options_invalid']);
  assert.deepEqual(
    wrong.body.fields.map(({ field }: { field: string }) => field),
    ['stores.0.netStore', 'stores.1.store', 'stores.1.colour'],
  );
  assert.equal((await api.call('GET', `/api/v1/stores/${id}/1`)).status, 404);
  assert.equal((await csv('store\n')).body.code, 'malformed_csv');
  const noAccount = await api.call('POST', '/api/v1/stores/bindings', {
    body: 'store\n1\n',
    headers: { 'content-type': 'text/csv' },
  });
  assert.equal(noAccount.status, 400);
});

test('a cancelled link binds nothing, and one that was never used runs out', async () => {
  const id = await account();
  const made = await askBinding(id, '8859');
  await platform.visit(made.body.url, true);
  const [callback] = platform.takeCallbacks();
  assert.equal((await api.call('DELETE', `/api/v1/stores/bindings/${made.body.id}`)).status, 204);
  assert.equal((await store(id, '8859')).state, 'unbound');
  assert.ok(callback !== undefined);
  assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"error"}' });
  const old = await askBinding(id, '1Z1');
  later(31 * 86_400_000);
  await ensurePartitions(api.hub.database.pool, clock());
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${old.body.id}`)).body.state, 'expired');
  assert.equal((await store(id, '1Z1')).state, 'pending');
  assert.ok((await closeExpiredBindings(api.hub.ctx)) > 0);
  assert.equal((await store(id, '1Z1')).state, 'unbound');
});

test('import takes over tokens that the platform bears out, and reports line by line', async () => {
  const id = await account();
  const target = await account();
  const token = parseForm((await bind(id, '8859')).body)?.get('appAuthToken') ?? '';
  const other = parseForm((await bind(id, '1Z1')).body)?.get('appAuthToken') ?? '';
  const csv = `ePoiId,appAuthToken,name\n8859,${token},老店\n1Z1,no-such-token-at-all,\n,${other},\n28,${other},\n8859,${token},\n`;
  const report = await api.call('POST', `/api/v1/stores/import?account=${target}`, {
    body: csv,
    headers: { 'content-type': 'text/csv' },
  });
  assert.equal(report.status, 200, report.text);
  assert.deepEqual(
    report.body.data.map((line: { line: number; outcome: string }) => [line.line, line.outcome]),
    [
      [2, 'bound'],
      [3, 'refused'],
      [4, 'refused'],
      [5, 'refused'],
      [6, 'refused'],
    ],
  );
  assert.deepEqual([report.body.bound, report.body.refused], [1, 4]);
  assert.equal((await store(target, '8859')).state, 'bound');
  assert.equal((await api.call('GET', `/api/v1/stores/${target}/1Z1`)).status, 404);
  const again = await api.call('POST', '/api/v1/stores/import', {
    body: { account: target, stores: [{ store: '8859', accessToken: token }, { ePoiId: '1Z1', appAuthToken: other }] },
  });
  assert.deepEqual(
    again.body.data.map(({ outcome }: { outcome: string }) => outcome),
    ['unchanged', 'bound'],
  );
  platform.fault = { status: 500, body: '' };
  const away = await api.call('POST', '/api/v1/stores/import', {
    body: { account: await account(), stores: [{ store: '8859', accessToken: token }] },
    headers: { accept: 'text/csv' },
  });
  platform.fault = undefined;
  assert.match(away.text, /failed/u);
});

test('a check proves the credentials by one call, and says what the platform said', async () => {
  const id = await account();
  const good = await api.call('POST', `/api/v1/accounts/${id}/check`);
  assert.deepEqual([good.status, good.body.ok], [200, true], good.text);
  await api.call('PATCH', `/api/v1/accounts/${id}`, { body: { credentials: { signKey: 'another-key-altogether' } } });
  const bad = await api.call('POST', `/api/v1/accounts/${id}/check`);
  assert.deepEqual([bad.status, bad.body.ok, bad.body.class], [200, false, 'alert'], bad.text);
  assert.equal(bad.body.code, 'OP_SIGN_ERROR');
});

/** A story of the played platform about store 8859 in which a refund goes back and forth, with its callbacks. */
function refundStory(atMs: number): { readonly number: string; readonly steps: readonly OutgoingCallback[] } {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let number = 1; number < 4000; number += 1) {
    const story = meituanWaimai.sandbox.tell(random, number, atMs);
    if (!/applied for, rejected, applied for again, agreed/u.test(story.plot)) continue;
    const steps = story.steps.map((step, index) => step.callback(atMs + index * 1000, platform.account, platform.memory));
    if (steps.every(({ body }) => parseForm(body)?.get('ePoiId') === '8859')) {
      return { number: story.platformOrderId, steps };
    }
  }
  throw new Error('no such story was told');
}

test('a refund push raises a doubt that one call settles, however many pushes came', async () => {
  const id = await account();
  await bind(id, '8859');
  const told = refundStory(clock());
  for (const step of told.steps) assert.equal((await send(id, step)).status, 200);
  const find = async () =>
    (await api.call('GET', `/api/v1/orders?account=${id}&platformOrderId=${told.number}`)).body.data[0];
  assert.ok((await find()).flags.includes('doubt'));
  const clocks = await api.hub.database.pool.query('select kind from order_clocks where account_id = $1', [id]);
  assert.deepEqual(clocks.rows, [{ kind: 'doubt:refund' }]);
  assert.equal(await settleDueDoubts(api.hub.ctx, deps()), 0, 'it waits a second for what comes together');
  later(1000);
  const earlier = platform.calls.length;
  assert.equal(await settleDueDoubts(api.hub.ctx, deps()), 1);
  assert.equal(platform.calls.length - earlier, 1);
  const order = await find();
  assert.deepEqual([order.payment, order.flags.includes('doubt')], ['refunded', false]);
  assert.deepEqual((await api.hub.database.pool.query('select 1 from order_clocks where account_id = $1', [id])).rows, []);
  const timeline = await api.call('GET', `/api/v1/orders/${order.id}/timeline?limit=500`);
  assert.ok(timeline.body.data.some((entry: { source?: string }) => entry.source === 'query'));
});
