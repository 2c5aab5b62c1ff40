import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import { orderId, seedAccount, seedEvents, startReceiver, testContext, until } from '../../test/kit/deliveries.ts';
import type { Receiver } from '../../test/kit/deliveries.ts';
import type { HubContext } from './context.ts';
import { startDeliveries } from './deliver.ts';
import type { Deliveries, DeliveryOptions } from './deliver.ts';
import { createEndpoint } from './endpoints.ts';

const open = { allowPrivateTargets: true };
let database: TestDatabase;
let ctx: HubContext;
let receiver: Receiver;
const workers: Deliveries[] = [];

before(async () => {
  database = await createTestDatabase({ max: 20 });
});
after(() => database.drop());

beforeEach(async () => {
  ctx = testContext(database.pool);
  receiver = await startReceiver();
  await seedAccount(ctx, 'shop-1');
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await receiver.close();
  await database.pool.query(
    'truncate endpoints, endpoint_secrets, delivery_heads, delivery_attempts, events, receipts, account_clocks',
  );
});

function work(options: Partial<DeliveryOptions> = {}, context: HubContext = ctx): Deliveries {
  const worker = startDeliveries(context, { ...open, pollMs: 50, ...options });
  workers.push(worker);
  return worker;
}

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
  await until(async () => (await database.pool.query('select from delivery_attempts')).rowCount === 1, 'the attempt');
});
