import type { PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

/** What the played platform remembers of an order: one name an order and kind, its value replaced and never changed. */
const KEYS = {
  steps: (orderId: string) => `steps:${orderId}`,
  acts: (orderId: string) => `acts:${orderId}`,
  heard: (orderId: string) => `heard:${orderId}`,
  reads: (orderId: string) => `reads:${orderId}`,
} as const;

/** A message that a merchant's call set off, and after how many steps of the order's own life. */
export type ActedScene = {
  readonly type: number;
  readonly after: number;
  readonly at: TimeMs;
  readonly refundType: 'normal' | 'part' | null;
};

/** No message: the hub was told that the order is accepted already, which says so for no time of its own. */
export const ACCEPTED_AGAIN = 0;

/** What the hub read of an order at some time: its state, and the last request with whether it is open. */
export type Reading = {
  readonly at: TimeMs;
  /** null: only the request was asked for. */
  readonly state: 'unprocessed' | 'valid' | 'invalid' | 'settled' | null;
  readonly request: { readonly kind: 'cancel' | 'refund'; readonly open: boolean } | null;
};

const recall = <T>(memory: PlatformMemory, name: string, otherwise: T): T =>
  (memory[name] as T | undefined) ?? otherwise;

/** Notes that an order took a step of its own life, and when. */
export function noteStep(orderId: string, step: number, atMs: TimeMs, memory: PlatformMemory): void {
  const times = [...stepTimes(orderId, memory)];
  times[step] ??= atMs;
  memory[KEYS.steps(orderId)] = times;
}

/** When each step of an order's own life was taken. */
export const stepTimes = (orderId: string, memory: PlatformMemory): readonly TimeMs[] =>
  recall<readonly TimeMs[]>(memory, KEYS.steps(orderId), []);

/** All orders that exist. */
export const orderIds = (memory: PlatformMemory): readonly string[] =>
  Object.keys(memory)
    .filter((name) => name.startsWith('steps:'))
    .map((name) => name.slice('steps:'.length));

export const actsOf = (orderId: string, memory: PlatformMemory): readonly ActedScene[] =>
  recall<readonly ActedScene[]>(memory, KEYS.acts(orderId), []);

export function addActs(orderId: string, acts: readonly ActedScene[], memory: PlatformMemory): void {
  if (acts.length > 0) memory[KEYS.acts(orderId)] = [...actsOf(orderId, memory), ...acts];
}

/** Orders that a merchant's call has changed. */
export const actedOrders = (memory: PlatformMemory): readonly string[] =>
  Object.keys(memory)
    .filter((name) => name.startsWith('acts:'))
    .map((name) => name.slice('acts:'.length));

/** What has happened to an order: its own life as far as it is told, and what the merchant did in between. */
export function scenesSoFar(orderId: string, plot: Plot, memory: PlatformMemory): readonly Scene[] {
  const acts = actsOf(orderId, memory);
  const actedAfter = (steps: number): readonly Scene[] =>
    acts
      .filter(({ after }) => after === steps)
      .map(({ type, refundType }) => ({ type, afterMs: [0, 0], ...(refundType === null ? {} : { refundType }) }));
  const told = plot.scenes.slice(0, stepTimes(orderId, memory).length);
  return told.flatMap((scene, index) => [scene, ...actedAfter(index + 1)]);
}

/** Steps of which the hub heard by asking, since their messages got lost. */
export const heardSteps = (orderId: string, memory: PlatformMemory): readonly number[] =>
  recall<readonly number[]>(memory, KEYS.heard(orderId), []);

export function noteHeard(orderId: string, step: number, memory: PlatformMemory): void {
  const heard = heardSteps(orderId, memory);
  if (!heard.includes(step)) memory[KEYS.heard(orderId)] = [...heard, step];
}

/** What the hub has read of an order, the last of each kind of question. */
export const readingsOf = (orderId: string, memory: PlatformMemory): readonly Reading[] =>
  recall<readonly Reading[]>(memory, KEYS.reads(orderId), []);

export function noteReading(orderId: string, reading: Reading, memory: PlatformMemory): void {
  const others = readingsOf(orderId, memory).filter(({ state }) => (state === null) !== (reading.state === null));
  memory[KEYS.reads(orderId)] = [...others, reading];
}
