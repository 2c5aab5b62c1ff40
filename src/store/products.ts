import type { Queryable } from './pool.ts';

/** What machines sell, by the platform's number of it. */
export interface ProductRow {
  readonly account: string;
  readonly productId: string;
  readonly name: string;
}

/** Products of machines that lie within the limits, by account and number, those after a place. */
export async function listProducts(
  db: Queryable,
  filter: {
    readonly account: string | null;
    readonly accounts: readonly string[] | null;
    readonly merchants: readonly string[] | null;
    readonly shops: readonly string[] | null;
  },
  page: { readonly after: { readonly account: string; readonly productId: string } | null; readonly limit: number },
): Promise<readonly ProductRow[]> {
  const found = await db.query<ProductRow>(
    `select l.account_id as account, l.product_id as "productId", max(l.name) as name
       from machine_slots l
       join accounts a on a.id = l.account_id and a.deleted_at is null
       left join stores s on s.account_id = l.account_id and s.ref = l.machine_no
      where ($1::text is null or l.account_id = $1)
        and ($2::text[] is null or l.account_id = any($2))
        and ($3::text[] is null or coalesce(s.merchant, a.merchant) = any($3))
        and ($4::text[] is null or s.shop = any($4))
        and ($5::text is null or (l.account_id, l.product_id) > ($5, $6))
      group by l.account_id, l.product_id
      order by l.account_id, l.product_id
      limit $7`,
    [
      filter.account,
      filter.accounts,
      filter.merchants,
      filter.shops,
      page.after?.account ?? null,
      page.after?.productId ?? null,
      page.limit,
    ],
  );
  return found.rows;
}
