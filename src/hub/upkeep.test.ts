import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createTestHub, silent } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { ensurePartitions } from '../store/partitions.ts';
import { countPastHours } from './count-hours.ts';
import { keepTablesInShape } from './upkeep.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const retention = { days: 30 };
const startMs = Date.now();

let hub: TestHub;
let nowMs: number;
let warnings: string[];

beforeEach(async () => {
  nowMs = startMs;
  warnings = [];
  const log = { ...silent, warn: (_fields: unknown, line: string) => warnings.push(line) };
  hub = await createTestHub({ clock: () => nowMs, log });
});
afterEach(() => hub.close());

/** Lets the hourly upkeep run for some days; once a day is often enough to see no jump. */
async function live(days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    nowMs += DAY_MS;
    await keepTablesInShape(hub.ctx, retention);
  }
}

async function receive(atMs: number): Promise<void> {
  await ensurePartitions(hub.ctx.pool, atMs);
  await hub.ctx.pool.query(
    `insert into receipts (account_id, id, received_at, method, topic, raw, body_bytes, verdict, reply_status, reply_body, processed_at)
     values ('a', $1, $2, 'POST', '', '', 0, 'applied', 200, '', $2)`,
    [`rcp_${atMs}`, new Date(atMs)],
  );
}

async function kept(): Promise<readonly string[]> {
  const found = await hub.ctx.pool.query<{ id: string }>('select id from receipts order by id');
  return found.rows.map(({ id }) => id);
}

test('what is past retention is dropped once the clock has been steady for a week', async () => {
  // The database's clock is the machine's: the hub lives up to it, not beyond.
  nowMs = startMs - 9 * DAY_MS;
  await receive(startMs - 60 * DAY_MS);
  await receive(startMs - DAY_MS);
  await keepTablesInShape(hub.ctx, retention);
  await live(6);
  assert.equal((await kept()).length, 2);
  await live(3);
  assert.deepEqual(await kept(), [`rcp_${startMs - DAY_MS}`]);
  assert.deepEqual(warnings, []);
});

test('a clock far ahead drops nothing, at once and as long as it disagrees with the database', async () => {
  nowMs = startMs - 9 * DAY_MS;
  await receive(startMs - 20 * DAY_MS);
  await receive(startMs - DAY_MS);
  await keepTablesInShape(hub.ctx, retention);
  await live(9);
  nowMs += YEAR_MS;
  await keepTablesInShape(hub.ctx, retention);
  assert.match(warnings.join(), /the clock jumped/u);
  // What comes in meanwhile carries the wrong time, and must not speak for the clock.
  await receive(nowMs);
  await live(20);
  assert.match(warnings.join(), /ahead of the clock of the database/u);
  assert.equal((await kept()).length, 3);
});

test('a clock that was put right is steady again after a week', async () => {
  nowMs = startMs - 9 * DAY_MS;
  await keepTablesInShape(hub.ctx, retention);
  nowMs += YEAR_MS;
  await keepTablesInShape(hub.ctx, retention);
  nowMs -= YEAR_MS;
  await receive(startMs - 60 * DAY_MS);
  await receive(startMs - DAY_MS);
  await keepTablesInShape(hub.ctx, retention);
  assert.equal(warnings.length, 2);
  await live(6);
  assert.equal((await kept()).length, 2);
  await live(3);
  assert.equal((await kept()).length, 1);
});

test('days of keeping count from the youngest data: a hub that nothing comes to any more keeps the last', async () => {
  nowMs = startMs - 9 * DAY_MS;
  await receive(startMs - 100 * DAY_MS);
  await receive(startMs - 50 * DAY_MS);
  await keepTablesInShape(hub.ctx, retention);
  await live(9);
  assert.deepEqual(await kept(), [`rcp_${startMs - 50 * DAY_MS}`]);
});

test('hours are counted again at once when a clock that was ahead is put right', async () => {
  await hub.addAccount('a', 'custom', {});
  await countPastHours(hub.ctx);
  nowMs += 40 * DAY_MS;
  for (let run = 0; run < 3; run += 1) await countPastHours(hub.ctx);
  nowMs -= 40 * DAY_MS;
  await countPastHours(hub.ctx);
  await receive(nowMs + 1000);
  nowMs += 3 * 3_600_000;
  await countPastHours(hub.ctx);
  await countPastHours(hub.ctx);
  const counted = await hub.ctx.pool.query(`select from hour_stats where verdicts ->> 'applied' = '1'`);
  assert.equal(counted.rowCount, 1);
});
