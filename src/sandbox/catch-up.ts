import { setTimeout as sleep } from 'node:timers/promises';
import { HubUnreachable } from './hub-client.ts';

/** What is left to wait for. */
export interface CatchUp {
  /** Callbacks without a receipt. */
  readonly unreceived: number;
  /** Events that the receiver has yet to get; null while the hub was not, or could not be, asked. */
  readonly events: number | null;
}

export interface CatchUpOptions {
  readonly waitMs: number;
  unreceived(): number;
  /** True when nothing is under way to the hub any more. */
  isSent(): boolean;
  /** Asks the hub. */
  eventsOutstanding(): Promise<number>;
  eventsReceived(): number;
  /** True when there is no point in waiting on. */
  isOver(): boolean;
  readonly onProgress?: (left: CatchUp) => void;
}

const POLL_MS = 250;
/** The hub's list of a big run has many pages: it is read again when it could be complete, or after a few times as long. */
const PAUSE_FACTOR = 4;
const LEAST_PAUSE_MS = 500;

/** Waits until all is sent and every event has come; resolves with what is left, also when the time is over. */
export async function catchUp(options: CatchUpOptions): Promise<CatchUp> {
  const deadlineMs = performance.now() + options.waitMs;
  for (;;) {
    const askedMs = performance.now();
    const events = options.isSent() ? await askHub(options) : null;
    const pauseMs = Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * (performance.now() - askedMs));
    const left = { unreceived: options.unreceived(), events };
    options.onProgress?.(left);
    if (events === 0 || performance.now() > deadlineMs || options.isOver()) return left;
    const wanted = options.eventsReceived() + (events ?? 0);
    const waitUntilMs = Math.min(deadlineMs, performance.now() + (events === null ? 0 : pauseMs));
    do await sleep(POLL_MS);
    while (options.eventsReceived() < wanted && performance.now() < waitUntilMs);
  }
}

async function askHub(options: CatchUpOptions): Promise<number | null> {
  try {
    return await options.eventsOutstanding();
  } catch (error) {
    if (error instanceof HubUnreachable) return null;
    throw error;
  }
}
