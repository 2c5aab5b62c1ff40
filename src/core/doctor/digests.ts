import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { publicKeyOf, verifyRsaSha256 } from '../rsa.ts';
import { encodeGb18030 } from './gb18030.ts';
import type { Digest, Notation } from './scheme.ts';

/** A signature as it was given, read in every way that it can be read. */
export interface GivenSignature {
  readonly text: string;
  /** The same without blanks and quotes around it. */
  readonly clean: string;
  readonly readings: readonly { readonly bytes: Uint8Array; readonly notation: GivenNotation }[];
}

export type GivenNotation = 'hex-lower' | 'hex-upper' | 'hex-mixed' | 'base64' | 'base64-of-hex';

/**
 * Shorter than 8 bytes nothing counts as a match: whoever asks could otherwise learn the right signature of a secret
 * that he cannot see, a byte at a time.
 */
const LEAST_BYTES = 8;

/** By their bytes. */
const LENGTHS: Readonly<Record<number, string>> = { 16: 'md5', 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' };
export function readSignature(text: string): GivenSignature {
  const clean = text
    .trim()
    .replace(/^"(.*)"$/su, '$1')
    .trim();
  const readings: GivenSignature['readings'][number][] = [];
  if (/^(?:[\da-f]{2})+$/iu.test(clean)) {
    readings.push({
      bytes: Buffer.from(clean, 'hex'),
      notation: /[A-F]/u.test(clean) ? (/[a-f]/u.test(clean) ? 'hex-mixed' : 'hex-upper') : 'hex-lower',
    });
  }
  // Hex of a digest's length is no base64 by chance.
  const isDigest = readings.some(({ bytes }) => LENGTHS[bytes.length] !== undefined);
  if (!isDigest && /^[\w+/-]+={0,2}$/u.test(clean)) {
    const bytes = Buffer.from(clean, 'base64');
    if (bytes.length >= LEAST_BYTES) {
      readings.push({ bytes, notation: 'base64' });
      const inner = bytes.toString('latin1');
      if (/^(?:[\da-f]{2})+$/iu.test(inner))
        readings.push({ bytes: Buffer.from(inner, 'hex'), notation: 'base64-of-hex' });
    }
  }
  return { text, clean, readings: readings.filter(({ bytes }) => bytes.length >= LEAST_BYTES) };
}

/** Bytes of a digest; 0 for a signature of RSA, whose length follows from its key. */
export function digestLength(digest: Digest): number {
  const plain = digest.replace('hmac-', '');
  return Number(Object.entries(LENGTHS).find(([, name]) => name === plain)?.[0] ?? 0);
}

/** The digest of the same kind, plain or keyed, that is as long as the signature; `undefined` where none is. */
export function digestOfLength(digest: Digest, bytes: number): Digest | undefined {
  const plain = LENGTHS[bytes];
  if (plain === undefined || digest === 'rsa-sha256') return undefined;
  return (digest.startsWith('hmac-') ? `hmac-${plain}` : plain) as Digest;
}

export const plainName = (bytes: number): string | undefined => LENGTHS[bytes]?.toUpperCase();

export function encodeText(text: string, charset: 'utf-8' | 'gb18030' | 'latin1'): Uint8Array {
  if (charset === 'gb18030') return encodeGb18030(text);
  return Buffer.from(text, charset === 'latin1' ? 'latin1' : 'utf8');
}

/** The digest of a text; `key` counts for keyed ones alone. Not for RSA. */
export function computeDigest(digest: Digest, data: Uint8Array, key: Uint8Array, twice = false): Uint8Array {
  const name = digest.replace('hmac-', '');
  if (digest.startsWith('hmac-')) return createHmac(name, key).update(data).digest();
  const first = hash(name, data, 'buffer');
  return twice ? hash(name, first.toString('hex'), 'buffer') : first;
}

/** How a computed digest fits what was given. `cut`: the beginning, or of an MD5 the 8 bytes in the middle. */
export function fit(
  given: GivenSignature,
  computed: Uint8Array,
): { notation: GivenNotation; cut: boolean } | undefined {
  for (const { bytes, notation } of given.readings) {
    if (bytes.length === computed.length) {
      if (timingSafeEqual(bytes, computed)) return { notation, cut: false };
    } else if (bytes.length < computed.length && LENGTHS[bytes.length] === undefined) {
      const starts = timingSafeEqual(bytes, computed.subarray(0, bytes.length));
      const isMiddle = bytes.length === 8 && computed.length === 16 && timingSafeEqual(bytes, computed.subarray(4, 12));
      if (starts || isMiddle) return { notation, cut: true };
    }
  }
  return undefined;
}

/** Whether that notation is what the scheme writes. */
export function isWrittenRight(notation: GivenNotation, wanted: Notation): boolean {
  return wanted === 'hex' ? notation.startsWith('hex') : notation === wanted;
}

/** The public key that belongs to a text: of a private one its public half. `undefined` where it is no RSA key. */
export function publicKeyIn(text: string): string | undefined {
  try {
    return publicKeyOf(text);
  } catch {
    // Not a private key; perhaps a public one.
  }
  const looksLikeKey = text.includes('PUBLIC KEY') || /^[A-Za-z\d+/=\s]{120,}$/u.test(text.trim());
  return looksLikeKey ? text : undefined;
}

/** Whether a private key stands where the text is. */
export function isPrivateKey(text: string): boolean {
  try {
    publicKeyOf(text);
    return true;
  } catch {
    return false;
  }
}

export function fitsRsa(given: GivenSignature, publicKey: string, data: Uint8Array): boolean {
  // Only canonical base64 verifies; a signature that was written otherwise is written anew.
  return given.readings.some(
    ({ bytes, notation }) =>
      bytes.length >= 64 &&
      notation !== 'base64-of-hex' &&
      verifyRsaSha256(publicKey, data, Buffer.from(bytes).toString('base64')),
  );
}
