import type { OrderKind } from '../fact.ts';
import type { OrderJson } from '../order-json.ts';
import type { TimeMs } from '../time.ts';
import type { Life } from './life.ts';
import { paymentLife } from './payment-life.ts';
import { stockInLife, supplyLife } from './supply-life.ts';
import { takeawayLife } from './takeaway-life.ts';
import { vendingLife } from './vending-life.ts';

/** The life of each kind of order. Promoted orders have none: nothing can be done about them. */
export const LIVES: Readonly<Partial<Record<OrderKind, Life>>> = {
  takeaway: takeawayLife,
  vending: vendingLife,
  payment: paymentLife,
  supply: supplyLife,
  stock_in: stockInLife,
};

/** When to look at an order that has just changed; undefined: never. */
export const lookAfterChange = (order: OrderJson, now: TimeMs): TimeMs | undefined =>
  LIVES[order.kind]?.lookAfterChange(order, now);
