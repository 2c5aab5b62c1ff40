import type { JsonObject } from '../core/json.ts';
import { findActionByCause } from '../store/actions.ts';
import { findWish, findWishOfOrder } from '../store/order-wishes.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import { readVisibleOrder } from './read-orders.ts';
import type { HubContext } from './context.ts';

type Deps = Pick<HubContext, 'pool' | 'sealer'>;

/** The cause of the action that makes an order at its platform: once an order. */
export const CREATE_CAUSE = 'create';

/** What the customer's app needs to pay: the paying account, and what its platform handed over. */
export type Checkout = { readonly account: string } & JsonObject;

/**
 * The checkout of an order that the hub made: its own, or that of the payment that belongs to it. null: there is none
 * (yet), or nothing has to be paid through the hub. Error: `order_not_found`.
 */
export async function readCheckout(ctx: Deps, principal: Principal, orderId: string): Promise<Checkout | null> {
  const order = await readVisibleOrder(ctx, principal, orderId);
  const own = await checkoutOf(ctx, order.account_id, order.id);
  if (own !== null) return own;
  const wish = await findWishOfOrder(ctx.pool, order.account_id, order.id);
  if (wish?.paymentAccount === undefined || wish.paymentAccount === null) return null;
  const within = { account: wish.paymentAccount, merchant: order.merchant, shop: order.shop };
  if (!covers({ ...principal, merchants: null, shops: null }, within)) return null;
  const payment = await findWish(ctx.pool, wish.paymentAccount, wish.merchantOrderId);
  return payment === undefined ? null : checkoutOf(ctx, payment.account, payment.orderId);
}

/** What the platform handed over when it made this very order; null: nothing. */
export async function checkoutOf(ctx: Deps, accountId: string, orderId: string): Promise<Checkout | null> {
  const action = await findActionByCause(ctx.pool, accountId, orderId, CREATE_CAUSE);
  if (action?.sealedHandOver === undefined || action.sealedHandOver === null) return null;
  const given = JSON.parse(ctx.sealer.open(action.sealedHandOver).toString('utf8')) as JsonObject;
  return { account: accountId, ...given };
}
