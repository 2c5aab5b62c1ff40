import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import {
  movingClock,
  orderId,
  seedAccount,
  seedEvents,
  startReceiver,
  testContext,
} from '../../test/kit/deliveries.ts';
import type { MovingClock, Receiver } from '../../test/kit/deliveries.ts';
import type { HubContext } from './context.ts';
import {
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  rotateEndpointSecret,
  setEndpointState,
  testEndpoint,
  updateEndpoint,
} from './endpoints.ts';

const open = { allowPrivateTargets: true };
const strict = { allowPrivateTargets: false };
const fine = { url: 'https://hooks.example.com/in', events: ['order.*'] };
let database: TestDatabase;
let clock: MovingClock;
let ctx: HubContext;
let receiver: Receiver;

before(async () => {
  database = await createTestDatabase();
});
after(() => database.drop());
beforeEach(async () => {
  clock = movingClock();
  ctx = testContext(database.pool, { clock });
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await database.pool.query('truncate endpoints, endpoint_secrets, delivery_heads, events, account_clocks');
});

test('the secret is shown when an endpoint is created, and never again', async () => {
  const created = await createEndpoint(ctx, fine, strict);
  assert.match(created.secret, /^whsec_[A-Za-z0-9+/]{43}=$/u);
  const shown = await getEndpoint(ctx, created.id);
  assert.equal('secret' in shown, false);
  const { secret: _secret, ...rest } = created;
  assert.deepEqual(shown, rest);
  const rows = await database.pool.query<{ sealed: Buffer }>('select sealed from endpoint_secrets');
  assert.equal(rows.rows[0]!.sealed.includes(created.secret.slice(6)), false);
});

test('an endpoint keeps what it was given and changes only what is named', async () => {
  const created = await createEndpoint(
    ctx,
    {
      ...fine,
      accounts: ['a'],
      merchants: ['m'],
      shops: ['s'],
      strict: true,
      retry: 'every 30 s for 1 h',
      description: 'till',
    },
    strict,
  );
  assert.deepEqual(created.retry, { everySeconds: 30, forSeconds: 3600 });
  clock.forward(1000);
  const changed = await updateEndpoint(
    ctx,
    created.id,
    { events: ['order.paid', 'order.paid'], accounts: null, retry: null },
    strict,
  );
  assert.deepEqual(changed, {
    ...(await getEndpoint(ctx, created.id)),
    events: ['order.paid'],
    accounts: null,
    merchants: ['m'],
    retry: null,
    description: 'till',
  });
  assert.ok(changed.updatedAt > changed.createdAt);
  assert.equal((await setEndpointState(ctx, created.id, 'disabled')).state, 'disabled');
});

for (const [what, input, code] of [
  ['a private address', { ...fine, url: 'http://10.0.0.1/' }, 'endpoint_url_refused'],
  ['a hidden private address', { ...fine, url: 'https://0x7f.1/' }, 'endpoint_url_refused'],
  ['a user in the address', { ...fine, url: 'https://a:b@example.com/' }, 'endpoint_url_refused'],
  ['another scheme', { ...fine, url: 'ftp://example.com/' }, 'endpoint_url_refused'],
  ['no address', { events: ['*'] }, 'malformed_request'],
  ['no events', { url: fine.url }, 'malformed_request'],
  ['an empty list of events', { ...fine, events: [] }, 'malformed_request'],
  ['a pattern in the middle', { ...fine, events: ['order.*.x'] }, 'malformed_request'],
  ['an empty list of accounts', { ...fine, accounts: [] }, 'malformed_request'],
  ['an account that no table can hold', { ...fine, accounts: ['a\u0000'] }, 'malformed_request'],
  ['a wrong policy', { ...fine, retry: 'now and then' }, 'malformed_request'],
  ['a policy without an end', { ...fine, retry: { everySeconds: 1, forSeconds: 1e9 } }, 'malformed_request'],
  ['personal data over http', { ...fine, url: 'http://example.com/', personalData: true }, 'personal_data_refused'],
  ['raw callbacks over http', { url: 'http://example.com/', kind: 'raw' }, 'personal_data_refused'],
] as const) {
  test(`an endpoint with ${what} is refused as ${code}`, async () => {
    await assert.rejects(createEndpoint(ctx, input, strict), { code });
    assert.equal((await database.pool.query('select from endpoints')).rowCount, 0);
  });
}

test('personal data may go by http where private targets are allowed, and not be smuggled in by a change', async () => {
  await createEndpoint(ctx, { url: 'http://10.0.0.1/', events: ['*'], personalData: true }, open);
  const { id } = await createEndpoint(ctx, { ...fine, url: 'http://example.com/' }, strict);
  await assert.rejects(updateEndpoint(ctx, id, { personalData: true }, strict), { code: 'personal_data_refused' });
  assert.equal((await getEndpoint(ctx, id)).personalData, false);
});

test('endpoints are listed oldest first, page by page', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    clock.forward(2);
    ids.push((await createEndpoint(ctx, fine, strict)).id);
  }
  const first = await listEndpoints(ctx, { limit: 2 });
  const second = await listEndpoints(ctx, { limit: 3, cursor: first.nextCursor! });
  assert.deepEqual(
    [...first.data, ...second.data].map(({ id }) => id),
    ids,
  );
  assert.equal(second.nextCursor, null);
  await assert.rejects(listEndpoints(ctx, { limit: 2, cursor: 'zzz' }), { code: 'malformed_cursor' });
});

test('a deleted endpoint takes its queue with it', async () => {
  const { id } = await createEndpoint(ctx, fine, strict);
  await seedAccount(ctx, 'a');
  await seedEvents(ctx, 'a', [{ subject: orderId(1) }, { subject: orderId(2) }]);
  await deleteEndpoint(ctx, id);
  for (const table of ['endpoints', 'endpoint_secrets', 'delivery_heads']) {
    assert.equal((await database.pool.query(`select from ${table}`)).rowCount, 0, table);
  }
  await assert.rejects(deleteEndpoint(ctx, id), { code: 'endpoint_not_found' });
  await assert.rejects(getEndpoint(ctx, id), { code: 'endpoint_not_found' });
});

test('a test event is sent at once and signed, and its answer is told', async () => {
  const { id, secret } = await createEndpoint(ctx, { url: receiver.url, events: ['order.*'] }, open);
  receiver.answer(() => ({ status: 202, body: 'thanks' }));
  const result = await testEndpoint(ctx, id, open);
  assert.deepEqual([result.delivered, result.status, result.response, result.error], [true, 202, 'thanks', null]);
  const sent = receiver.received[0]!;
  const event = new Webhook(secret).verify(sent.body, sent.headers as Record<string, string>) as typeof sent.event;
  assert.deepEqual([event.type, event.id], ['huidan.test', result.event]);
  const refused = await testEndpoint(ctx, id, strict);
  assert.deepEqual(
    [refused.delivered, refused.status, refused.error],
    [false, null, 'the address is not on the public Internet'],
  );
});

test('two rotations leave two valid secrets, and one without an overlap leaves one', async () => {
  const { id, secret: first } = await createEndpoint(ctx, { url: receiver.url, events: ['*'] }, open);
  const { secret: second } = await rotateEndpointSecret(ctx, id, 600);
  const { secret: third } = await rotateEndpointSecret(ctx, id, 600);
  const takes = (secret: string): boolean => {
    const sent = receiver.received.at(-1)!;
    try {
      new Webhook(secret).verify(sent.body, sent.headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };
  await testEndpoint(ctx, id, open);
  assert.deepEqual(
    [first, second, third].map((secret) => takes(secret)),
    [false, true, true],
  );
  const { secret: fourth } = await rotateEndpointSecret(ctx, id, 0);
  await testEndpoint(ctx, id, open);
  assert.deepEqual(
    [second, third, fourth].map((secret) => takes(secret)),
    [false, false, true],
  );
  await assert.rejects(rotateEndpointSecret(ctx, id, -1), { code: 'malformed_request' });
  await assert.rejects(rotateEndpointSecret(ctx, 'ep_none'), { code: 'endpoint_not_found' });
});
