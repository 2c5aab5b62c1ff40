import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';
import { readFeed } from './event-feed.ts';
import type { FeedQuery } from './event-feed.ts';
import type { FeedSource } from './feed-tail.ts';

export interface FollowOptions extends Pick<FeedQuery, 'types' | 'account'> {
  /** The cursor to begin behind. */
  readonly after: string;
  readonly source: FeedSource;
  /** Asked before each reading: the limits may have changed, and `undefined` ends the following. */
  limits(): Promise<Limits | undefined>;
  /** Least time between two readings: a hub that commits 500 times a second must not be read as often by every reader. */
  gapMs(): number;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** An event with the cursor behind it. */
export interface FollowedEvent {
  readonly cursor: string;
  readonly type: string;
  readonly text: string;
}

/** Events that were read together, or only a cursor: what lay between was not asked for, or nothing came. */
export type FeedStep =
  | { readonly kind: 'events'; readonly events: readonly FollowedEvent[] }
  | { readonly kind: 'idle'; readonly cursor: string };

/** Events looked at in one reading. */
const PAGE = 100;
/** What other processes commit is found within this time. */
const POLL_MS = 1000;

/**
 * Follows the feed for good: every event that the limits let through, in the order of its account, none twice and none
 * skipped, and an `idle` step at least every second in between.
 */
export async function* followFeed(ctx: HubContext, options: FollowOptions): AsyncGenerator<FeedStep, void, void> {
  const { types, account, signal } = options;
  let cursor = options.after;
  const bell = createBell(ctx, signal);
  try {
    while (!signal.aborted) {
      bell.mute();
      const limits = await options.limits();
      if (limits === undefined) return;
      const query = { limit: PAGE, after: cursor, ...(types && { types }), ...(account !== undefined && { account }) };
      const page = await readFeed(ctx, query, limits, options.source);
      const events = page.data.map((text, index) => ({
        cursor: page.cursorBehind(index),
        type: page.types[index] ?? '',
        text,
      }));
      if (events.length > 0) yield { kind: 'events', events };
      cursor = page.nextCursor;
      if (!page.caughtUp) continue;
      if (page.data.length === 0) yield { kind: 'idle', cursor };
      await sleep(options.gapMs(), undefined, { signal }).catch(() => undefined);
      await bell.rung(POLL_MS);
    }
  } finally {
    bell.remove();
  }
}

/** Hears of commits also while nobody waits for them: one during a reading may be about something that it did not see. */
function createBell(ctx: Pick<HubContext, 'wake'>, signal: AbortSignal) {
  let isRung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    isRung = true;
    wake?.();
  };
  const stopListening = ctx.wake.onDeliveries(ring);
  signal.addEventListener('abort', ring);
  return {
    mute(): void {
      isRung = false;
    },
    /** Resolves when it was rung since `mute`, or after `waitMs`. */
    rung(waitMs: number): Promise<void> {
      return new Promise((resolve) => {
        if (isRung || signal.aborted) return resolve();
        const timer = setTimeout(() => {
          wake = undefined;
          resolve();
        }, waitMs);
        wake = () => {
          wake = undefined;
          clearTimeout(timer);
          resolve();
        };
      });
    },
    remove(): void {
      stopListening();
      signal.removeEventListener('abort', ring);
    },
  };
}
