import assert from 'node:assert/strict';
import { after as afterAll, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import { orderId, seedAccount, seedEvents, testContext } from '../../test/kit/deliveries.ts';
import type { Received } from '../../test/kit/deliveries.ts';
import { NO_LIMITS } from './access.ts';
import type { HubContext } from './context.ts';
import { readFeed } from './event-feed.ts';
import type { FeedQuery } from './event-feed.ts';

type Event = Received['event'] & { readonly data: { readonly order: { readonly account: string } } };

let database: TestDatabase;
let ctx: HubContext;

before(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('truncate events, account_clocks');
  ctx = testContext(database.pool);
  for (const account of ['a', 'b', 'c']) await seedAccount(ctx, account);
});

/** Reads page by page until the feed says that this was all. */
async function readAll(
  query: Omit<FeedQuery, 'after'>,
  after?: string,
  limits = NO_LIMITS,
): Promise<{ events: Event[]; cursor: string }> {
  const events: Event[] = [];
  let cursor = after;
  for (let pages = 0; pages < 200; pages += 1) {
    const page = await readFeed(ctx, { ...query, ...(cursor === undefined ? {} : { after: cursor }) }, limits);
    assert.ok(page.data.length <= query.limit);
    events.push(...page.data.map((text) => JSON.parse(text) as Event));
    cursor = page.nextCursor;
    if (page.caughtUp) return { events, cursor };
  }
  throw new Error('the feed does not end');
}

const many = (count: number, first = 0): { subject: string }[] =>
  Array.from({ length: count }, (_, number) => ({ subject: orderId(first + number) }));

test('every event is read once, whatever the page size, in the order of its account', async () => {
  await seedEvents(ctx, 'a', many(23));
  await seedEvents(ctx, 'b', many(4, 100));
  await seedEvents(ctx, 'a', many(23));
  for (const limit of [1, 2, 7, 500]) {
    const { events, cursor } = await readAll({ limit });
    assert.equal(new Set(events.map((event) => event.id)).size, 50);
    assert.equal(events.length, 50);
    const ofA = events.filter((event) => event.data.order.account === 'a').map((event) => event.data.order.id);
    assert.deepEqual(
      ofA,
      [...many(23), ...many(23)].map(({ subject }) => subject),
    );
    assert.deepEqual((await readAll({ limit }, cursor)).events, []);
  }
  const { events } = await readAll({ limit: 500 });
  const again = events.find((event) => event.data.sequence === 2)!;
  assert.equal(again.data.previousSequence, 1);
});

test('an event committed late is not skipped by a cursor that has gone past its time', async () => {
  await seedEvents(ctx, 'a', many(1));
  const slow = await database.pool.connect();
  let { cursor } = await readAll({ limit: 10 });
  try {
    // A transaction that has taken its number and its time but has not committed: others of the account wait for it.
    await slow.query('begin');
    await slow.query(`select feed from account_clocks where account_id = 'a' for update`);
    await slow.query(
      `insert into events (account_id, feed, id, subject, sequence, type, body, created_at)
       values ('a', 2, 'evt_late', 'ord_late', 1, 'order.paid', '{"account":"a"}', $1)`,
      [new Date()],
    );
    await slow.query(`update account_clocks set feed = 2 where account_id = 'a'`);
    const other = seedEvents(ctx, 'a', many(1, 50));
    await seedEvents(ctx, 'b', many(1, 60));
    await sleep(100);
    const between = await readAll({ limit: 10 }, cursor);
    assert.deepEqual(
      between.events.map((event) => event.data.order.account),
      ['b'],
    );
    cursor = between.cursor;
    await slow.query('commit');
    await other;
  } finally {
    slow.release();
  }
  const rest = await readAll({ limit: 10 }, cursor);
  assert.deepEqual(
    rest.events.map((event) => event.id === 'evt_late'),
    [true, false],
  );
});

test('types, account and the limits of the key filter, and the cursor moves past the rest', async () => {
  await seedEvents(ctx, 'a', [
    { subject: orderId(1), merchant: 'm1' },
    { subject: orderId(1), type: 'order.completed', merchant: 'm1' },
    { subject: orderId(2), merchant: 'm2', shop: 's1' },
  ]);
  await seedEvents(ctx, 'b', [{ subject: orderId(3), type: 'action.failed' }]);
  const types = async (query: object, limits: object = {}): Promise<string[]> =>
    (await readAll({ limit: 2, ...query }, undefined, { ...NO_LIMITS, ...limits })).events.map((event) => event.type);
  assert.deepEqual(await types({ types: ['order.completed'] }), ['order.completed']);
  assert.deepEqual((await types({ types: ['order.*'] })).length, 3);
  assert.deepEqual(await types({ types: ['action.*', 'order.completed'] }), ['order.completed', 'action.failed']);
  assert.deepEqual((await types({ types: ['*'] })).length, 4);
  assert.deepEqual(await types({ account: 'b' }), ['action.failed']);
  assert.deepEqual(await types({ account: 'b' }, { accounts: ['a'] }), []);
  assert.deepEqual((await types({}, { accounts: ['a'] })).length, 3);
  assert.deepEqual((await types({}, { merchants: ['m1'] })).length, 2);
  assert.deepEqual((await types({}, { shops: ['s1'] })).length, 1);
});

test('a rare type is found behind thousands of others', async () => {
  await seedEvents(ctx, 'a', many(1200));
  await seedEvents(ctx, 'a', [{ subject: orderId(1), type: 'order.refunded' }]);
  const page = await readFeed(ctx, { limit: 10, types: ['order.refunded'] }, NO_LIMITS);
  assert.equal(page.data.length, 1);
});

test('a busy account does not hide a quiet one', async () => {
  await seedEvents(ctx, 'a', many(300));
  await seedEvents(ctx, 'c', many(1, 500));
  let cursor: string | undefined;
  const accounts: string[] = [];
  for (let page = 0; page < 3; page += 1) {
    const read = await readFeed(ctx, { limit: 1, ...(cursor === undefined ? {} : { after: cursor }) }, NO_LIMITS);
    accounts.push(...read.data.map((text) => (JSON.parse(text) as Event).data.order.account));
    cursor = read.nextCursor;
  }
  assert.ok(accounts.includes('c'), accounts.join(' '));
});

test('a waiting reader gets the next event when it happens, and an empty page when nothing does', async () => {
  await seedEvents(ctx, 'a', many(5));
  const { nextCursor } = await readFeed(ctx, { limit: 10, after: 'now' }, NO_LIMITS);
  const waiting = readFeed(ctx, { limit: 10, after: nextCursor, waitSeconds: 20 }, NO_LIMITS);
  await sleep(50);
  const startMs = Date.now();
  const [id] = await seedEvents(ctx, 'b', many(1, 9));
  assert.equal((JSON.parse((await waiting).data[0]!) as Event).id, id);
  assert.ok(Date.now() - startMs < 500);
  const empty = await readFeed(ctx, { limit: 10, after: (await waiting).nextCursor, waitSeconds: 1 }, NO_LIMITS);
  assert.deepEqual(empty.data, []);
  const gone = new AbortController();
  const left = readFeed(ctx, { limit: 10, after: empty.nextCursor, waitSeconds: 60, signal: gone.signal }, NO_LIMITS);
  setTimeout(() => gone.abort(), 30);
  assert.deepEqual((await left).data, []);
});

test('retention does not stop a reader that was behind', async () => {
  await seedEvents(ctx, 'a', many(5));
  await database.pool.query('delete from events');
  assert.deepEqual((await readAll({ limit: 3 })).events, []);
});

test('a made-up cursor is refused', async () => {
  for (const after of ['', 'x', 'AAAA', Buffer.from('{}').toString('base64url')]) {
    await assert.rejects(readFeed(ctx, { limit: 1, after }, NO_LIMITS), { code: 'malformed_cursor' }, after);
  }
});

test('a cursor says nothing of accounts that the key may not see, and cannot be made by hand', async () => {
  await seedEvents(ctx, 'a', many(3));
  const { nextCursor } = await readFeed(ctx, { limit: 10, after: 'now' }, { ...NO_LIMITS, merchants: ['m9'] });
  const bytes = Buffer.from(nextCursor, 'base64url');
  assert.throws(() => inflateRawSync(bytes));
  const forged = deflateRawSync('["",{"a":1}]').toString('base64url');
  await assert.rejects(readFeed(ctx, { limit: 10, after: forged }, NO_LIMITS), { code: 'malformed_cursor' });
});
