import { checkPrimeSync, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** RSA with SHA-256 and PKCS#1 v1.5, the form in which platforms sign with key pairs. Keys are text, as consoles show them. */

/**
 * Signature in base64. The key is PEM or its bare base64 (PKCS#8 or PKCS#1). Throws TypeError when it is no private
 * key; the message never holds the key.
 */
export function signRsaSha256(privateKey: string, data: string | Uint8Array): string {
  return sign('sha256', bytesOf(data), readPrivateKey(privateKey)).toString('base64');
}

/**
 * Whether the base64 signature is the key owner's. False, and never an exception, for a key or a signature that cannot
 * be read. Only the one canonical base64 text counts: the last letter has four bits that the bytes do not hold.
 */
export function verifyRsaSha256(publicKey: string, data: string | Uint8Array, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== signature) return false;
  try {
    return verify('sha256', bytesOf(data), readPublicKey(publicKey), bytes);
  } catch {
    return false;
  }
}

/** The public half of a private key, as PEM. Throws TypeError when it is no private key. */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(readPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}

const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data);

function readPublicKey(text: string): KeyObject {
  if (/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/u.test(text))
    throw new TypeError('a private key stands where a public one belongs');
  return firstReadable([
    () => createPublicKey(pem(text, 'PUBLIC KEY')),
    () => createPublicKey(pem(text, 'RSA PUBLIC KEY')),
  ]);
}

function readPrivateKey(text: string): KeyObject {
  return firstReadable([
    () => createPrivateKey(pem(text, 'PRIVATE KEY')),
    () => createPrivateKey(pem(text, 'RSA PRIVATE KEY')),
  ]);
}

function firstReadable(readers: readonly (() => KeyObject)[]): KeyObject {
  for (const reader of readers) {
    try {
      const key = reader();
      if (key.asymmetricKeyType === 'rsa') return key;
    } catch {
      // Not of this form; the next one may fit.
    }
  }
  throw new TypeError('the text is not an RSA key');
}

/** PEM as it is, with `\n` written out in it made real (as it comes out of a JSON or .env file), or wrapped around bare base64. */
function pem(text: string, label: string): string {
  const clean = text.replaceAll(String.raw`\n`, '\n').trim();
  if (clean.startsWith('-----BEGIN')) return clean;
  const lines = clean.replaceAll(/\s/gu, '').match(/.{1,64}/gu) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * A 2048-bit key pair that follows from a text alone, as PEM: a played platform must sign with the same key after a
 * restart, and a key pair checked in would let anyone forge what it signs. No stronger than the text is secret.
 */
export function rsaKeysFromText(text: string): { readonly privateKey: string; readonly publicKey: string } {
  const p = primeFromText(`${text}/p`);
  const q = primeFromText(`${text}/q`);
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const jwk = { kty: 'RSA', n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const key = createPrivateKey({
    format: 'jwk',
    key: Object.fromEntries(
      Object.entries(jwk).map(([name, value]) => [name, typeof value === 'string' ? value : base64url(value)]),
    ),
  });
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

const EXPONENT = 65_537n;

/** The first fitting prime from a place of 1024 bits that the text's hashes name; about 50 ms for a pair. */
function primeFromText(text: string): bigint {
  const digits = [0, 1, 2, 3].map((part) => hash('sha256', `${text}/${part}`, 'hex')).join('');
  // The two highest bits make the product 2048 bits long.
  let candidate = BigInt(`0x${digits}`) | (3n << 1022n) | 1n;
  while ((candidate - 1n) % EXPONENT === 0n || !checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, value % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').toString('base64url');
}
