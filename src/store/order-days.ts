import type { Queryable } from './pool.ts';
import type { StatsScope } from './stats-reads.ts';

/** What the orders of one business day at one platform came to; money in fen. */
export interface OrderDay {
  readonly day: string;
  readonly platform: string;
  readonly orders: number;
  readonly paid: number;
  readonly refunded: number;
  readonly commission: number;
}

/** Business days from `from` to `to`, both counted, as `2026-01-31`. Days without orders are left out. */
export async function readOrderDays(
  db: Queryable,
  scope: Omit<StatsScope, 'from' | 'to'> & {
    readonly platform: string | null;
    readonly from: string;
    readonly to: string;
  },
): Promise<readonly OrderDay[]> {
  const found = await db.query<OrderDay>(
    `select d.day, a.platform, sum(d.orders)::bigint as orders, sum(d.paid_fen)::bigint as paid,
            sum(d.refunded_fen)::bigint as refunded, sum(d.commission_fen)::bigint as commission
       from accounts a
       join order_days d on d.account_id = a.id
      where d.day >= $1::date and d.day <= $2::date
        and ($3::text is null or a.id = $3)
        and ($4::text[] is null or a.id = any($4))
        and ($5::text[] is null or d.merchant = any($5))
        and ($6::text[] is null or d.shop = any($6))
        and ($7::text is null or a.platform = $7)
      group by d.day, a.platform
     having sum(d.orders) <> 0
      order by d.day, a.platform`,
    [scope.from, scope.to, scope.account, scope.accounts, scope.merchants, scope.shops, scope.platform],
  );
  return found.rows;
}
