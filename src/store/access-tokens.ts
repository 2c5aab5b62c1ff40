import type { PlatformRefusal } from '../core/outgoing.ts';
import type { Queryable } from './pool.ts';

/** The access token of an account, or why there is none. */
export interface AccessTokenRow {
  /** Of the credentials that bought it. */
  readonly madeFor: Buffer;
  readonly sealed: Buffer | null;
  readonly expiresAt: Date | null;
  readonly leaseUntil: Date | null;
  /** Why the last fetch bought none; nobody asks again before `holdUntil`. */
  readonly refusal: PlatformRefusal | null;
  readonly holdUntil: Date | null;
}

const COLUMNS = `made_for as "madeFor", sealed, expires_at as "expiresAt", lease_until as "leaseUntil", refusal,
  hold_until as "holdUntil"`;

export async function readAccessToken(db: Queryable, accountId: string): Promise<AccessTokenRow | undefined> {
  const found = await db.query<AccessTokenRow>(`select ${COLUMNS} from access_tokens where account_id = $1`, [
    accountId,
  ]);
  return found.rows[0];
}

/**
 * Takes the right to fetch a token, for the time of a lease. Returns the row as it is then, since another process may
 * have just put one there; `undefined`: somebody else is fetching.
 */
export async function claimAccessToken(
  db: Queryable,
  accountId: string,
  claim: { readonly madeFor: Buffer; readonly lease: string; readonly leaseUntil: Date; readonly now: Date },
): Promise<AccessTokenRow | undefined> {
  const claimed = await db.query<AccessTokenRow>(
    `insert into access_tokens (account_id, made_for, lease, lease_until, updated_at)
     values ($1, $2, $3, $4, $5)
     on conflict (account_id) do update
        set lease = excluded.lease, lease_until = excluded.lease_until, updated_at = excluded.updated_at
      where access_tokens.lease_until is null or access_tokens.lease_until <= excluded.updated_at
     returning ${COLUMNS}`,
    [accountId, claim.madeFor, claim.lease, claim.leaseUntil, claim.now],
  );
  return claimed.rows[0];
}

/** Keeps what was fetched and lets go of the lease. False when the lease is another's by now. */
export async function putAccessToken(
  db: Queryable,
  accountId: string,
  lease: string,
  token: { readonly madeFor: Buffer; readonly sealed: Buffer; readonly expiresAt: Date; readonly now: Date },
): Promise<boolean> {
  const put = await db.query(
    `update access_tokens
        set made_for = $3, sealed = $4, expires_at = $5, lease = null, lease_until = null, refusal = null,
            hold_until = null, updated_at = $6
      where account_id = $1 and lease = $2`,
    [accountId, lease, token.madeFor, token.sealed, token.expiresAt, token.now],
  );
  return put.rowCount === 1;
}

/** Lets go of the lease. With a refusal: why no token was bought, and until when nobody asks again. */
export async function leaveAccessToken(
  db: Queryable,
  accountId: string,
  lease: string,
  refused: {
    readonly madeFor: Buffer;
    readonly refusal: PlatformRefusal;
    readonly holdUntil: Date;
  } | null,
  now: Date,
): Promise<void> {
  await db.query(
    `update access_tokens
        set lease = null, lease_until = null, updated_at = $6, refusal = coalesce($4, refusal),
            hold_until = coalesce($5, hold_until),
            -- a token that other credentials bought is nobody's any more
            sealed = case when $3::bytea is null or made_for = $3 then sealed end,
            made_for = coalesce($3, made_for)
      where account_id = $1 and lease = $2`,
    [
      accountId,
      lease,
      refused?.madeFor ?? null,
      refused === null ? null : JSON.stringify(refused.refusal),
      refused?.holdUntil ?? null,
      now,
    ],
  );
}

/** Forgets a token that the platform did not take, unless another has come in its place. */
export async function forgetAccessToken(db: Queryable, accountId: string, sealed: Buffer, now: Date): Promise<void> {
  await db.query(
    `update access_tokens set sealed = null, expires_at = null, updated_at = $3 where account_id = $1 and sealed = $2`,
    [accountId, sealed, now],
  );
}
