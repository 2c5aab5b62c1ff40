import type { Queryable } from './pool.ts';
import type { StatsScope } from './stats-reads.ts';

/** What happened in an hour. */
export interface HourStats {
  readonly hour: Date;
  /** Callbacks by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Facts of callbacks by lag, in the buckets of `core/lag.ts`. */
  readonly lags: readonly number[];
  /** Facts that came by asking and changed an order. */
  readonly repaired: number;
  readonly delivered: number;
  readonly failed: number;
  readonly dead: number;
}

/** How far hours are counted; `null`: not at all yet. With `lock` nobody else counts until the transaction ends. */
export async function readCountedUntil(db: Queryable, lock: boolean): Promise<Date | null> {
  const found = await db.query<{ value: string }>(
    `select value from hub_state where name = 'hours_counted_until' ${lock ? 'for update' : ''}`,
  );
  return found.rows[0] === undefined ? null : new Date(found.rows[0].value);
}

/** Sets where counting begins, unless it has begun. Before the first account there is nothing to count. */
export async function beginCounting(db: Queryable, now: Date): Promise<void> {
  await db.query(
    `insert into hub_state (name, value)
     select 'hours_counted_until',
            to_char(date_trunc('hour', coalesce(min(created_at), $1)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
       from accounts
     on conflict (name) do nothing`,
    [now],
  );
}

export async function moveCountedUntil(tx: Queryable, until: Date): Promise<void> {
  await tx.query(`update hub_state set value = $1 where name = 'hours_counted_until'`, [until.toISOString()]);
}

/** Counts from `from` until `to`, by account and hour. `$3`: ends of the buckets, `$4`: accounts or null. */
const COUNTED = `
  with callbacks as (
    select account_id, date_trunc('hour', received_at, 'UTC') as hour, verdict, count(*)::int as n
      from receipts
     where received_at >= $1 and received_at < $2 and ($4::text[] is null or account_id = any($4))
     group by 1, 2, 3
  ), facts_by_lag as (
    select account_id, date_trunc('hour', stored_at, 'UTC') as hour,
           case when source = 'callback' and said_at is not null
                then 1 + width_bucket(extract(epoch from stored_at - said_at) * 1000, $3::numeric[]) end as bucket,
           source in ('query', 'poll') and version is not null as is_repair, count(*)::int as n
      from facts
     where stored_at >= $1 and stored_at < $2 and ($4::text[] is null or account_id = any($4))
     group by 1, 2, 3, 4
  ), attempts as (
    select account_id, date_trunc('hour', at, 'UTC') as hour, outcome, count(*)::int as n
      from delivery_attempts
     where at >= $1 and at < $2 and ($4::text[] is null or account_id = any($4))
     group by 1, 2, 3
  ), hours as (
    select account_id, hour from callbacks union select account_id, hour from facts_by_lag
     union select account_id, hour from attempts
  )
  select h.account_id, h.hour,
         coalesce((select jsonb_object_agg(c.verdict, c.n) from callbacks c
                    where c.account_id = h.account_id and c.hour = h.hour), '{}') as verdicts,
         array(select coalesce((select sum(f.n)::int from facts_by_lag f
                                 where f.account_id = h.account_id and f.hour = h.hour and f.bucket = b), 0)
                 from generate_series(1, cardinality($3) + 1) b order by b) as lags,
         coalesce((select sum(f.n)::int from facts_by_lag f
                    where f.account_id = h.account_id and f.hour = h.hour and f.is_repair), 0) as repaired,
         coalesce((select sum(t.n)::int from attempts t
                    where t.account_id = h.account_id and t.hour = h.hour and t.outcome = 'delivered'), 0) as delivered,
         coalesce((select sum(t.n)::int from attempts t
                    where t.account_id = h.account_id and t.hour = h.hour and t.outcome = 'failed'), 0) as failed,
         coalesce((select sum(t.n)::int from attempts t
                    where t.account_id = h.account_id and t.hour = h.hour and t.outcome = 'dead'), 0) as dead
    from hours h`;

/** Counts what happened from `from` until `to` into its hours. Call it once for each span. */
export async function addToHours(tx: Queryable, from: Date, to: Date, bucketsMs: readonly number[]): Promise<void> {
  await tx.query(
    `insert into hour_stats as s (account_id, hour, verdicts, lags, repaired, delivered, failed, dead)
     ${COUNTED}
     on conflict (account_id, hour) do update
        set verdicts = coalesce((
              select jsonb_object_agg(name, coalesce((s.verdicts ->> name)::int, 0)
                                            + coalesce((excluded.verdicts ->> name)::int, 0))
                from (select jsonb_object_keys(s.verdicts || excluded.verdicts) as name) names), '{}'),
            lags = array(select coalesce(a, 0) + coalesce(b, 0)
                           from unnest(s.lags, excluded.lags) with ordinality as both_lags (a, b, nth) order by nth),
            repaired = s.repaired + excluded.repaired, delivered = s.delivered + excluded.delivered,
            failed = s.failed + excluded.failed, dead = s.dead + excluded.dead`,
    [from, to, bucketsMs, null],
  );
}

/** Hours of the accounts in the scope that were counted, by account and time. */
export async function readHours(db: Queryable, accountIds: readonly string[], from: Date, to: Date) {
  const found = await db.query<HourStats>(
    `select hour, verdicts, lags, repaired, delivered, failed, dead
       from hour_stats
      where account_id = any($1) and hour >= $2 and hour < $3`,
    [accountIds, from, to],
  );
  return found.rows;
}

/** The same for what is not counted yet. */
export async function countHours(
  db: Queryable,
  accountIds: readonly string[],
  from: Date,
  to: Date,
  bucketsMs: readonly number[],
): Promise<readonly HourStats[]> {
  const found = await db.query<HourStats>(COUNTED, [from, to, bucketsMs, accountIds]);
  return found.rows;
}

/** Accounts whose callbacks and deliveries somebody with these limits may count: none for one who is limited to shops. */
export async function accountsInScope(
  db: Queryable,
  scope: Omit<StatsScope, 'from' | 'to'>,
): Promise<readonly string[]> {
  if (scope.shops !== null) return [];
  const found = await db.query<{ id: string }>(
    `select a.id from accounts a
      where ($1::text is null or a.id = $1)
        and ($2::text[] is null or a.id = any($2))
        and ($3::text[] is null or a.merchant = any($3))`,
    [scope.account, scope.accounts, scope.merchants],
  );
  return found.rows.map(({ id }) => id);
}
