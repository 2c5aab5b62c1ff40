import type { ActionRequest } from '../../core/action.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { sha256Hex } from '../../core/signing.ts';

/**
 * An order that was paid after its end can be made once more: the platform takes no payment for a closed one, and knows a
 * trade id for good. The hub's order stays the same and goes by two numbers there; the later one counts.
 */
type Fields = OrderJson['platformFields'];

/** 20 to 32 characters, as the platform wants them. */
export const revivedTradeId = (tradeId: string): string =>
  tradeId.length <= 30 ? `${tradeId}R1` : sha256Hex(`revived ${tradeId}`).slice(0, 32);

/** The platform's number of an order that was made once more; `undefined`: it was not. */
export function revivedOrderId(fields: Fields | undefined): string | undefined {
  const id = fields?.['revived_order_id'];
  return typeof id === 'string' && /^\d{1,20}$/u.test(id) ? id : undefined;
}

/** The platform's number that counts now. */
export function currentOrderId({ order }: Pick<ActionRequest, 'order'>): string | undefined {
  const first = order.aliases.find(({ kind, value }) => kind === 'platform' && /^\d{1,20}$/u.test(value))?.value;
  return revivedOrderId(order.json.platformFields) ?? first;
}

/** The order was made once more, and its platform has not heard of the payment for that one. */
export function awaitsPayment({ platformFields }: Pick<OrderJson, 'platformFields'>): boolean {
  const revived = revivedOrderId(platformFields);
  return revived !== undefined && platformFields['paid_order_id'] !== revived;
}
