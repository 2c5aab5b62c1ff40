import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** An order that goes through life together with another. */
export interface OrderLink {
  readonly account: string;
  readonly orderId: string;
  /** What this one is to the asking one. */
  readonly role: 'parent' | 'leg';
  /** Version of the asking one that this one was told of. */
  readonly toldVersion: number;
}

export interface OrderKey {
  readonly account: string;
  readonly orderId: string;
}

/** Ties a payment to the order that it is for, in the transaction that makes the payment. Again: nothing happens. */
export async function linkOrders(tx: Queryable, parent: OrderKey, leg: OrderKey): Promise<void> {
  await tx.query(
    `insert into order_links (account_id, order_id, other_account_id, other_order_id, role)
     values ($1, $2, $3, $4, 'leg'), ($3, $4, $1, $2, 'parent')
     on conflict do nothing`,
    [parent.account, parent.orderId, leg.account, leg.orderId],
  );
}

/** The orders that an order goes through life with, the oldest first. */
export async function readLinks(db: Queryable, accountId: string, orderId: string): Promise<readonly OrderLink[]> {
  const found = await db.query<OrderLink>(
    sql(
      'read_order_links',
      `select other_account_id as account, other_order_id as "orderId", role, told_version as "toldVersion"
         from order_links where account_id = $1 and order_id = $2
        order by other_order_id`,
    )(accountId, orderId),
  );
  return found.rows;
}

/**
 * Sets a clock of those that an order is linked with, when they were told of no such version yet. One statement: it holds
 * no other row of theirs, so that two who tell each other at once cannot wait for each other.
 */
export async function tellLinked(
  db: Queryable,
  key: OrderKey,
  version: number,
  clock: { readonly kind: string; readonly now: Date },
): Promise<number> {
  const told = await db.query(
    sql(
      'tell_linked_orders',
      `with told as (
         update order_links set told_version = $3
          where account_id = $1 and order_id = $2 and told_version < $3
         returning other_account_id, other_order_id
       )
       insert into order_clocks (account_id, order_id, kind, due_at, created_at)
       select other_account_id, other_order_id, $4::text, $5::timestamptz, $5::timestamptz from told
       on conflict (account_id, order_id, kind) do update
          set due_at = least(order_clocks.due_at, excluded.due_at), set_count = order_clocks.set_count + 1,
              attempts = 0, reason = null, created_at = excluded.created_at`,
    )(key.account, key.orderId, version, clock.kind, clock.now),
  );
  return told.rowCount ?? 0;
}
