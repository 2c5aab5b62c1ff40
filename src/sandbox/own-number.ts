import type { LedgerState } from './ledger-state.ts';

/** Numbers are as long as this at the least in every platform's rule; shorter words are looked up for nothing. */
const NUMBERS = /[A-Za-z0-9]{12,32}/gu;

/**
 * The number that a customer's shop gave the order that a message is about; undefined where it names none. Troubles are
 * drawn by it, so that a seeded run repeats them however the messages of several orders interleave.
 */
export function ownNumberIn({ shopperNumbers }: LedgerState, ...texts: readonly string[]): string | undefined {
  if (shopperNumbers.size === 0) return undefined;
  for (const text of texts) for (const [word] of text.matchAll(NUMBERS)) if (shopperNumbers.has(word)) return word;
  return undefined;
}
