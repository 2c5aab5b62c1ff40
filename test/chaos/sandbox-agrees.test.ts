import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectors } from '../../src/connectors/registry.ts';
import { parseChaos } from '../../src/sandbox/chaos.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox-contract.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import type { RunningHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

const KEY = 'hdk_the-admin-key-of-tests';
/** The holds of what nobody pays are part of it, and what a process had begun that was stopped. */
const DRAIN_MS = 240_000;
let database: TestDatabase;
let dir: string;
let hub: RunningHub;

before(async () => {
  database = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), 'huidan-sandbox-agrees-'));
  hub = await start('0');
});

after(async () => {
  await hub.stop();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

function start(port: string): Promise<RunningHub> {
  const config = readConfig({
    HUIDAN_PORT: port,
    HUIDAN_DATA_DIR: dir,
    DATABASE_URL: database.url,
    HUIDAN_ADMIN_KEY: KEY,
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    HUIDAN_LOG_LEVEL: 'silent',
  });
  return startHub(config);
}

function play(options: Partial<SandboxOptions>): Promise<Sandbox> {
  return startSandbox({
    hubUrl: hub.url ?? '',
    key: KEY,
    platforms: connectors,
    ledgerDir: join(dir, 'sandbox'),
    rate: 200,
    speed: 100_000,
    chaos: parseChaos('duplicate=0.4,reorder=0.4,delay=0.3,drop=0.1'),
    seed: 'agrees',
    ...options,
  });
}

async function differences(): Promise<readonly unknown[]> {
  const sandbox = await play({ finishOnly: true });
  try {
    return (await sandbox.verify(30_000)).differences;
  } finally {
    await sandbox.stop();
  }
}

test('after 400 orders under chaos the hub, the platforms and the receiver agree', async () => {
  const sandbox = await play({ orderLimit: 400 });
  try {
    await sandbox.allPlaced;
    assert.deepEqual(await sandbox.drain(DRAIN_MS), { unreceived: 0, events: 0 });
    const stats = sandbox.stats();
    assert.equal(stats.faults, 0);
    assert.ok(stats.duplicates > 50 && stats.dropped > 20, JSON.stringify(stats));
  } finally {
    await sandbox.stop();
  }
  assert.deepEqual(await differences(), []);
});

test('a restart of the hub under load loses nothing', async () => {
  // Nothing is dropped: what the restart itself loses must come again, and finding what never comes takes minutes.
  const sandbox = await play({ orderLimit: 400, chaos: parseChaos('duplicate=0.4,reorder=0.4,delay=0.3') });
  try {
    const port = new URL(hub.url ?? '').port;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await hub.stop();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(sandbox.stats().unreachable > 0);
    hub = await start(port);
    await sandbox.allPlaced;
    assert.deepEqual(await sandbox.drain(DRAIN_MS), { unreceived: 0, events: 0 });
    assert.equal(sandbox.stats().faults, 0);
  } finally {
    await sandbox.stop();
  }
  assert.deepEqual(await differences(), []);
});
