import { createHash } from 'node:crypto';
import type { Random } from '../core/sandbox.ts';

/**
 * Uniform numbers in [0, 1) that depend on the seed's text alone. Every decision of a run draws from a source of its
 * own (`<seed>/<platform>/<number>/…`), so that it repeats however the hub's answers interleave.
 */
export function seededRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = digest.readInt32LE(12);
  // sfc32: small, and good enough to pick plots and delays with.
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4_294_967_296;
  };
}
