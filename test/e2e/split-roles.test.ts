import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findConnector } from '../../src/connectors/registry.ts';
import { allKept } from '../../src/connectors/vending/sandbox-memory.ts';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import type { RunningHub } from '../../src/server/start.ts';
import { silent } from '../kit/context.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';
import { playPlatform } from '../kit/played-platform.ts';
import type { PlayedPlatform } from '../kit/played-platform.ts';

/** Two processes that take requests and one that works, on one database: here as three hubs of one process. */
const KEY = 'hdk_split_roles_key_0123456789abcdef';
let database: TestDatabase;
let folder: string;
let machines: PlayedPlatform;
let worker: RunningHub;
const doors: RunningHub[] = [];

before(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'huidan-roles-'));
  const config = readConfig({
    DATABASE_URL: database.url,
    HUIDAN_DATA_DIR: folder,
    HUIDAN_PORT: '0',
    HUIDAN_ADMIN_KEY: KEY,
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    HUIDAN_DATABASE_CONNECTIONS: '6',
  });
  // What is not told would be found after ten minutes.
  worker = await startHub(config, { role: 'worker', log: silent, workPollMs: 600_000 });
  for (let count = 0; count < 2; count += 1) doors.push(await startHub(config, { role: 'http', log: silent }));
  machines = await playPlatform(findConnector('vending') ?? assert.fail());
  const { credentials, settings } = machines;
  const account = {
    id: 'vm-1',
    platform: 'vending',
    name: 'vm-1',
    credentials,
    settings: { ...settings, life: false },
  };
  assert.equal((await call(0, 'POST', '/accounts', account)).status, 201);
});
after(async () => {
  for (const hub of [...doors, worker]) await hub.stop();
  await machines.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function call(door: number, method: string, path: string, body?: unknown, key?: string) {
  const response = await fetch(`${doors[door]?.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // oxlint-disable-next-line typescript/no-explicit-any -- looked into freely; the tests of the API hold its shape
  return { status: response.status, body: (await response.json()) as any };
}

let count = 0;
const wish = () => ({
  account: 'vm-1',
  merchantOrderId: `202611200000000${String((count += 1)).padStart(5, '0')}`,
  machineNo: '10000001',
  items: [{ productId: 121, quantity: 1 }],
  amount: 350,
});

test('an order and an action that one process takes are done by another at once', async () => {
  for (let round = 0; round < 3; round += 1) {
    const startedMs = performance.now();
    const made = await call(round % 2, 'POST', '/orders', wish());
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const asked = await call(round % 2, 'POST', `/orders/${made.body.id}/actions`, { action: 'query' });
    assert.equal(asked.status, 202);
    let state = '';
    for (let tries = 0; state !== 'succeeded' && tries < 200; tries += 1) {
      state = (await call(0, 'GET', `/actions/${asked.body.id}`)).body.state;
      await sleep(20);
    }
    assert.equal(state, 'succeeded');
    assert.ok(performance.now() - startedMs < 10_000);
  }
});

test('a worker whose connection broke listens again, and takes up what it was not told meanwhile', async () => {
  const ended = await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'huidan listening' and datname = current_database()`,
  );
  assert.equal(ended.rowCount, 1);
  const made = await call(0, 'POST', '/orders', wish());
  assert.equal(made.status, 201, JSON.stringify(made.body));
});

test('the same order wanted of two processes at once is made once, and both say the same', async () => {
  for (const withKeys of [false, true]) {
    for (let round = 0; round < 8; round += 1) {
      const body = wish();
      const made = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          call(index % 2, 'POST', '/orders', body, withKeys ? `${body.merchantOrderId} ${index % 3}` : undefined),
        ),
      );
      const done = made.filter(({ status }) => status === 201);
      // The same key at once: one is told that the other is under way, and may ask again.
      const others = made.filter(({ status }) => status !== 201).map((one) => one.body.code);
      assert.ok(done.length >= (withKeys ? 3 : 6), JSON.stringify(made));
      assert.ok(
        others.every((code) => code === 'idempotency_in_progress'),
        others.join(' '),
      );
      assert.equal(new Set(done.map((one) => one.body.id)).size, 1);
      assert.equal(new Set(done.map((one) => one.body.platformOrderId)).size, 1);
      const { data } = (await call(1, 'GET', `/orders?merchantOrderId=${body.merchantOrderId}`)).body;
      assert.equal(data.length, 1);
      const actions = (await call(1, 'GET', `/actions?order=${data[0].id}`)).body.data as readonly unknown[];
      assert.equal(actions.length, 1);
      const kept = allKept(machines.memory).filter(({ tradeId }) => tradeId === body.merchantOrderId);
      assert.equal(kept.length, 1);
      assert.equal(machines.calls.length > 0, true);
    }
  }
  const creations = machines.calls.filter((one) => one === 'POST /api/openapi/v1/orders').length;
  assert.equal(creations, allKept(machines.memory).length, 'the platform was asked once for each');
});

test('an order that two processes want differently under one number is the first one’s', async () => {
  const body = wish();
  const [one, other] = await Promise.all([
    call(0, 'POST', '/orders', body),
    call(1, 'POST', '/orders', { ...body, items: [{ productId: 122, quantity: 1 }] }),
  ]);
  assert.deepEqual(
    [one.status, other.status].toSorted((a, b) => a - b),
    [201, 409],
  );
  assert.equal([one, other].find(({ status }) => status === 409)?.body.code, 'order_exists');
});
