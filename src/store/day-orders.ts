import { ORDER_COLUMNS, toStoredOrder } from './orders.ts';
import type { OrderSqlRow, StoredOrder } from './orders.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** How long before its payment an order can have been placed. */
const PAID_WITHIN = '3 days';

/**
 * Orders of an account that were placed or paid within a time, `to` no longer counting; by id, those after `afterId`. One
 * without that time counts by when the hub first heard of it.
 */
export async function readOrdersOfDay(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  day: { readonly by: 'placed' | 'paid'; readonly from: Date; readonly to: Date },
  page: { readonly afterId: string; readonly limit: number },
): Promise<readonly StoredOrder[]> {
  const time = day.by === 'paid' ? 'paid_at' : 'placed_at';
  // The index knows when an order was placed; one that says neither time is looked for by its own id's time.
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS} from orders
      where account_id = $1 and merged_into is null and id > $4
        and (placed_at >= $2::timestamptz - interval '${PAID_WITHIN}' and placed_at < $3
             or placed_at is null and created_at >= $2::timestamptz - interval '${PAID_WITHIN}' and created_at < $3::timestamptz + interval '${PAID_WITHIN}')
        and coalesce(${time}, ${time === 'paid_at' ? 'placed_at, ' : ''}created_at) >= $2
        and coalesce(${time}, ${time === 'paid_at' ? 'placed_at, ' : ''}created_at) < $3
      order by id limit $5`,
    [accountId, day.from, day.to, page.afterId, page.limit],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}
