import type { Json } from '../core/json.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

export type AccountMode = 'live' | 'observe' | 'paused';

/** An account with its sealed secrets, as the callback door needs it. */
export interface AccountRow {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: AccountMode;
  readonly merchant: string | null;
  readonly settings: Readonly<Record<string, Json>>;
  /** Another one whenever the numbers of its stores or its open bindings are others. */
  readonly storesVersion: number;
  readonly secrets: readonly SealedSecret[];
}

export interface SealedSecret {
  readonly field: string;
  readonly fingerprint: string;
  readonly sealed: Buffer;
  readonly createdAt: Date;
  readonly validUntil: Date | null;
}

interface AccountSqlRow extends Omit<AccountRow, 'secrets'> {
  readonly field: string | null;
  readonly fingerprint: string | null;
  readonly sealed: Buffer | null;
  readonly secret_created_at: Date | null;
  readonly valid_until: Date | null;
}

const readAccountStatement = sql(
  'read_account',
  `select a.id, a.platform, a.name, a.mode, a.merchant, a.settings, a.stores_version as "storesVersion",
          s.field, s.fingerprint, s.sealed, s.created_at as secret_created_at, s.valid_until
     from accounts a left join account_secrets s on s.account_id = a.id
    where a.id = $1 and a.deleted_at is null
    order by s.created_at desc`,
);

/** The account with all its secrets, the newest first; `undefined` when there is none or it was deleted. */
export async function readAccount(db: Queryable, accountId: string): Promise<AccountRow | undefined> {
  const found = await db.query<AccountSqlRow>(readAccountStatement(accountId));
  const [first] = found.rows;
  if (first === undefined) return undefined;
  const secrets: SealedSecret[] = [];
  for (const row of found.rows) {
    if (row.field === null || row.fingerprint === null || row.sealed === null || row.secret_created_at === null)
      continue;
    secrets.push({
      field: row.field,
      fingerprint: row.fingerprint,
      sealed: row.sealed,
      createdAt: row.secret_created_at,
      validUntil: row.valid_until,
    });
  }
  const { id, platform, name, mode, merchant, settings, storesVersion } = first;
  return { id, platform, name, mode, merchant, settings, storesVersion, secrets };
}
