import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import {
  movingClock,
  orderId,
  seedAccount,
  seedEvents,
  startReceiver,
  testContext,
  until,
} from '../../test/kit/deliveries.ts';
import type { Receiver } from '../../test/kit/deliveries.ts';
import { DeliveryStage, open, sequencesOf } from '../../test/kit/delivery-stage.ts';
import type { Cell } from '../core/fact.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { upsertOrders } from '../store/order-writes.ts';
import { insertReceipts, sealRequest } from '../store/receipts.ts';
import type { HubContext } from './context.ts';
import { startDeliveries } from './deliver.ts';
import { createEndpoint, rotateEndpointSecret, setEndpointState } from './endpoints.ts';

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

test('an event arrives signed, and the public library verifies it', async () => {
  const { secret } = await createEndpoint(ctx, { url: `${receiver.url}/hook?a=b`, events: ['order.*'] }, open);
  work();
  const [id] = await seedEvents(ctx, 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.length === 1, 'the webhook');
  const got = receiver.received[0]!;
  assert.equal(got.method, 'POST');
  assert.equal(got.url, '/hook?a=b');
  assert.equal(got.headers['webhook-id'], id);
  const verified = new Webhook(secret).verify(got.body, got.headers as Record<string, string>) as typeof got.event;
  assert.equal(verified.id, id);
  assert.equal(verified.data.sequence, 1);
  assert.equal(verified.data.previousSequence, null);
  assert.equal(verified.data.order.id, orderId(1));
  await until(
    async () => (await stage.database.pool.query('select from delivery_attempts')).rowCount === 1,
    'the attempt',
  );
});

test('each order arrives in sequence under random failures, latency and two workers at once', async () => {
  const random = seededRandom(11);
  const endpoint = await createEndpoint(
    ctx,
    { url: receiver.url, events: ['*'], retry: { gapsSeconds: Array.from({ length: 60 }, () => 1) } },
    open,
  );
  const clock = movingClock();
  const hurried = testContext(stage.database.pool, { clock, wake: ctx.wake });
  receiver.answer(() => ({
    delayMs: Math.floor(random() * 15),
    ...(random() < 0.2 ? { status: random() < 0.5 ? 500 : 429 } : random() < 0.05 ? { hangUp: true } : {}),
  }));
  const ticking = setInterval(() => clock.forward(1000), 40);
  work({ leaseMs: 60_000 }, hurried);
  work({ leaseMs: 60_000 }, testContext(stage.database.pool, { clock }));
  const counts = new Map<string, number>();
  for (let round = 0; round < 12; round += 1) {
    const subjects = Array.from({ length: 12 }, () => orderId(Math.floor(random() * 20)));
    for (const subject of subjects) counts.set(subject, (counts.get(subject) ?? 0) + 1);
    await seedEvents(
      hurried,
      'shop-1',
      subjects.map((subject) => ({ subject })),
    );
  }
  await until(() => isComplete(receiver, counts), 'all events', 40_000);
  clearInterval(ticking);
  for (const subject of counts.keys()) assertInSequence(sequencesOf(receiver, subject), subject);
  await until(async () => (await waiting(endpoint.id)) === 0, 'an empty queue');
  const delivered = (await attempts()).filter((attempt) => attempt.outcome === 'delivered');
  assert.equal(delivered.length, 144);
});

test('a repeat carries the same webhook-id, and another timestamp', async () => {
  const clock = movingClock();
  const moving = testContext(stage.database.pool, { clock, wake: ctx.wake });
  await createEndpoint(moving, { url: receiver.url, events: ['*'], retry: 'every 30 s for 1 h' }, open);
  receiver.answer(() => ({ status: receiver.received.length < 3 ? 503 : 204 }));
  work({}, moving);
  const [id] = await seedEvents(moving, 'shop-1', [{ subject: orderId(1) }]);
  for (const count of [1, 2]) {
    await until(async () => (await attempts()).length === count, `attempt ${count}`);
    clock.forward(30_000);
  }
  await until(async () => (await attempts()).length === 3, 'the third attempt');
  assert.deepEqual([...new Set(receiver.received.map((got) => got.headers['webhook-id']))], [id]);
  assert.equal(new Set(receiver.received.map((got) => got.headers['webhook-timestamp'])).size, 3);
  assert.deepEqual(
    (await attempts()).map((row) => [row.attempt, row.outcome, row.status_code]),
    [
      [1, 'failed', 503],
      [2, 'failed', 503],
      [3, 'delivered', 204],
    ],
  );
});

test('a filtered endpoint is told which sequence it was sent before', async () => {
  await createEndpoint(ctx, { url: receiver.url, events: ['order.paid', 'order.completed'] }, open);
  work();
  const subject = orderId(1);
  await seedEvents(ctx, 'shop-1', [{ subject }, { subject }, { subject }]);
  await seedEvents(ctx, 'shop-1', [{ subject }]);
  await seedEvents(ctx, 'shop-1', [{ subject, type: 'order.completed' }, { subject }]);
  await until(() => receiver.received.length === 2, 'two webhooks');
  assert.deepEqual(
    receiver.received.map(({ event }) => [event.type, event.data.sequence, event.data.previousSequence]),
    [
      ['order.paid', 1, null],
      ['order.completed', 5, 1],
    ],
  );
});

test('limits on accounts, merchants and shops hold', async () => {
  await seedAccount(ctx, 'shop-2');
  await createEndpoint(
    ctx,
    { url: receiver.url, events: ['*'], accounts: ['shop-1'], merchants: ['m1'], shops: ['s1'] },
    open,
  );
  work();
  await seedEvents(ctx, 'shop-2', [{ subject: orderId(1), merchant: 'm1', shop: 's1' }]);
  await seedEvents(ctx, 'shop-1', [
    { subject: orderId(2), merchant: 'm2', shop: 's1' },
    { subject: orderId(3), merchant: 'm1', shop: null },
    { subject: orderId(4), merchant: 'm1', shop: 's1' },
  ]);
  await until(() => receiver.received.length === 1, 'the webhook');
  await sleep(150);
  assert.deepEqual(
    receiver.received.map(({ event }) => event.data.order.id),
    [orderId(4)],
  );
});

test('while a secret rotates both signatures are sent, afterwards only the new one', async () => {
  const clock = movingClock();
  const moving = testContext(stage.database.pool, { clock, wake: ctx.wake });
  const created = await createEndpoint(moving, { url: receiver.url, events: ['*'] }, open);
  const rotated = await rotateEndpointSecret(moving, created.id, 3600);
  work({}, moving);
  await seedEvents(moving, 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.length === 1, 'the webhook');
  const during = receiver.received[0]!;
  assert.equal(String(during.headers['webhook-signature']).split(' ').length, 2);
  for (const secret of [created.secret, rotated.secret]) {
    assert.doesNotThrow(() => new Webhook(secret).verify(during.body, during.headers as Record<string, string>));
  }
  clock.forward(3_601_000);
  await seedEvents(moving, 'shop-1', [{ subject: orderId(2) }]);
  await until(() => receiver.received.length === 2, 'the second webhook');
  const afterwards = receiver.received[1]!;
  const sign = (secret: string): string =>
    new Webhook(secret).sign(
      String(afterwards.headers['webhook-id']),
      new Date(Number(afterwards.headers['webhook-timestamp']) * 1000),
      afterwards.body,
    );
  assert.equal(afterwards.headers['webhook-signature'], sign(rotated.secret));
});

test('a raw endpoint gets the bytes and headers of the platform', async () => {
  await createEndpoint(ctx, { url: `${receiver.url}/old?v=1`, kind: 'raw' }, open);
  const body = Buffer.from('{"orderId":9000000000000000001,"payPrice":20.00,"sign":"abc"}');
  const now = new Date(ctx.clock());
  const receiptId = newId('rcp', now.getTime(), ctx.randomBytes);
  const headers = {
    'content-type': 'application/json;charset=GBK',
    host: 'hub.example',
    connection: 'close, x-hop',
    'x-hop': '1',
    'x-sign': 'AbC',
  };
  await insertReceipts(
    ctx.pool,
    'shop-1',
    [
      {
        id: receiptId,
        receivedAt: now,
        method: 'POST',
        topic: '',
        raw: sealRequest(ctx.sealer, { query: 'appkey=1', headers, body }),
        bodyBytes: body.length,
        verdict: 'applied',
        reason: null,
        evidence: 'signature',
        secretFingerprint: null,
        replyStatus: 200,
        replyBody: 'ok',
        orderIds: [],
      },
    ],
    now,
  );
  work();
  const [, , id] = await seedEvents(ctx, 'shop-1', [
    { subject: orderId(1), receiptId: null },
    { subject: orderId(2), receiptId: 'rcp_dropped' },
    { subject: orderId(3), receiptId },
  ]);
  await until(() => receiver.received.length === 1, 'the raw request');
  const got = receiver.received[0]!;
  assert.equal(got.body, body.toString());
  assert.equal(got.url, '/old?v=1&appkey=1');
  assert.equal(got.headers['content-type'], 'application/json;charset=GBK');
  assert.equal(got.headers['x-sign'], 'AbC');
  assert.equal(got.headers['x-hop'], undefined);
  assert.equal(got.headers.host, new URL(receiver.url).host);
  assert.equal(got.headers['huidan-event-id'], id);
  assert.equal(got.headers['webhook-signature'], undefined);
});

test('personal data is filled in for the endpoint that may have it, and masked for the other', async () => {
  const plain = await startReceiver();
  try {
    await createEndpoint(ctx, { url: receiver.url, events: ['*'], personalData: true }, open);
    await createEndpoint(ctx, { url: plain.url, events: ['*'] }, open);
    const [order] = await storeOrderWithCustomer(ctx, 'shop-1');
    work();
    await seedEvents(ctx, 'shop-1', [{ subject: order.id, body: order as unknown as Record<string, unknown> }]);
    await until(() => receiver.received.length === 1 && plain.received.length === 1, 'both webhooks');
    assert.deepEqual(receiver.received[0]!.event.data.order['customer'], {
      name: '张三丰',
      phone: '13812341234',
      address: '学正街18号',
      location: null,
    });
    assert.deepEqual(plain.received[0]!.event.data.order['customer'], {
      name: '张**',
      phone: '138****1234',
      address: '学正街**',
      location: null,
    });
  } finally {
    await plain.close();
  }
});

test('a busy account does not keep another one waiting', async () => {
  await seedAccount(ctx, 'quiet');
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  receiver.answer(() => ({ delayMs: 20 }));
  await seedEvents(
    ctx,
    'shop-1',
    Array.from({ length: 400 }, (_, number) => ({ subject: orderId(number) })),
  );
  work({ connections: 4 });
  await until(() => receiver.received.length > 10, 'the busy account');
  await seedEvents(ctx, 'quiet', [{ subject: orderId(1000) }]);
  await until(() => receiver.received.some(({ event }) => event.data.order.id === orderId(1000)), 'the quiet account');
  assert.ok(receiver.received.length < 200, `it came after ${receiver.received.length}`);
});

test('what another process committed is found without being told', async () => {
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  work();
  await seedEvents(testContext(stage.database.pool), 'shop-1', [{ subject: orderId(1) }]);
  await until(() => receiver.received.length === 1, 'the webhook');
});

test('events that retention dropped before they were delivered are passed over, not waited for', async () => {
  const endpoint = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  await setEndpointState(ctx, endpoint.id, 'disabled');
  const subject = orderId(1);
  await seedEvents(ctx, 'shop-1', [{ subject }, { subject }, { subject }, { subject: orderId(2) }]);
  await stage.database.pool.query('delete from events where sequence <= 2');
  work();
  await setEndpointState(ctx, endpoint.id, 'enabled');
  await until(() => receiver.received.length === 1, 'what is left');
  assert.equal(receiver.received[0]!.event.data.sequence, 3);
  await until(async () => (await waiting(endpoint.id)) === 0, 'an empty queue');
});

test('a stopped worker lets go of what it holds, so that another takes over at once', async () => {
  await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  receiver.answer(() => ({ delayMs: 30 }));
  await seedEvents(
    ctx,
    'shop-1',
    Array.from({ length: 100 }, (_, number) => ({ subject: orderId(number) })),
  );
  const first = startDeliveries(ctx, { ...open, connections: 2, leaseMs: 60_000 });
  await until(() => receiver.received.length >= 2, 'the first webhooks');
  await first.stop();
  const held = await stage.database.pool.query('select from delivery_heads where lease_token is not null');
  assert.equal(held.rowCount, 0);
  receiver.answer(() => ({}));
  work();
  await until(() => new Set(receiver.received.map(({ event }) => event.id)).size === 100, 'the rest');
  assert.equal(receiver.received.length, 100, 'nothing was sent twice');
});

function isComplete(from: Receiver, counts: ReadonlyMap<string, number>): boolean {
  return [...counts].every(([subject, count]) => sequencesOf(from, subject).includes(count));
}

/** Repeats are allowed; a step back, or one that leaves something out, is not. */
function assertInSequence(sequences: readonly number[], subject: string): void {
  let last = 0;
  for (const sequence of sequences) {
    assert.ok(sequence === last || sequence === last + 1, `${subject}: ${sequences.join(' ')}`);
    last = sequence;
  }
}

/** Stores an order whose customer is known, and returns it as its event would hold it. */
async function storeOrderWithCustomer(context: HubContext, account: string): Promise<readonly [OrderJson]> {
  const cell = (value: Json): Cell => ({ v: value, t: 1_700_000_000_000, k: 'k' });
  const customer = { name: '张三丰', phone: '13812341234', address: '学正街18号', location: null };
  const lines = { '': { payment: cell('paid'), customer: cell(customer) } };
  const order = orderJson(
    {
      id: orderId(77),
      account,
      platform: 'meituan-waimai',
      kind: 'takeaway',
      merchant: null,
      shop: null,
      parent: null,
      member: null,
      platformOrderId: '1',
      displayId: null,
      merchantOrderId: null,
      mergedInto: null,
      updatedAtMs: context.clock(),
      version: 1,
    },
    lines,
  );
  await upsertOrders(context.pool, context.sealer, account, [
    { json: order, lines, createdAt: new Date(context.clock()) },
  ]);
  return [order];
}

/** A small seeded generator, so that a failing run repeats. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
