import { newId } from '../core/ids.ts';
import type { TimeMs } from '../core/time.ts';
import { ORDER_COLUMNS, toStoredOrder } from './orders.ts';
import type { OrderSqlRow, StoredOrder } from './orders.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** The statuses in which an order is not over. */
export const OPEN_STATUSES = ['pending', 'paid', 'accepted', 'fulfilling'] as const;

/**
 * How many of the youngest open orders are looked through for those that have not changed for longest. By the index of
 * states: one by the time of change would be written with every change of every order.
 */
const LOOKED_THROUGH = 5000;

/** Open orders of an account, the longest unchanged first. */
export async function readOpenOrders(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  limit: number,
): Promise<readonly StoredOrder[]> {
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS}
       from (select o.* from unnest($2::text[]) as s (status)
              cross join lateral (
                select * from orders
                 where account_id = $1 and status = s.status and merged_into is null
                 order by id desc limit $3) o) open
      order by updated_at, id
      limit $4`,
    [accountId, OPEN_STATUSES, LOOKED_THROUGH, limit],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}

/** Orders of one status that have not changed since a time, by age after an id. */
export async function readRestingOrders(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  { status, afterId, limit }: { readonly status: string; readonly afterId: string; readonly limit: number },
): Promise<readonly StoredOrder[]> {
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS} from orders
      where account_id = $1 and status = $2 and merged_into is null and id > $3
      order by id limit $4`,
    [accountId, status, afterId, limit],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}

/** The numbers that staff call out, of a store's orders placed since a time. */
export async function readDaySequences(
  db: Queryable,
  accountId: string,
  store: string,
  since: Date,
): Promise<readonly number[]> {
  const found = await db.query<{ n: number }>(
    `select distinct day_sequence as n from orders
      where account_id = $1 and store = $2 and day_sequence is not null and merged_into is null
        and coalesce(placed_at, created_at) >= $3
      order by 1`,
    [accountId, store, since],
  );
  return found.rows.map(({ n }) => n);
}

/** Orders of a store that were stored since a time, by age; their ids sort by it, so the primary key finds them. */
export async function readRecentOrders(
  db: Queryable,
  accountId: string,
  store: string,
  { since, afterId, limit }: { readonly since: TimeMs; readonly afterId: string | null; readonly limit: number },
): Promise<readonly { readonly id: string; readonly platformOrderId: string }[]> {
  const found = await db.query<{ id: string; platformOrderId: string }>(
    `select id, platform_order_id as "platformOrderId" from orders
      where account_id = $1 and id > $2 and store = $3 and merged_into is null and platform_order_id is not null
      order by id limit $4`,
    [accountId, afterId ?? newId('ord', since, (size) => new Uint8Array(size)), store, limit],
  );
  return found.rows;
}

/** Stores that are bound, with the sealed token that opens each. */
export async function readStoresToAsk(
  db: Queryable,
  accountId: string,
): Promise<readonly { readonly store: string; readonly sealed: Buffer | null; readonly expiresAt: Date | null }[]> {
  const found = await db.query<{ store: string; sealed: Buffer | null; expiresAt: Date | null }>(
    `select s.ref as store, t.sealed, t.expires_at as "expiresAt"
       from stores s
       left join store_tokens t on t.account_id = s.account_id and t.id = s.token_id and t.state = 'active'
      where s.account_id = $1 and s.state = 'bound'
      order by s.ref`,
    [accountId],
  );
  return found.rows;
}

/**
 * Sets clocks of orders that have none of that kind yet. One that was armed before its order changed last (`changedAt`)
 * was armed for what the order was then, so it is brought forward; others stay. Returns how many were set.
 */
export async function setMissingClocks(
  db: Queryable,
  accountId: string,
  kind: string,
  orders: readonly { readonly id: string; readonly dueAt: Date; readonly changedAt: Date }[],
  now: Date,
): Promise<number> {
  if (orders.length === 0) return 0;
  const set = await db.query(
    `with wanted as (
       select * from unnest($3::text[], $4::timestamptz[], $6::timestamptz[]) as w (id, due_at, changed_at)
     ), hurried as (
       update order_clocks c
          set due_at = w.due_at, created_at = $5, set_count = set_count + 1
         from wanted w
        where c.account_id = $1 and c.order_id = w.id and c.kind = $2
          and c.attempts = 0 and c.due_at > w.due_at and c.created_at < w.changed_at
       returning c.order_id
     ), missing as (
       insert into order_clocks (account_id, order_id, kind, due_at, created_at)
       select $1, id, $2, due_at, $5 from wanted
       on conflict (account_id, order_id, kind) do nothing
       returning order_id
     )
     select order_id from hurried union all select order_id from missing`,
    [
      accountId,
      kind,
      orders.map(({ id }) => id),
      orders.map(({ dueAt }) => dueAt),
      now,
      orders.map(({ changedAt }) => changedAt),
    ],
  );
  return set.rowCount ?? 0;
}

/** Which of the orders have a clock of a kind. */
export async function readOrdersWithClock(
  db: Queryable,
  accountId: string,
  kind: string,
  orderIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (orderIds.length === 0) return new Set();
  const found = await db.query<{ id: string }>(
    'select order_id as id from order_clocks where account_id = $1 and order_id = any($3::text[]) and kind = $2',
    [accountId, kind, orderIds],
  );
  return new Set(found.rows.map(({ id }) => id));
}
