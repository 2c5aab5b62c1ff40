import type { Queryable } from './pool.ts';

export interface StatsScope {
  readonly account: string | null;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly from: Date;
  readonly to: Date;
}

/** Orders of one business day. */
export interface DayStats {
  readonly day: string;
  readonly orders: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

/** Orders placed in the time, by business day (Asia/Shanghai) and status. */
export async function readOrdersByDay(db: Queryable, scope: StatsScope): Promise<readonly DayStats[]> {
  const found = await db.query<DayStats>(
    // Days are cut by arithmetic, and named at the end: by the name of the time zone for each row it took twice as long.
    // Shanghai has kept one time since 1991.
    `select to_char(day at time zone 'Asia/Shanghai', 'YYYY-MM-DD') as day, sum(n)::int8 as orders, jsonb_object_agg(status, n) as "byStatus"
       from (select date_bin('1 day', o.placed_at, '2000-01-01 00:00+08') as day, o.status, count(*) as n
               from accounts a
               join orders o on o.account_id = a.id
              where o.placed_at >= $1 and o.placed_at < $2 and o.merged_into is null and o.parent is null
                and ($3::text is null or a.id = $3)
                and ($4::text[] is null or a.id = any($4))
                and ($5::text[] is null or o.merchant = any($5))
                and ($6::text[] is null or o.shop = any($6))
              group by 1, 2) counted
      group by day
      order by day`,
    [scope.from, scope.to, scope.account, scope.accounts, scope.merchants, scope.shops],
  );
  return found.rows;
}

/**
 * Callbacks received in the time that a person should look at, by verdict. The others are many: counting a week of them
 * takes seconds, where these have an index of their own.
 */
export async function countCallbacksNeedingEyes(
  db: Queryable,
  scope: StatsScope,
): Promise<Readonly<Record<string, number>>> {
  if (scope.shops !== null) return {};
  const found = await db.query<{ verdict: string; n: number }>(
    `select r.verdict, count(*) as n
       from accounts a
       join receipts r on r.account_id = a.id
      where r.received_at >= $1 and r.received_at < $2 and r.verdict in ('rejected', 'unrecognised', 'held')
        and ($3::text is null or a.id = $3)
        and ($4::text[] is null or a.id = any($4))
        and ($5::text[] is null or a.merchant = any($5))
      group by r.verdict`,
    [scope.from, scope.to, scope.account, scope.accounts, scope.merchants],
  );
  return Object.fromEntries(found.rows.map(({ verdict, n }) => [verdict, n]));
}
