import type { Alias } from '../core/fact.ts';
import type { Queryable } from './pool.ts';

/** The numbers that name orders, by order, the platform's own first. */
export async function findAliasesOfOrders(
  db: Queryable,
  accountId: string,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Alias[]>> {
  if (orderIds.length === 0) return new Map();
  const found = await db.query<Alias & { readonly orderId: string }>(
    `select order_id as "orderId", kind, value from order_aliases
      where account_id = $1 and order_id = any($2::text[]) and kind <> ''
      order by order_id, kind <> 'platform', kind, value`,
    [accountId, orderIds],
  );
  const orders = new Map<string, Alias[]>();
  for (const { orderId, kind, value } of found.rows) {
    const own = orders.get(orderId);
    if (own === undefined) orders.set(orderId, [{ kind, value }]);
    else own.push({ kind, value });
  }
  return orders;
}
