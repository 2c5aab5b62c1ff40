import type { OrderToRead } from '../core/connector.ts';
import type { Alias } from '../core/fact.ts';
import { orderJson } from '../core/order-json.ts';
import type { PollAsk } from '../core/poll.ts';
import type { StoreToken } from '../core/store-binding.ts';
import { findAliasesOfOrders } from '../store/repair-aliases.ts';
import { readDaySequences, readOpenOrders, readRecentOrders, readStoresToAsk } from '../store/repair-reads.ts';
import { findOnlySellerToken } from '../store/store-tokens.ts';
import type { HubContext } from './context.ts';
import { openToken } from './store-desk.ts';

/** The most open orders that a poll gets at once: each is a call or a line of one. */
const MOST_OPEN_ORDERS = 500;

/** What a poll may know of its account, beside the page that it is at. */
export type AccountKnowledge = Pick<PollAsk, 'stores' | 'daySequences' | 'openOrders' | 'recentOrders'>;

export async function knowledgeOf(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  accountId: string,
): Promise<AccountKnowledge> {
  const rows = await readStoresToAsk(ctx.pool, accountId);
  const stores = rows.map(({ store, sealed, expiresAt }) => ({
    store,
    token: sealed === null ? null : openToken(ctx.sealer, { sealed, expiresAt }),
  }));
  const tokens = new Map(stores.map(({ store, token }) => [store, token]));
  return {
    stores,
    daySequences: (store, since) => readDaySequences(ctx.pool, accountId, store, new Date(since)),
    openOrders: (limit) => openOrders(ctx, accountId, tokens, Math.min(limit, MOST_OPEN_ORDERS)),
    recentOrders: (store, since, page) => readRecentOrders(ctx.pool, accountId, store, { since, ...page }),
  };
}

async function openOrders(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  accountId: string,
  tokens: ReadonlyMap<string, StoreToken | null>,
  limit: number,
): Promise<readonly OrderToRead[]> {
  const orders = await readOpenOrders(ctx.pool, ctx.sealer, accountId, limit);
  const ids = orders.map(({ head }) => head.id);
  const [aliases, seller] = await Promise.all([
    findAliasesOfOrders(ctx.pool, accountId, ids),
    findOnlySellerToken(ctx.pool, accountId),
  ]);
  const sellerToken = seller === undefined ? null : openToken(ctx.sealer, seller);
  return orders.map(({ head, lines }): OrderToRead => {
    const { kind, store, platformFields } = orderJson(head, lines);
    const storeToken = (store === null ? null : tokens.get(store)) ?? sellerToken;
    const named: readonly Alias[] = aliases.get(head.id) ?? [];
    return { aliases: named, kind, store, storeToken, doubts: [], platformFields };
  });
}
