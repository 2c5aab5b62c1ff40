import type { OutgoingCallback } from '../../core/sandbox.ts';

const seconds = (list: readonly number[]): readonly number[] => list.map((gap) => gap * 1000);
const minutes = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => (from + index) * 60);

/** Guaranteed payment: of payments and refunds (sheet, 3.4); settlements and withdrawals, of which nothing is said, alike. */
export const ECPAY_GAPS_MS = seconds([
  ...[15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600],
  ...[10_800, 10_800, 10_800, 21_600, 21_600],
]);

/** The trade system's of a payment, as its newer page has it: about 29 minutes (sheet, 7). What has no clock there goes by it too. */
export const TRADE_GAPS_MS = seconds([12, 12, 33, ...minutes(1, 7)]);

/** The trade system's of a refund that ended. */
export const TRADE_REFUND_GAPS_MS = seconds([10, 10, 30, ...minutes(1, 8)]);

/** The waiting times before each repeat of a callback; the two generations part by `version`, as for whoever receives it. */
export function retryGapsOf({ body }: Pick<OutgoingCallback, 'body'>): readonly number[] {
  const { version, type } = JSON.parse(body) as { readonly version?: unknown; readonly type?: unknown };
  if (version === undefined) return ECPAY_GAPS_MS;
  return type === 'refund' ? TRADE_REFUND_GAPS_MS : TRADE_GAPS_MS;
}
