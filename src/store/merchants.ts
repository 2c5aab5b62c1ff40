import type { Queryable } from './pool.ts';

/** Someone with shops. */
export interface MerchantRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Limits of a key; null: none of that kind. */
export interface KeyLimits {
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

const COLUMNS = 'm.id, m.name, m.created_at as "createdAt", m.updated_at as "updatedAt"';

// A key that is limited to shops sees the merchants of those, one limited to accounts those of its accounts and stores.
const WITHIN = `($1::text[] is null or m.id = any($1))
  and ($2::text[] is null or exists (select from shops h where h.merchant = m.id and h.id = any($2)))
  and ($3::text[] is null
       or exists (select from accounts a where a.merchant = m.id and a.id = any($3))
       or exists (select from stores s where s.merchant = m.id and s.account_id = any($3)))`;

/** Merchants by id, those after `afterId`. */
export async function listMerchants(
  db: Queryable,
  limits: KeyLimits,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly MerchantRow[]> {
  const found = await db.query<MerchantRow>(
    `select ${COLUMNS} from merchants m
      where ${WITHIN} and ($4::text is null or m.id > $4)
      order by m.id limit $5`,
    [limits.merchants, limits.shops, limits.accounts, page.afterId, page.limit],
  );
  return found.rows;
}

/** One merchant that lies within the limits. */
export async function findMerchant(db: Queryable, limits: KeyLimits, id: string): Promise<MerchantRow | undefined> {
  const found = await db.query<MerchantRow>(`select ${COLUMNS} from merchants m where ${WITHIN} and m.id = $4`, [
    limits.merchants,
    limits.shops,
    limits.accounts,
    id,
  ]);
  return found.rows[0];
}

/** False when the id is taken. */
export async function insertMerchant(tx: Queryable, row: MerchantRow): Promise<boolean> {
  const inserted = await tx.query(
    'insert into merchants (id, name, created_at, updated_at) values ($1, $2, $3, $4) on conflict (id) do nothing',
    [row.id, row.name, row.createdAt, row.updatedAt],
  );
  return inserted.rowCount === 1;
}

export async function renameMerchant(tx: Queryable, id: string, name: string, now: Date): Promise<void> {
  await tx.query('update merchants set name = $2, updated_at = $3 where id = $1', [id, name, now]);
}

/** Whether a shop or a living account belongs to the merchant; locks the merchant, so that none comes meanwhile. */
export async function isMerchantInUse(tx: Queryable, id: string): Promise<boolean> {
  await tx.query('select from merchants where id = $1 for update', [id]);
  const found = await tx.query(
    `select from shops where merchant = $1
     union all
     select from accounts where merchant = $1 and deleted_at is null
     limit 1`,
    [id],
  );
  return (found.rowCount ?? 0) > 0;
}

export async function deleteMerchantRow(tx: Queryable, id: string): Promise<void> {
  await tx.query('delete from merchants where id = $1', [id]);
}
