import type { AccountView } from '../../core/connector.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { generationOfOrder } from './order-numbers.ts';

const MINUTE_MS = 60_000;
/** The platform lets go of an unpaid order by its own clock; a minute or two of difference is no news. */
const MARGIN_MS = 2 * MINUTE_MS;
/** Most who pay do so within minutes: a payment whose callback is lost is found soon, and by the end of the hold. */
const UNPAID_MS = 5 * MINUTE_MS;
/** A refund takes up to days at the bank, but its result mostly comes within minutes. */
const REFUND_MS = 30 * MINUTE_MS;
/** A settlement is asked for once its callback is half an hour late. */
const SETTLED_MS = 30 * MINUTE_MS;

/**
 * How long a payment may rest: an open one until it should have been paid or let go of, a refund under way for half an
 * hour, and one that should be settled for half an hour longer than the account waits. Guaranteed payment can only be asked by
 * the merchant's number, the trade system by either.
 */
export function restMs(order: OrderJson, account: AccountView): number | undefined {
  const { platformOrderId, merchantOrderId, platformFields, payment, lifecycle, expiresAt, updatedAt, amounts } = order;
  const aliases = platformOrderId === null ? [] : [{ kind: 'platform', value: platformOrderId } as const];
  const isTrade = generationOfOrder({ aliases, platformFields }, account) === 'trade';
  if (merchantOrderId === null && (!isTrade || platformOrderId === null)) return undefined;
  // Known by what came after the payment alone.
  if (amounts.total === null && payment !== 'unpaid') return MARGIN_MS;
  if (order.flags.includes('refund_requested')) return REFUND_MS;
  if (payment === 'unpaid') {
    if (lifecycle !== 'open' || platformOrderId === null) return undefined;
    const leftMs = expiresAt === null ? UNPAID_MS : Date.parse(expiresAt) - Date.parse(updatedAt) + MARGIN_MS;
    return Math.max(MARGIN_MS, Math.min(UNPAID_MS, leftMs));
  }
  if (payment === 'refunded' || order.settlement === 'settled') return undefined;
  const after = account.settings['settleAfterSeconds'];
  return (typeof after === 'number' ? after : 604_800) * 1000 + SETTLED_MS;
}
