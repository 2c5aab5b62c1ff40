import type { Json } from '../core/json.ts';
import type { AccountMode } from './account-reads.ts';
import type { Queryable } from './pool.ts';

/** An account as the API shows it. */
export interface AccountRecord {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: AccountMode;
  readonly merchant: string | null;
  readonly settings: Readonly<Record<string, Json>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly secrets: readonly SecretRecord[];
}

/** A secret without its value. */
export interface SecretRecord {
  readonly field: string;
  readonly fingerprint: string;
  readonly createdAt: Date;
  readonly validUntil: Date | null;
}

interface AccountSqlRow {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: AccountMode;
  readonly merchant: string | null;
  readonly settings: Readonly<Record<string, Json>>;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly secrets: readonly { field: string; fingerprint: string; createdAtMs: number; validUntilMs: number | null }[];
}

const SELECT = `
  select a.id, a.platform, a.name, a.mode, a.merchant, a.settings, a.created_at, a.updated_at,
         coalesce((select jsonb_agg(jsonb_build_object(
                            'field', s.field,
                            'fingerprint', s.fingerprint,
                            'createdAtMs', extract(epoch from s.created_at) * 1000,
                            'validUntilMs', extract(epoch from s.valid_until) * 1000)
                          order by s.field, s.created_at desc)
                     from account_secrets s where s.account_id = a.id), '[]') as secrets
    from accounts a`;

function toRecord(row: AccountSqlRow): AccountRecord {
  return {
    id: row.id,
    platform: row.platform,
    name: row.name,
    mode: row.mode,
    merchant: row.merchant,
    settings: row.settings,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    secrets: row.secrets.map((secret) => ({
      field: secret.field,
      fingerprint: secret.fingerprint,
      createdAt: new Date(secret.createdAtMs),
      validUntil: secret.validUntilMs === null ? null : new Date(secret.validUntilMs),
    })),
  };
}

/** Inserts an account and its clock. False when the id is taken, also by a deleted account. */
export async function insertAccount(
  tx: Queryable,
  account: Pick<AccountRecord, 'id' | 'platform' | 'name' | 'mode' | 'merchant' | 'settings' | 'createdAt'>,
): Promise<boolean> {
  const inserted = await tx.query(
    `insert into accounts (id, platform, name, mode, merchant, settings, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict (id) do nothing`,
    [
      account.id,
      account.platform,
      account.name,
      account.mode,
      account.merchant,
      JSON.stringify(account.settings),
      account.createdAt,
    ],
  );
  if (inserted.rowCount === 0) return false;
  await tx.query('insert into account_clocks (account_id) values ($1)', [account.id]);
  return true;
}

/** Locks the row of a living account for the rest of the transaction. False when there is none. */
export async function lockAccount(tx: Queryable, id: string): Promise<boolean> {
  const found = await tx.query('select 1 from accounts where id = $1 and deleted_at is null for update', [id]);
  return found.rowCount === 1;
}

export async function readAccountRecord(db: Queryable, id: string): Promise<AccountRecord | undefined> {
  const found = await db.query<AccountSqlRow>(`${SELECT} where a.id = $1 and a.deleted_at is null`, [id]);
  return found.rows[0] === undefined ? undefined : toRecord(found.rows[0]);
}

/** Living accounts by id. Limits that are null do not count. */
export async function listAccountRecords(
  db: Queryable,
  filter: {
    readonly ids: readonly string[] | null;
    readonly merchants: readonly string[] | null;
    readonly platform: string | null;
    readonly merchant: string | null;
    readonly afterId: string | null;
    readonly limit: number;
  },
): Promise<readonly AccountRecord[]> {
  const found = await db.query<AccountSqlRow>(
    `${SELECT}
      where a.deleted_at is null
        and ($1::text[] is null or a.id = any($1))
        and ($2::text[] is null or a.merchant = any($2))
        and ($3::text is null or a.platform = $3)
        and ($4::text is null or a.merchant = $4)
        and ($5::text is null or a.id > $5)
      order by a.id
      limit $6`,
    [filter.ids, filter.merchants, filter.platform, filter.merchant, filter.afterId, filter.limit],
  );
  return found.rows.map(toRecord);
}

export async function updateAccount(
  tx: Queryable,
  account: Pick<AccountRecord, 'id' | 'name' | 'mode' | 'merchant' | 'settings' | 'updatedAt'>,
): Promise<void> {
  await tx.query(
    'update accounts set name = $2, mode = $3, merchant = $4, settings = $5, updated_at = $6 where id = $1',
    [account.id, account.name, account.mode, account.merchant, JSON.stringify(account.settings), account.updatedAt],
  );
}

/** Marks the account as deleted and wipes its secrets. Its orders stay. */
export async function markAccountDeleted(tx: Queryable, id: string, at: Date): Promise<void> {
  await tx.query('delete from account_secrets where account_id = $1', [id]);
  await tx.query('update accounts set deleted_at = $2, updated_at = $2 where id = $1', [id, at]);
}

/**
 * Stores a secret as the newest of its field, also where the clock stood still since the one before. A value that was
 * there before becomes valid without end again.
 */
export async function putSecret(
  tx: Queryable,
  secret: {
    readonly accountId: string;
    readonly field: string;
    readonly fingerprint: string;
    readonly sealed: Buffer;
    readonly createdAt: Date;
  },
): Promise<void> {
  await tx.query(
    `insert into account_secrets (account_id, field, fingerprint, sealed, created_at)
     select $1, $2, $3, $4, greatest($5::timestamptz, max(created_at) + interval '1 millisecond')
       from account_secrets where account_id = $1 and field = $2
     on conflict (account_id, field, fingerprint)
     do update set sealed = excluded.sealed, created_at = excluded.created_at, valid_until = null`,
    [secret.accountId, secret.field, secret.fingerprint, secret.sealed, secret.createdAt],
  );
}

/** Lets the values of a field other than `keptFingerprint` end at `until`, unless they end sooner; null: they stay. */
export async function limitOldSecrets(
  tx: Queryable,
  accountId: string,
  field: string,
  keptFingerprint: string,
  until: Date | null,
): Promise<void> {
  if (until === null) return;
  await tx.query(
    `update account_secrets set valid_until = least(valid_until, $4)
      where account_id = $1 and field = $2 and fingerprint <> $3`,
    [accountId, field, keptFingerprint, until],
  );
}

/** Removes the values of a field other than `keptFingerprint`; null removes them all. */
export async function removeOldSecrets(
  tx: Queryable,
  accountId: string,
  field: string,
  keptFingerprint: string | null,
): Promise<void> {
  await tx.query(
    'delete from account_secrets where account_id = $1 and field = $2 and ($3::text is null or fingerprint <> $3)',
    [accountId, field, keptFingerprint],
  );
}

/** Removes one secret. False when there is none such. */
export async function removeSecret(
  tx: Queryable,
  accountId: string,
  field: string,
  fingerprint: string,
): Promise<boolean> {
  const removed = await tx.query(
    'delete from account_secrets where account_id = $1 and field = $2 and fingerprint = $3',
    [accountId, field, fingerprint],
  );
  return removed.rowCount === 1;
}
