import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../core/ids.ts';
import type { AccessTokens } from '../core/access-token.ts';
import type { PlatformRefusal, PlatformResult } from '../core/outgoing.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { TimeMs } from '../core/time.ts';
import {
  claimAccessToken,
  forgetAccessToken,
  leaveAccessToken,
  putAccessToken,
  readAccessToken,
} from '../store/access-tokens.ts';
import type { AccessTokenRow } from '../store/access-tokens.ts';
import type { Pool } from '../store/pool.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer' | 'callPlatform' | 'log'>;

/** A fetch is one call of 15 s at most; who dies meanwhile holds up the others for so long. */
const LEASE_MS = 30_000;
/** How often and how long those look that wait for another process's fetch. */
const LOOK_MS = 100;
const LOOKS = 300;
/** After a refusal nobody asks again for so long: a hundred queued actions would else ask a hundred times. */
const HOLD_MS = { retry: 5000, alert: 60_000, final: 60_000 } as const;

/** One fetch an account and process: those that want a token meanwhile wait for the same. */
const flightsOf = new WeakMap<Pool, Map<string, Promise<PlatformResult<string>>>>();

/**
 * The access token of an account, good for a call now. Kept sealed in the database for all processes and replaced
 * `refreshEarlyMs` before its end, by one of them; the others go on with the old one as long as it lasts, or wait.
 * Credentials that were changed buy a new one. A refusal is the platform's, or `unreachable`; class `final` never comes.
 */
export async function accessTokenOf(ctx: Deps, account: KnownAccount): Promise<PlatformResult<string>> {
  const { accessTokens } = account.connector;
  if (accessTokens === undefined) return refused('alert', 'no_access_tokens', 'The platform sells no access tokens.');
  const madeFor = fingerprintOf(ctx, account);
  const row = await readAccessToken(ctx.pool, account.row.id);
  const held = usable(ctx, row, madeFor, accessTokens.refreshEarlyMs);
  if (held?.isFresh === true) return { ok: true, value: held.token };

  let flights = flightsOf.get(ctx.pool);
  if (flights === undefined) flightsOf.set(ctx.pool, (flights = new Map<string, Promise<PlatformResult<string>>>()));
  const name = `${account.row.id} ${madeFor.toString('hex')}`;
  const flight = flights.get(name);
  if (flight !== undefined) return flight;
  const own = obtain(ctx, account, accessTokens, madeFor);
  flights.set(name, own);
  try {
    return await own;
  } finally {
    flights.delete(name);
  }
}

/** Forgets a token that the platform did not take; one that another process has fetched since then stays. */
export async function dropAccessToken(ctx: Deps, accountId: string, token: string): Promise<void> {
  const row = await readAccessToken(ctx.pool, accountId);
  if (row?.sealed === undefined || row.sealed === null) return;
  if (ctx.sealer.open(row.sealed).toString('utf8') !== token) return;
  await forgetAccessToken(ctx.pool, accountId, row.sealed, new Date(ctx.clock()));
}

interface Usable {
  readonly token: string;
  /** Not near its end; or near it, and the platform would not sell another just now. */
  readonly isFresh: boolean;
}

function usable(
  ctx: Deps,
  row: AccessTokenRow | undefined,
  madeFor: Buffer,
  refreshEarlyMs: number,
): Usable | undefined {
  if (row === undefined || row.sealed === null || row.expiresAt === null || !row.madeFor.equals(madeFor)) {
    return undefined;
  }
  const nowMs = ctx.clock();
  const leftMs = row.expiresAt.getTime() - nowMs;
  if (leftMs <= 0) return undefined;
  const isHeld = (row.holdUntil?.getTime() ?? 0) > nowMs;
  return { token: ctx.sealer.open(row.sealed).toString('utf8'), isFresh: leftMs > refreshEarlyMs || isHeld };
}

/** Fetches a token, or waits for the process that does. */
async function obtain(
  ctx: Deps,
  account: KnownAccount,
  accessTokens: AccessTokens,
  madeFor: Buffer,
): Promise<PlatformResult<string>> {
  const accountId = account.row.id;
  for (let look = 0; look < LOOKS; look += 1) {
    const nowMs = ctx.clock();
    const lease = newId('tok', nowMs, ctx.randomBytes);
    const claim = { madeFor, lease, leaseUntil: new Date(nowMs + LEASE_MS), now: new Date(nowMs) };
    const claimed = await claimAccessToken(ctx.pool, accountId, claim);
    const row = claimed ?? (await readAccessToken(ctx.pool, accountId));
    const held = usable(ctx, row, madeFor, accessTokens.refreshEarlyMs);
    const refusal = held === undefined ? heldRefusal(row, madeFor, nowMs) : undefined;
    if (claimed !== undefined) {
      if (held?.isFresh !== true && refusal === undefined)
        return fetchUnder(ctx, account, accessTokens, { madeFor, lease, old: held?.token });
      await leaveAccessToken(ctx.pool, accountId, lease, null, new Date(ctx.clock()));
    }
    if (held !== undefined) return { ok: true, value: held.token };
    if (refusal !== undefined) return { ok: false, refusal };
    await sleep(LOOK_MS);
  }
  return refused('retry', 'token_pending', 'Another process has been fetching an access token for too long.');
}

function heldRefusal(row: AccessTokenRow | undefined, madeFor: Buffer, nowMs: TimeMs): PlatformRefusal | undefined {
  if (row === undefined || row.refusal === null || !row.madeFor.equals(madeFor)) return undefined;
  return (row.holdUntil?.getTime() ?? 0) > nowMs ? row.refusal : undefined;
}

async function fetchUnder(
  ctx: Deps,
  account: KnownAccount,
  accessTokens: AccessTokens,
  { madeFor, lease, old }: { readonly madeFor: Buffer; readonly lease: string; readonly old: string | undefined },
): Promise<PlatformResult<string>> {
  const accountId = account.row.id;
  let fetched: Awaited<ReturnType<AccessTokens['fetch']>>;
  try {
    fetched = await accessTokens.fetch(account.view, ctx.callPlatform, ctx.clock());
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) {
      await leaveAccessToken(ctx.pool, accountId, lease, null, new Date(ctx.clock()));
      throw error;
    }
    fetched = refused('retry', 'unreachable', error.message);
  }
  const now = new Date(ctx.clock());
  if (fetched.ok) {
    const { token, expiresAt } = fetched.value;
    const sealed = ctx.sealer.seal(token);
    await putAccessToken(ctx.pool, accountId, lease, { madeFor, sealed, expiresAt: new Date(expiresAt), now });
    return { ok: true, value: token };
  }
  // Nothing is final about an account's own token: a person changes the credentials, and it works.
  const { class: kind } = fetched.refusal;
  const refusal: PlatformRefusal = { ...fetched.refusal, class: kind === 'final' ? 'alert' : kind };
  const holdUntil = new Date(now.getTime() + HOLD_MS[kind]);
  await leaveAccessToken(ctx.pool, accountId, lease, { madeFor, refusal, holdUntil }, now);
  ctx.log.warn({ account: accountId, code: refusal.code }, 'no access token was given');
  return old === undefined ? { ok: false, refusal } : { ok: true, value: old };
}

/** Of the credentials and of where they are used: what a token was bought with. */
function fingerprintOf(ctx: Deps, { row, view }: KnownAccount): Buffer {
  const secrets = row.secrets.map(({ field, fingerprint }) => `${field} ${fingerprint}`).sort();
  return ctx.sealer.hash(JSON.stringify(['access token', secrets, view.settings['baseUrl'] ?? null]));
}

const refused = (
  kind: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } => ({
  ok: false,
  refusal: { class: kind, code, message },
});
