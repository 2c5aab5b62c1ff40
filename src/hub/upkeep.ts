import { PARTITIONED, dropPartitionsBefore, ensurePartitions, weekOf } from '../store/partitions.ts';
import { forgetClosedItems } from '../store/attention.ts';
import { forgetReconciliations } from '../store/reconciliations.ts';
import { forgetRepairedOrders } from '../store/repaired-orders.ts';
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

/** Makes the coming partitions and drops the ones past retention, and forgets idempotency keys after a day. */
export async function keepTablesInShape(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'log'>,
  retention: Retention,
): Promise<void> {
  const nowMs = ctx.clock();
  const made = await ensurePartitions(ctx.pool, nowMs);
  const dropped: string[] = [];
  for (const { table } of PARTITIONED) {
    dropped.push(...(await dropPartitionsBefore(ctx.pool, table, nowMs - retention.days * DAY_MS)));
  }
  await ctx.pool.query('delete from idempotency_keys where created_at < $1', [new Date(nowMs - DAY_MS)]);
  await forgetRepairedOrders(ctx.pool, new Date(nowMs - retention.days * DAY_MS));
  await forgetClosedItems(ctx.pool, new Date(nowMs - retention.days * DAY_MS));
  await forgetReconciliations(ctx.pool, new Date(nowMs - retention.days * DAY_MS));
  if (made.length + dropped.length > 0) ctx.log.info({ made, dropped }, 'partitions were made or dropped');
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
