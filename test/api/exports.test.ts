import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { parseCsvRecords } from '../../src/core/csv.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { forgetOldExports } from '../../src/hub/exports.ts';
import { makeDueExport } from '../../src/hub/make-exports.ts';
import { claimExport } from '../../src/store/exports.ts';
import { codeOf, createListeningApi } from '../kit/browser.ts';
import type { Browser, ListeningApi } from '../kit/browser.ts';
import { takeawayPlatform, takeawaySignature } from '../kit/takeaway-platform.ts';

const PLATFORM = takeawayPlatform.id;
const DAY_MS = 86_400_000;
const NUMBER = '9000000000000000421';
let api: ListeningApi;
let admin: Browser;
let nowMs = Date.now();
let saidMs = 1_790_000_000_000;

before(async () => {
  api = await createListeningApi({ registry: createRegistry([takeawayPlatform]), clock: () => nowMs });
  admin = await api.signedIn({ username: 'wang', role: 'admin' });
  for (const id of ['one', 'two']) {
    const credentials = { developerId: '1', signKey: 'k' };
    await admin.ok('POST', '/api/v1/accounts', { id, platform: PLATFORM, name: id, credentials });
  }
  await push('one', { number: NUMBER, store: '=cmd|1' });
  await push('one', { number: 'refunded-1', payment: 'refunded' });
  await push('two', { number: 'other' });
});
after(() => api.close());
beforeEach(async () => {
  await api.hub.ctx.pool.query('delete from exports');
});

async function push(account: string, more: object): Promise<void> {
  saidMs += 1000;
  const body = JSON.stringify({ payment: 'paid', at: saidMs, phone: '13812341234', name: '张三丰', ...more });
  const headers = { 'x-sign': takeawaySignature(body, 'k') };
  const answer = await fetch(`${api.url}/callbacks/${PLATFORM}/${account}/order`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200);
}

/** A few thousand orders of account `two`, older than all others. */
async function fill(count: number): Promise<void> {
  await api.hub.ctx.pool.query(
    `insert into orders (account_id, id, platform, kind, status, payment, fulfilment, lifecycle, settlement, flags, sid,
                         placed_at, created_at, updated_at, version, lines)
     select 'two', 'ord_0' || lpad(n::text, 25, '0'), $1, 'takeaway', 'completed', 'paid', 'none', 'completed', 'none', '{}',
            'many', now(), now(), now(), 1, '{"v":1,"l":{}}'
       from generate_series(1, $2::int) n on conflict do nothing`,
    [PLATFORM, count],
  );
}

const start = (browser: Browser, more: object = {}) =>
  browser.ok('POST', '/api/v1/exports', { kind: 'orders', ...more });
const pathOf = (made: { id: string }): string => `/api/v1/exports/${made.id}`;

async function makeAll(): Promise<void> {
  while ((await makeDueExport(api.hub.ctx)) > 0);
}

function recordsOf(text: string): readonly ReadonlyMap<string, string>[] {
  return (parseCsvRecords(text) ?? []).map(({ cells }) => cells);
}

test('a file has all that the filter finds; ids are text, formulas are none, persons are masked', async () => {
  const columns = ['platformOrderId', 'store', 'status', 'customerPhone', 'customerName'];
  const made = await start(admin, { filter: { account: 'one', q: '138 1234 1234' }, columns });
  assert.equal(made.state, 'queued');
  assert.deepEqual(made.progress, { done: 0, total: null });
  assert.deepEqual(codeOf(await admin.call('GET', `${pathOf(made)}/file`)), [409, 'export_not_ready']);
  await makeAll();

  const read = await admin.ok('GET', pathOf(made));
  assert.equal(read.state, 'done');
  assert.deepEqual(read.progress, { done: 2, total: 2 });
  const response = await fetch(`${api.url}${pathOf(made)}/file`, { headers: { cookie: admin.cookie ?? '' } });
  assert.match(
    response.headers.get('content-disposition') ?? '',
    /^attachment; filename="huidan-orders-[\d-]{10}\.csv"$/u,
  );
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(bytes.length, read.bytes);
  const text = bytes.toString('utf8');
  assert.ok(text.startsWith(`\u{FEFF}${columns.join(',')}\r\n`));
  assert.ok(text.includes(`"\t${NUMBER}",'=cmd|1,`), text);
  assert.ok(!text.includes('13812341234') && !text.includes('张三丰'), text);
  assert.ok(text.includes('138****1234'), text);
  const { rows } = await api.hub.ctx.pool.query(
    `select request::text, encode(sealed, 'escape') as sealed from exports, export_chunks`,
  );
  assert.doesNotMatch(
    JSON.stringify(rows),
    /1234|refunded-1/u,
    'neither what was searched for nor the file is in clear',
  );
});

test('without columns there is nothing of a person in it; nothing found is a file of names alone', async () => {
  const all = await start(admin);
  const none = await start(admin, { filter: { q: 'nobody' } });
  await makeAll();
  const text = (await admin.call('GET', `${pathOf(all)}/file`)).text;
  assert.equal(recordsOf(text).length, 3);
  assert.ok(!/customer|138\*/u.test(text));
  assert.deepEqual(recordsOf((await admin.call('GET', `${pathOf(none)}/file`)).text), []);
  const { data, nextCursor } = await admin.ok('GET', '/api/v1/exports?limit=1');
  assert.deepEqual([data.length, nextCursor === null], [1, false]);
  const rest = await admin.ok('GET', `/api/v1/exports?limit=1&cursor=${encodeURIComponent(nextCursor)}`);
  assert.deepEqual(rest.nextCursor, null);
  assert.deepEqual(new Set([data[0].id, rest.data[0].id]), new Set([all.id, none.id]));
});

test('thousands of orders come page by page, each once, also when a process dies and two others go on', async () => {
  await fill(7300);
  const made = await start(admin, { filter: { sid: 'many' }, columns: ['id'] });
  assert.ok((await makeDueExport(api.hub.ctx)) > 0);
  const under = await admin.ok('GET', pathOf(made));
  assert.deepEqual([under.state, under.progress], ['running', { done: 5000, total: 7300 }]);

  // One takes it and dies: nobody touches it until the lease is over.
  assert.ok(await claimExport(api.hub.ctx.pool, new Date(nowMs), new Date(nowMs + 30_000)));
  assert.equal(await makeDueExport(api.hub.ctx), 0);
  nowMs += 30_001;
  await Promise.all([makeAll(), makeAll(), makeAll()]);

  assert.deepEqual((await admin.ok('GET', pathOf(made))).progress, { done: 7300, total: 7300 });
  const ids = recordsOf((await admin.call('GET', `${pathOf(made)}/file`)).text).map((cells) => cells.get('id'));
  assert.deepEqual([ids.length, new Set(ids).size], [7300, 7300]);
});

test('a file is its asker’s alone, and has only what the asker may see', async () => {
  const li = await api.signedIn({ username: 'li', role: 'viewer', accounts: ['one'] });
  const made = await start(li);
  await makeAll();
  const accounts = recordsOf((await li.call('GET', `${pathOf(made)}/file`)).text).map((cells) => cells.get('account'));
  assert.deepEqual(accounts, ['one', 'one']);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/file'],
    ['DELETE', ''],
  ] as const) {
    assert.deepEqual(codeOf(await admin.call(method, `${pathOf(made)}${path}`)), [404, 'export_not_found']);
  }
  assert.deepEqual((await admin.ok('GET', '/api/v1/exports')).data, []);
  assert.equal((await li.call('DELETE', pathOf(made))).status, 204);
  assert.deepEqual(codeOf(await li.call('GET', pathOf(made))), [404, 'export_not_found']);
});

test('who loses a limit or the key gets neither the rest of a file nor one that is done', async () => {
  const user = await api.signedIn({ username: 'zhao', role: 'viewer', accounts: ['one', 'two'] });
  const done = await start(user);
  await makeAll();
  const open = await start(user);
  const { data } = await admin.ok('GET', '/api/v1/users');
  const { id } = data.find(({ username }: { username: string }) => username === 'zhao');
  await admin.ok('PATCH', `/api/v1/users/${id}`, { accounts: ['one'] });
  await makeAll();
  assert.equal((await user.ok('GET', pathOf(open))).error, 'access_changed');
  assert.deepEqual(codeOf(await user.call('GET', `${pathOf(open)}/file`)), [422, 'export_refused']);
  assert.deepEqual(codeOf(await user.call('GET', `${pathOf(done)}/file`)), [422, 'export_refused']);

  const made = await api.call('POST', '/api/v1/keys', { body: { name: 'k', right: 'read' } });
  const asked = await api.call('POST', '/api/v1/exports', { key: made.body.key, body: { kind: 'orders' } });
  assert.equal(asked.status, 201);
  await admin.ok('DELETE', `/api/v1/keys/${made.body.id}`);
  await makeAll();
  const { rows } = await api.hub.ctx.pool.query('select state, error from exports where id = $1', [asked.body.id]);
  assert.deepEqual(rows, [{ state: 'failed', error: 'access_changed' }]);
});

test('a fourth at once is refused; a stopped one makes room, and what is wrong is named', async () => {
  const [first] = await Promise.all([start(admin), start(admin), start(admin)]);
  const body = { kind: 'orders' };
  assert.deepEqual(codeOf(await admin.call('POST', '/api/v1/exports', { body })), [422, 'export_refused']);
  await admin.ok('DELETE', pathOf(first));
  await start(admin);
  for (const wrong of [{}, { kind: 'x' }, { ...body, columns: ['phone'] }, { ...body, filter: { x: 1 } }]) {
    assert.equal((await admin.call('POST', '/api/v1/exports', { body: wrong })).status, 400, JSON.stringify(wrong));
  }
});

test('after a day a file is gone, and then its bytes', async () => {
  const made = await start(admin);
  await makeAll();
  const { expiresAt } = await admin.ok('GET', pathOf(made));
  assert.equal(Date.parse(expiresAt), nowMs + DAY_MS);
  nowMs += DAY_MS - 1;
  await forgetOldExports(api.hub.ctx);
  admin = await api.signedIn({ username: 'wang2', role: 'admin' });
  const { pool } = api.hub.ctx;
  const count = async (): Promise<unknown> =>
    (await pool.query('select count(*)::int as n from export_chunks')).rows[0];
  assert.notDeepEqual(await count(), { n: 0 });
  nowMs += 1;
  assert.deepEqual(codeOf(await admin.call('GET', pathOf(made))), [404, 'export_not_found']);
  await forgetOldExports(api.hub.ctx);
  assert.deepEqual(await count(), { n: 0 });
});
