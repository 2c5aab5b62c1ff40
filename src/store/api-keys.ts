import type { Queryable } from './pool.ts';
import { sql } from './pool.ts';

/** An API key; the key itself is only known as a hash. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly right: 'read' | 'write' | 'admin';
  readonly reveal: boolean;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

const COLUMNS = `id, name, right_level as "right", reveal, accounts, merchants, shops, created_at as "createdAt", revoked_at as "revokedAt"`;

const findKeyStatement = sql('find_api_key', `select ${COLUMNS} from api_keys where hash = $1 and revoked_at is null`);

/** The living key with this hash. */
export async function findApiKey(db: Queryable, hash: Buffer): Promise<ApiKeyRow | undefined> {
  const found = await db.query<ApiKeyRow>(findKeyStatement(hash));
  return found.rows[0];
}

export async function insertApiKey(
  tx: Queryable,
  key: Omit<ApiKeyRow, 'revokedAt'> & { readonly hash: Buffer },
): Promise<void> {
  await tx.query(
    `insert into api_keys (id, name, hash, right_level, reveal, accounts, merchants, shops, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [key.id, key.name, key.hash, key.right, key.reveal, key.accounts, key.merchants, key.shops, key.createdAt],
  );
}

/** Keys by age, those after `afterId`; revoked ones too. */
export async function listApiKeys(
  db: Queryable,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly ApiKeyRow[]> {
  const found = await db.query<ApiKeyRow>(
    `select ${COLUMNS} from api_keys where ($1::text is null or id > $1) order by id limit $2`,
    [page.afterId, page.limit],
  );
  return found.rows;
}

export async function readApiKey(db: Queryable, id: string): Promise<ApiKeyRow | undefined> {
  const found = await db.query<ApiKeyRow>(`select ${COLUMNS} from api_keys where id = $1`, [id]);
  return found.rows[0];
}

/** Ends a key. False when there is none such; one that ended before keeps its time. */
export async function revokeApiKey(tx: Queryable, id: string, at: Date): Promise<boolean> {
  const revoked = await tx.query('update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1', [id, at]);
  return revoked.rowCount === 1;
}
