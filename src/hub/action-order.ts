import type { ActionOrder } from '../core/action.ts';
import { read } from '../core/fact.ts';
import type { Lines } from '../core/fact.ts';
import { orderJson } from '../core/order-json.ts';
import { WHOLE } from '../core/registers.ts';
import { findAliasesOfOrder, readStoredOrder } from '../store/orders.ts';
import type { Queryable } from '../store/pool.ts';
import { findTokenOfStore } from '../store/store-tokens.ts';
import type { HubContext } from './context.ts';
import { openToken } from './store-desk.ts';

/** An order as an action needs it, with the lines that it follows from. */
export interface OrderToActOn {
  readonly order: ActionOrder;
  readonly lines: Lines;
}

/** Reads an order to act on; one that was folded into another is acted on as that one. `undefined`: there is none. */
export async function readOrderToActOn(
  ctx: Pick<HubContext, 'sealer'>,
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<OrderToActOn | undefined> {
  let stored = await readStoredOrder(db, ctx.sealer, accountId, orderId);
  const into = stored?.head.mergedInto ?? null;
  if (into !== null) stored = await readStoredOrder(db, ctx.sealer, accountId, into);
  if (stored === undefined) return undefined;
  const json = orderJson(stored.head, stored.lines);
  const aliases = await findAliasesOfOrder(db, accountId, json.id);
  const token = json.store === null ? undefined : await findTokenOfStore(db, accountId, json.store);
  const storeToken = token === undefined ? null : openToken(ctx.sealer, token);
  const rider = read(stored.lines, WHOLE, 'rider') ?? null;
  const buyer = read(stored.lines, WHOLE, 'buyer') ?? null;
  return {
    order: { aliases, kind: json.kind, json, store: json.store, storeToken, rider, buyer, lines: stored.lines },
    lines: stored.lines,
  };
}
