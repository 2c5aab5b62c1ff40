import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

/** `exchanging`: a code came back and is being exchanged. */
export type BindingState = 'pending' | 'exchanging' | 'done' | 'cancelled';

/** An address that was given out. */
export interface BindingRow {
  readonly account: string;
  readonly id: string;
  /** null: for whatever the seller's token opens. */
  readonly store: string | null;
  readonly name: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly state: BindingState;
  readonly stateHash: Buffer;
  readonly sealedUrl: Buffer | null;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly updatedAt: Date;
}

/** A binding with what its account and its store say. */
export interface ListedBindingRow extends BindingRow {
  readonly platform: string;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly accountMerchant: string | null;
  /** When the store was bound last. */
  readonly boundAt: Date | null;
}

const COLUMNS = `b.account_id as account, b.id, b.store, b.name, b.options, b.state, b.state_hash as "stateHash",
  b.sealed_url as "sealedUrl", b.reason, b.created_at as "createdAt", b.expires_at as "expiresAt",
  b.updated_at as "updatedAt"`;

/** Inserts bindings of one account. */
export async function insertBindings(tx: Queryable, rows: readonly BindingRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into bindings (account_id, id, store, name, options, state, state_hash, sealed_url, reason, created_at,
                           expires_at, updated_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::bytea[],
                          $8::bytea[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])`,
    [
      rows.map((row) => row.account),
      rows.map((row) => row.id),
      rows.map((row) => row.store),
      rows.map((row) => row.name),
      rows.map((row) => JSON.stringify(row.options)),
      rows.map((row) => row.state),
      rows.map((row) => row.stateHash),
      rows.map((row) => row.sealedUrl),
      rows.map((row) => row.reason),
      rows.map((row) => row.createdAt),
      rows.map((row) => row.expiresAt),
      rows.map((row) => row.updatedAt),
    ],
  );
}

/** The newest binding of a store that waits for its callback at `now`. */
export async function findPendingBinding(
  db: Queryable,
  accountId: string,
  store: string,
  now: Date,
): Promise<BindingRow | undefined> {
  const found = await db.query<BindingRow>(
    `select ${COLUMNS} from bindings b
      where b.account_id = $1 and b.store = $2 and b.state = 'pending' and b.expires_at > $3
      order by b.created_at desc, b.id desc limit 1`,
    [accountId, store, now],
  );
  return found.rows[0];
}

/**
 * Closes one binding of a store that was bound: the newest that waits. Which address the merchant opened nobody says, so
 * the others stay open: each that was given out may be opened once more.
 */
export async function finishBinding(tx: Queryable, accountId: string, store: string, now: Date): Promise<void> {
  await tx.query(
    `update bindings set state = 'done', sealed_url = null, reason = null, updated_at = $3
      where account_id = $1
        and id = (select id from bindings
                   where account_id = $1 and store = $2 and state = 'pending'
                   order by created_at desc, id desc limit 1)`,
    [accountId, store, now],
  );
}

/** The binding whose state came back; locked for the rest of the transaction. */
export async function lockBindingByState(
  tx: Queryable,
  accountId: string,
  stateHash: Buffer,
): Promise<BindingRow | undefined> {
  const found = await tx.query<BindingRow>(
    `select ${COLUMNS} from bindings b where b.account_id = $1 and b.state_hash = $2 for update`,
    [accountId, stateHash],
  );
  return found.rows[0];
}

export async function setBindingState(
  tx: Queryable,
  row: Pick<BindingRow, 'account' | 'id' | 'state' | 'reason' | 'updatedAt'>,
): Promise<void> {
  await tx.query(
    `update bindings set state = $3, reason = $4, updated_at = $5,
                         sealed_url = case when $3 in ('done', 'cancelled') then null else sealed_url end
      where account_id = $1 and id = $2`,
    [row.account, row.id, row.state, row.reason, row.updatedAt],
  );
}

/** Which bindings are wanted; null: any. Limits are those of the key. */
export interface BindingFilter {
  readonly account: string | null;
  readonly store: string | null;
  readonly state: string | null;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

const LISTED = `${COLUMNS}, a.platform, coalesce(s.merchant, a.merchant) as merchant, s.shop,
  a.merchant as "accountMerchant", s.bound_at as "boundAt"`;
const JOINS = `bindings b
  join accounts a on a.id = b.account_id
  left join stores s on s.account_id = b.account_id and s.ref = b.store`;

/** Bindings, the youngest first, those before `beforeId`. */
export async function listBindings(
  db: Queryable,
  filter: BindingFilter,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ListedBindingRow[]> {
  const found = await db.query<ListedBindingRow>(
    `select ${LISTED}
       from ${JOINS}
      where ($1::text is null or b.account_id = $1)
        and ($2::text is null or b.store = $2)
        and ($3::text is null or b.state = $3)
        and ($4::text[] is null or b.account_id = any($4))
        and ($5::text[] is null or coalesce(s.merchant, a.merchant) = any($5))
        and ($6::text[] is null or s.shop = any($6))
        and ($7::text is null or b.id < $7)
      order by b.id desc
      limit $8`,
    [
      filter.account,
      filter.store,
      filter.state,
      filter.accounts,
      filter.merchants,
      filter.shops,
      page.beforeId,
      page.limit,
    ],
  );
  return found.rows;
}

/** One binding of whichever account. */
export async function findBinding(db: Queryable, id: string): Promise<ListedBindingRow | undefined> {
  // The key begins with the account: one probe per account.
  const found = await db.query<ListedBindingRow>(
    `select ${LISTED}
       from accounts a
       join bindings b on b.account_id = a.id and b.id = $1
       left join stores s on s.account_id = b.account_id and s.ref = b.store`,
    [id],
  );
  return found.rows[0];
}

/** Bindings that nobody used before `now`. */
export async function readExpiredBindings(
  db: Queryable,
  now: Date,
  limit: number,
): Promise<readonly ListedBindingRow[]> {
  const found = await db.query<ListedBindingRow>(
    `select ${LISTED}
       from ${JOINS}
      where b.state = 'pending' and b.expires_at <= $1
      order by b.account_id, b.id
      limit $2`,
    [now, limit],
  );
  return found.rows;
}
