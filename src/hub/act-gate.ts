import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';

/** Calls a second and account; the platforms' limits are per app and far above what a person and auto-accept need. */
const CALLS_PER_SECOND = 10;
/** Calls without an answer, one after the other, after which a platform is left alone for a while. */
const BREAKER_FAILURES = 5;
const BREAKER_SECONDS = 30;
/** The platforms count by the second. */
const SLOW_MS = 1000;

/** The one place that decides whether an account may call its platform now. */
export interface ActGate {
  /** 0: go ahead, and it counts; otherwise how long to wait, in ms. */
  enter(account: string, settings: Readonly<Record<string, Json>>, nowMs: TimeMs): number;
  /** What became of the call: whether the platform answered. */
  leave(account: string, settings: Readonly<Record<string, Json>>, answered: boolean, nowMs: TimeMs): void;
  /** The platform says that it is called too often: nothing goes for a second, whatever the settings allow. */
  slow(account: string, nowMs: TimeMs): void;
  /** Accounts whose breaker is open. */
  openCount(nowMs: TimeMs): number;
}

interface Held {
  /** Earliest time at which the next call fits the rate: each call moves it on, up to a second's worth may come at once. */
  nextMs: TimeMs;
  failures: number;
  openUntilMs: TimeMs;
}

/**
 * Rate limit and breaker of each account, in this process. A breaker that was open lets one call through to see; it
 * closes with the first answer, a refusal too: whoever refuses is there.
 * Settings: `callsPerSecond` (10), `breakerFailures` (5), `breakerSeconds` (30).
 */
export function createActGate(): ActGate {
  const held = new Map<string, Held>();
  const of = (account: string): Held => {
    let state = held.get(account);
    if (state === undefined) held.set(account, (state = { nextMs: 0, failures: 0, openUntilMs: 0 }));
    return state;
  };
  return {
    enter(account, settings, nowMs) {
      const state = of(account);
      if (state.openUntilMs > nowMs) return state.openUntilMs - nowMs;
      const gapMs = 1000 / settingOf(settings, 'callsPerSecond', CALLS_PER_SECOND);
      const earliestMs = Math.max(state.nextMs, nowMs - 1000 + gapMs);
      if (earliestMs > nowMs) return Math.ceil(earliestMs - nowMs);
      state.nextMs = earliestMs + gapMs;
      // Half open: the next one waits until this one is back, or for as long as the breaker would be open.
      if (state.failures >= settingOf(settings, 'breakerFailures', BREAKER_FAILURES)) {
        state.openUntilMs = nowMs + settingOf(settings, 'breakerSeconds', BREAKER_SECONDS) * 1000;
      }
      return 0;
    },
    leave(account, settings, answered, nowMs) {
      const state = of(account);
      if (answered) {
        state.failures = 0;
        state.openUntilMs = 0;
        return;
      }
      state.failures += 1;
      if (state.failures < settingOf(settings, 'breakerFailures', BREAKER_FAILURES)) return;
      state.openUntilMs = nowMs + settingOf(settings, 'breakerSeconds', BREAKER_SECONDS) * 1000;
    },
    slow(account, nowMs) {
      const state = of(account);
      state.nextMs = Math.max(state.nextMs, nowMs + SLOW_MS);
    },
    openCount: (nowMs) => [...held.values()].filter(({ openUntilMs }) => openUntilMs > nowMs).length,
  };
}

/** A positive number of the account's settings, or the default. */
export function settingOf(settings: Readonly<Record<string, Json>>, name: string, usual: number): number {
  const value = settings[name];
  return typeof value === 'number' && value > 0 ? value : usual;
}
