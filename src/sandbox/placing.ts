import type { Connector } from '../core/connector.ts';
import type { LedgerState } from './ledger-state.ts';
import { seededRandom } from './seeded-random.ts';

export interface Placing {
  setRate(rate: number): void;
  pause(): void;
  continue(): void;
  stop(): void;
}

export interface PlacingOptions {
  /** Orders a second; 0 places none. */
  readonly rate: number;
  readonly limit: number;
  /** No while the hub is behind: the missed orders are not made up for. */
  mayPlace(): boolean;
  place(): void;
  onLimit(): void;
}

const TICK_MS = 20;
/** After a pause of the process no more than this much is made up for. */
const LONGEST_TICK_MS = 1000;

/** Places orders at a steady rate. */
export function createPlacing(options: PlacingOptions): Placing {
  let rate = options.rate;
  let owed = rate > 0 ? 1 : 0;
  let placed = 0;
  let paused = false;
  let lastMs = performance.now();
  if (options.limit <= 0) options.onLimit();

  const timer = setInterval(() => {
    const nowMs = performance.now();
    const passedMs = Math.min(LONGEST_TICK_MS, nowMs - lastMs);
    lastMs = nowMs;
    if (paused || placed >= options.limit || !options.mayPlace()) return;
    owed += (rate * passedMs) / 1000;
    for (; owed >= 1 && placed < options.limit; owed -= 1) {
      options.place();
      placed += 1;
      if (placed >= options.limit) options.onLimit();
    }
  }, TICK_MS);

  return {
    setRate(next) {
      rate = next;
      owed = 0;
    },
    pause() {
      paused = true;
    },
    continue() {
      paused = false;
    },
    stop: () => clearInterval(timer),
  };
}

/** So many of the orders that could come through the hub do. */
const SHOPPERS_SHARE = 0.5;

/**
 * Where the next order is placed: at each platform once, so that all are seen soon, and then as the seed has it. `shops`:
 * a customer of the merchant's own shop orders through the hub, and not at the platform.
 */
export function pickPlatform(
  playing: readonly Connector[],
  seed: string,
  state: LedgerState,
  shoppers: { canShop(platform: string): boolean },
): { readonly id: string; readonly shops: boolean } {
  const draw = seededRandom(`${seed}/pick/${state.orders.size + state.shoppers.size}`);
  const first = playing.find(({ id }) => !state.numbers.has(id));
  const id = (first ?? playing[Math.floor(draw() * playing.length)])?.id ?? '';
  return { id, shops: first === undefined && shoppers.canShop(id) && draw() < SHOPPERS_SHARE };
}
