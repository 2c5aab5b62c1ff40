import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import {
  movingClock,
  orderId,
  seedAccount,
  seedEvents,
  startReceiver,
  testContext,
  until,
} from '../../test/kit/deliveries.ts';
import type { MovingClock, Receiver } from '../../test/kit/deliveries.ts';
import { NO_LIMITS } from './access.ts';
import type { HubContext } from './context.ts';
import { startDeliveries } from './deliver.ts';
import type { Deliveries } from './deliver.ts';
import { listDeliveries, retryNow } from './delivery-list.ts';
import { createEndpoint, setEndpointState } from './endpoints.ts';
import { cancelReplay, getReplay, listReplays, previewReplay, startReplay } from './replay.ts';
import type { ReplayRequest } from './replay.ts';

const open = { allowPrivateTargets: true };
let database: TestDatabase;
let clock: MovingClock;
let ctx: HubContext;
let receiver: Receiver;
let worker: Deliveries;

before(async () => {
  database = await createTestDatabase({ max: 20 });
});
after(() => database.drop());

beforeEach(async () => {
  clock = movingClock();
  ctx = testContext(database.pool, { clock });
  receiver = await startReceiver();
  await seedAccount(ctx, 'shop-1');
  await seedAccount(ctx, 'shop-2');
  // The tests put the clock forward, and no lease shall run out by that.
  worker = startDeliveries(ctx, { ...open, pollMs: 50, leaseMs: 3_600_000 });
});
afterEach(async () => {
  await worker.stop();
  await receiver.close();
  await database.pool.query(
    'truncate endpoints, endpoint_secrets, delivery_heads, delivery_attempts, events, account_clocks, replays',
  );
});

const time = (): string => new Date(clock()).toISOString();

/** Two orders of three events each in one account and one order in another; `marks` are times before, between, after. */
async function history(): Promise<{ readonly marks: readonly string[]; readonly ids: readonly string[] }> {
  const marks = [time()];
  const ids: string[] = [];
  for (const type of ['order.paid', 'order.changed', 'order.completed']) {
    clock.forward(60_000);
    ids.push(
      ...(await seedEvents(ctx, 'shop-1', [
        { subject: orderId(1), type },
        { subject: orderId(2), type },
      ])),
    );
    clock.forward(60_000);
    marks.push(time());
  }
  ids.push(...(await seedEvents(ctx, 'shop-2', [{ subject: orderId(3) }])));
  clock.forward(1000);
  marks.push(time());
  return { marks, ids };
}

function got(): readonly (readonly [string, number])[] {
  return receiver.received
    .map(({ event }) => [event.data.order.id, event.data.sequence] as const)
    .toSorted(([a, x], [b, y]) => (a === b ? x - y : a < b ? -1 : 1));
}

/** Arrived, and written down as such: until then an event is the live lane's, and no replay takes it. */
async function deliveredLive(count: number): Promise<void> {
  await until(() => receiver.received.length === count, 'the first time');
  const due = 'select from delivery_heads where due_at is not null';
  await until(async () => (await database.pool.query(due)).rowCount === 0, 'the live lane to be done');
}

async function replayed(request: ReplayRequest, count: number): Promise<void> {
  receiver.received.length = 0;
  assert.deepEqual(await previewReplay(ctx, request, NO_LIMITS), { events: count });
  const replay = await startReplay(ctx, request, NO_LIMITS);
  assert.equal(replay.events, count);
  await until(async () => (await getReplay(ctx, replay.id)).remaining === 0, 'the replay to end');
  assert.equal(receiver.received.length, count);
}

test('a range is sent again in sequence, with the ids that the events had', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const { marks, ids } = await history();
  await deliveredLive(7);
  await replayed({ endpoint: endpoint.id, from: marks[0]! }, 7);
  assert.deepEqual(new Set(receiver.received.map(({ event }) => event.id)), new Set(ids));
  for (const order of [1, 2]) {
    const own = receiver.received.filter(({ event }) => event.data.order.id === orderId(order));
    assert.deepEqual(
      own.map(({ event }) => [event.data.sequence, event.data.previousSequence]),
      [
        [1, null],
        [2, 1],
        [3, 2],
      ],
    );
  }
  await replayed({ endpoint: endpoint.id, from: marks[1]!, to: marks[2]! }, 2);
  assert.deepEqual(
    got(),
    [orderId(1), orderId(2)].toSorted().map((id) => [id, 2]),
  );
  // The live lane goes on as if nothing had been.
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.at(-1)?.event.data.sequence === 4, 'the next event');
  assert.equal(receiver.received.at(-1)!.event.data.previousSequence, 3);
});

test('types, account, order and ids narrow a replay down', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const { marks, ids } = await history();
  await deliveredLive(7);
  const from = marks[0]!;
  await replayed({ endpoint: endpoint.id, from, types: ['order.completed'] }, 2);
  assert.deepEqual(
    receiver.received.map(({ event }) => event.type),
    ['order.completed', 'order.completed'],
  );
  await replayed({ endpoint: endpoint.id, from, account: 'shop-2' }, 1);
  await replayed({ endpoint: endpoint.id, from, order: orderId(2) }, 3);
  // First and third of one order: the second lies between and stays out.
  await replayed({ endpoint: endpoint.id, events: [ids[0]!, ids[4]!, ids[6]!] }, 3);
  assert.deepEqual(
    got().filter(([id]) => id === orderId(1)),
    [
      [orderId(1), 1],
      [orderId(1), 3],
    ],
  );
});

test("a new endpoint gets history by a replay, through its own patterns and within the asking key's limits", async () => {
  const { marks } = await history();
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['order.paid', 'order.completed'] }, open);
  assert.deepEqual(
    await previewReplay(ctx, { endpoint: endpoint.id, from: marks[0]! }, { ...NO_LIMITS, accounts: ['shop-2'] }),
    { events: 1 },
  );
  await replayed({ endpoint: endpoint.id, from: marks[0]! }, 5);
  const order = receiver.received.filter(({ event }) => event.data.order.id === orderId(1));
  assert.deepEqual(
    order.map(({ event }) => [event.data.sequence, event.data.previousSequence]),
    [
      [1, null],
      [3, 1],
    ],
  );
});

test('what the live lane has not sent yet is left to it', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const from = time();
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await deliveredLive(1);
  await setEndpointState(ctx, endpoint.id, 'disabled');
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  clock.forward(10);
  assert.deepEqual(await previewReplay(ctx, { endpoint: endpoint.id, from }, NO_LIMITS), { events: 1 });
});

test('a replay of dead letters takes only what was given up and never delivered', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'], retry: { gapsSeconds: [] } }, open);
  const from = time();
  receiver.answer(({ event }) => ({ status: event.data.sequence === 2 ? 500 : 200 }));
  await seedEvents(ctx, 'shop-1', [
    { subject: orderId(1) },
    { subject: orderId(1) },
    { subject: orderId(1) },
    { subject: orderId(2) },
    { subject: orderId(2) },
  ]);
  await deliveredLive(5);
  await until(async () => (await deadCount()) === 2, 'two dead letters');
  receiver.answer(() => ({}));
  clock.forward(10);
  await replayed({ endpoint: endpoint.id, from, outcome: 'dead' }, 2);
  assert.deepEqual(
    got().map(([, sequence]) => sequence),
    [2, 2],
  );
  await replayed({ endpoint: endpoint.id, from, outcome: 'dead' }, 0);
});

async function deadCount(): Promise<number> {
  const dead = await listDeliveries(ctx, { outcome: 'dead', limit: 10 }, NO_LIMITS);
  return dead.data.length;
}

test('a replay can be cancelled, and replays are listed newest first', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const { marks } = await history();
  await deliveredLive(7);
  await setEndpointState(ctx, endpoint.id, 'disabled');
  await sleep(100);
  const first = await startReplay(ctx, { endpoint: endpoint.id, from: marks[0]! }, NO_LIMITS);
  clock.forward(5);
  const second = await startReplay(ctx, { endpoint: endpoint.id, from: marks[1]! }, NO_LIMITS);
  assert.equal((await getReplay(ctx, first.id)).remaining, 3);
  const page = await listReplays(ctx, { endpoint: endpoint.id, limit: 1 });
  assert.deepEqual([page.data[0]?.id, page.nextCursor], [second.id, second.id]);
  const rest = await listReplays(ctx, { endpoint: endpoint.id, limit: 1, cursor: page.nextCursor! });
  assert.deepEqual([rest.data[0]?.id, rest.nextCursor], [first.id, null]);
  for (const { id } of [first, second]) await cancelReplay(ctx, id);
  assert.equal((await getReplay(ctx, first.id)).remaining, 0);
  await setEndpointState(ctx, endpoint.id, 'enabled');
  await sleep(150);
  assert.equal(receiver.received.length, 7);
});

test('wrong requests are told what is wrong', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const wrong = (request: unknown, code: string): Promise<void> =>
    assert.rejects(startReplay(ctx, request as ReplayRequest, NO_LIMITS), { code });
  await wrong({ endpoint: 'ep_none', from: time() }, 'endpoint_not_found');
  await wrong({ endpoint: endpoint.id, events: [] }, 'malformed_request');
  await wrong({ endpoint: endpoint.id, events: ['ord_1'] }, 'malformed_request');
  await wrong({ endpoint: endpoint.id, from: 'yesterday' }, 'malformed_request');
  await wrong({ endpoint: endpoint.id, from: time(), to: '2020-01-01T00:00:00Z' }, 'malformed_request');
  await assert.rejects(getReplay(ctx, 'rpl_none'), { code: 'replay_not_found' });
});

test('deliveries are listed newest first, page by page, within the limits of the key', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  await seedEvents(ctx, 'shop-1', [
    { subject: orderId(1), merchant: 'm1' },
    { subject: orderId(2), merchant: 'm2' },
  ]);
  await seedEvents(ctx, 'shop-2', [{ subject: orderId(3), merchant: 'm1' }]);
  await until(async () => (await listDeliveries(ctx, { limit: 10 }, NO_LIMITS)).data.length === 3, 'three attempts');
  const all = (await listDeliveries(ctx, { limit: 10 }, NO_LIMITS)).data;
  assert.deepEqual(
    all.map(({ id }) => id),
    all
      .map(({ id }) => id)
      .toSorted()
      .reverse(),
  );
  const first = await listDeliveries(ctx, { limit: 2 }, NO_LIMITS);
  const second = await listDeliveries(ctx, { limit: 2, cursor: first.nextCursor! }, NO_LIMITS);
  assert.deepEqual([...first.data, ...second.data], all);
  assert.equal(second.nextCursor, null);
  const count = async (query: object, limits: object = {}): Promise<number> =>
    (await listDeliveries(ctx, { limit: 10, ...query }, { ...NO_LIMITS, ...limits })).data.length;
  assert.equal(await count({ account: 'shop-2' }), 1);
  assert.equal(await count({ order: orderId(2) }), 1);
  assert.equal(await count({ endpoint: endpoint.id, outcome: 'delivered' }), 3);
  assert.equal(await count({ endpoint: 'ep_other' }), 0);
  assert.equal(await count({ event: all[0]!.event }), 1);
  assert.equal(await count({}, { accounts: ['shop-2'] }), 1);
  assert.equal(await count({ account: 'shop-1' }, { accounts: ['shop-2'] }), 0);
  assert.equal(await count({}, { merchants: ['m1'] }), 2);
  await assert.rejects(listDeliveries(ctx, { limit: 1, cursor: "x' or 1=1" }, NO_LIMITS), { code: 'malformed_cursor' });
});

test('what waits for a retry is sent at once when asked for', async () => {
  const endpoint = await createEndpoint(
    ctx,
    { url: receiver.url, events: ['*'], retry: { gapsSeconds: [86_400] } },
    open,
  );
  receiver.answer(() => ({ status: 500 }));
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }, { subject: orderId(2) }]);
  await until(async () => (await listDeliveries(ctx, { limit: 10 }, NO_LIMITS)).data.length === 2, 'two failures');
  receiver.answer(() => ({}));
  assert.deepEqual(await retryNow(ctx, endpoint.id), { subjects: 2 });
  await until(() => receiver.received.length === 4, 'the second try');
});
