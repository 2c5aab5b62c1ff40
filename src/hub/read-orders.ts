import { HuidanError } from '../core/errors.ts';
import type { OrderJson } from '../core/order-json.ts';
import { findOrder, listOrders } from '../store/order-reads.ts';
import type { OrderFilter, OrderSearch } from '../store/order-reads.ts';
import { phoneHashes } from '../store/order-writes.ts';
import { toOrderJson } from '../store/orders.ts';
import type { OrderSqlRow } from '../store/orders.ts';
import type { Sealer } from '../store/seal.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';
import { mayReveal, recordReveal } from './reveal.ts';
import type { RevealWish } from './reveal.ts';

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer'>;

/** What an order list is asked for; what is left out does not count. */
export type OrderQuery = {
  readonly [Name in Exclude<keyof OrderFilter, 'search' | 'accounts' | 'merchants' | 'shops'>]?:
    | OrderFilter[Name]
    | undefined;
} & {
  /** Any number of the order, or a phone number, or its last four digits. */
  readonly q?: string | undefined;
};

/**
 * Orders that the key may see, the youngest first, those before `beforeId`; and one more than `limit` where there is one,
 * which only says that the list goes on and does not count as seen. Personal data is masked unless the wish holds.
 * Errors: `forbidden`, `reveal_needs_reason`.
 */
export async function readOrders(
  ctx: Deps,
  principal: Principal,
  query: OrderQuery,
  page: { readonly beforeId: string | null; readonly limit: number },
  wish: RevealWish,
): Promise<readonly OrderJson[]> {
  const reveal = mayReveal(principal, wish);
  const rows = await listOrders(ctx.pool, filterOf(ctx.sealer, principal, query), { ...page, limit: page.limit + 1 });
  const orders = rows.map((row) => toOrderJson(ctx.sealer, row, reveal));
  const seen = orders.slice(0, page.limit).map(({ id }) => id);
  if (reveal) await recordReveal(ctx, ctx.pool, principal, wish, seen);
  return orders;
}

/** One order. Errors: `order_not_found` (also where it lies outside the key's limits), `forbidden`, `reveal_needs_reason`. */
export async function readOrder(ctx: Deps, principal: Principal, id: string, wish: RevealWish): Promise<OrderJson> {
  const reveal = mayReveal(principal, wish);
  const row = await readVisibleOrder(ctx, principal, id);
  if (reveal) await recordReveal(ctx, ctx.pool, principal, wish, [id]);
  return toOrderJson(ctx.sealer, row, reveal);
}

/** The stored order, if the key may see it. Error: `order_not_found`. */
export async function readVisibleOrder(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  id: string,
): Promise<OrderSqlRow> {
  const row = await findOrder(ctx.pool, id);
  if (row === undefined || !covers(principal, { account: row.account_id, merchant: row.merchant, shop: row.shop })) {
    throw new HuidanError('order_not_found');
  }
  return row;
}

function filterOf(sealer: Sealer, principal: Principal, query: OrderQuery): OrderFilter {
  return {
    account: query.account ?? null,
    platform: query.platform ?? null,
    status: query.status ?? null,
    kind: query.kind ?? null,
    platformOrderId: query.platformOrderId ?? null,
    merchantOrderId: query.merchantOrderId ?? null,
    merchant: query.merchant ?? null,
    shop: query.shop ?? null,
    store: query.store ?? null,
    sid: query.sid ?? null,
    member: query.member ?? null,
    flag: query.flag ?? null,
    parent: query.parent ?? null,
    placedFrom: query.placedFrom ?? null,
    placedTo: query.placedTo ?? null,
    search: query.q === undefined ? null : searchFor(sealer, query.q.trim()),
    legs: query.legs ?? false,
    accounts: principal.accounts,
    merchants: principal.merchants,
    shops: principal.shops,
  };
}

function searchFor(sealer: Sealer, q: string): OrderSearch {
  // Blanks, dashes and a country's prefix are how people write phone numbers.
  const digits = q.replace(/^\+86/u, '').replaceAll(/[\s-]/gu, '');
  if (!/^\d{4,20}$/u.test(digits)) return { number: q, phoneHash: null, phoneTailHash: null };
  const hashes = phoneHashes(sealer, digits);
  return {
    number: q,
    phoneHash: digits.length > 4 ? hashes.whole : null,
    phoneTailHash: digits.length === 4 ? hashes.tail : null,
  };
}
