import type { Fen } from './money.ts';

/**
 * Divides an amount in proportion to weights so that the shares add up to it: each gets the whole fen of its share, and
 * those that lost the largest rest get one more, the first of equals first. Equal shares where all weights are zero.
 * In big integers: amount times price goes beyond 2^53.
 */
export function shareOut(amount: Fen, weights: readonly number[]): readonly Fen[] {
  if (weights.length === 0) return [];
  const known = weights.some((weight) => weight > 0);
  const parts = weights.map((weight) => BigInt(known ? Math.max(0, weight) : 1));
  const sum = parts.reduce((total, part) => total + part, 0n);
  const whole = BigInt(amount);
  const shares = parts.map((part) => Number((whole * part) / sum));
  const rests = parts.map((part, index) => ({ index, rest: (whole * part) % sum }));
  rests.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const left = amount - shares.reduce((total, share) => total + share, 0);
  for (const { index } of rests.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}
