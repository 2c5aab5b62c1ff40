import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import type { RunningHub } from '../../src/server/start.ts';
import { SECRET, callApi } from '../kit/crash-rounds.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const KEY = 'hdk_hostile_input_key_0123456789';
const DAY_MS = 86_400_000;

let hub: RunningHub;
let database: TestDatabase;
let folder: string;
let offsetMs = 0;
const logged: string[] = [];
const note = (_fields: object, message: string): void => {
  logged.push(message);
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'huidan-hostile-'));
  database = await createTestDatabase();
  hub = await startHub(
    readConfig({
      DATABASE_URL: database.url,
      HUIDAN_DATA_DIR: folder,
      HUIDAN_PORT: '0',
      HUIDAN_ADMIN_KEY: KEY,
    }),
    { clock: () => Date.now() + offsetMs, log: { debug() {}, info: note, warn: note, error: note } },
  );
  await callApi(hub.url ?? '', KEY, '/api/v1/accounts', {
    id: 'mtu',
    platform: 'meituan-union',
    name: 'mtu',
    credentials: { appkey: 'a', secret: 'b', callbackSecret: SECRET },
  });
});
after(async () => {
  await hub.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const post = (account: string, body: string): Promise<Response> =>
  fetch(`${hub.url}/callbacks/meituan-union/${account}`, { method: 'POST', body });

test('an address that cannot be an account is unknown, and not a reason to send again', async () => {
  for (const account of ['%00', 'a%00b', '%2e%2e%2f', 'a'.repeat(200)]) {
    assert.equal((await post(account, '{}')).status, 404, account);
  }
});

test('an address that cannot be read is answered as a problem that says nothing of the inside', async () => {
  for (const path of ['/api/v1/orders/%', '/api/v1/orders/%ff', `/api/v1/orders/${'a'.repeat(5000)}`]) {
    const response = await fetch(hub.url + path);
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/u);
    const text = await response.text();
    assert.equal((JSON.parse(text) as { code: string }).code, 'malformed_request');
    assert.doesNotMatch(text, /FST_|aaaa/u);
  }
});

test('a flood of rejected callbacks neither fills the database nor the log', async () => {
  const body = 'x'.repeat(65_000);
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 16 }, () => post('mtu', body).then((response) => response.text())));
  }
  const kept = await database.pool.query<{ bytes: number; rows: number }>(
    "select sum(length(raw)) as bytes, count(*)::int as rows from receipts where verdict = 'rejected'",
  );
  assert.ok((kept.rows[0]?.rows ?? 0) >= 60, 'too few for the doctor');
  assert.ok(Number(kept.rows[0]?.bytes) < 4_194_304 + 16 * 66_000);
  assert.ok(logged.filter((message) => message === 'a callback was rejected').length <= 120);
});

test('a clock that leaps by months in either direction holds up the intake for seconds only', async () => {
  for (const days of [70, -70]) {
    offsetMs = days * DAY_MS;
    const body = unionPush(unionOrder(`leap${days}`, '1'), SECRET);
    let status = 0;
    for (let tries = 0; tries < 50 && status !== 200; tries += 1) {
      const response = await post('mtu', body);
      await response.text();
      status = response.status;
      if (status !== 200) await sleep(100);
    }
    assert.equal(status, 200, `${days} days`);
  }
  offsetMs = 0;
});
