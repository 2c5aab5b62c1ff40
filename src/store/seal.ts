import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { pooledRandomBytes } from './random-pool.ts';

/** Encrypts what must not lie in the database in clear, and hashes what must be found again without lying there. */
export interface Sealer {
  /** AES-256-GCM; the result carries the id of the key, so that a later key can live beside it. */
  seal(plain: Uint8Array | string): Buffer;
  /** Throws when the bytes were changed or belong to another key. */
  open(sealed: Uint8Array): Buffer;
  /** Keyed hash for equality search, such as of phone numbers: useless to whoever has only the database. */
  hash(text: string): Buffer;
  /** Names the key without saying anything about it; a database refuses a hub that comes with another one. */
  readonly keyId: string;
}

const FORMAT = 1;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
const HASH_BYTES = 12;

/**
 * Makes a sealer from the master key (32 bytes). The keys for sealing and hashing are derived from it (HKDF-SHA-256),
 * so neither gives the other away.
 */
export function createSealer(masterKey: Uint8Array): Sealer {
  if (masterKey.length !== 32) throw new RangeError('the master key has 32 bytes');
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', masterKey, '', `huidan ${purpose}`, 32));
  // A key object: from bytes, node:crypto would make one anew for each of the three or four seals of a callback.
  const sealKey = createSecretKey(derive('seal 1'));
  const hashKey = derive('hash 1');
  const keyId = createHash('sha256').update(derive('id 1')).digest().subarray(0, KEY_ID_BYTES);
  const head = Buffer.concat([Buffer.of(FORMAT), keyId]);

  return {
    keyId: keyId.toString('hex'),
    seal(plain) {
      const iv = pooledRandomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv);
      const body = Buffer.concat([
        typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain),
        cipher.final(),
      ]);
      return Buffer.concat([head, iv, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      if (sealed[0] !== FORMAT || !keyId.equals(sealed.subarray(1, HEAD_BYTES))) {
        throw new Error('sealed with another master key');
      }
      const iv = sealed.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
      const tag = sealed.subarray(HEAD_BYTES + IV_BYTES, HEAD_BYTES + IV_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', sealKey, iv);
      decipher.setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES + IV_BYTES + TAG_BYTES)), decipher.final()]);
    },
    hash(text) {
      return createHmac('sha256', hashKey).update(text).digest().subarray(0, HASH_BYTES);
    },
  };
}
