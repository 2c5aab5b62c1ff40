import type { Queryable } from './pool.ts';

/** An order, or a change of one, of which only a question of ours told. */
export interface RepairedOrderRow {
  readonly id: string;
  readonly orderId: string;
  readonly poll: string;
  /** null: the hub did not know the order. */
  readonly statusBefore: string | null;
  readonly statusAfter: string;
  /** As the platform has it; null: it does not say. */
  readonly happenedAt: Date | null;
  readonly foundAt: Date;
}

export async function insertRepairedOrders(
  db: Queryable,
  accountId: string,
  rows: readonly RepairedOrderRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into repaired_orders (account_id, id, order_id, poll, status_before, status_after, happened_at, found_at)
     select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
            unnest($7::timestamptz[]), unnest($8::timestamptz[])`,
    [
      accountId,
      rows.map((row) => row.id),
      rows.map((row) => row.orderId),
      rows.map((row) => row.poll),
      rows.map((row) => row.statusBefore),
      rows.map((row) => row.statusAfter),
      rows.map((row) => row.happenedAt),
      rows.map((row) => row.foundAt),
    ],
  );
}

/** What only questions told, in a time. Seconds are from when it happened to when it was found. */
export interface RepairSummary {
  readonly account: string;
  readonly count: number;
  /** Orders that the hub did not have at all. */
  readonly newOrders: number;
  readonly medianSeconds: number | null;
  readonly p90Seconds: number | null;
  readonly longestSeconds: number | null;
}

/**
 * Sums up by account. What was found within `graceSeconds` of its happening does not count: its push was perhaps on its
 * way. Nor does what happened before there was an account to tell it to.
 */
export async function summarizeRepairs(
  db: Queryable,
  accountIds: readonly string[],
  since: Date,
  graceSeconds: number,
): Promise<ReadonlyMap<string, RepairSummary>> {
  const found = await db.query<RepairSummary>(
    `select a.id as account, r.*
       from accounts a
      cross join lateral (
        select count(*) as count, count(*) filter (where status_before is null) as "newOrders",
               percentile_cont(0.5) within group (order by lag) as "medianSeconds",
               percentile_cont(0.9) within group (order by lag) as "p90Seconds",
               max(lag)::float8 as "longestSeconds"
          from (select status_before, extract(epoch from found_at - happened_at)::float8 as lag
                  from repaired_orders
                 where account_id = a.id and found_at >= $2 and (happened_at is null or happened_at >= a.created_at)) found
         where lag is null or lag >= $3) r
      where a.id = any($1::text[])`,
    [accountIds, since, graceSeconds],
  );
  return new Map(found.rows.map((row) => [row.account, row]));
}

/** Repaired orders of an account, the youngest first, those before `beforeId`. */
export async function listRepairedOrders(
  db: Queryable,
  accountId: string,
  limits: { readonly merchants: readonly string[] | null; readonly shops: readonly string[] | null },
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly (RepairedOrderRow & { readonly platformOrderId: string | null })[]> {
  const found = await db.query<RepairedOrderRow & { platformOrderId: string | null }>(
    `select r.id, r.order_id as "orderId", r.poll, r.status_before as "statusBefore", r.status_after as "statusAfter",
            r.happened_at as "happenedAt", r.found_at as "foundAt", o.platform_order_id as "platformOrderId"
       from repaired_orders r
       join orders o on o.account_id = r.account_id and o.id = r.order_id
      where r.account_id = $1 and ($2::text is null or r.id < $2)
        and ($3::text[] is null or o.merchant = any($3)) and ($4::text[] is null or o.shop = any($4))
      order by r.id desc
      limit $5`,
    [accountId, page.beforeId, limits.merchants, limits.shops, page.limit],
  );
  return found.rows;
}

/** Forgets what was found before a time. */
export async function forgetRepairedOrders(db: Queryable, before: Date): Promise<number> {
  const forgotten = await db.query(
    `delete from repaired_orders r using accounts a where r.account_id = a.id and r.found_at < $1`,
    [before],
  );
  return forgotten.rowCount ?? 0;
}
