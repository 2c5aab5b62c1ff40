import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { readHistory } from '../store/store-history.ts';
import type { HistorySource } from '../store/store-history.ts';
import { findListedStore, listStores } from '../store/stores.ts';
import type { ListedStoreRow, StoreFilter, StoreState } from '../store/stores.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';

/** A store as the API shows it; never its token. Times are RFC 3339. */
export interface StoreJson {
  readonly account: string;
  readonly platform: string;
  readonly store: string;
  readonly name: string | null;
  readonly platformStoreId: string | null;
  readonly state: StoreState;
  readonly reason: string | null;
  readonly open: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly tokenExpiresAt: string | null;
  /** While its orders are told of its shop: how many of how many. */
  readonly relabelling: { readonly done: number; readonly total: number } | null;
  readonly boundAt: string | null;
  readonly releasedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What happened to a store. */
export interface StoreHistoryJson {
  readonly at: string;
  readonly saidAt: string | null;
  readonly kind: string;
  readonly source: HistorySource;
  readonly callback: string | null;
  readonly detail: { readonly [name: string]: Json };
}

/** The place behind an entry of the history. */
export interface HistoryPlace {
  readonly atMs: number;
  readonly key: string;
}

/** Stores that the key may see, by account and number, those after a place. */
export async function readStores(
  ctx: Pick<HubContext, 'pool'>,
  { accounts, merchants, shops }: Principal,
  filter: Omit<StoreFilter, 'accounts' | 'merchants' | 'shops'>,
  page: Parameters<typeof listStores>[2],
): Promise<readonly StoreJson[]> {
  return (await listStores(ctx.pool, { ...filter, accounts, merchants, shops }, page)).map((row) => toStoreJson(row));
}

/** One store. Error: `store_not_found`, also outside the key's limits. */
export async function readStoreOf(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  account: string,
  store: string,
): Promise<StoreJson> {
  return toStoreJson(await visibleStore(ctx, principal, account, store));
}

/** The stored row, if the key may see it. Error: `store_not_found`. */
export async function visibleStore(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  account: string,
  store: string,
): Promise<ListedStoreRow> {
  const row = await findListedStore(ctx.pool, account, store);
  const merchant = row?.merchant ?? row?.accountMerchant ?? null;
  if (row === undefined || !covers(principal, { account, merchant, shop: row.shop })) {
    throw new HuidanError('store_not_found');
  }
  return row;
}

/** What happened to a store, the youngest first. Error: `store_not_found`. */
export async function readStoreHistory(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  account: string,
  store: string,
  page: { readonly before: HistoryPlace | null; readonly limit: number },
): Promise<readonly { readonly entry: StoreHistoryJson; readonly place: HistoryPlace }[]> {
  await visibleStore(ctx, principal, account, store);
  const rows = await readHistory(ctx.pool, account, store, page);
  return rows.map(({ at, saidAt, kind, source, receiptId, detail, key }) => ({
    entry: {
      at: at.toISOString(),
      saidAt: saidAt?.toISOString() ?? null,
      kind,
      source,
      callback: receiptId,
      detail,
    },
    place: { atMs: at.getTime(), key },
  }));
}

export function toStoreJson(row: ListedStoreRow): StoreJson {
  return {
    account: row.account,
    platform: row.platform,
    store: row.ref,
    name: row.name,
    platformStoreId: row.platformStoreId,
    state: row.state,
    reason: row.reason,
    open: row.openState,
    merchant: row.merchant ?? row.accountMerchant,
    shop: row.shop,
    tokenExpiresAt: row.tokenExpiresAt?.toISOString() ?? null,
    relabelling: row.relabelTotal === null ? null : { done: row.relabelDone ?? 0, total: row.relabelTotal },
    boundAt: row.boundAt?.toISOString() ?? null,
    releasedAt: row.releasedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
