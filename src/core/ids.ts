import type { TimeMs } from './time.ts';

/** Returns that many random bytes; handed in, so that a seeded run repeats. */
export type RandomBytes = (size: number) => Uint8Array;

export type IdPrefix =
  | 'ord'
  | 'evt'
  | 'rcp'
  | 'ep'
  | 'act'
  | 'key'
  | 'rpl'
  | 'bnd'
  | 'att'
  | 'dlv'
  | 'aud'
  | 'mch'
  | 'shp'
  | 'req'
  | 'tok'
  | 'pln'
  | 'clm'
  | 'adj'
  | 'pay'
  | 'usr'
  | 'ses'
  | 'exp'
  | 'rep'
  | 'rec'
  | 'atn';

// Crockford's base 32: no I, L, O, U, so an id survives being read out on the phone.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;

/**
 * A new id such as `ord_01jd…`: 50 bits of milliseconds, then 80 random bits, so ids sort by age and B-tree inserts
 * stay at the right edge.
 */
export function newId(prefix: IdPrefix, nowMs: TimeMs, randomBytes: RandomBytes): string {
  let text = firstIdOf(prefix, nowMs);
  for (const byte of randomBytes(RANDOM_LENGTH)) text += ALPHABET.charAt(byte & 31);
  return text;
}

/** Sorts before every id of that time or later, and behind every earlier one. Times before 1970 count as 1970. */
export function firstIdOf(prefix: IdPrefix, timeMs: TimeMs): string {
  let text = '';
  let rest = Math.max(0, timeMs);
  for (let index = 0; index < TIME_LENGTH; index += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return `${prefix}_${text}`;
}

/** The time that `newId` wrote into an id; `undefined` for a text that is no such id. */
export function timeOfId(prefix: IdPrefix, id: string): TimeMs | undefined {
  const text = id.slice(prefix.length + 1);
  if (!id.startsWith(`${prefix}_`) || text.length !== TIME_LENGTH + RANDOM_LENGTH) return undefined;
  const digits = [...text].map((digit) => ALPHABET.indexOf(digit));
  if (digits.includes(-1)) return undefined;
  return digits.slice(0, TIME_LENGTH).reduce((ms, digit) => ms * 32 + digit, 0);
}
