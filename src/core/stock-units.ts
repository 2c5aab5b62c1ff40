import type { OrderJson, OrderPart } from './order-json.ts';

/** What an order does to the stock of one product of its machine, in items. */
export interface StockUnits {
  /** Kept for it: in the machine, and not to be sold to anybody else. */
  readonly held: number;
  /** Came out. */
  readonly out: number;
  /** Did not come out, and is not to be sold again before somebody has looked: stuck, mostly. */
  readonly stuck: number;
}

export const NO_UNITS: StockUnits = { held: 0, out: 0, stuck: 0 };

/** A product with what an order does to it, and what its failures say of the slot. */
export interface OrderUnits extends StockUnits {
  readonly fault: string | undefined;
}

/**
 * What an order does to its machine's stock, by product: worked out from the order as it is and never counted along, so
 * that facts in any order and any number of times lead to the same. What it held goes back when it is closed, and what
 * got stuck when all of it is given back and nothing came out, for then the platform is told and puts it back too.
 */
export function unitsOf(
  order: OrderJson,
  faultOf: (part: OrderPart) => string | undefined = () => undefined,
): ReadonlyMap<string, OrderUnits> {
  const units = new Map<string, OrderUnits>();
  if (order.mergedInto !== null) return units;
  const isClosed = order.lifecycle === 'cancelled' || order.lifecycle === 'expired';
  const cameOut = order.parts.some(({ fulfilment }) => fulfilment === 'delivered');
  const isReturned = isClosed || (order.payment === 'refunded' && !cameOut);
  for (const { line, sku, quantity } of order.items) {
    if (sku === null || !Number.isSafeInteger(quantity)) continue;
    const part = order.parts.find((one) => one.line === line);
    const state = part?.fulfilment ?? (part === undefined && order.lifecycle === 'completed' ? 'delivered' : 'none');
    const { held, out, stuck, fault } = units.get(sku) ?? { ...NO_UNITS, fault: undefined };
    const isOut = state === 'delivered';
    const stays = !isOut && !isReturned;
    units.set(sku, {
      out: out + (isOut ? quantity : 0),
      stuck: stuck + (stays && state === 'failed' ? quantity : 0),
      held: held + (stays && state !== 'failed' ? quantity : 0),
      fault: part === undefined ? fault : (faultOf(part) ?? fault),
    });
  }
  return units;
}
