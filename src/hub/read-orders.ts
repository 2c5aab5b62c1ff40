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
import { isLive, orderReveal, recordReveal } from './reveal.ts';
import type { OrderReveal, RevealWish } from './reveal.ts';

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer'>;

/** What an order list is asked for; what is left out does not count. */
export type OrderQuery = {
  readonly [Name in Exclude<keyof OrderFilter, 'search' | 'accounts' | 'merchants' | 'shops'>]?:
    | OrderFilter[Name]
    | undefined;
} & {
  /** Any number of the order, a phone or its last four digits, `#12` of the day, a sid, a store or a member. */
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
  const reveal = orderReveal(principal, wish);
  const rows = await listOrders(ctx.pool, filterOf(ctx.sealer, principal, query), { ...page, limit: page.limit + 1 });
  const orders = rows.map((row) => showOrder(ctx.sealer, row, reveal));
  const seen = orders.slice(0, page.limit).filter((order) => reveal === 'all' || (reveal === 'live' && isLive(order)));
  await recordReveal(
    ctx,
    ctx.pool,
    principal,
    wish,
    seen.map(({ id }) => id),
  );
  return orders;
}

/** One order. Errors: `order_not_found` (also where it lies outside the key's limits), `forbidden`, `reveal_needs_reason`. */
export async function readOrder(ctx: Deps, principal: Principal, id: string, wish: RevealWish): Promise<OrderJson> {
  const reveal = orderReveal(principal, wish);
  const row = await readVisibleOrder(ctx, principal, id);
  const order = showOrder(ctx.sealer, row, reveal);
  if (reveal === 'live' && !isLive(order)) throw new HuidanError('reveal_needs_reason');
  if (reveal !== 'none') await recordReveal(ctx, ctx.pool, principal, wish, [id]);
  return order;
}

/** The order as it may be shown; with `live` its personal data only while somebody is at work on it. */
function showOrder(sealer: Sealer, row: OrderSqlRow, reveal: OrderReveal): OrderJson {
  const order = toOrderJson(sealer, row, reveal === 'all');
  return reveal === 'live' && isLive(order) ? toOrderJson(sealer, row, true) : order;
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

/** The filter of a query, within the limits of who asks. */
export function filterOf(sealer: Sealer, principal: Principal, query: OrderQuery): OrderFilter {
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

/** `#12` and `＃12` are what staff call out; all else may be a number, a name or a phone. */
function searchFor(sealer: Sealer, q: string): OrderSearch {
  const sequence = /^[#＃](\d{1,6})$/u.exec(q)?.[1];
  const none = { number: null, phoneHash: null, phoneTailHash: null, daySequence: null, name: null };
  if (sequence !== undefined) return { ...none, daySequence: Number(sequence) };
  // Blanks, dashes and a country's prefix are how people write phone numbers.
  const digits = q.replace(/^\+86/u, '').replaceAll(/[\s-]/gu, '');
  const named = { ...none, number: q, name: q };
  if (!/^\d{4,20}$/u.test(digits)) return named;
  const hashes = phoneHashes(sealer, digits);
  return {
    ...named,
    phoneHash: digits.length > 4 ? hashes.whole : null,
    phoneTailHash: digits.length === 4 ? hashes.tail : null,
  };
}
