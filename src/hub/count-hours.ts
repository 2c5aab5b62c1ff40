import { LAG_BUCKETS_MS, addLags, lagAt } from '../core/lag.ts';
import { beijingDay } from '../core/time.ts';
import type { TimeMs } from '../core/time.ts';
import {
  accountsInScope,
  addToHours,
  beginCounting,
  countHours,
  moveCountedUntil,
  readCountedUntil,
  readHours,
} from '../store/hour-stats.ts';
import type { HourStats } from '../store/hour-stats.ts';
import type { StatsScope } from '../store/stats-reads.ts';
import { transaction } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

const HOUR_MS = 3_600_000;
/** A transaction that began before this time is over: statements and idle ones end after 5 s each. */
const SETTLED_MS = 30_000;
/** Hours in one run; a hub with months behind it takes several. */
const SPANS_A_RUN = 500;

/**
 * Counts what has happened since it was counted last into the hours, an hour at a time. Reading 92 days then reads 2 208
 * rows an account, where counting them takes minutes. Returns how many spans it counted.
 */
export async function countPastHours(ctx: Pick<HubContext, 'pool' | 'clock'>): Promise<number> {
  await beginCounting(ctx.pool, new Date(ctx.clock()));
  let spans = 0;
  while (spans < SPANS_A_RUN && (await countSpan(ctx))) spans += 1;
  return spans;
}

async function countSpan(ctx: Pick<HubContext, 'pool' | 'clock'>): Promise<boolean> {
  return transaction(ctx.pool, async (tx) => {
    const until = (await readCountedUntil(tx, true))?.getTime();
    const settledMs = ctx.clock() - SETTLED_MS;
    if (until === undefined) return false;
    if (until > settledMs + HOUR_MS) {
      // The clock was ahead and has been put right. Waiting for it to get there again would leave months uncounted.
      await moveCountedUntil(tx, new Date(Math.floor(settledMs / HOUR_MS) * HOUR_MS));
      return false;
    }
    if (until >= settledMs) return false;
    const toMs = Math.min(settledMs, (Math.floor(until / HOUR_MS) + 1) * HOUR_MS);
    await addToHours(tx, new Date(until), new Date(toMs), LAG_BUCKETS_MS);
    await moveCountedUntil(tx, new Date(toMs));
    return true;
  });
}

/** What happened in an hour or a day, as the API shows it. */
export interface FlowJson {
  /** Start of the hour (RFC 3339), or the business day. */
  readonly at: string;
  readonly callbacks: Readonly<Record<string, number>>;
  /** From the platform's own time to being stored; the ends of buckets, null beyond a day. */
  readonly lag: { readonly count: number; readonly p50Ms: TimeMs | null; readonly p95Ms: TimeMs | null };
  readonly repaired: number;
  readonly deliveries: { readonly delivered: number; readonly failed: number; readonly dead: number };
}

/** Callbacks and deliveries by hour or business day, those with something in them; what is not counted yet included. */
export async function readFlow(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  scope: StatsScope,
  unit: 'hour' | 'day',
): Promise<readonly FlowJson[]> {
  const accounts = await accountsInScope(ctx.pool, scope);
  if (accounts.length === 0) return [];
  const countedUntil = (await readCountedUntil(ctx.pool, false)) ?? scope.from;
  const counted = await readHours(ctx.pool, accounts, scope.from, scope.to);
  const freshFrom = new Date(Math.max(scope.from.getTime(), countedUntil.getTime()));
  const fresh = freshFrom < scope.to ? await countHours(ctx.pool, accounts, freshFrom, scope.to, LAG_BUCKETS_MS) : [];
  const nameOf = ({ hour }: HourStats): string => (unit === 'day' ? beijingDay(hour.getTime()) : hour.toISOString());
  const byTime = Map.groupBy([...counted, ...fresh], nameOf);
  return [...byTime].sort(([a], [b]) => (a < b ? -1 : 1)).map(([at, hours]) => toFlow(at, hours));
}

function toFlow(at: string, hours: readonly HourStats[]): FlowJson {
  const callbacks: Record<string, number> = {};
  for (const { verdicts } of hours) {
    for (const [verdict, count] of Object.entries(verdicts)) callbacks[verdict] = (callbacks[verdict] ?? 0) + count;
  }
  const lags = hours.reduce<readonly number[]>((sum, hour) => addLags(sum, hour.lags), []);
  const sumOf = (name: 'repaired' | 'delivered' | 'failed' | 'dead'): number =>
    hours.reduce((sum, hour) => sum + hour[name], 0);
  return {
    at,
    callbacks,
    lag: { count: lags.reduce((sum, count) => sum + count, 0), p50Ms: lagAt(lags, 0.5), p95Ms: lagAt(lags, 0.95) },
    repaired: sumOf('repaired'),
    deliveries: { delivered: sumOf('delivered'), failed: sumOf('failed'), dead: sumOf('dead') },
  };
}
