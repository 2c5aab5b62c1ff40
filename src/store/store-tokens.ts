import type { Queryable } from './pool.ts';

export type TokenState = 'candidate' | 'active' | 'retired' | 'refused';
/** What is to be done with a token next. */
export type TokenTask = 'prove' | 'check' | 'refresh';

/** The token of a store, or of a seller whose one token opens several. */
export interface TokenRow {
  readonly account: string;
  readonly id: string;
  /** The store that it came for; '' where it opens whatever the platform says. */
  readonly store: string;
  readonly hash: Buffer;
  readonly state: TokenState;
  /** Null once it is retired or refused. */
  readonly sealed: Buffer | null;
  readonly version: number;
  readonly saidAt: Date | null;
  readonly platformStoreId: string | null;
  readonly name: string | null;
  readonly expiresAt: Date | null;
  readonly task: TokenTask | null;
  readonly dueAt: Date | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = `account_id as account, id, store, hash, state, sealed, version, said_at as "saidAt",
  platform_store_id as "platformStoreId", name, expires_at as "expiresAt", task, due_at as "dueAt", attempts, reason,
  created_at as "createdAt", updated_at as "updatedAt"`;

/** Inserts or replaces a token. */
export async function putToken(tx: Queryable, row: TokenRow): Promise<void> {
  await tx.query(
    `insert into store_tokens (account_id, id, store, hash, state, sealed, version, said_at, platform_store_id, name,
                               expires_at, task, due_at, attempts, reason, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     on conflict (account_id, id) do update
        set state = excluded.state, sealed = excluded.sealed, version = excluded.version, said_at = excluded.said_at,
            platform_store_id = excluded.platform_store_id, name = excluded.name, expires_at = excluded.expires_at,
            task = excluded.task, due_at = excluded.due_at, attempts = excluded.attempts, reason = excluded.reason,
            updated_at = excluded.updated_at`,
    [
      row.account,
      row.id,
      row.store,
      row.hash,
      row.state,
      row.sealed,
      row.version,
      row.saidAt,
      row.platformStoreId,
      row.name,
      row.expiresAt,
      row.task,
      row.dueAt,
      row.attempts,
      row.reason,
      row.createdAt,
      row.updatedAt,
    ],
  );
}

export async function readToken(db: Queryable, accountId: string, id: string): Promise<TokenRow | undefined> {
  const found = await db.query<TokenRow>(`select ${COLUMNS} from store_tokens where account_id = $1 and id = $2`, [
    accountId,
    id,
  ]);
  return found.rows[0];
}

/** The token that came for a store ('' for a seller) with this hash. */
export async function findToken(
  db: Queryable,
  accountId: string,
  store: string,
  hash: Buffer,
): Promise<TokenRow | undefined> {
  const found = await db.query<TokenRow>(
    `select ${COLUMNS} from store_tokens where account_id = $1 and store = $2 and hash = $3`,
    [accountId, store, hash],
  );
  return found.rows[0];
}

/** Tokens of a store that are yet to be proved, the oldest first. */
export async function readCandidates(db: Queryable, accountId: string, store: string): Promise<readonly TokenRow[]> {
  const found = await db.query<TokenRow>(
    `select ${COLUMNS} from store_tokens
      where account_id = $1 and store = $2 and state = 'candidate' order by created_at, id`,
    [accountId, store],
  );
  return found.rows;
}

/** The sealed token that opens a store now. `ref`: our number of it, or the platform's. */
export async function findTokenOfStore(
  db: Queryable,
  accountId: string,
  ref: string,
): Promise<Pick<TokenRow, 'id' | 'sealed' | 'expiresAt'> | undefined> {
  const found = await db.query<Pick<TokenRow, 'id' | 'sealed' | 'expiresAt'>>(
    `select t.id, t.sealed, t.expires_at as "expiresAt"
       from stores s
       join store_tokens t on t.account_id = s.account_id and t.id = s.token_id and t.state = 'active'
      where s.account_id = $1 and (s.ref = $2 or s.platform_store_id = $2)
      order by s.ref = $2 desc
      limit 1`,
    [accountId, ref],
  );
  return found.rows[0];
}

/**
 * The seller's token of an account that has just one: it opens whatever store its orders are of, also where those are
 * named by a code of the merchant's own. `undefined` for none and for several.
 */
export async function findOnlySellerToken(
  db: Queryable,
  accountId: string,
): Promise<Pick<TokenRow, 'id' | 'sealed' | 'expiresAt'> | undefined> {
  const found = await db.query<Pick<TokenRow, 'id' | 'sealed' | 'expiresAt'>>(
    `select id, sealed, expires_at as "expiresAt"
       from store_tokens where account_id = $1 and store = '' and state = 'active' limit 2`,
    [accountId],
  );
  return found.rows.length === 1 ? found.rows[0] : undefined;
}

/** Takes tokens that have something due, for the time of a lease: until then no other process finds them. */
export async function claimTokens(
  db: Queryable,
  now: Date,
  leaseUntil: Date,
  limit: number,
): Promise<readonly TokenRow[]> {
  // Account by account, so that one with many stores cannot hide the others.
  const found = await db.query<TokenRow>(
    `with due as materialized (
       select d.account_id, d.id
         from account_clocks c
        cross join lateral (
          select account_id, id from store_tokens
           where account_id = c.account_id and due_at <= $1
           order by due_at limit $3
             for update skip locked) d
        limit $3
     )
     update store_tokens t set due_at = $2
       from due d
      where t.account_id = d.account_id and t.id = d.id
     returning ${COLUMNS.split(', ')
       .map((column) => `t.${column.trim()}`)
       .join(', ')}`,
    [now, leaseUntil, limit],
  );
  return found.rows;
}
