import type { KeyLimits } from './merchants.ts';
import type { Queryable } from './pool.ts';

/** A shop: joins its stores on several platforms. */
export interface ShopRow {
  readonly id: string;
  readonly merchant: string | null;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = 'h.id, h.merchant, h.name, h.created_at as "createdAt", h.updated_at as "updatedAt"';

// A key that is limited to accounts sees the shops that have a store there.
const WITHIN = `($1::text[] is null or h.merchant = any($1))
  and ($2::text[] is null or h.id = any($2))
  and ($3::text[] is null or exists (select from stores s where s.shop = h.id and s.account_id = any($3)))`;

/** Shops by id, those after `afterId`. */
export async function listShops(
  db: Queryable,
  limits: KeyLimits,
  filter: { readonly merchant: string | null },
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly ShopRow[]> {
  const found = await db.query<ShopRow>(
    `select ${COLUMNS} from shops h
      where ${WITHIN} and ($4::text is null or h.merchant = $4) and ($5::text is null or h.id > $5)
      order by h.id limit $6`,
    [limits.merchants, limits.shops, limits.accounts, filter.merchant, page.afterId, page.limit],
  );
  return found.rows;
}

/** One shop that lies within the limits. */
export async function findShop(db: Queryable, limits: KeyLimits, id: string): Promise<ShopRow | undefined> {
  const found = await db.query<ShopRow>(`select ${COLUMNS} from shops h where ${WITHIN} and h.id = $4`, [
    limits.merchants,
    limits.shops,
    limits.accounts,
    id,
  ]);
  return found.rows[0];
}

/** Locks a shop, so that its stores and its merchant are changed by one at a time. */
export async function lockShop(tx: Queryable, id: string): Promise<ShopRow | undefined> {
  const found = await tx.query<ShopRow>(`select ${COLUMNS} from shops h where h.id = $1 for update`, [id]);
  return found.rows[0];
}

/** False when the id is taken. */
export async function insertShop(tx: Queryable, row: ShopRow): Promise<boolean> {
  const inserted = await tx.query(
    `insert into shops (id, merchant, name, created_at, updated_at) values ($1, $2, $3, $4, $5)
     on conflict (id) do nothing`,
    [row.id, row.merchant, row.name, row.createdAt, row.updatedAt],
  );
  return inserted.rowCount === 1;
}

export async function updateShop(
  tx: Queryable,
  row: Pick<ShopRow, 'id' | 'merchant' | 'name' | 'updatedAt'>,
): Promise<void> {
  await tx.query('update shops set merchant = $2, name = $3, updated_at = $4 where id = $1', [
    row.id,
    row.merchant,
    row.name,
    row.updatedAt,
  ]);
}

export async function deleteShopRow(tx: Queryable, id: string): Promise<void> {
  await tx.query('delete from shops where id = $1', [id]);
}
