import type { RandomBytes } from '../core/ids.ts';
import type { TimeMs } from '../core/time.ts';

const RANDOM_DIGITS = 11;

/**
 * Our own number of an action: 24 digits, the milliseconds and eleven random ones. Digits alone, because some platforms
 * take nothing else, and short enough for all of them (the shortest limit is 32).
 */
export function newActionNumber(nowMs: TimeMs, randomBytes: RandomBytes): string {
  let digits = '';
  for (const byte of randomBytes(RANDOM_DIGITS)) digits += String(byte % 10);
  return String(nowMs).padStart(13, '0') + digits;
}
