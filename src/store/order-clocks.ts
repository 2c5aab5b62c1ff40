import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** Something that an order waits for. */
export interface OrderClock {
  readonly orderId: string;
  /** Such as `doubt:refund`. */
  readonly kind: string;
  readonly dueAt: Date;
}

/** A clock as a worker holds it. */
export interface ClaimedClock {
  readonly account: string;
  readonly orderId: string;
  readonly kind: string;
  readonly setCount: number;
  readonly attempts: number;
  readonly createdAt: Date;
}

const setClocksStatement = sql(
  'set_order_clocks',
  `insert into order_clocks (account_id, order_id, kind, due_at, created_at)
   select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::timestamptz[]), $5::timestamptz
   on conflict (account_id, order_id, kind) do update
      set due_at = least(order_clocks.due_at, excluded.due_at), set_count = order_clocks.set_count + 1,
          attempts = 0, reason = null, created_at = excluded.created_at`,
);

/** Sets clocks in the order's own transaction: one row an order and kind, due at the earliest time that was asked for. */
export async function setOrderClocks(
  tx: Queryable,
  accountId: string,
  clocks: readonly OrderClock[],
  now: Date,
): Promise<void> {
  if (clocks.length === 0) return;
  await tx.query(
    setClocksStatement(
      accountId,
      clocks.map(({ orderId }) => orderId),
      clocks.map(({ kind }) => kind),
      clocks.map(({ dueAt }) => dueAt),
      now,
    ),
  );
}

/** Takes clocks that are due, for the time of a lease: while it lasts no other process finds them. */
export async function claimOrderClocks(
  db: Queryable,
  claim: {
    /** Beginnings of the kinds to take, such as `doubt:`. */
    readonly kinds: readonly string[];
    readonly now: Date;
    readonly leaseUntil: Date;
    readonly limit: number;
    readonly accountLimit: number;
  },
): Promise<readonly ClaimedClock[]> {
  // Account by account, so that one with a flood of doubts cannot hide the others.
  const found = await db.query<ClaimedClock>(
    sql(
      'claim_order_clocks',
      `with due as materialized (
         select d.account_id, d.order_id, d.kind
           from account_clocks a
          cross join lateral (
            select account_id, order_id, kind
              from order_clocks
             where account_id = a.account_id and due_at <= $2
               and exists (select from unnest($1::text[]) beginning where starts_with(kind, beginning))
             order by due_at
             limit $5
               for update skip locked) d
          limit $4
       )
       update order_clocks c
          set due_at = $3
         from due d
        where c.account_id = d.account_id and c.order_id = d.order_id and c.kind = d.kind
       returning c.account_id as account, c.order_id as "orderId", c.kind, c.set_count as "setCount", c.attempts,
                 c.created_at as "createdAt"`,
    )(claim.kinds, claim.now, claim.leaseUntil, claim.limit, claim.accountLimit),
  );
  return found.rows;
}

/** Removes a clock that has done its work. False when it was set again meanwhile: then it stays and is due again. */
export async function removeOrderClock(db: Queryable, clock: ClaimedClock): Promise<boolean> {
  const removed = await db.query(
    sql(
      'remove_order_clock',
      'delete from order_clocks where account_id = $1 and order_id = $2 and kind = $3 and set_count = $4',
    )(clock.account, clock.orderId, clock.kind, clock.setCount),
  );
  return removed.rowCount === 1;
}

/** Puts a clock off, or stops it for a person to look at (`dueAt` null), unless it was set again meanwhile. */
export async function putOffOrderClock(
  db: Queryable,
  clock: ClaimedClock,
  later: { readonly dueAt: Date | null; readonly attempts: number; readonly reason: string },
): Promise<void> {
  await db.query(
    sql(
      'put_off_order_clock',
      `update order_clocks
          set due_at = $5, attempts = $6, reason = $7
        where account_id = $1 and order_id = $2 and kind = $3 and set_count = $4`,
    )(clock.account, clock.orderId, clock.kind, clock.setCount, later.dueAt, later.attempts, later.reason),
  );
}

/** Sets a clock that has done its work to another time, as if it were new, unless it was set again meanwhile. */
export async function rearmOrderClock(db: Queryable, clock: ClaimedClock, dueAt: Date, now: Date): Promise<void> {
  await db.query(
    sql(
      'rearm_order_clock',
      `update order_clocks
          set due_at = $5, attempts = 0, reason = null, created_at = $6
        where account_id = $1 and order_id = $2 and kind = $3 and set_count = $4`,
    )(clock.account, clock.orderId, clock.kind, clock.setCount, dueAt, now),
  );
}

/** Makes what waits for orders of a store due now, such as when the store's token has come. */
export async function hurryClocksOfStore(tx: Queryable, accountId: string, store: string, now: Date): Promise<void> {
  await tx.query(
    `update order_clocks c
        set due_at = $3, attempts = 0, set_count = set_count + 1
       from orders o
      where c.account_id = $1 and o.account_id = $1 and o.id = c.order_id and o.store = $2
        and starts_with(c.kind, 'doubt:')`,
    [accountId, store, now],
  );
}

/**
 * Makes due now what was asked in vain about orders of an account and waits for its next try. One that is being asked at
 * the moment keeps its count, so that its answer counts; what waits for its first time, or for a person, stays.
 */
export async function hurryFailedClocks(db: Queryable, accountId: string, kind: string, now: Date): Promise<void> {
  await db.query(
    `update order_clocks set due_at = $3
      where account_id = $1 and starts_with(kind, $2) and attempts > 0 and due_at > $3`,
    [accountId, kind, now],
  );
}
