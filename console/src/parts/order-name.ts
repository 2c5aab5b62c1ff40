import type { Order } from '../api/orders.ts';

/** What staff call an order out by: `#12` where the platform counts the day, else `*` and the end of its number. */
export function orderName(
  order: Pick<Order, 'takeaway' | 'displayId' | 'platformOrderId' | 'merchantOrderId' | 'id'>,
): string {
  const sequence = order.takeaway?.daySequence ?? null;
  if (sequence !== null) return `#${sequence}`;
  const number = order.platformOrderId ?? order.displayId ?? order.merchantOrderId ?? order.id;
  return number.length > 5 ? `*${number.slice(-4)}` : number;
}

/** `黄焖鸡米饭 ×2、可乐 ×1`. */
export function itemsText(order: Pick<Order, 'items'>): string {
  return order.items.map(({ name, quantity }) => (quantity === 1 ? name : `${name} ×${quantity}`)).join('、');
}
