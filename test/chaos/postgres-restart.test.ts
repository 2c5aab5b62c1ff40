import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { removeDataFolder } from '../../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { SECRET, callApi, startReceiver } from '../kit/crash-rounds.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const KEY = 'hdk_chaos_test_key_0123456789abcdef';

interface Answer {
  readonly atMs: number;
  readonly status: number;
  readonly body: string;
}

it('answers 503 while PostgreSQL is away and is back by itself within 5 s of its return', async (test) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'huidan-restart-'));
  const quiet = { info() {}, warn() {}, error() {} };
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet });
  const receiver = await startReceiver();
  const hub = await startHub(
    readConfig({
      DATABASE_URL: postgres.url,
      HUIDAN_DATA_DIR: join(dataDir, 'hub'),
      HUIDAN_PORT: '0',
      HUIDAN_ADMIN_KEY: KEY,
      HUIDAN_LOG_LEVEL: 'silent',
      HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    }),
  );
  test.after(async () => {
    await hub.stop();
    await receiver.close();
    await postgres.stop();
    await removeDataFolder(dataDir);
  });
  const url = hub.url ?? '';
  await callApi(url, KEY, '/api/v1/accounts', {
    id: 'mtu',
    platform: 'meituan-union',
    name: 'restart',
    credentials: { appkey: 'demo', secret: 'api-secret', callbackSecret: SECRET },
  });
  await callApi(url, KEY, '/api/v1/endpoints', { url: receiver.url, events: ['order.*'] });

  const answers: Answer[] = [];
  let sent = 0;
  let over = false;
  const acknowledged = new Set<string>();
  const sender = async (): Promise<void> => {
    while (!over) {
      const order = `5${String((sent += 1)).padStart(8, '0')}`;
      const response = await request(`${url}/callbacks/meituan-union/mtu`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: unionPush(unionOrder(order, '1'), SECRET),
      });
      const body = await response.body.text();
      answers.push({ atMs: performance.now(), status: response.statusCode, body });
      if (response.statusCode === 200) acknowledged.add(order);
      await sleep(5);
    }
  };
  const senders = Array.from({ length: 8 }, sender);
  await sleep(500);

  const before = postgres.postmasterPid();
  process.kill(before, 'SIGKILL');
  const killedAtMs = performance.now();
  while (postgres.postmasterPid() === before) await sleep(10);
  const returnedAtMs = performance.now();
  await sleep(3000);
  over = true;
  await Promise.all(senders);

  const during = answers.filter(({ atMs, status }) => atMs > killedAtMs && status !== 200);
  assert.ok(during.length > 0, 'the outage was noticed');
  assert.ok(during.every(({ status, body }) => status === 503 && body === '{"error":"try_again"}'));
  const recovered = answers.find(({ atMs, status }) => atMs > returnedAtMs && status === 200);
  assert.ok(recovered !== undefined && recovered.atMs - returnedAtMs < 5000, 'callbacks are stored again within 5 s');

  // A commit whose answer was lost is stored without having been acknowledged; never the other way round.
  const stored = new Set<string>();
  let cursor = '';
  for (;;) {
    const page = await callApi<{ data: { platformOrderId: string }[]; nextCursor: string | null }>(
      url,
      KEY,
      `/api/v1/orders?limit=500${cursor}`,
    );
    for (const { platformOrderId } of page.data) stored.add(platformOrderId);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  assert.deepEqual([...acknowledged.difference(stored)], [], 'nothing acknowledged is missing');
  for (
    let waitedMs = 0;
    waitedMs < 15_000 && new Set(receiver.received.map(({ order }) => order)).size < stored.size;
    waitedMs += 100
  ) {
    await sleep(100);
  }
  assert.equal(
    new Set(receiver.received.map(({ order }) => order)).size,
    stored.size,
    'every stored order was delivered',
  );
});
