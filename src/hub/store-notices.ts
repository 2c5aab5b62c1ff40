import { canonicalJson } from '../core/json.ts';
import { newId } from '../core/ids.ts';
import type { StoreNotice } from '../core/store-binding.ts';
import { beijingDay } from '../core/time.ts';
import type { TimeMs } from '../core/time.ts';
import { findPendingBinding } from '../store/bindings.ts';
import { findToken, putToken, readCandidates, readToken } from '../store/store-tokens.ts';
import { readStore } from '../store/stores.ts';
import { noteHistory, saveStore, sealToken, stateOf, storeAt, tokenHash } from './store-desk.ts';
import type { Origin, StoreDesk } from './store-desk.ts';
import { WIPED, dropCandidates, releaseStore, saidAtOf } from './store-proof.ts';

/** What a notice did. */
export interface TakenNotice {
  readonly verdict: 'applied' | 'duplicate' | 'stale';
  /** Why it did nothing. */
  readonly reason?: string;
}

/** Unproved tokens kept of one store: where bind callbacks are unsigned anyone can send more. */
const MAX_CANDIDATES = 5;

type Notice<Kind extends StoreNotice['kind']> = Extract<StoreNotice, { readonly kind: Kind }>;

/**
 * Lets what a believed message says of a store take effect. The same notice again changes nothing. A token that came is
 * only a candidate: the store is bound once the platform has answered to it.
 */
export async function takeNotice(desk: StoreDesk, notice: StoreNotice, origin: Origin): Promise<TakenNotice> {
  switch (notice.kind) {
    case 'bound':
      return takeBound(desk, notice, origin);
    case 'released':
      return takeReleased(desk, notice, origin);
    case 'state':
      return takeState(desk, notice, origin);
    case 'notice':
      return takeOther(desk, notice, origin);
  }
}

const dateOf = (at: TimeMs | null): Date | null => (at === null ? null : new Date(at));
const stale = (reason: string): TakenNotice => ({ verdict: 'stale', reason });
const APPLIED: TakenNotice = { verdict: 'applied' };
const DUPLICATE: TakenNotice = { verdict: 'duplicate' };

async function takeBound(desk: StoreDesk, notice: Notice<'bound'>, origin: Origin): Promise<TakenNotice> {
  const { tx, account, ctx, now } = desk;
  const hash = tokenHash(ctx.sealer, notice.token.accessToken);
  const known = await findToken(tx, account.id, notice.store, hash);
  if (known?.state === 'candidate' || known?.state === 'active') return DUPLICATE;
  const binding = await findPendingBinding(tx, account.id, notice.store, now);
  // A repeat of what was bound and released since, or a token that nobody asked for.
  if (binding === undefined) return stale('no binding of this store is pending');
  const store = await storeAt(desk, notice.store);
  const active = store.tokenId === null ? undefined : await readToken(tx, account.id, store.tokenId);
  if (active !== undefined && notice.at !== null && notice.at < saidAtOf(active))
    return stale('a newer binding is there');

  const candidates = await readCandidates(tx, account.id, notice.store);
  if (candidates.length >= MAX_CANDIDATES) {
    const [worst] = candidates.toSorted((a, b) => b.attempts - a.attempts);
    if (worst !== undefined) await putToken(tx, { ...worst, ...WIPED, state: 'refused', updatedAt: now });
  }
  await putToken(tx, {
    account: account.id,
    id: known?.id ?? newId('tok', now.getTime(), ctx.randomBytes),
    store: notice.store,
    hash,
    state: 'candidate',
    sealed: sealToken(ctx.sealer, notice.token),
    version: 0,
    saidAt: dateOf(notice.at),
    platformStoreId: notice.platformStoreId,
    name: notice.name,
    expiresAt: dateOf(notice.token.expiresAt),
    task: 'prove',
    dueAt: now,
    attempts: 0,
    reason: null,
    createdAt: now,
    updatedAt: now,
  });
  const key = `token:${binding.id}:${hash.toString('hex')}`;
  const detail = { binding: binding.id, platformStoreId: notice.platformStoreId, name: notice.name };
  await noteHistory(desk, store.ref, { key, kind: 'token_received', saidAt: dateOf(notice.at), detail }, origin);
  const shown = { ...store, name: store.name ?? notice.name, reason: null };
  await saveStore(desk, { ...shown, state: await stateOf(desk, shown) }, 'store.changed', origin);
  return APPLIED;
}

async function takeReleased(desk: StoreDesk, notice: Notice<'released'>, origin: Origin): Promise<TakenNotice> {
  const { tx, account, now } = desk;
  const store = await readStore(tx, account.id, notice.store);
  if (store === undefined) return stale('the account has no such store');
  const active = store.tokenId === null ? undefined : await readToken(tx, account.id, store.tokenId);
  const isHint = notice.hint === true;
  const at = notice.at;
  const dropped = isHint ? 0 : await dropCandidates(desk, store.ref, (one) => at === null || saidAtOf(one) <= at);
  if (active === undefined) {
    if (dropped === 0) return stale('the store is not bound');
    await saveStore(desk, { ...store, state: await stateOf(desk, store) }, 'store.changed', origin);
    return APPLIED;
  }
  if (at !== null && at < saidAtOf(active)) return stale('the store was bound again since');
  // Only the platform can tell: nobody vouches for it, or it might speak of the binding before this one.
  const isOpen = isHint || (active.store !== '' && (at === null || at === saidAtOf(active)));
  if (!isOpen) {
    await releaseStore(desk, store, dateOf(at), origin);
    return APPLIED;
  }
  if (active.task === 'check') return DUPLICATE;
  const key = `released?:${active.id}:${at ?? origin.receiptId ?? now.getTime()}`;
  const isNew = await noteHistory(
    desk,
    store.ref,
    { key, kind: 'release_claimed', saidAt: dateOf(at), detail: {} },
    origin,
  );
  if (!isNew) return DUPLICATE;
  await putToken(tx, { ...active, task: 'check', dueAt: now, attempts: 0, updatedAt: now });
  return APPLIED;
}

async function takeState(desk: StoreDesk, notice: Notice<'state'>, origin: Origin): Promise<TakenNotice> {
  const at = dateOf(notice.at);
  const store = await storeAt(desk, notice.store);
  const heldAt = store.openStateAt;
  if (at !== null && heldAt !== null && at < heldAt) return stale('a newer state is known');
  if (store.openState === notice.state && (at === null || heldAt?.getTime() === at.getTime())) return DUPLICATE;
  const isSame = store.openState === notice.state;
  const next = { ...store, openState: notice.state, openStateAt: at ?? desk.now };
  await saveStore(desk, next, isSame ? null : 'store.changed', origin);
  if (isSame) return DUPLICATE;
  const key = `state:${notice.state}:${at?.getTime() ?? origin.receiptId ?? desk.now.getTime()}`;
  await noteHistory(desk, store.ref, { key, kind: 'state', saidAt: at, detail: { state: notice.state } }, origin);
  return APPLIED;
}

/** Counts once by what it says and when; where it says no time, once a day. */
async function takeOther(desk: StoreDesk, notice: Notice<'notice'>, origin: Origin): Promise<TakenNotice> {
  const { topic, data, at } = notice;
  const said = canonicalJson([topic, data, at ?? beijingDay(desk.now.getTime())]);
  const key = `notice:${desk.ctx.sealer.hash(`store notice ${said}`).toString('hex')}`;
  const entry = { key, kind: 'notice', saidAt: dateOf(at), detail: { topic, data } };
  if (!(await noteHistory(desk, notice.store ?? '', entry, origin))) return DUPLICATE;
  desk.changes.push({
    store: notice.store === null ? null : await storeAt(desk, notice.store),
    type: 'store.notice',
    receiptId: origin.receiptId,
    body: { notice: { topic, data, at: at === null ? null : new Date(at).toISOString() } },
  });
  return APPLIED;
}
