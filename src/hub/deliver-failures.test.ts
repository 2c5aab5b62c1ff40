import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryConfig } from 'pg';
import { movingClock, orderId, seedEvents, startReceiver, testContext, until } from '../../test/kit/deliveries.ts';
import type { Receiver } from '../../test/kit/deliveries.ts';
import { DeliveryStage, open, sequencesOf } from '../../test/kit/delivery-stage.ts';
import { NO_LIMITS } from './access.ts';
import type { HubContext } from './context.ts';
import { listDeadLetters, readQueue, retryNow, skipBlocked } from './delivery-list.ts';
import { createEndpoint, getEndpoint, setEndpointState } from './endpoints.ts';
import { previewReplay, startReplay } from './replay.ts';

const stage = new DeliveryStage();
const { work, attempts, waiting } = stage;
let ctx: HubContext;
let receiver: Receiver;

before(stage.open);
after(stage.close);
beforeEach(async () => {
  ({ ctx, receiver } = await stage.begin());
});
afterEach(stage.end);

test('after the end of its policy a delivery is a dead letter and its successors go on', async () => {
  const clock = movingClock();
  const moving = testContext(stage.database.pool, { clock, wake: ctx.wake });
  const endpoint = await createEndpoint(
    moving,
    { url: receiver.url, events: ['*'], retry: { everySeconds: 60, forSeconds: 120 } },
    open,
  );
  receiver.answer(({ event }) => ({ status: event.data.sequence === 1 ? 500 : 200, body: 'not today' }));
  work({}, moving);
  const subject = orderId(1);
  await seedEvents(moving, 'shop-1', [{ subject }, { subject }]);
  for (const count of [1, 2]) {
    await until(async () => (await attempts()).length >= count, `attempt ${count}`);
    clock.forward(61_000);
  }
  await until(() => receiver.received.some(({ event }) => event.data.sequence === 2), 'the successor');
  const second = receiver.received.at(-1)!;
  assert.equal(second.event.data.previousSequence, null, 'the dead one was never taken');
  const dead = await listDeadLetters(moving, { limit: 10 }, NO_LIMITS);
  assert.equal(dead.data.length, 1);
  assert.equal(dead.data[0]!.endpoint, endpoint.id);
  assert.equal(dead.data[0]!.response, 'not today');
  assert.equal(dead.data[0]!.attempt, 2);
  // Sent again by hand, it is no dead letter any more.
  receiver.answer(() => ({}));
  await startReplay(moving, { endpoint: endpoint.id, events: [dead.data[0]!.event] }, NO_LIMITS);
  await until(
    async () => (await listDeadLetters(moving, { limit: 10 }, NO_LIMITS)).data.length === 0,
    'no dead letter',
  );
  assert.equal(receiver.received.at(-1)!.headers['webhook-id'], dead.data[0]!.event);
});

test('a strict endpoint stands still at a dead letter until it is skipped or replayed', async () => {
  const clock = movingClock();
  const moving = testContext(stage.database.pool, { clock, wake: ctx.wake });
  const endpoint = await createEndpoint(
    moving,
    { url: receiver.url, events: ['*'], strict: true, retry: { gapsSeconds: [] } },
    open,
  );
  receiver.answer(({ event }) => ({ status: event.data.sequence === 1 ? 500 : 200 }));
  work({}, moving);
  const [skipped, replayed] = [orderId(1), orderId(2)];
  await seedEvents(moving, 'shop-1', [{ subject: skipped }, { subject: skipped }, { subject: replayed }]);
  await until(async () => (await readQueue(moving, endpoint.id)).blocked === 2, 'two blocked orders');
  const [, later] = await seedEvents(moving, 'shop-1', [{ subject: skipped }, { subject: replayed }]);
  await sleep(200);
  assert.equal(receiver.received.length, 2, 'nothing more was sent');
  assert.equal(await skipBlocked(moving, endpoint.id, 'shop-1', skipped), true);
  await until(() => sequencesOf(receiver, skipped).includes(3), 'the successors');
  assert.deepEqual(sequencesOf(receiver, skipped), [1, 2, 3]);
  receiver.answer(() => ({}));
  const first = receiver.received.find(({ event }) => event.data.order.id === replayed)!.event.id;
  assert.deepEqual(await previewReplay(moving, { endpoint: endpoint.id, events: [first, later!] }, NO_LIMITS), {
    events: 1,
  });
  await startReplay(moving, { endpoint: endpoint.id, events: [first] }, NO_LIMITS);
  await until(() => sequencesOf(receiver, replayed).length === 3, 'the replayed one and its successor');
  assert.deepEqual(sequencesOf(receiver, replayed), [1, 1, 2]);
  assert.equal((await readQueue(moving, endpoint.id)).blocked, 0);
});

test('410 Gone switches the endpoint off, and what waits arrives when it is on again', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  receiver.answer(() => ({ status: 410 }));
  work();
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(async () => (await getEndpoint(ctx, endpoint.id)).state === 'disabled', 'the endpoint to be off');
  await until(async () => (await attempts()).length === 1, 'the attempt');
  assert.match((await attempts())[0]!.error ?? '', /410 Gone/u);
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }, { subject: orderId(2) }]);
  await sleep(200);
  assert.equal(receiver.received.length, 1);
  receiver.answer(() => ({}));
  await setEndpointState(ctx, endpoint.id, 'enabled');
  await until(() => receiver.received.length === 4, 'what had waited');
  assert.deepEqual(sequencesOf(receiver, orderId(1)), [1, 1, 2]);
});

test('an endpoint that went away while the hub read its endpoints is not taken for one that is on', async () => {
  let readings = 0;
  const { pool } = stage.database;
  const slowly = async (asked: string | QueryConfig, values?: unknown[]): Promise<unknown> => {
    const found = await pool.query(asked, values);
    // The last question of a reading, which by now knows the endpoints as they were.
    const text = typeof asked === 'string' ? asked : asked.text;
    if (!text.includes('from account_clocks order by')) return found;
    await sleep(500);
    readings += 1;
    return found;
  };
  const reading = new Proxy(pool, {
    get(target, name) {
      const own: unknown = name === 'query' ? slowly : Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  receiver.answer(() => ({ status: 410, delayMs: 300 }));
  work({}, testContext(reading, { wake: ctx.wake }));
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(async () => (await attempts()).length === 1, 'the attempt');
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(2) }]);
  const before_ = readings;
  await until(() => readings >= before_ + 2, 'two more readings');
  assert.equal(receiver.received.length, 1);
});

test('a redirect is a failure and is not followed', async () => {
  const elsewhere = await startReceiver();
  try {
    await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
    receiver.answer(() => ({ status: 307, headers: { location: elsewhere.url } }));
    work();
    await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
    await until(async () => (await attempts()).length === 1, 'the attempt');
    const [attempt] = await attempts();
    assert.deepEqual(
      [attempt!.outcome, attempt!.status_code, attempt!.error],
      ['failed', 307, 'redirects are not followed'],
    );
    assert.equal(elsewhere.received.length, 0);
  } finally {
    await elsewhere.close();
  }
});

test('of a long or strange answer only a storable beginning is kept', async () => {
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  receiver.answer(({ event }) => ({
    body: event.data.order.id === orderId(1) ? 'x'.repeat(3_000_000) : '\u0000\uD800 nul and half a pair',
  }));
  work();
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }, { subject: orderId(2) }]);
  await until(async () => (await attempts()).length === 2, 'both attempts');
  const rows = await attempts();
  assert.deepEqual(new Set(rows.map((row) => row.outcome)), new Set(['delivered']));
  assert.equal(rows.find((row) => row.subject === orderId(1))!.response, 'x'.repeat(1024));
  assert.match(rows.find((row) => row.subject === orderId(2))!.response ?? '', /nul and half a pair/u);
});

test('an endpoint that never answers delays neither the other endpoints nor its own other accounts for long', async () => {
  const slow = await startReceiver();
  try {
    slow.answer(() => ({ delayMs: 60_000 }));
    const stuck = await createEndpoint(ctx, { url: slow.url, events: ['*'] }, open);
    await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
    // Who waited for the slow one would wait for a minute, on any machine.
    const patient = work({ timeoutMs: 60_000, connections: 4, stopGraceMs: 0 });
    await seedEvents(
      ctx,
      'shop-1',
      Array.from({ length: 300 }, (_, number) => ({ subject: orderId(number) })),
    );
    await until(() => receiver.received.length === 300, 'the fast endpoint', 30_000);
    await until(() => slow.received.length === 4, 'what the slow one is sent at once');
    assert.ok(slow.mostAtOnce() <= 4);
    await patient.stop();
    work({ timeoutMs: 700, connections: 4 });
    await until(async () => (await attempts(stuck.id)).length >= 4, 'attempts at the slow one');
    assert.match((await attempts(stuck.id))[0]!.error ?? '', /no complete answer within 700 ms/u);
  } finally {
    await slow.close();
  }
});

test('an endpoint that only fails is asked by few requests at once, and by all again when it is back', async () => {
  const endpoint = await createEndpoint(
    ctx,
    { url: receiver.url, events: ['*'], retry: { gapsSeconds: [3600, 3600] } },
    open,
  );
  const openAt: number[] = [];
  let status = 500;
  receiver.answer(() => {
    openAt.push(receiver.openNow());
    return { status, delayMs: 10 };
  });
  work({ connections: 16 });
  await seedEvents(
    ctx,
    'shop-1',
    Array.from({ length: 120 }, (_, number) => ({ subject: orderId(number) })),
  );
  await until(async () => (await attempts()).length === 120, 'a failure of each');
  // The first 20 failures, and what was on its way by then.
  assert.ok(Math.max(...openAt.slice(0, 36)) > 4);
  assert.ok(Math.max(...openAt.slice(40)) <= 2, openAt.join(' '));
  openAt.length = 0;
  status = 200;
  await retryNow(ctx, endpoint.id);
  await until(async () => (await waiting(endpoint.id)) === 0, 'an empty queue');
  assert.ok(Math.max(...openAt) > 4, openAt.join(' '));
});

test('private addresses are refused when the connection is made, as a failure like any other', async () => {
  await createEndpoint(
    ctx,
    { url: receiver.url.replace('127.0.0.1', 'rebind.example'), events: ['*'] },
    { allowPrivateTargets: false },
  );
  work({
    allowPrivateTargets: false,
    resolve: (_name, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(async () => (await attempts()).length === 1, 'the attempt');
  assert.equal((await attempts())[0]!.error, 'the address is not on the public Internet');
  assert.equal(receiver.received.length, 0);
});
