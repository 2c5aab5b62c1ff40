import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { meituanUnion } from '../../src/connectors/meituan-union/index.ts';
import { parseChaos } from '../../src/sandbox/chaos.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox-contract.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/server/config.ts';
import { beijingDay } from '../../src/core/time.ts';
import { startHub } from '../../src/server/start.ts';
import type { RunningHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

const KEY = 'hdk_the-admin-key-of-tests';
const LOST = 60;
let database: TestDatabase;
let dir: string;
let hub: RunningHub;

before(async () => {
  database = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), 'huidan-repair-'));
  const config = readConfig({
    HUIDAN_PORT: '0',
    HUIDAN_DATA_DIR: dir,
    DATABASE_URL: database.url,
    HUIDAN_ADMIN_KEY: KEY,
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    HUIDAN_LOG_LEVEL: 'silent',
  });
  hub = await startHub(config);
});
after(async () => {
  await hub.stop();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

function play(options: Partial<SandboxOptions>): Promise<Sandbox> {
  return startSandbox({
    hubUrl: hub.url ?? '',
    key: KEY,
    platforms: [meituanUnion],
    ledgerDir: join(dir, 'sandbox'),
    rate: 200,
    speed: 100_000,
    // Most callbacks get lost for good: of many orders not one arrives.
    chaos: parseChaos('drop=0.8'),
    seed: 'repair',
    ...options,
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into freely here
async function api(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${hub.url ?? ''}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

test('orders of which no callback ever came are found by asking, and a reconciliation then finds both sides agreed', async () => {
  const sandbox = await play({ orderLimit: 200 });
  try {
    await sandbox.allPlaced;
    // Only asking finds them: what is left to wait for is what got lost.
    assert.deepEqual(await sandbox.drain(120_000), { unreceived: 0, events: 0 });
    const accounts = await api('GET', '/accounts');
    const account = accounts.data[0].id as string;
    await api('POST', `/repair/${account}/run`, { poll: 'pay-days' });
    const count = async (text: string): Promise<number> => (await database.pool.query(text)).rowCount ?? 0;
    // A list shows one voucher of several: of those orders the truth is asked for one by one.
    const unread = `select from order_clocks where starts_with(kind, 'doubt:') and kind <> 'doubt:overdue'`;
    const orders = 'select from orders where merged_into is null';
    const isOver = async (): Promise<boolean> => (await count(orders)) === 200 && (await count(unread)) === 0;
    for (let waitedMs = 0; waitedMs < 60_000 && !(await isOver()); waitedMs += 200) await sleep(200);
    assert.ok(await isOver(), `${await count(orders)} orders, ${await count(unread)} unread`);
    const never = await count('select from repaired_orders where status_before is null');
    assert.ok(never >= LOST, `${never} were found that nobody told of`);
    const { data } = await api('GET', `/repair/${account}/orders?limit=1`);
    assert.ok(['paid', 'pay-days', 'overdue'].includes(data[0].poll as string));
    assert.deepEqual((await sandbox.verify(60_000)).differences, []);

    const day = beijingDay(Date.now());
    let report = await api('POST', '/reconciliations', { account, day });
    for (let waitedMs = 0; waitedMs < 60_000 && report.state !== 'done'; waitedMs += 200) {
      await sleep(200);
      report = await api('GET', `/reconciliations/${report.id}`);
    }
    const lines = await api('GET', `/reconciliations/${report.id}/lines?kind=differs`);
    assert.deepEqual(lines.data, []);
    const { both, onlyThere, onlyHere, amountsDiffer } = report.counts;
    assert.deepEqual(
      { both, onlyThere, onlyHere, amountsDiffer },
      { both: 200, onlyThere: 0, onlyHere: 0, amountsDiffer: 0 },
    );
  } finally {
    await sandbox.stop();
  }
});
