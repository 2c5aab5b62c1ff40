import type { StoreBinding, PlatformStore, StoreToken } from '../core/store-binding.ts';
import type { TimeMs } from '../core/time.ts';
import { finishBinding } from '../store/bindings.ts';
import { hurryClocksOfStore } from '../store/order-clocks.ts';
import { putToken, readCandidates, readToken } from '../store/store-tokens.ts';
import type { TokenRow } from '../store/store-tokens.ts';
import { readStoresOfToken, touchStores } from '../store/stores.ts';
import type { StoreRow } from '../store/stores.ts';
import { BY_QUERY, freshKey, noteHistory, openToken, saveStore, stateOf, storeAt } from './store-desk.ts';
import type { Origin, StoreDesk } from './store-desk.ts';

/** A token with nothing more to be done for now. */
export const AT_REST = { task: null, dueAt: null, attempts: 0, reason: null } as const;
/** A token that is no longer one. */
export const WIPED = { ...AT_REST, sealed: null } as const;

/** An unknown lifetime is learned by an early refresh. */
const UNKNOWN_LIFETIME_MS = 600_000;

/**
 * When a token is to be refreshed: with a third of its time left, so that a platform may be away for days. null: it
 * needs none.
 */
export function refreshAt(
  binding: Pick<StoreBinding, 'refresh'> | undefined,
  token: StoreToken,
  nowMs: TimeMs,
): Date | null {
  if (binding?.refresh === undefined) return null;
  if (token.expiresAt === null) return token.refreshToken === null ? null : new Date(nowMs + UNKNOWN_LIFETIME_MS);
  return new Date(token.expiresAt - Math.max(0, token.expiresAt - nowMs) / 3);
}

/** The token as it stands once it is good: in use, with its refresh ahead. */
export function inUse(desk: StoreDesk, binding: Pick<StoreBinding, 'refresh'> | undefined, row: TokenRow): TokenRow {
  const token = openToken(desk.ctx.sealer, row);
  const dueAt = refreshAt(binding, token, desk.now.getTime());
  return {
    ...row,
    ...AT_REST,
    state: 'active',
    ...(dueAt === null ? {} : { task: 'refresh', dueAt }),
    updatedAt: desk.now,
  };
}

/** Which of two bindings is newer: by the platform's time, else by when it came. */
export const saidAtOf = (token: Pick<TokenRow, 'saidAt' | 'createdAt'>): number =>
  (token.saidAt ?? token.createdAt).getTime();

/**
 * Takes a token of one store into use, as the platform answered to it. The one before is retired with everything else
 * that came for the store; unless that one is newer, then this one is.
 */
export async function bindStore(
  desk: StoreDesk,
  binding: StoreBinding | undefined,
  token: TokenRow,
  found: PlatformStore | undefined,
  origin: Origin,
): Promise<'bound' | 'older'> {
  const store = await storeAt(desk, token.store);
  const active = store.tokenId === null ? undefined : await readToken(desk.tx, store.account, store.tokenId);
  if (active !== undefined && active.id !== token.id && active.store !== '' && saidAtOf(active) > saidAtOf(token)) {
    await putToken(desk.tx, { ...token, ...WIPED, state: 'retired', updatedAt: desk.now });
    return 'older';
  }
  await putToken(desk.tx, inUse(desk, binding, token));
  await dropCandidates(desk, store.ref, (candidate) => candidate.id !== token.id);
  await finishBinding(desk.tx, store.account, store.ref, desk.now);
  await takeIntoUse(desk, store, token, found ?? { platformStoreId: null, name: token.name, open: null }, origin);
  await touchStores(desk.tx, store.account);
  return 'bound';
}

/** Takes a seller's token into use for the stores that it opens. Returns their numbers. */
export async function bindSeller(
  desk: StoreDesk,
  binding: StoreBinding | undefined,
  token: TokenRow,
  found: readonly PlatformStore[],
  origin: Origin,
): Promise<readonly string[]> {
  await putToken(desk.tx, inUse(desk, binding, token));
  const refs: string[] = [];
  for (const platformStore of found) {
    // Messages of such a platform name a store by the platform's own number.
    if (platformStore.platformStoreId === null) continue;
    const store = await storeAt(desk, platformStore.platformStoreId);
    await takeIntoUse(desk, store, token, platformStore, origin);
    refs.push(store.ref);
  }
  await touchStores(desk.tx, desk.account.id);
  return refs;
}

async function takeIntoUse(
  desk: StoreDesk,
  store: StoreRow,
  token: TokenRow,
  found: PlatformStore,
  origin: Origin,
): Promise<void> {
  const isAgain = store.tokenId === token.id;
  await saveStore(
    desk,
    {
      ...store,
      state: 'bound',
      reason: null,
      tokenId: token.id,
      name: found.name ?? token.name ?? store.name,
      platformStoreId: found.platformStoreId ?? token.platformStoreId ?? store.platformStoreId,
      openState: found.open === null ? store.openState : found.open ? 'open' : 'closed',
      boundAt: isAgain ? store.boundAt : desk.now,
    },
    isAgain ? null : 'store.bound',
    origin,
  );
  // After the store has left it: the old token may have opened this one only.
  if (store.tokenId !== null && !isAgain) await retireIfUnused(desk, store.tokenId);
  if (!isAgain) await noteHistory(desk, store.ref, { key: freshKey(desk, 'bound'), kind: 'bound', detail: {} }, origin);
  await hurryClocksOfStore(desk.tx, store.account, store.ref, desk.now);
}

/** Ends the binding of a store: its token is wiped unless it opens others too. */
export async function releaseStore(
  desk: StoreDesk,
  store: StoreRow,
  saidAt: Date | null,
  origin: Origin,
): Promise<void> {
  const { tokenId } = store;
  const left = { ...store, tokenId: null, reason: null, releasedAt: desk.now };
  await saveStore(desk, { ...left, state: await stateOf(desk, left) }, 'store.released', origin);
  if (tokenId !== null) await retireIfUnused(desk, tokenId);
  await noteHistory(desk, store.ref, { key: freshKey(desk, 'released'), kind: 'released', saidAt, detail: {} }, origin);
}

async function retireIfUnused(desk: StoreDesk, tokenId: string): Promise<void> {
  const token = await readToken(desk.tx, desk.account.id, tokenId);
  if (token === undefined || (await readStoresOfToken(desk.tx, desk.account.id, tokenId)).length > 0) return;
  await putToken(desk.tx, { ...token, ...WIPED, state: 'retired', updatedAt: desk.now });
}

/** Refuses candidates of a store: they were superseded, or released before they were proved. */
export async function dropCandidates(
  desk: StoreDesk,
  store: string,
  isMeant: (candidate: TokenRow) => boolean,
): Promise<number> {
  const meant = (await readCandidates(desk.tx, desk.account.id, store)).filter((candidate) => isMeant(candidate));
  for (const candidate of meant)
    await putToken(desk.tx, { ...candidate, ...WIPED, state: 'refused', updatedAt: desk.now });
  return meant.length;
}

/** Shows at every store of a token what keeps it from working; null: nothing any more. */
export async function noteTrouble(desk: StoreDesk, token: TokenRow, reason: string | null): Promise<void> {
  const stores =
    token.state === 'active'
      ? await readStoresOfToken(desk.tx, desk.account.id, token.id)
      : token.store === ''
        ? []
        : [await storeAt(desk, token.store)];
  for (const store of stores) {
    const state = await stateOf(desk, store);
    if (store.reason === reason && store.state === state) continue;
    await saveStore(desk, { ...store, reason, state }, 'store.changed', BY_QUERY);
    const detail = { reason };
    await noteHistory(desk, store.ref, { key: freshKey(desk, 'trouble'), kind: 'trouble', detail }, BY_QUERY);
  }
}
