import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  // It stood still while nobody looked.
  nowMs = Date.now();
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const listener of listeners) listener();
  }, 1000);
  return () => {
    listeners.delete(tell);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

const DAY_MS = 86_400_000;
/** Days of Asia/Shanghai, which has had no other hour since 1991. */
const ZONE_MS = 8 * 3_600_000;

/** A time of today, which stays the same until midnight: what shows only dates is not drawn every second. */
export const useToday = (): number =>
  useSyncExternalStore(subscribe, () => Math.floor((nowMs + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS);

/** The time, once a second: one timer for all clocks of the page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => nowMs);
