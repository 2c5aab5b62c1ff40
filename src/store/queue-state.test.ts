import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../../test/kit/database.ts';
import { readQueueState } from './queue-state.ts';

test('counts what waits, what is blocked although nothing of it is due, and how long the oldest has waited', async () => {
  const database = await createTestDatabase();
  try {
    const head = (subject: string, dueSecondsAgo: number | null, blocked: boolean): Promise<unknown> =>
      database.pool.query(
        `insert into delivery_heads (account_id, endpoint_id, subject, done_sequence, marked_sequence, due_at, blocked)
         values ('a', 'ep_1', $1, 0, 1, now() - make_interval(secs => $2), $3)`,
        [subject, dueSecondsAgo, blocked],
      );
    await head('ord_1', 30, false);
    await head('ord_2', null, false);
    await head('ord_3', null, true);
    const state = await readQueueState(database.pool);
    assert.equal(state.deliveriesWaiting, 1);
    assert.equal(state.deliveriesBlocked, 1);
    assert.equal(state.callbacksHeld, 0);
    assert.ok(state.deliveryLagSeconds >= 30 && state.deliveryLagSeconds < 90);
  } finally {
    await database.drop();
  }
});
