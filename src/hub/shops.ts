import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { readAccountRecord } from '../store/accounts.ts';
import { NO_LIMITS, covers } from './access.ts';
import type { Principal } from './access.ts';
import { findMerchant } from '../store/merchants.ts';
import { startRelabelling } from '../store/relabel-tasks.ts';
import { deleteShopRow, findShop, insertShop, listShops, lockShop, updateShop } from '../store/shops.ts';
import type { ShopRow } from '../store/shops.ts';
import { readStoresOfShops } from '../store/stores.ts';
import type { ListedStoreRow, StoreLabel, StoreRow } from '../store/stores.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';
import { toStoreJson } from './read-stores.ts';
import type { StoreJson } from './read-stores.ts';
import { storeNumberFault } from './store-bindings.ts';
import { atStoreDesk, freshKey, noteHistory, saveStore, storeAt } from './store-desk.ts';
import type { DeskAccount, Origin, StoreDesk } from './store-desk.ts';

/** A shop as the API shows it, with the stores of it that the key may see. */
export interface ShopJson {
  readonly id: string;
  readonly merchant: string | null;
  readonly name: string;
  readonly stores: readonly StoreJson[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A store by its account and its number there. */
export interface StoreName {
  readonly account: string;
  readonly store: string;
}

const ORIGIN: Origin = { source: 'user', receiptId: null };
const UNJOINED: StoreLabel = { merchant: null, shop: null };

/** Shops that the key may see, by id, those after `afterId`. */
export async function readShops(
  db: Queryable,
  principal: Principal,
  filter: { readonly merchant: string | null },
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly ShopJson[]> {
  const rows = await listShops(db, principal, filter, page);
  return withStores(db, principal, rows);
}

/** One shop. Error: `shop_not_found`, also outside the key's limits. */
export async function readShop(db: Queryable, principal: Principal, id: string): Promise<ShopJson> {
  const row = await findShop(db, principal, id);
  const [shop] = row === undefined ? [] : await withStores(db, principal, [row]);
  if (shop === undefined) throw new HuidanError('shop_not_found');
  return shop;
}

async function withStores(db: Queryable, principal: Principal, rows: readonly ShopRow[]): Promise<readonly ShopJson[]> {
  const stores = await readStoresOfShops(
    db,
    rows.map(({ id }) => id),
  );
  const byShop = Map.groupBy(
    stores.filter((store) => covers(principal, thingOf(store))),
    ({ shop }) => shop,
  );
  return rows.map((row) => ({
    id: row.id,
    merchant: row.merchant,
    name: row.name,
    stores: (byShop.get(row.id) ?? []).map((store) => toStoreJson(store)),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }));
}

const thingOf = (store: ListedStoreRow): Parameters<typeof covers>[1] => ({
  account: store.account,
  merchant: store.merchant ?? store.accountMerchant,
  shop: store.shop,
});

/** Errors: `conflict`, `forbidden`, `merchant_not_found`, and those of `joinStore`. */
export async function createShop(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  input: {
    readonly id?: string | undefined;
    readonly merchant?: string | null | undefined;
    readonly name: string;
    readonly stores?: readonly StoreName[] | undefined;
  },
): Promise<ShopJson> {
  const nowMs = ctx.clock();
  const id = input.id ?? newId('shp', nowMs, ctx.randomBytes);
  const merchant = input.merchant ?? null;
  await requireWithin(tx, principal, id, merchant);
  const now = new Date(nowMs);
  const row = { id, merchant, name: input.name, createdAt: now, updatedAt: now };
  if (!(await insertShop(tx, row))) throw new HuidanError('conflict', 'There is a shop with this id.');
  await relabelStores(ctx, tx, principal, row, input.stores ?? []);
  return readShop(tx, withoutAccountLimit(principal), id);
}

/** A shop's merchant is also that of its stores and their orders. Errors: `shop_not_found`, `forbidden`, `merchant_not_found`. */
export async function changeShop(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  id: string,
  change: { readonly merchant?: string | null | undefined; readonly name?: string | undefined },
): Promise<ShopJson> {
  const before = await lockVisible(tx, principal, id);
  const merchant = change.merchant === undefined ? before.merchant : change.merchant;
  await requireWithin(tx, principal, id, merchant);
  // It would show the shop's orders to another merchant's keys, in accounts that this key may not see.
  if (merchant !== before.merchant && (principal.shops !== null || principal.accounts !== null)) {
    throw new HuidanError('forbidden', 'The key is limited: it cannot give a shop to another merchant.');
  }
  const row = { ...before, merchant, name: change.name ?? before.name, updatedAt: new Date(ctx.clock()) };
  await updateShop(tx, row);
  if (merchant !== before.merchant) {
    const stores = await readStoresOfShops(tx, [id]);
    await labelStores(
      ctx,
      tx,
      { merchant, shop: id },
      stores.map(({ account, ref }) => ({ account, store: ref })),
    );
  }
  return readShop(tx, withoutAccountLimit(principal), id);
}

/** Errors: `shop_not_found`, `shop_in_use`. */
export async function deleteShop(tx: Tx, principal: Principal, id: string): Promise<void> {
  await lockVisible(tx, principal, id);
  if ((await readStoresOfShops(tx, [id])).length > 0) throw new HuidanError('shop_in_use');
  await deleteShopRow(tx, id);
}

/**
 * Joins stores to a shop, from another shop too; their orders are told so in the background. A number that the account
 * does not know yet is taken as well: its orders may come first. Errors: `shop_not_found`, `account_not_found`,
 * `store_not_found` (outside the key's limits), `forbidden` (a key that is limited to shops), `malformed_request`.
 */
export async function joinStores(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  id: string,
  stores: readonly StoreName[],
): Promise<ShopJson> {
  const shop = await lockVisible(tx, principal, id);
  await relabelStores(ctx, tx, principal, shop, stores);
  return readShop(tx, withoutAccountLimit(principal), id);
}

/** Takes a store out of a shop; its orders are told so in the background. Errors: `shop_not_found`, `store_not_found`. */
export async function leaveShop(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  id: string,
  name: StoreName,
): Promise<ShopJson> {
  await lockVisible(tx, principal, id);
  const stores = await readStoresOfShops(tx, [id]);
  const store = stores.find(({ account, ref }) => account === name.account && ref === name.store);
  if (store === undefined || !covers(principal, thingOf(store))) throw new HuidanError('store_not_found');
  await labelStores(ctx, tx, UNJOINED, [name]);
  return readShop(tx, withoutAccountLimit(principal), id);
}

async function relabelStores(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  shop: Pick<ShopRow, 'id' | 'merchant'>,
  stores: readonly StoreName[],
): Promise<void> {
  for (const { store } of stores) {
    const fault = storeNumberFault(store);
    if (fault !== undefined) throw new HuidanError('malformed_request', `A store's number ${fault}.`);
  }
  if (stores.length === 0) return;
  // What belongs to no shop of its own such a key may not see, and so not bring in.
  if (principal.shops !== null) throw new HuidanError('forbidden', 'The key is limited to shops.');
  const label = { merchant: shop.merchant, shop: shop.id };
  await labelStores(ctx, tx, label, stores, (account, before) => {
    const thing = { account: account.id, merchant: before.merchant ?? account.merchant, shop: before.shop };
    if (!covers(principal, thing)) throw new HuidanError('store_not_found');
  });
}

/** Account by account and in their order, so that two who do this at once cannot wait for each other in a circle. */
async function labelStores(
  ctx: HubContext,
  tx: Tx,
  label: StoreLabel,
  stores: readonly StoreName[],
  check?: (account: DeskAccount, before: StoreRow) => void,
): Promise<void> {
  const byAccount = [...Map.groupBy(stores, ({ account }) => account)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [accountId, names] of byAccount) {
    const account = await readAccountRecord(tx, accountId);
    if (account === undefined) throw new HuidanError('account_not_found');
    const work = async (desk: StoreDesk): Promise<void> => {
      for (const ref of new Set(names.map(({ store }) => store))) {
        const store = await storeAt(desk, ref);
        check?.(desk.account, store);
        if (store.shop !== label.shop || store.merchant !== label.merchant) await labelStore(desk, store, label);
      }
    };
    await atStoreDesk(ctx, account, work, tx);
  }
}

async function labelStore(desk: StoreDesk, store: StoreRow, label: StoreLabel): Promise<void> {
  await saveStore(desk, { ...store, ...label }, 'store.changed', ORIGIN);
  const kind = label.shop === null ? 'left' : 'joined';
  const detail = { shop: label.shop ?? store.shop, merchant: label.merchant };
  await noteHistory(desk, store.ref, { key: freshKey(desk, kind), kind, detail }, ORIGIN);
  await startRelabelling(desk.tx, desk.account.id, store.ref, desk.now);
}

/** A shop that has no store yet is seen by no account; whoever has just made or changed it sees it all the same. */
const withoutAccountLimit = (principal: Principal): Principal => ({ ...principal, accounts: null });

async function lockVisible(tx: Tx, principal: Principal, id: string): Promise<ShopRow> {
  const visible = await findShop(tx, principal, id);
  const locked = visible === undefined ? undefined : await lockShop(tx, id);
  if (locked === undefined) throw new HuidanError('shop_not_found');
  return locked;
}

async function requireWithin(tx: Tx, principal: Principal, id: string, merchant: string | null): Promise<void> {
  const within = (limit: readonly string[] | null, value: string | null): boolean =>
    limit === null || (value !== null && limit.includes(value));
  if (!within(principal.merchants, merchant) || !within(principal.shops, id)) {
    throw new HuidanError('forbidden', 'The shop lies outside the limits of the key.');
  }
  if (merchant !== null && (await findMerchant(tx, NO_LIMITS, merchant)) === undefined) {
    throw new HuidanError('merchant_not_found');
  }
}
