import type { TimeMs } from '../core/time.ts';

/** The longest time from an event's creation to its arrival, over this second and the last. */
export interface LagMeter {
  measure(createdAt: TimeMs, now: TimeMs): void;
  longestMs(now: TimeMs): number;
}

export function createLagMeter(): LagMeter {
  let second = 0;
  let thisMs = 0;
  let lastMs = 0;
  return {
    measure(createdAt, now) {
      const current = Math.floor(now / 1000);
      if (current !== second) {
        lastMs = current === second + 1 ? thisMs : 0;
        thisMs = 0;
        second = current;
      }
      if (Number.isFinite(createdAt)) thisMs = Math.max(thisMs, now - createdAt);
    },
    longestMs: (now) => (Math.floor(now / 1000) - second > 1 ? 0 : Math.max(thisMs, lastMs)),
  };
}
