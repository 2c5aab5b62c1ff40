import type { AccountView } from '../../core/connector.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { TimeMs } from '../../core/time.ts';

/** The platform closes what is unpaid after so long and returns the stock (sheet, 4.1). */
export const CLOSES_AFTER_MS = 20 * 60_000;
/** Its own clock and ours need not agree, and its watchdog tells its callback first. */
const MARGIN_MS = 60_000;
/** A command was answered or given up after 120 s; the sheet has 130 s for the question. */
const WATCHDOG_MARGIN_MS = 10_000;

/**
 * How long an order may rest: what is being dispensed ends within the watchdog's time, what is unpaid is closed after 20
 * minutes, and what is paid and waits is not dispensed after those either.
 */
export function restMs(order: OrderJson, { settings }: AccountView): TimeMs | undefined {
  if (order.platformOrderId === null || order.lifecycle !== 'open' || order.payment === 'refunded') return undefined;
  if (order.fulfilment === 'failed') return undefined;
  const { dispenseTimeoutSeconds } = settings;
  const isMoving =
    order.fulfilment === 'delivering' || order.parts.some(({ fulfilment }) => fulfilment === 'delivering');
  if (isMoving) {
    const watchdogMs = (typeof dispenseTimeoutSeconds === 'number' ? dispenseTimeoutSeconds : 120) * 1000;
    return watchdogMs + WATCHDOG_MARGIN_MS;
  }
  return CLOSES_AFTER_MS + MARGIN_MS;
}
