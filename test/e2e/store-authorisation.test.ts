import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eleme } from '../../src/connectors/eleme/index.ts';
import { parseLossless, stringifyLossless } from '../../src/core/json.ts';
import type { LosslessObject } from '../../src/core/json.ts';
import { signPush } from '../../src/connectors/eleme/signature.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { runDueStoreTasks } from '../../src/hub/store-tasks.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { addPlayedAccount, playPlatform, sendCallback } from '../kit/played-platform.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';

const PLATFORM = 'eleme';
const DAY_MS = 86_400_000;
let api: TestApi;
let platform: PlayedPlatform;
let nowMs = Date.UTC(2026, 10, 20, 4, 0, 0);
const clock = (): number => nowMs;
let accounts = 0;

before(async () => {
  api = await createTestApi({ clock }, { allowPrivateTargets: true });
  platform = await playPlatform(eleme, { appType: 'isv' }, clock);
});
after(async () => {
  await platform.close();
  await api.close();
});

async function account(): Promise<string> {
  const id = `ele-${(accounts += 1)}`;
  await addPlayedAccount(api, PLATFORM, id, platform);
  return id;
}

const work = (): Promise<number> => runDueStoreTasks(api.hub.ctx, { accounts: api.hub.accounts });

async function later(ms: number): Promise<void> {
  nowMs += ms;
  await ensurePartitions(api.hub.database.pool, nowMs);
}

/** The merchant opens the link and answers it. Returns where his browser is sent. */
async function answerPage(url: string, answer: 'yes' | 'no'): Promise<URL> {
  assert.match((await platform.visit(url)).body, /授权/u);
  const sent = await platform.visit(`${url}&answer=${answer}`);
  assert.equal(sent.status, 302);
  return new URL(sent.location ?? '');
}

async function link(id: string): Promise<{ readonly id: string; readonly url: string }> {
  const made = await api.call('POST', '/api/v1/stores/bindings', { body: { account: id, name: '连锁总部' } });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.store, null);
  return made.body;
}

const returned = (at: URL) => api.app.inject({ method: 'GET', url: `${at.pathname}${at.search}` });

async function authorise(id: string): Promise<readonly string[]> {
  const back = await answerPage((await link(id)).url, 'yes');
  const page = await returned(back);
  assert.equal(page.statusCode, 200, page.body);
  const stores = await api.call('GET', `/api/v1/stores?account=${id}&state=bound`);
  return stores.body.data.map(({ store }: { store: string }) => store);
}

async function tokens(
  id: string,
): Promise<readonly { state: string; version: number; pair: Record<string, string> | null }[]> {
  const { rows } = await api.hub.database.pool.query<{ state: string; version: number; sealed: Buffer | null }>(
    'select state, version, sealed from store_tokens where account_id = $1 order by id',
    [id],
  );
  return rows.map(({ state, version, sealed }) => ({
    state,
    version,
    pair:
      sealed === null ? null : (JSON.parse(api.hub.ctx.sealer.open(sealed).toString('utf8')) as Record<string, string>),
  }));
}

test('an authorisation comes back to the public page, and its shops are bound', async () => {
  const id = await account();
  const made = await link(id);
  const back = await answerPage(made.url, 'yes');
  assert.equal(`${back.origin}${back.pathname}`, `http://hub.test/bindings/${id}/return`);
  assert.ok((back.searchParams.get('state') ?? '').length >= 43);
  const page = await returned(back);
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /授权成功/u);
  assert.match(page.headers['content-security-policy'] as string, /default-src 'none'/u);
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.equal(page.headers['cache-control'], 'no-store');
  const stores = await api.call('GET', `/api/v1/stores?account=${id}`);
  assert.ok(stores.body.data.length >= 2);
  for (const store of stores.body.data) {
    assert.deepEqual([store.state, store.reason, store.store], ['bound', null, store.platformStoreId]);
    assert.ok(Date.parse(store.tokenExpiresAt) > nowMs + 20 * DAY_MS);
  }
  assert.equal((await api.call('GET', `/api/v1/stores/bindings/${made.id}`)).body.state, 'done');

  const again = await returned(back);
  assert.equal(again.statusCode, 200);
  assert.match(again.body, /此前已授权/u);
  assert.equal((await tokens(id)).length, 1);
});

test('a state that is not ours exchanges nothing', async () => {
  const id = await account();
  const other = await account();
  const back = await answerPage((await link(id)).url, 'yes');
  const calls = platform.calls.length;
  for (const change of [
    { state: 'guessed' },
    { state: '' },
    { state: `${back.searchParams.get('state')}x` },
    { state: 'x'.repeat(3000) },
  ]) {
    const forged = new URL(back);
    for (const [name, value] of Object.entries(change)) forged.searchParams.set(name, value);
    assert.equal((await returned(forged)).statusCode, 404);
  }
  const elsewhere = new URL(back);
  elsewhere.pathname = `/bindings/${other}/return`;
  assert.equal((await returned(elsewhere)).statusCode, 404);
  assert.equal((await returned(new URL(`http://hub.test/bindings/nobody/return${back.search}`))).statusCode, 404);
  assert.equal(platform.calls.length, calls);
  assert.equal((await returned(back)).statusCode, 200);
});

test('a merchant who does not agree binds nothing, and can open the link again', async () => {
  const id = await account();
  const made = await link(id);
  const page = await returned(await answerPage(made.url, 'no'));
  assert.match(page.body, /未完成授权/u);
  const held = await api.call('GET', `/api/v1/stores/bindings/${made.id}`);
  assert.deepEqual([held.body.state, held.body.reason], ['pending', 'The merchant did not agree.']);
  assert.equal((await returned(await answerPage(made.url, 'yes'))).statusCode, 200);
  assert.ok((await api.call('GET', `/api/v1/stores?account=${id}&state=bound`)).body.data.length > 0);
});

test('a code that the platform refuses leaves the link usable', async () => {
  const id = await account();
  const made = await link(id);
  const back = await answerPage(made.url, 'yes');
  const wrong = new URL(back);
  wrong.searchParams.set('code', 'not-the-code');
  assert.equal((await returned(wrong)).statusCode, 502);
  assert.match((await api.call('GET', `/api/v1/stores/bindings/${made.id}`)).body.reason, /invalid_grant/u);
  assert.equal((await returned(back)).statusCode, 200);
});

test('of two returns at once one exchanges the code', async () => {
  const id = await account();
  const back = await answerPage((await link(id)).url, 'yes');
  const earlier = platform.calls.filter((call) => call.includes('/token')).length;
  const pages = await Promise.all([returned(back), returned(back), returned(back)]);
  assert.equal(platform.calls.filter((call) => call.includes('/token')).length - earlier, 1);
  assert.ok(pages.some(({ body }) => body.includes('授权成功')));
  assert.ok(pages.every(({ statusCode }) => statusCode === 200 || statusCode === 409));
});

test('a token that was kept is proved by the worker when the page could not', async () => {
  const id = await account();
  const back = await answerPage((await link(id)).url, 'yes');
  platform.awayFor = /\/api\/v1/u;
  const page = await returned(back);
  platform.awayFor = undefined;
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /稍后自动接入/u);
  assert.deepEqual((await api.call('GET', `/api/v1/stores?account=${id}`)).body.data, []);
  await later(60_000);
  await work();
  assert.ok((await api.call('GET', `/api/v1/stores?account=${id}&state=bound`)).body.data.length > 0);
});

test('a pair is refreshed with a third of its time left, once, and the old one is kept until then', async () => {
  const id = await account();
  const stores = await authorise(id);
  const [first] = await tokens(id);
  await later(19 * DAY_MS);
  await work();
  assert.deepEqual((await tokens(id))[0], first, 'it is too early');
  await later(2 * DAY_MS);

  platform.fault = { status: 500, body: 'away' };
  await work();
  platform.fault = undefined;
  assert.deepEqual((await tokens(id))[0]?.pair, first?.pair, 'a failure loses nothing');
  await later(2000);

  const calls = platform.calls.filter((call) => call.endsWith('/token')).length;
  const others = await api.hub.database.pool.query(
    `select count(*)::int as due from store_tokens where due_at <= $1 and task = 'refresh'`,
    [new Date(nowMs)],
  );
  await Promise.all([work(), work(), work()]);
  const due = (others.rows[0] as { due: number }).due;
  assert.equal(platform.calls.filter((call) => call.endsWith('/token')).length - calls, due, 'one call a token');
  const [second] = await tokens(id);
  assert.equal(second?.version, 1);
  assert.notEqual(second?.pair?.['accessToken'], first?.pair?.['accessToken']);
  const shown = await api.call('GET', `/api/v1/stores/${id}/${stores[0]}`);
  assert.ok(Date.parse(shown.body.tokenExpiresAt) > nowMs + 20 * DAY_MS);
});

test('a refresh that the platform refuses shows at the stores, and they say so in an event', async () => {
  const id = await account();
  const [store] = await authorise(id);
  // Another system refreshed with the same pair long ago: the platform no longer knows it.
  for (const name of Object.keys(platform.memory)) if (/refresh/iu.test(name)) delete platform.memory[name];
  await later(25 * DAY_MS);
  await work();
  const shown = await api.call('GET', `/api/v1/stores/${id}/${store}`);
  assert.equal(shown.body.state, 'bound');
  assert.match(shown.body.reason, /could not be refreshed: invalid_grant/u);
  const feed = await api.call('GET', `/api/v1/events?account=${id}&types=store.changed`);
  assert.ok(
    feed.body.data.some((event: { data: { store: { reason: string } } }) =>
      /invalid_grant/u.test(event.data.store.reason),
    ),
  );
  // A new authorisation puts it right.
  await authorise(id);
  assert.equal((await api.call('GET', `/api/v1/stores/${id}/${store}`)).body.reason, null);
});

test('an authorisation that the merchant takes back releases its shop, and the pair goes with the last one', async () => {
  const id = await account();
  const stores = await authorise(id);
  for (const [index, shopId] of stores.entries()) {
    await later(60_000);
    const at = Math.floor(nowMs / 1000) * 1000;
    const message = JSON.stringify({ shopId: Number(shopId), relieveOAuthTime: at, userId: 1 });
    assert.deepEqual(await push(id, 100, message, shopId, at), { status: 200, body: '{"message":"ok"}' });
    assert.equal((await api.call('GET', `/api/v1/stores/${id}/${shopId}`)).body.state, 'released');
    const [token] = await tokens(id);
    assert.equal(token?.state, index === stores.length - 1 ? 'retired' : 'active');
    assert.equal(token?.pair === null, index === stores.length - 1);
  }
  const events = await api.call('GET', `/api/v1/events?account=${id}&types=store.released`);
  assert.equal(events.body.data.length, stores.length);
});

test('a release from before the authorisation is late and changes nothing', async () => {
  const id = await account();
  const [shopId = ''] = await authorise(id);
  const at = nowMs - 3_600_000;
  const message = JSON.stringify({ shopId: Number(shopId), relieveOAuthTime: at, userId: 1 });
  await push(id, 100, message, shopId, at);
  assert.equal((await api.call('GET', `/api/v1/stores/${id}/${shopId}`)).body.state, 'bound');
});

/** A signed push about a shop. */
async function push(id: string, type: number, message: string, shopId: string, at: number) {
  const body = `{"appId":1,"requestId":"${at}${type}","type":${type},"message":${JSON.stringify(message)},"shopId":${shopId},"timestamp":${at},"userId":98500000000000001}`;
  const fields = parseLossless(body) as LosslessObject;
  const secret = platform.account.secrets('appSecret')[0]?.value ?? '';
  const signed = new Map([...fields, ['signature', signPush(fields, secret)]]);
  return sendCallback(api, PLATFORM, id, {
    topic: '',
    headers: { 'content-type': 'application/json' },
    body: stringifyLossless(signed),
  });
}

test('a state of a shop counts by its time, and shows', async () => {
  const id = await account();
  const [shopId = ''] = await authorise(id);
  await push(id, 91, JSON.stringify({ shopId: Number(shopId), state: 'CLOSED', updateTime: nowMs }), shopId, nowMs);
  await push(
    id,
    91,
    JSON.stringify({ shopId: Number(shopId), state: 'OPEN', updateTime: nowMs - 60_000 }),
    shopId,
    nowMs,
  );
  assert.equal((await api.call('GET', `/api/v1/stores/${id}/${shopId}`)).body.open, 'CLOSED');
});

test('token pairs that exist already are imported, each proved by one call', async () => {
  const id = await account();
  await authorise(id);
  const [held] = await tokens(id);
  const target = await account();
  const report = await api.call('POST', '/api/v1/stores/import', {
    body: {
      account: target,
      stores: [
        { accessToken: held?.pair?.['accessToken'], refreshToken: held?.pair?.['refreshToken'], expiresIn: 86_400 },
        { accessToken: 'never-given-out', refreshToken: 'neither' },
      ],
    },
  });
  assert.equal(report.status, 200, report.text);
  assert.deepEqual(
    report.body.data.map(({ outcome }: { outcome: string }) => outcome),
    ['bound', 'refused'],
  );
  assert.ok(report.body.data[0].stores.length >= 2);
  assert.equal((await tokens(target)).length, 1);
});

for (const storeRef of ['shopId', 'openId']) {
  test(`an order whose sums are provisional is read again with the pair of its shop (${storeRef})`, () =>
    readAgain(storeRef));
}

async function readAgain(storeRef: string): Promise<void> {
  const id = await account();
  await api.call('PATCH', `/api/v1/accounts/${id}`, { body: { settings: { storeRef } } });
  await authorise(id);
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let number = 1; number < 3000; number += 1) {
    const story = eleme.sandbox.tell(random, number, nowMs);
    const [step] = story.steps;
    if (!/downgraded/u.test(story.plot) || step === undefined) continue;
    const callback = step.callback(nowMs, platform.account, platform.memory);
    await sendCallback(api, PLATFORM, id, callback);
    const find = async () =>
      (await api.call('GET', `/api/v1/orders?account=${id}&platformOrderId=${story.platformOrderId}`)).body.data[0];
    const earlier = await find();
    if (earlier?.flags.includes('provisional_money') !== true) continue;
    // The played platform answers the first read with the downgraded order still.
    for (let turn = 0; turn < 4; turn += 1) {
      await later(10_000);
      await settleDueDoubts(api.hub.ctx, { accounts: api.hub.accounts, commits: api.hub.commits });
    }
    const read = await find();
    assert.deepEqual(
      read.flags.filter((flag: string) => flag === 'provisional_money' || flag === 'doubt'),
      [],
    );
    assert.ok(read.amounts.original !== null);
    const clocks = await api.hub.database.pool.query(
      "select 1 from order_clocks where account_id = $1 and starts_with(kind, 'doubt:')",
      [id],
    );
    assert.equal(clocks.rowCount, 0);
    return;
  }
  assert.fail('no order was downgraded');
}
