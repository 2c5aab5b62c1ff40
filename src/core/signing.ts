import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** The parts that every platform's signature is put together from. Each takes text as UTF-8. */

export const md5Hex = (text: string | Uint8Array): string => hash('md5', text, 'hex');
export const md5Base64 = (text: string | Uint8Array): string => hash('md5', text, 'base64');
export const sha1Hex = (text: string | Uint8Array): string => hash('sha1', text, 'hex');
export const sha256Hex = (text: string | Uint8Array): string => hash('sha256', text, 'hex');
export const hmacSha256Base64 = (key: string | Uint8Array, text: string | Uint8Array): string =>
  createHmac('sha256', key).update(text).digest('base64');

/**
 * Byte order of the UTF-8 text. JavaScript's own order compares UTF-16 units and differs for emoji against `！`. Works
 * on the units: two buffers per comparison made sorting the 18 names of a push dearer than its hash.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return bytePlace(left) - bytePlace(right);
  }
  return a.length - b.length;
}

/** Units of surrogate pairs (U+10000 and above) sort after U+E000 to U+FFFF in UTF-8. */
function bytePlace(unit: number): number {
  if (unit < 0xd8_00) return unit;
  return unit < 0xe0_00 ? unit + 0x20_00 : unit - 0x8_00;
}

/** Equality that takes the same time wherever the texts differ. Texts of unequal length are unequal at once. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A short name for a secret that says nothing about it, to record which one verified a callback. */
export function secretFingerprint(secret: string): string {
  return hash('sha256', `huidan fingerprint ${secret}`, 'hex').slice(0, 8);
}
