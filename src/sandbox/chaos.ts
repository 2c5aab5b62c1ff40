import type { Random } from '../core/sandbox.ts';
import { SandboxError } from './sandbox-error.ts';

export const CHAOS_KINDS = ['duplicate', 'reorder', 'delay', 'drop', 'fault'] as const;
export type ChaosKind = (typeof CHAOS_KINDS)[number];

/** How likely each trouble is, 0 to 1: `fault` for one call of the hub, the others for one callback. */
export type Chaos = Readonly<Record<ChaosKind, number>>;

export const NO_CHAOS: Chaos = { duplicate: 0, reorder: 0, delay: 0, drop: 0, fault: 0 };

/** What the network does to one callback. Times are ms of the platform's clock. A type, so that it is JSON. */
export type Fate = {
  /** Never sent: the platform knows of the step and does not tell. */
  readonly dropped: boolean;
  /** Kept back until the order's next callback has been received. */
  readonly heldBack: boolean;
  /** Waiting time before the first sending. */
  readonly delayMs: number;
  /** Sent again so long after the first sending; 0 is at the same moment, on another connection. */
  readonly repeatsMs: readonly number[];
};

export const NO_TROUBLE: Fate = { dropped: false, heldBack: false, delayMs: 0, repeatsMs: [] };

const SHORTEST_DELAY_MS = 5000;
const LONGEST_DELAY_MS = 600_000;

/** Reads `duplicate=0.3,reorder=0.3`; what is not named is 0, and `none` is no trouble at all. */
export function parseChaos(text: string): Chaos {
  const chaos: Record<ChaosKind, number> = { ...NO_CHAOS };
  if (text.trim() === '' || text.trim() === 'none') return chaos;
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    const kind = CHAOS_KINDS.find((known) => known === name);
    if (kind === undefined) throw new SandboxError(`chaos knows ${CHAOS_KINDS.join(', ')}, not '${name}'`);
    chaos[kind] = probability(kind, value);
  }
  return chaos;
}

/** A probability given by the name of its kind; throws for anything outside of 0 to 1. */
export function probability(kind: string, value: string | number): number {
  const number = typeof value === 'number' ? value : value === '' ? Number.NaN : Number(value);
  if (!(number >= 0 && number <= 1)) throw new SandboxError(`${kind} is a probability from 0 to 1, not '${value}'`);
  return number;
}

/** Draws a callback's fate. Takes the same number of draws whatever the chances are, so that they can be compared. */
export function drawFate(random: Random, chaos: Chaos): Fate {
  const [drop, reorder, delay, delayLength, duplicate, atOnce, repeatLength, third] = Array.from({ length: 8 }, random);
  const dropped = below(drop, chaos.drop);
  const repeats: number[] = [];
  if (below(duplicate, chaos.duplicate)) {
    repeats.push(below(atOnce, 0.5) ? 0 : length(repeatLength));
    // Now and then a third time, long after.
    if (below(third, 0.2)) repeats.push(LONGEST_DELAY_MS);
  }
  return {
    dropped,
    heldBack: !dropped && below(reorder, chaos.reorder),
    delayMs: !dropped && below(delay, chaos.delay) ? length(delayLength) : 0,
    repeatsMs: dropped ? [] : repeats,
  };
}

const below = (draw: number | undefined, chance: number): boolean => (draw ?? 1) < chance;

const length = (draw: number | undefined): number =>
  Math.round(SHORTEST_DELAY_MS + (draw ?? 0) * (LONGEST_DELAY_MS - SHORTEST_DELAY_MS));
