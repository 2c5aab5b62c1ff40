import type { Json } from '../core/json.ts';
import type { StoreToken } from '../core/store-binding.ts';
import { newId } from '../core/ids.ts';
import { findPendingBinding } from '../store/bindings.ts';
import { takeSequences } from '../store/event-subjects.ts';
import { insertHistory } from '../store/store-history.ts';
import type { HistoryRow, HistorySource } from '../store/store-history.ts';
import { readCandidates } from '../store/store-tokens.ts';
import type { TokenRow } from '../store/store-tokens.ts';
import { putStore, readStore, touchStores } from '../store/stores.ts';
import type { StoreRow, StoreState } from '../store/stores.ts';
import type { Sealer } from '../store/seal.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { NewEvent } from './publish-events.ts';

/** The stores of one account within one transaction that holds the account's clock, so nobody else changes them. */
export interface StoreDesk {
  readonly ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>;
  readonly tx: Tx;
  readonly account: DeskAccount;
  readonly now: Date;
  /** Changes that show, in their order: an event each. */
  readonly changes: StoreChange[];
}

export interface DeskAccount {
  readonly id: string;
  readonly platform: string;
  readonly merchant: string | null;
}

interface StoreChange {
  /** null: a notice that names no store. */
  readonly store: StoreRow | null;
  readonly type: string;
  readonly receiptId: string | null;
  readonly body: { readonly [name: string]: Json };
}

/** Where a change comes from. */
export interface Origin {
  readonly source: HistorySource;
  readonly receiptId: string | null;
}

export const BY_QUERY: Origin = { source: 'query', receiptId: null };

export function openStoreDesk(ctx: StoreDesk['ctx'], tx: Tx, account: DeskAccount, now: Date): StoreDesk {
  const { id, platform, merchant } = account;
  return { ctx, tx, account: { id, platform, merchant }, now, changes: [] };
}

/**
 * Runs `work` at the desk of an account in a transaction of its own, or in the one that is given, and publishes what
 * changed. The wakes are the caller's after the commit where it brought the transaction.
 */
export async function atStoreDesk<T>(
  ctx: HubContext,
  account: DeskAccount,
  work: (desk: StoreDesk) => Promise<T>,
  outer?: Tx,
): Promise<T> {
  const run = async (tx: Tx): Promise<T> => {
    const held = await holdFeed(ctx, tx, account.id);
    const desk = openStoreDesk(ctx, tx, account, held.createdAt);
    const result = await work(desk);
    publishEvents(ctx, tx, account.id, held, await storeEvents(desk));
    return result;
  };
  if (outer !== undefined) return run(outer);
  const result = await transaction(ctx.pool, run);
  ctx.wake.deliveries(account.id);
  ctx.wake.work();
  return result;
}

/** The events of what changed at the desk, numbered per store. */
export async function storeEvents(desk: StoreDesk): Promise<readonly NewEvent[]> {
  const { account, now, changes } = desk;
  if (changes.length === 0) return [];
  const subjectOf = ({ store }: StoreChange): string => `store:${account.id}:${store?.ref ?? ''}`;
  const counts = new Map<string, number>();
  for (const change of changes) counts.set(subjectOf(change), (counts.get(subjectOf(change)) ?? 0) + 1);
  const next = new Map(await takeSequences(desk.tx, account.id, counts));
  return changes.map((change) => {
    const subject = subjectOf(change);
    const sequence = next.get(subject) ?? 1;
    next.set(subject, sequence + 1);
    const { store } = change;
    return {
      subject,
      sequence,
      type: change.type,
      previousStatus: null,
      merchant: store?.merchant ?? account.merchant,
      shop: store?.shop ?? null,
      receiptId: change.receiptId,
      body: {
        account: account.id,
        platform: account.platform,
        store: store === null ? null : storeBody(account, store, now),
        ...change.body,
      },
    };
  });
}

/** A store in an event. Names no token: an event goes to whoever may know of the store. */
function storeBody(account: DeskAccount, store: StoreRow, now: Date): { readonly [name: string]: Json } {
  return {
    account: account.id,
    platform: account.platform,
    store: store.ref,
    name: store.name,
    platformStoreId: store.platformStoreId,
    state: store.state,
    reason: store.reason,
    open: store.openState,
    merchant: store.merchant ?? account.merchant,
    shop: store.shop,
    boundAt: store.boundAt?.toISOString() ?? null,
    releasedAt: store.releasedAt?.toISOString() ?? null,
    updatedAt: now.toISOString(),
  };
}

/** The store, or a blank one that is yet to be saved. */
export async function storeAt(desk: StoreDesk, ref: string): Promise<StoreRow> {
  return (await readStore(desk.tx, desk.account.id, ref)) ?? blankStore(desk, ref);
}

function blankStore({ account, now }: StoreDesk, ref: string): StoreRow {
  return {
    account: account.id,
    ref,
    name: null,
    platformStoreId: null,
    state: 'unbound',
    reason: null,
    tokenId: null,
    openState: null,
    openStateAt: null,
    merchant: null,
    shop: null,
    boundAt: null,
    releasedAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** Saves a store and notes the event of it; `type` null: nothing that shows has changed. */
export async function saveStore(
  desk: StoreDesk,
  store: StoreRow,
  type: string | null,
  origin: Origin,
  body: { readonly [name: string]: Json } = {},
): Promise<StoreRow> {
  const saved = { ...store, updatedAt: desk.now };
  if (await putStore(desk.tx, saved)) await touchStores(desk.tx, desk.account.id);
  if (type !== null) desk.changes.push({ store: saved, type, receiptId: origin.receiptId, body });
  return saved;
}

/** What a store is, going by what there is of it. */
export async function stateOf(desk: StoreDesk, store: StoreRow): Promise<StoreState> {
  if (store.tokenId !== null) return 'bound';
  const candidates = await readCandidates(desk.tx, desk.account.id, store.ref);
  if (candidates.length > 0) return 'proving';
  const pending = await findPendingBinding(desk.tx, desk.account.id, store.ref, desk.now);
  if (pending !== undefined) return 'pending';
  return store.boundAt === null ? 'unbound' : 'released';
}

/** Writes down what happened to a store. False when the very same was there already. */
export function noteHistory(
  desk: StoreDesk,
  store: string,
  entry: Pick<HistoryRow, 'key' | 'kind' | 'detail'> & { readonly saidAt?: Date | null },
  origin: Origin,
): Promise<boolean> {
  return insertHistory(desk.tx, {
    account: desk.account.id,
    store,
    at: desk.now,
    saidAt: null,
    ...entry,
    ...origin,
  });
}

/** A key for what happens once by its nature, such as an answer to a call of ours. */
export function freshKey({ ctx, now }: StoreDesk, kind: string): string {
  return `${kind}:${newId('req', now.getTime(), ctx.randomBytes)}`;
}

/** The token that lies sealed in a row. Error: TypeError for one that was wiped. */
export function openToken(sealer: Pick<Sealer, 'open'>, row: Pick<TokenRow, 'sealed' | 'expiresAt'>): StoreToken {
  if (row.sealed === null) throw new TypeError('a token that was retired is wiped');
  const { accessToken, refreshToken } = JSON.parse(sealer.open(row.sealed).toString('utf8')) as {
    readonly accessToken: string;
    readonly refreshToken: string | null;
  };
  return { accessToken, refreshToken, expiresAt: row.expiresAt?.getTime() ?? null };
}

export function sealToken(sealer: Pick<Sealer, 'seal'>, token: StoreToken): Buffer {
  return sealer.seal(JSON.stringify({ accessToken: token.accessToken, refreshToken: token.refreshToken }));
}

/** Tells equal tokens without holding them. */
export function tokenHash(sealer: Pick<Sealer, 'hash'>, accessToken: string): Buffer {
  return sealer.hash(`store token ${accessToken}`);
}
