import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import type { PlatformStore, StoreBinding, StoreToken } from '../core/store-binding.ts';
import { claimTokens, putToken, readToken } from '../store/store-tokens.ts';
import type { TokenRow } from '../store/store-tokens.ts';
import { readStoresOfToken } from '../store/stores.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { BY_QUERY, atStoreDesk, freshKey, noteHistory, openToken, sealToken } from './store-desk.ts';
import type { StoreDesk } from './store-desk.ts';
import { WIPED, bindSeller, bindStore, inUse, noteTrouble, releaseStore } from './store-proof.ts';

export interface StoreTaskDeps {
  readonly accounts: AccountDirectory;
}

const CLAIM_LIMIT = 32;
const CALLS_AT_ONCE = 8;
const LEASE_MS = 90_000;
/** A platform may need seconds to know the token that it has just pushed; its outages last minutes. */
const WAITS_MS = [2000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000] as const;
const PAUSED_WAIT_MS = 60_000;
/** A token that did not open its store for so long is none. */
const PROVE_FOR_MS = 86_400_000;
/** How often it is asked whether a store was released that somebody says was: then it stays bound. */
const CHECK_ATTEMPTS = 8;

/**
 * Does what is due with tokens: proves those that came, looks whether a store was released that somebody says was, and
 * refreshes those that run out. Returns how many it took.
 */
export async function runDueStoreTasks(ctx: HubContext, deps: StoreTaskDeps): Promise<number> {
  const nowMs = ctx.clock();
  const due = [...(await claimTokens(ctx.pool, new Date(nowMs), new Date(nowMs + LEASE_MS), CLAIM_LIMIT))];
  const count = due.length;
  const lanes = Array.from({ length: Math.min(CALLS_AT_ONCE, count) }, async () => {
    for (let token = due.pop(); token !== undefined; token = due.pop()) {
      try {
        await runTask(ctx, deps, token);
      } catch (error) {
        // The lease brings it back.
        ctx.log.error({ err: error, account: token.account, task: token.task }, 'a task of a store token failed');
      }
    }
  });
  await Promise.all(lanes);
  return count;
}

async function runTask(ctx: HubContext, deps: StoreTaskDeps, token: TokenRow): Promise<void> {
  const account = await deps.accounts.find(token.account);
  const binding = account?.connector.binding;
  if (account === undefined || binding === undefined) {
    // Of a deleted account: its secrets are gone, and so shall its tokens be.
    await putToken(ctx.pool, { ...token, ...WIPED, state: 'retired', updatedAt: new Date(ctx.clock()) });
    return;
  }
  if (account.row.mode === 'paused') {
    await putToken(ctx.pool, { ...token, dueAt: new Date(ctx.clock() + PAUSED_WAIT_MS) });
    return;
  }
  switch (token.task) {
    case 'prove':
      return prove(ctx, deps, account, binding, token);
    case 'check':
      return check(ctx, account, binding, token);
    case 'refresh':
      return refresh(ctx, account, binding, token);
    case null:
  }
}

/** Asks the platform; a platform that cannot be reached has refused for now. */
export async function askPlatform<T>(ask: () => Promise<PlatformResult<T>>): Promise<PlatformResult<T>> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) throw error;
    return { ok: false, refusal: { class: 'retry', code: 'unreachable', message: error.message } };
  }
}

/** One harmless call that shows which stores a token opens. */
export function proveToken(
  ctx: HubContext,
  account: KnownAccount,
  binding: StoreBinding,
  store: string,
  token: StoreToken,
): Promise<PlatformResult<readonly PlatformStore[]>> {
  return askPlatform(() => binding.prove(account.view, ctx.callPlatform, store, token, ctx.clock()));
}

/** Works on the token as it is now, if nobody changed it during the call. */
async function settle(
  ctx: HubContext,
  account: KnownAccount,
  asked: TokenRow,
  work: (desk: StoreDesk, token: TokenRow) => Promise<void>,
): Promise<void> {
  await atStoreDesk(ctx, account.row, async (desk) => {
    const token = await readToken(desk.tx, asked.account, asked.id);
    const isSame = token?.state === asked.state && token.task === asked.task && token.version === asked.version;
    if (token !== undefined && isSame) await work(desk, token);
  });
}

async function prove(
  ctx: HubContext,
  deps: StoreTaskDeps,
  account: KnownAccount,
  binding: StoreBinding,
  asked: TokenRow,
): Promise<void> {
  const answer = await proveToken(ctx, account, binding, asked.store, openToken(ctx.sealer, asked));
  await settle(ctx, account, asked, async (desk, token) => {
    if (answer.ok) {
      if (token.store === '') await bindSeller(desk, binding, token, answer.value, BY_QUERY);
      else await bindStore(desk, binding, token, answer.value[0], BY_QUERY);
      return;
    }
    const reason = reasonOf(answer.refusal);
    const isOver = desk.now.getTime() - token.createdAt.getTime() > PROVE_FOR_MS;
    const next: TokenRow = isOver
      ? { ...token, ...WIPED, state: 'refused', reason, updatedAt: desk.now }
      : { ...later(desk, token), reason };
    await putToken(desk.tx, next);
    await noteTrouble(desk, token, reason);
  });
  if (answer.ok) deps.accounts.forget(account.row.id);
}

/** A release that nobody vouched for: the store stays bound unless its token no longer opens it. */
async function check(ctx: HubContext, account: KnownAccount, binding: StoreBinding, asked: TokenRow): Promise<void> {
  const answer = await proveToken(ctx, account, binding, asked.store, openToken(ctx.sealer, asked));
  await settle(ctx, account, asked, async (desk, token) => {
    const isReleased = !answer.ok && binding.tellsReleased?.(answer.refusal) === true;
    if (isReleased) {
      for (const store of await readStoresOfToken(desk.tx, token.account, token.id)) {
        await releaseStore(desk, store, null, BY_QUERY);
      }
      return;
    }
    if (!answer.ok && answer.refusal.class === 'retry' && token.attempts + 1 < CHECK_ATTEMPTS) {
      await putToken(desk.tx, later(desk, token));
      return;
    }
    await putToken(desk.tx, inUse(desk, binding, token));
    const detail = answer.ok ? {} : { reason: reasonOf(answer.refusal) };
    for (const store of await readStoresOfToken(desk.tx, token.account, token.id)) {
      const entry = { key: freshKey(desk, 'still_bound'), kind: 'still_bound', detail };
      await noteHistory(desk, store.ref, entry, BY_QUERY);
    }
  });
}

/** The pair before stays stored until the new one is: a refresh whose answer got lost is done again with it. */
async function refresh(ctx: HubContext, account: KnownAccount, binding: StoreBinding, asked: TokenRow): Promise<void> {
  const held = openToken(ctx.sealer, asked);
  const answer = await askPlatform(async () => {
    const fresh = await binding.refresh?.(account.view, ctx.callPlatform, held, ctx.clock());
    return fresh ?? { ok: false, refusal: { class: 'final', code: 'no_refresh', message: 'It cannot be refreshed.' } };
  });
  await settle(ctx, account, asked, async (desk, token) => {
    if (answer.ok) {
      // A platform that gives back no new refresh token lets the old one live on.
      const fresh = { ...answer.value, refreshToken: answer.value.refreshToken ?? held.refreshToken };
      const expiresAt = fresh.expiresAt === null ? null : new Date(fresh.expiresAt);
      const row = { ...token, sealed: sealToken(ctx.sealer, fresh), expiresAt, version: token.version + 1 };
      await putToken(desk.tx, inUse(desk, binding, row));
      await noteTrouble(desk, row, null);
      return;
    }
    const reason = `The token could not be refreshed: ${reasonOf(answer.refusal)}`;
    await putToken(desk.tx, { ...later(desk, token), reason });
    // One failure of many days' time is no news; a person's business is, and so is a token about to run out.
    const isUrgent = answer.refusal.class !== 'retry' || token.attempts + 1 >= WAITS_MS.length;
    if (isUrgent) await noteTrouble(desk, token, reason);
  });
}

const reasonOf = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  `${code}: ${message}`;

/** The token put off, longer each time. */
function later(desk: StoreDesk, token: TokenRow): TokenRow {
  const attempts = token.attempts + 1;
  const waitMs = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? 0;
  return { ...token, attempts, dueAt: new Date(desk.now.getTime() + waitMs), updatedAt: desk.now };
}
