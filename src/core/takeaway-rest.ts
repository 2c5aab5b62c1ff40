import type { OrderJson } from './order-json.ts';

const MINUTE_MS = 60_000;
/** A meal is made, fetched and eaten meanwhile: what rests longer has moved without a word. */
const UNDER_WAY_MS = 30 * MINUTE_MS;
/** A cancellation and what becomes of the money follow each other closely. */
const GONE_MS = 10 * MINUTE_MS;

/**
 * How long a takeaway order may rest before its platform is asked (`Connector.restMs`): a new one until it should have
 * been accepted or cancelled, an open request until it should have been answered, in ms; an ended one as long as it likes.
 */
export function takeawayRestMs(
  order: Pick<OrderJson, 'lifecycle' | 'fulfilment' | 'flags'>,
  limits: { readonly acceptMs: number; readonly cancelAnswerMs: number; readonly refundAnswerMs: number },
): number | undefined {
  if (order.flags.includes('cancel_requested')) return limits.cancelAnswerMs + MINUTE_MS;
  // With the order gone there is nothing left to decide about.
  if (order.flags.includes('refund_requested'))
    return order.lifecycle === 'cancelled' ? GONE_MS : limits.refundAnswerMs + MINUTE_MS;
  if (order.lifecycle !== 'open') return undefined;
  return order.fulfilment === 'none' ? limits.acceptMs + MINUTE_MS : UNDER_WAY_MS;
}
