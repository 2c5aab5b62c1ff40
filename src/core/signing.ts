import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The parts that every platform's signature is put together from. Each takes text as UTF-8. */

export const md5Hex = (text: string | Uint8Array): string => createHash('md5').update(text).digest('hex');
export const md5Base64 = (text: string | Uint8Array): string => createHash('md5').update(text).digest('base64');
export const sha1Hex = (text: string | Uint8Array): string => createHash('sha1').update(text).digest('hex');
export const sha256Hex = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
export const hmacSha256Base64 = (key: string | Uint8Array, text: string | Uint8Array): string =>
  createHmac('sha256', key).update(text).digest('base64');

/** Byte order of the UTF-8 text. JavaScript's own order compares UTF-16 units and differs for emoji against `！`. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Equality that takes the same time wherever the texts differ. Texts of unequal length are unequal at once. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A short name for a secret that says nothing about it, to record which one verified a callback. */
export function secretFingerprint(secret: string): string {
  return createHash('sha256').update(`huidan fingerprint ${secret}`).digest('hex').slice(0, 8);
}
