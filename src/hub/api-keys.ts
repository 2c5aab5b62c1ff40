import { createHash, timingSafeEqual } from 'node:crypto';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { findApiKey, insertApiKey, listApiKeys, readApiKey, revokeApiKey } from '../store/api-keys.ts';
import type { ApiKeyRow } from '../store/api-keys.ts';
import type { Tx } from '../store/transaction.ts';
import { ADMIN_PRINCIPAL, requireNoLimits, requireRight } from './access.ts';
import type { Limits, Principal, Right } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';

const KEY_BYTES = 32;

/** SHA-256 and not a slow hash: a key has 256 random bits, so there is nothing to guess. */
export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** A new API key, `hdk_…`. */
export const newApiKey = (randomBytes: HubContext['randomBytes']): string =>
  `hdk_${Buffer.from(randomBytes(KEY_BYTES)).toString('base64url')}`;

/** Who the key belongs to; `undefined` for one that is unknown or revoked. Time tells nothing: only hashes are compared. */
export async function findPrincipal(
  ctx: Pick<HubContext, 'pool'>,
  adminKeyHash: Buffer,
  key: string,
): Promise<Principal | undefined> {
  const hash = hashApiKey(key);
  if (timingSafeEqual(hash, adminKeyHash)) return ADMIN_PRINCIPAL;
  const row = await findApiKey(ctx.pool, hash);
  return row === undefined ? undefined : toPrincipal(row);
}

function toPrincipal({ id, name, right, reveal, accounts, merchants, shops }: ApiKeyRow): Principal {
  return { id, name, right, reveal, accounts, merchants, shops };
}

export interface NewApiKey extends Partial<Limits> {
  readonly name: string;
  readonly right: Right;
  readonly reveal?: boolean;
}

/** An API key as the API shows it. */
export interface ApiKeyJson extends Principal {
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/**
 * Makes a key; `key` is given this once. Only an admin without limits may, and only one that may reveal personal data
 * can let another do so. Error: `forbidden`.
 */
export async function createApiKey(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  principal: Principal,
  input: NewApiKey,
): Promise<ApiKeyJson & { readonly key: string }> {
  requireKeyRights(principal);
  const reveal = input.reveal ?? false;
  if (reveal && !principal.reveal)
    throw new HuidanError('forbidden', 'It cannot give the right to reveal personal data.');
  const nowMs = ctx.clock();
  const key = newApiKey(ctx.randomBytes);
  const row = {
    id: newId('key', nowMs, ctx.randomBytes),
    name: input.name,
    right: input.right,
    reveal,
    accounts: input.accounts ?? null,
    merchants: input.merchants ?? null,
    shops: input.shops ?? null,
    createdAt: new Date(nowMs),
  };
  await insertApiKey(tx, { ...row, hash: hashApiKey(key) });
  await recordAudit(ctx, tx, principal, {
    action: 'key.created',
    subject: row.id,
    detail: { name: row.name, right: row.right, reveal },
  });
  return { ...toJson({ ...row, revokedAt: null }), key };
}

/** Keys by age, those after `afterId`. Error: `forbidden`. */
export async function readApiKeys(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly ApiKeyJson[]> {
  requireKeyRights(principal);
  return (await listApiKeys(ctx.pool, page)).map(toJson);
}

/** One key. Errors: `forbidden`, `key_not_found`. */
export async function readOneApiKey(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  id: string,
): Promise<ApiKeyJson> {
  requireKeyRights(principal);
  const row = await readApiKey(ctx.pool, id);
  if (row === undefined) throw new HuidanError('key_not_found');
  return toJson(row);
}

/** Ends a key at once. Errors: `forbidden`, `key_not_found` (the key of the configuration, too: it ends with its variable). */
export async function endApiKey(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  principal: Principal,
  id: string,
): Promise<void> {
  requireKeyRights(principal);
  if (!(await revokeApiKey(tx, id, new Date(ctx.clock())))) throw new HuidanError('key_not_found');
  await recordAudit(ctx, tx, principal, { action: 'key.revoked', subject: id, detail: {} });
}

function requireKeyRights(principal: Principal): void {
  requireRight(principal, 'admin');
  requireNoLimits(principal);
}

function toJson(row: ApiKeyRow): ApiKeyJson {
  return {
    ...toPrincipal(row),
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
