import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts';
import type { EmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { SECRET, callApi } from '../kit/crash-rounds.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const KEY = 'hdk_chaos_test_key_0123456789abcdef';
const quiet = { info() {}, warn() {}, error() {} };
const DISK_MEGABYTES = 260;
/** What the database may still write before it is full. */
const ROOM_BYTES = 4 * 2 ** 20;

/** What ends a test, the last first: PostgreSQL must be gone before its disk is. */
type Undo = (() => Promise<void>)[];

function undoOf(test: TestContext): Undo {
  const undo: Undo = [];
  test.after(async () => {
    for (const step of undo.toReversed()) await step();
  });
  return undo;
}

/** A small file system of its own; `undefined` where it cannot be made. */
async function mountSmallDisk(undo: Undo): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'huidan-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', folder]).status === 0;
  undo.push(async () => {
    if (mounted) spawnSync('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  });
  if (!mounted) return undefined;
  await chmod(folder, 0o755);
  return folder;
}

interface Answer {
  readonly order: string;
  readonly status: number;
  readonly ms: number;
}

/** A hub with an account on a database; `push` sends one new order. */
async function startPushedHub(undo: Undo, postgres: EmbeddedPostgres, dataDir: string) {
  const hub = await startHub(
    readConfig({
      DATABASE_URL: postgres.url,
      HUIDAN_DATA_DIR: dataDir,
      HUIDAN_PORT: '0',
      HUIDAN_ADMIN_KEY: KEY,
      HUIDAN_LOG_LEVEL: 'silent',
    }),
  );
  undo.push(() => hub.stop());
  const url = hub.url ?? '';
  await callApi(url, KEY, '/api/v1/accounts', {
    id: 'mtu',
    platform: 'meituan-union',
    name: 'full',
    credentials: { appkey: 'demo', secret: 'api-secret', callbackSecret: SECRET },
  });
  let sent = 0;
  return {
    url,
    async push(): Promise<Answer> {
      const order = `6${String((sent += 1)).padStart(8, '0')}`;
      const startedMs = performance.now();
      const body = unionPush(unionOrder(order, '1'), SECRET);
      const response = await fetch(`${url}/callbacks/meituan-union/mtu`, { method: 'POST', body });
      const text = await response.text();
      const isTaken = response.status === 200 && text === '{"errcode":"0","errmsg":"ok"}';
      return { order, status: isTaken ? 200 : response.status, ms: performance.now() - startedMs };
    },
    async stored(): Promise<ReadonlySet<string>> {
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      const found = await client.query<{ number: string }>('select platform_order_id as number from orders');
      await client.end();
      return new Set(found.rows.map(({ number }) => number));
    },
  };
}

it('a full disk is answered with 503, nothing acknowledged is lost, and with room it goes on by itself', async (test) => {
  const undo = undoOf(test);
  const disk = await mountSmallDisk(undo);
  if (disk === undefined) return test.skip('only root may mount a small disk');
  const dataDir = await mkdtemp(join(tmpdir(), 'huidan-full-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: disk, log: quiet });
  undo.push(() => postgres.stop());
  const hub = await startPushedHub(undo, postgres, dataDir);

  const { bavail, bsize } = await statfs(disk);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - ROOM_BYTES)));
  const answers: Answer[] = [];
  while (answers.filter(({ status }) => status !== 200).length < 300) {
    assert.ok(answers.length < 20_000, 'the disk was never full');
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => hub.push()))));
  }
  const refused = answers.filter(({ status }) => status !== 200);
  assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([503]));
  assert.ok(Math.max(...answers.map(({ ms }) => ms)) < 15_000, 'nobody waits for ever');
  assert.equal((await fetch(`${hub.url}/healthz`)).status, 200);

  await rm(ballast);
  let back: Answer | undefined;
  for (let tries = 0; back === undefined && tries < 120; tries += 1) {
    const answer = await hub.push();
    answers.push(answer);
    if (answer.status === 200) back = answer;
    else await sleep(250);
  }
  assert.ok(back !== undefined, 'it takes callbacks again');
  const stored = await hub.stored();
  const lost = answers.filter(({ order, status }) => status === 200 && !stored.has(order));
  assert.deepEqual(lost, []);
});

it('a database that gives no more connections is answered with 503, and is used again when it does', async (test) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'huidan-connections-'));
  const undo = undoOf(test);
  await chmod(dataDir, 0o755);
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet });
  undo.push(() => postgres.stop());
  const hub = await startPushedHub(undo, postgres, join(dataDir, 'hub'));

  const others: pg.Client[] = [];
  const takeAll = async (): Promise<void> => {
    for (;;) {
      const client = new pg.Client({ connectionString: postgres.url });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch {
        return;
      }
      others.push(client);
    }
  };
  await takeAll();
  // The hub's own connections go, as after a restart of the network, until others were quicker with all of them.
  const ending = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'huidan'`;
  for (let left = 1, tries = 0; left > 0; tries += 1) {
    assert.ok(tries < 200, 'the hub was always quicker');
    left = (await others[0]?.query(ending))?.rowCount ?? 0;
    await takeAll();
  }
  const answers = await Promise.all(Array.from({ length: 20 }, () => hub.push()));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([503]));
  assert.ok(Math.max(...answers.map(({ ms }) => ms)) < 15_000);

  await Promise.all(others.map((client) => client.end()));
  let status = 0;
  for (let tries = 0; status !== 200 && tries < 120; tries += 1) {
    ({ status } = await hub.push());
    if (status !== 200) await sleep(100);
  }
  assert.equal(status, 200, 'it takes callbacks again');
});
