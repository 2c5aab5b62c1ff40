import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import { testContext } from '../../test/kit/deliveries.ts';
import type { HubContext } from './context.ts';
import { answerOnce, answerOnceApart } from './idempotency.ts';

let database: TestDatabase;
let ctx: HubContext;

before(async () => {
  database = await createTestDatabase({ max: 4 });
  ctx = testContext(database.pool);
});
after(() => database.drop());

// Those that waited for each other would fail both: the pool gives up on a wait after 5 s.
test('more keyed writes at once than there are connections do not wait for each other', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, number) =>
      answerOnceApart(
        ctx,
        { apiKeyId: 'key_a', key: `at-once-${number}`, content: 'POST /' },
        () => undefined,
        async () => {
          // What such work does: it takes a connection of its own.
          await ctx.pool.query('select pg_sleep(0.01)');
          return { status: 200, body: number };
        },
      ),
    ),
  );
  assert.deepEqual(
    answers.map(({ text }) => text),
    Array.from({ length: 12 }, (_, number) => String(number)),
  );
});

test('more writes at once than there are connections do not wait for each other, though each looks beside itself', async () => {
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, number) =>
      answerOnce(
        ctx,
        undefined,
        () => undefined,
        async (tx) => {
          await tx.query('select pg_sleep(0.01)');
          // Such as an account that is not in the cache any more.
          await ctx.pool.query('select pg_sleep(0.01)');
          return { status: 202, body: number };
        },
      ),
    ),
  );
  assert.ok(answers.every(({ status }) => status === 202));
});

test('work that fails gives its turn on', async () => {
  const failing = { apiKeyId: 'key_a', key: 'fails', content: 'POST /' };
  for (let round = 0; round < 3; round += 1) {
    await assert.rejects(
      answerOnceApart(
        ctx,
        failing,
        () => undefined,
        () => Promise.reject(new Error('on purpose')),
      ),
      /on purpose/u,
    );
  }
  const answer = await answerOnceApart(
    ctx,
    failing,
    () => undefined,
    () => Promise.resolve({ status: 200, body: 'done' }),
  );
  assert.equal(answer.text, '"done"');
});

test('who waits too long for its turn is told to come back, and the turns go on', async () => {
  const slow = Promise.withResolvers<void>();
  const keyed = (key: string, work: () => Promise<void>, waitMs: number) =>
    answerOnceApart(
      ctx,
      { apiKeyId: 'key_a', key, content: 'POST /' },
      () => undefined,
      async () => {
        await work();
        return { status: 200, body: key };
      },
      waitMs,
    );
  const nothing = (): Promise<void> => Promise.resolve();
  // Of 4 connections one may hold a key.
  const first = keyed('slow', () => slow.promise, 5000);
  const patient = keyed('patient', nothing, 5000);
  await assert.rejects(keyed('hasty', nothing, 50), (error: unknown) => {
    assert.equal((error as { readonly code?: unknown }).code, 'overloaded');
    return true;
  });
  slow.resolve();
  assert.deepEqual([(await first).text, (await patient).text], ['"slow"', '"patient"']);
  assert.equal((await keyed('hasty', nothing, 5000)).repeated, false);
});
