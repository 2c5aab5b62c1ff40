import type { TimeMs } from './time.ts';

/**
 * Upper ends of the buckets that lags are counted in; what is longer than the last falls into one more. Counts of buckets
 * add up over hours and accounts, which percentiles do not.
 */
export const LAG_BUCKETS_MS = [
  250, 500, 1000, 2000, 3000, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000, 86_400_000,
] as const;

/**
 * The lag that so large a share (0 to 1) of what was counted stayed within, as the upper end of its bucket. null when
 * nothing was counted, or where it lies beyond the last bucket.
 */
export function lagAt(counts: readonly number[], share: number): TimeMs | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= all * share) return LAG_BUCKETS_MS[index] ?? null;
  }
  return null;
}

/** Adds counts bucket by bucket. */
export function addLags(a: readonly number[], b: readonly number[]): readonly number[] {
  return Array.from({ length: LAG_BUCKETS_MS.length + 1 }, (_, index) => (a[index] ?? 0) + (b[index] ?? 0));
}
