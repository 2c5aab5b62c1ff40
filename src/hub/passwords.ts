import { scrypt, timingSafeEqual } from 'node:crypto';
import type { ScryptOptions } from 'node:crypto';
import { HuidanError } from '../core/errors.ts';
import type { RandomBytes } from '../core/ids.ts';

/** 32 MiB and about 150 ms a try: one of the settings of equal strength that OWASP names, with the least memory. */
const COST = { n: 32_768, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export const SHORTEST_PASSWORD = 10;
export const LONGEST_PASSWORD = 200;

/** Two at once leave half of the threads of node:crypto to others, and bound the memory. */
const AT_ONCE = 2;
const MOST_WAITING = 50;

const turns: { free: number; readonly waiting: (() => void)[] } = { free: AT_ONCE, waiting: [] };

/** The password as it is stored: `scrypt$n$r$p$salt$hash`. Slow on purpose. Errors: `overloaded`. */
export async function hashPassword(password: string, randomBytes: RandomBytes): Promise<string> {
  const salt = Buffer.from(randomBytes(SALT_BYTES));
  const hash = await derive(password, salt, COST);
  return ['scrypt', COST.n, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Whether a password is the stored one. With nothing stored it takes as long and is false, so that time does not tell
 * which users there are. Errors: `overloaded`.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [scheme, n, r, p, salt, hash] = (stored ?? '').split('$');
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) {
    await derive(password, Buffer.alloc(SALT_BYTES), COST);
    return false;
  }
  const wanted = Buffer.from(hash, 'base64url');
  const made = await derive(password, Buffer.from(salt, 'base64url'), { n: Number(n), r: Number(r), p: Number(p) });
  return wanted.length === made.length && timingSafeEqual(wanted, made);
}

/** Refuses what is guessed first. Error: `password_refused`. */
export function checkPassword(password: string, username: string): void {
  const text = normalized(password);
  if ([...text].length < SHORTEST_PASSWORD || text.length > LONGEST_PASSWORD) {
    throw new HuidanError('password_refused', `It has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`);
  }
  const lower = text.toLowerCase();
  if (new Set(lower).size < 5) throw new HuidanError('password_refused', 'It has five different characters or more.');
  if (lower.includes(username.toLowerCase()) && [...lower.replaceAll(username.toLowerCase(), '')].length < 6) {
    throw new HuidanError('password_refused', 'It is more than the user name.');
  }
  if (isRun(lower)) throw new HuidanError('password_refused', 'It is no row of neighbouring characters.');
}

/** `1234567890`, `abcdefghij`, `9876543210`. */
function isRun(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  // From 9 to 0, as on the keyboard.
  return steps.every((step) => step === 1 || step === -9) || steps.every((step) => step === -1 || step === 9);
}

/** Keyboards write the same character as one code point or as two. */
const normalized = (password: string): string => password.normalize('NFKC');

async function derive(
  password: string,
  salt: Buffer,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  if (turns.free > 0) turns.free -= 1;
  else if (turns.waiting.length >= MOST_WAITING) throw new HuidanError('overloaded');
  else await new Promise<void>((resolve) => turns.waiting.push(resolve));
  try {
    return await scryptOf(normalized(password), salt, { N: n, r, p, maxmem: 256 * n * r });
  } finally {
    const next = turns.waiting.shift();
    if (next === undefined) turns.free += 1;
    else next();
  }
}

function scryptOf(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
}
