import { canChime, chime } from './chime.ts';

/** When the youngest order came that any tab of this browser has rung for, and when that was. */
const KEY = 'huidan.rang';
const LOCK = 'huidan.ring';
/** A burst of orders rings once. */
const QUIET_MS = 1500;
/** What a tab writes down is read by another a moment later. */
const SETTLE_MS = 100;

interface Rang {
  readonly orderMs: number;
  readonly atMs: number;
}

/**
 * Rings for an order of this time, unless another tab has: of several that are open, one is enough. Not the worker that
 * holds the stream decides, since it does not know which tabs a browser lets make a sound; and not the tab that is looked
 * at, since none may be. A hidden tab may be told a minute late, so what counts is the order and not the moment.
 */
export async function ringOnce(orderMs: number): Promise<void> {
  if (!canChime()) return;
  if (!('locks' in navigator)) {
    // On plain http there are no locks: tabs that are told within the same moment may then ring together.
    ring(orderMs);
    return;
  }
  await navigator.locks.request(LOCK, async () => {
    if (ring(orderMs)) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  });
}

function ring(orderMs: number): boolean {
  const last = read();
  if (orderMs <= last.orderMs) return false;
  const atMs = Date.now();
  const isQuiet = atMs - last.atMs < QUIET_MS;
  write({ orderMs, atMs: isQuiet ? last.atMs : atMs });
  if (!isQuiet) chime();
  return true;
}

function read(): Rang {
  try {
    return { orderMs: 0, atMs: 0, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Rang>) };
  } catch {
    return { orderMs: 0, atMs: 0 };
  }
}

function write(rang: Rang): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(rang));
  } catch {
    // Private windows may refuse: each tab then rings for itself.
  }
}
