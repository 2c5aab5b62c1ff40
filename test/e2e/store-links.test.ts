import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { meituanWaimai } from '../../src/connectors/meituan-waimai/index.ts';
import { parseForm } from '../../src/core/form.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { closeExpiredBindings } from '../../src/hub/store-bindings.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';
import { createLinkWorld } from '../kit/store-links.ts';
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
const later = (ms: number): void => world.later(ms);
const clock = (): number => world.clock();
const send = (id: string, callback: OutgoingCallback) => world.send(id, callback);
const store = (id: string, ref: string) => world.store(id, ref);
const askBinding = (id: string, ref: string, more?: object, options?: object): Promise<Answer> =>
  world.askBinding(id, ref, more, options);
const bind = (id: string, ref: string): Promise<OutgoingCallback> => world.bind(id, ref);
const deps = () => ({ accounts: api.hub.accounts, commits: api.hub.commits });

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
  assert.ok(
    answer.text.startsWith('\uFEFFstore,name,url,id,state,expiresAt\r\n"\t0000000000","\'=1+1 ""老王"", 牛肉面",'),
  );
  const urls = answer.text
    .split('\r\n')
    .slice(1, -1)
    .map((line) => /,(http[^,]*),bnd_/u.exec(line)?.[1] ?? '');
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
    body: {
      account: target,
      stores: [
        { store: '8859', accessToken: token },
        { ePoiId: '1Z1', appAuthToken: other },
      ],
    },
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
    const steps = story.steps.map((step, index) =>
      step.callback(atMs + index * 1000, platform.account, platform.memory),
    );
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
  const clocks = await api.hub.database.pool.query(
    "select kind from order_clocks where account_id = $1 and starts_with(kind, 'doubt:')",
    [id],
  );
  assert.deepEqual(clocks.rows, [{ kind: 'doubt:refund' }]);
  assert.equal(await settleDueDoubts(api.hub.ctx, deps()), 0, 'it waits a second for what comes together');
  later(1000);
  const earlier = platform.calls.length;
  assert.equal(await settleDueDoubts(api.hub.ctx, deps()), 1);
  assert.equal(platform.calls.length - earlier, 1);
  const order = await find();
  assert.deepEqual([order.payment, order.flags.includes('doubt')], ['refunded', false]);
  assert.deepEqual(
    (
      await api.hub.database.pool.query(
        "select 1 from order_clocks where account_id = $1 and starts_with(kind, 'doubt:')",
        [id],
      )
    ).rows,
    [],
  );
  const timeline = await api.call('GET', `/api/v1/orders/${order.id}/timeline?limit=500`);
  assert.ok(timeline.body.data.some((entry: { source?: string }) => entry.source === 'query'));
});
