import { ORDER_COLUMNS } from './orders.ts';
import type { OrderSqlRow } from './orders.ts';
import type { Queryable } from './pool.ts';

/** Orders by their ids, of whichever accounts; those that do not exist are left out. */
export async function findOrders(db: Queryable, ids: readonly string[]): Promise<readonly OrderSqlRow[]> {
  // The key begins with the account: a probe an account and id, and no index over all of them is needed.
  const found = await db.query<OrderSqlRow>(
    `select o.* from accounts a
      cross join lateral (
        select ${ORDER_COLUMNS} from orders o where o.account_id = a.id and o.id = any($1::text[])) o`,
    [ids],
  );
  return found.rows;
}
