import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import { orderId, seedAccount, seedEvents, startReceiver, testContext, until } from '../../test/kit/deliveries.ts';
import type { Receiver } from '../../test/kit/deliveries.ts';
import { createPool } from '../store/pool.ts';
import type { HubContext } from './context.ts';
import { CRASH_POINTS } from './crash-points.ts';
import { startDeliveries } from './deliver.ts';
import type { Deliveries } from './deliver.ts';
import { createEndpoint } from './endpoints.ts';

const open = { allowPrivateTargets: true };
let database: TestDatabase;
let ctx: HubContext;
let receiver: Receiver;
const workers: Deliveries[] = [];
const children: ChildProcess[] = [];

before(async () => {
  database = await createTestDatabase({ max: 20 });
});
after(() => database.drop());

beforeEach(async () => {
  ctx = testContext(database.pool);
  receiver = await startReceiver();
  await seedAccount(ctx, 'shop-1');
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await receiver.close();
  await database.pool.query(
    'truncate endpoints, endpoint_secrets, delivery_heads, delivery_attempts, events, account_clocks',
  );
});

function work(context: HubContext, leaseMs: number): Deliveries {
  const worker = startDeliveries(context, { ...open, pollMs: 50, leaseMs, stopGraceMs: 200 });
  workers.push(worker);
  return worker;
}

async function workElsewhere(...crash: readonly string[]): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('../../test/kit/delivery-worker.ts', import.meta.url));
  const child = fork(file, [database.url, ...crash], { execArgv: [] });
  children.push(child);
  await once(child, 'message');
  return child;
}

async function countAttempts(): Promise<number> {
  const found = await database.pool.query('select from delivery_attempts');
  return found.rowCount ?? 0;
}

test('a request that takes longer than a lease keeps it: nobody else sends the event', async () => {
  receiver.answer(() => ({ delayMs: 1500 }));
  work(ctx, 300);
  work(testContext(database.pool), 300);
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(async () => (await countAttempts()) === 1, 'the attempt');
  assert.equal(receiver.received.length, 1);
});

test('a worker whose lease was taken over ends its request and writes nothing', async () => {
  receiver.answer(() => ({ delayMs: 30_000 }));
  work(ctx, 300);
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.length === 1, 'the request');
  await database.pool.query(
    `update delivery_heads set lease_token = 'another', lease_until = now() + interval '1 h', due_at = now() + interval '1 h'`,
  );
  await until(() => receiver.hungUp() === 1, 'the request to be ended', 2000);
  await sleep(100);
  assert.equal(await countAttempts(), 0);
  const head = await database.pool.query('select done_sequence, attempts, lease_token from delivery_heads');
  assert.deepEqual(head.rows, [{ done_sequence: 0, attempts: 0, lease_token: 'another' }]);
});

test('a worker that cannot renew its lease ends its request before the lease does', async () => {
  const pool = createPool({ url: database.url, max: 3, allowExitOnIdle: true });
  const lonely = testContext(pool, { wake: ctx.wake, log: { debug() {}, info() {}, warn() {}, error() {} } });
  receiver.answer(() => ({ delayMs: 30_000 }));
  const worker = work(lonely, 500);
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.length === 1, 'the request');
  const lease = await database.pool.query<{ lease_until: Date }>('select lease_until from delivery_heads');
  await pool.end();
  await until(() => receiver.hungUp() === 1, 'the request to be ended', 2000);
  assert.ok(Date.now() <= lease.rows[0]!.lease_until.getTime() + 500);
  receiver.answer(() => ({}));
  work(ctx, 500);
  await until(async () => (await countAttempts()) === 1, 'another worker to take over');
  assert.deepEqual(new Set(receiver.received.map(({ event }) => event.id)).size, 1);
  await worker.stop();
});

test('a killed worker is followed by another, which repeats at most what was under way, with the same id', async () => {
  receiver.answer(() => ({ delayMs: 10 }));
  for (let number = 0; number < 3; number += 1) {
    await seedEvents(
      ctx,
      'shop-1',
      Array.from({ length: 60 }, (_, order) => ({ subject: orderId(order) })),
    );
  }
  const first = await workElsewhere();
  await until(() => receiver.received.length > 40, 'the first worker to be busy');
  first.kill('SIGKILL');
  await once(first, 'exit');
  await workElsewhere();
  await until(async () => (await delivered()) === 180, 'everything');
  assertComplete(60, 3);
});

for (const point of CRASH_POINTS.filter((name) => name.startsWith('deliver.'))) {
  test(`a worker that dies at ${point} loses nothing and skips nothing`, async () => {
    for (let number = 0; number < 3; number += 1) {
      await seedEvents(
        ctx,
        'shop-1',
        Array.from({ length: 20 }, (_, order) => ({ subject: orderId(order) })),
      );
    }
    for (const nth of ['1', '2', '3']) {
      const worker = await workElsewhere(point, nth);
      if (worker.exitCode === null && worker.signalCode === null)
        await Promise.race([once(worker, 'exit'), sleep(2000)]);
    }
    await workElsewhere();
    await until(async () => (await delivered()) === 60, 'everything');
    assertComplete(20, 3);
  });
}

async function delivered(): Promise<number> {
  const found = await database.pool.query<{ count: number }>(
    `select count(distinct event_id)::int as count from delivery_attempts where outcome = 'delivered'`,
  );
  return found.rows[0]!.count;
}

/** Every order arrived whole; a repeat is the event just before it again, under the same id. */
function assertComplete(orders: number, events: number): void {
  for (let order = 0; order < orders; order += 1) {
    const got = receiver.received.filter(({ event }) => event.data.order.id === orderId(order));
    const sequences = got.map(({ event }) => event.data.sequence);
    let last = 0;
    for (const sequence of sequences) {
      assert.ok(sequence === last || sequence === last + 1, `order ${order}: ${sequences.join(' ')}`);
      last = sequence;
    }
    assert.equal(last, events);
    const ids = new Map(got.map(({ event }) => [event.data.sequence, event.id]));
    for (const { event, headers } of got) {
      assert.equal(event.id, ids.get(event.data.sequence));
      assert.equal(headers['webhook-id'], event.id);
    }
  }
}
