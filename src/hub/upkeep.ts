import type { TimeMs } from '../core/time.ts';
import { PARTITIONED, dropPartitionsBefore, endOfNewestWeek, ensurePartitions, weekOf } from '../store/partitions.ts';
import { forgetClosedItems } from '../store/attention.ts';
import { forgetReconciliations } from '../store/reconciliations.ts';
import { forgetRepairedOrders } from '../store/repaired-orders.ts';
import { readDatabaseTime, readRetentionClock, writeRetentionClock } from '../store/retention-clock.ts';
import type { HubContext } from './context.ts';

const DAY_MS = 86_400_000;

export interface Retention {
  /** Days that receipts, events and delivery attempts are kept. Orders and facts are kept for good. */
  readonly days: number;
}

/**
 * A step that makes partitions as soon as the clock is in another week. The hourly chore is too late for a machine that
 * slept for weeks, or whose clock was put right by as much: until then nothing could be stored.
 */
export function followTheWeek(ctx: Pick<HubContext, 'pool' | 'clock'>): () => Promise<number> {
  let madeFor: number | undefined;
  return async () => {
    const nowMs = ctx.clock();
    const week = weekOf(nowMs);
    if (week === madeFor) return 0;
    await ensurePartitions(ctx.pool, nowMs);
    madeFor = week;
    return 0;
  };
}

/** Makes the coming partitions, drops the ones past retention, and forgets what else is kept for a time. */
export async function keepTablesInShape(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'log'>,
  retention: Retention,
): Promise<void> {
  const nowMs = ctx.clock();
  const made = await ensurePartitions(ctx.pool, nowMs);
  const steadyMs = await steadyNow(ctx, nowMs);
  const dropped = steadyMs === undefined ? [] : await forget(ctx, steadyMs, retention);
  if (made.length + dropped.length > 0) ctx.log.info({ made, dropped }, 'partitions were made or dropped');
}

async function forget(ctx: Pick<HubContext, 'pool'>, nowMs: TimeMs, retention: Retention): Promise<readonly string[]> {
  const beforeMs = nowMs - retention.days * DAY_MS;
  const dropped: string[] = [];
  for (const { table } of PARTITIONED) dropped.push(...(await dropPartitionsBefore(ctx.pool, table, beforeMs)));
  await ctx.pool.query('delete from idempotency_keys where created_at < $1', [new Date(nowMs - DAY_MS)]);
  await forgetRepairedOrders(ctx.pool, new Date(beforeMs));
  await forgetClosedItems(ctx.pool, new Date(beforeMs));
  await forgetReconciliations(ctx.pool, new Date(beforeMs));
  return dropped;
}

/** The upkeep runs every hour. Weekends are stood still over; a longer gap may as well be a clock that jumped. */
const JUMP_MS = 4 * DAY_MS;
/** Whoever works with a hub whose clock is wrong notices within this time; data that were dropped are gone. */
const STEADY_FOR_MS = 7 * DAY_MS;
/** Of the hub's clock before the database's, where they run on two machines. Behind it nothing is forgotten too early. */
const MOST_AHEAD_MS = DAY_MS;

/**
 * The time from which days of keeping are counted back; `undefined`: nothing may be forgotten now. A clock that is set
 * far ahead would make everything old at once. So it must have gone on without a jump for a week, and agree with the
 * database's; and what is kept is counted from the youngest data, where those end earlier.
 */
async function steadyNow(ctx: Pick<HubContext, 'pool' | 'log'>, nowMs: TimeMs): Promise<TimeMs | undefined> {
  const known = await readRetentionClock(ctx.pool);
  const gapMs = known === undefined ? 0 : nowMs - known.seenAt.getTime();
  const jumped = Math.abs(gapMs) > JUMP_MS;
  const steadySince = known === undefined || jumped ? new Date(nowMs) : known.steadySince;
  await writeRetentionClock(ctx.pool, { seenAt: new Date(nowMs), steadySince });
  if (jumped) {
    ctx.log.warn(
      { gapMs, seenAt: known?.seenAt, now: new Date(nowMs) },
      'the clock jumped, or the hub stood still: nothing past retention is dropped for seven days. Is the clock right?',
    );
  }
  if (nowMs - steadySince.getTime() < STEADY_FOR_MS) return undefined;
  const aheadMs = nowMs - (await readDatabaseTime(ctx.pool)).getTime();
  if (aheadMs > MOST_AHEAD_MS) {
    ctx.log.warn(
      { aheadMs },
      'the clock of the hub is ahead of the clock of the database: nothing past retention is dropped',
    );
    return undefined;
  }
  const newestMs = await endOfNewestWeek(ctx.pool);
  return newestMs === null ? undefined : Math.min(nowMs, newestMs);
}

/** Applies what came while an account was paused, in case the process that set it live died before it could. */
export async function findAccountsWithHeldCallbacks(ctx: Pick<HubContext, 'pool'>): Promise<readonly string[]> {
  const found = await ctx.pool.query<{ id: string }>(
    `select a.id from accounts a
      where a.mode <> 'paused' and a.deleted_at is null
        and exists (select 1 from receipts r where r.account_id = a.id and r.verdict = 'held')`,
  );
  return found.rows.map((row) => row.id);
}
