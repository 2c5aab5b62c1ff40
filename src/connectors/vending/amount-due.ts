import type { Fen } from '../../core/money.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { shareOut } from '../../core/share-out.ts';

/**
 * What is still to be given back: all of it when the order ended or nothing came out, else the shares of the items that
 * failed. An item's share of what was paid is in proportion to its price, and the shares add up to the whole.
 * `undefined`: it is not known, or nothing.
 */
export function amountDue({ amounts, items, parts, lifecycle }: OrderJson): Fen | undefined {
  const { paid, refunded } = amounts;
  if (paid === null || refunded === null) return undefined;
  const failed = new Set(parts.filter(({ fulfilment }) => fulfilment === 'failed').map(({ line }) => line));
  const isWhole =
    lifecycle === 'cancelled' || lifecycle === 'expired' || (parts.length > 0 && failed.size === parts.length);
  const shares = shareOut(
    paid,
    items.map(({ total }) => total ?? 0),
  );
  const ofFailed = items.reduce((sum, { line }, index) => sum + (failed.has(line) ? (shares[index] ?? 0) : 0), 0);
  const due = (isWhole ? paid : ofFailed) - refunded;
  return due > 0 ? due : undefined;
}
