import { setTimeout as sleep } from 'node:timers/promises';
import { readClocks, readFeedLines } from '../store/event-reads.ts';
import type { FeedLine, FeedRequest, StoredEvent } from '../store/event-reads.ts';
import type { TimeMs } from '../core/time.ts';
import type { HubContext } from './context.ts';

/** Where a feed is read: the database, or the part of it that many readers share. */
export interface FeedSource {
  /** How far the feed of each account has come; null: of all accounts. */
  clocks(accounts: readonly string[] | null): Promise<ReadonlyMap<string, number>>;
  lines(request: FeedRequest): Promise<readonly FeedLine[]>;
}

export const databaseSource = ({ pool }: Pick<HubContext, 'pool'>): FeedSource => ({
  clocks: (accounts) => readClocks(pool, accounts),
  lines: (request) => readFeedLines(pool, request),
});

/** Events of one account that follow each other without a gap: all after `from` up to `until`. */
interface Tail {
  from: number;
  until: number;
  events: StoredEvent[];
}

/** What was read within this time is not read again, unless something was committed here since: others commit too. */
const FRESH_MS = 200;
/** Under a flood of commits no more than 20 readings a second; what came in between comes with the next. */
const LEAST_GAP_MS = 50;
/** After so long without a reader the tail is begun anew: what came meanwhile is more than it is meant to hold. */
const FORGOTTEN_MS = 10_000;
/** Events of an account in one reading; more at once are a flood, which its readers take from the database. */
const MOST_AT_ONCE = 500;
/** An event of an order is about 2 kB. */
const MOST_BYTES = 32 * 2 ** 20;
/** Readers that are further back read by themselves, so many at a time: the pool has ten connections for everything. */
const READERS_AT_ONCE = 2;

/**
 * The end of the feed, read once for all streams of a process. When each of 200 streams read by itself they took turns
 * with callbacks for the connections of the pool: at 100 events a second a callback waited 2 s and a list 0.4 s.
 */
export function createFeedTail(ctx: Pick<HubContext, 'pool' | 'clock' | 'wake'>): FeedSource & { stop(): void } {
  const database = databaseSource(ctx);
  const tails = new Map<string, Tail>();
  const enter = createTurnstile(READERS_AT_ONCE);
  let bytes = 0;
  /** When the last reading began, and how much had been committed here by then. */
  let readMs: TimeMs | undefined;
  let readAt = -1;
  let committed = 0;
  let reading: Promise<void> | undefined;
  const stop = ctx.wake.onDeliveries(() => {
    committed += 1;
  });

  const sizeOf = ({ bodyText }: StoredEvent): number => 500 + bodyText.length;
  const clear = (): void => {
    tails.clear();
    bytes = 0;
  };
  /** Nobody finds events up to here in the tail any more. */
  const cut = (tail: Tail, until: number): void => {
    while (tail.events[0] !== undefined && tail.events[0].feed <= until)
      bytes -= sizeOf(tail.events.shift() as StoredEvent);
    tail.from = Math.max(tail.from, until);
    tail.until = Math.max(tail.until, until);
  };

  const readOn = async (): Promise<void> => {
    const restMs = readMs === undefined ? 0 : readMs + LEAST_GAP_MS - ctx.clock();
    if (restMs > 0) await sleep(Math.min(restMs, LEAST_GAP_MS));
    const [nowMs, seen] = [ctx.clock(), committed];
    if (readMs !== undefined && nowMs - readMs > FORGOTTEN_MS) clear();
    const clocks = await database.clocks(null);
    const behind: { account: string; feed: number }[] = [];
    for (const [account, clock] of clocks) {
      const tail = tails.get(account);
      // The first reader stands at the end.
      if (tail === undefined) tails.set(account, { from: clock, until: clock, events: [] });
      else if (clock > tail.until + MOST_AT_ONCE) cut(tail, clock);
      else if (clock > tail.until) behind.push({ account, feed: tail.until });
    }
    if (behind.length > 0) {
      const everything = { types: null, typePrefixes: null, merchants: null, shops: null };
      const lines = await database.lines({ positions: behind, accountLimit: MOST_AT_ONCE, ...everything });
      for (const { account, feed, event } of lines) {
        const tail = tails.get(account);
        if (tail === undefined || event === null) continue;
        tail.events.push(event);
        tail.until = feed;
        bytes += sizeOf(event);
      }
      // A page that is not full has everything up to the clock, which was read before it.
      for (const { account } of behind) {
        const tail = tails.get(account);
        const clock = clocks.get(account) ?? 0;
        if (tail !== undefined && tail.until < clock) cut(tail, clock);
      }
    }
    if (bytes > MOST_BYTES) shorten();
    [readMs, readAt] = [nowMs, seen];
  };
  /** Forgets the older half of each account. */
  const shorten = (): void => {
    for (const tail of tails.values()) {
      const last = tail.events[tail.events.length >> 1];
      if (last !== undefined) cut(tail, last.feed);
    }
  };

  const isFresh = (): boolean => {
    const ageMs = readMs === undefined ? -1 : ctx.clock() - readMs;
    return ageMs >= 0 && ageMs < FRESH_MS && readAt === committed;
  };

  return {
    stop,
    async clocks(accounts) {
      const wantedAt = committed;
      const askedMs = ctx.clock();
      // A reading that was under way may have begun before what the reader was woken for; the one after it did not.
      for (let nth = 0; nth < 2 && !isFresh() && !(readAt >= wantedAt && (readMs ?? 0) >= askedMs); nth += 1) {
        reading ??= readOn().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      const wanted = accounts === null ? [...tails.keys()] : accounts.filter((account) => tails.has(account));
      return new Map(wanted.toSorted().map((account) => [account, tails.get(account)?.until ?? 0]));
    },
    async lines(request) {
      const held: FeedLine[] = [];
      const further: { account: string; feed: number }[] = [];
      for (const position of request.positions) {
        const tail = tails.get(position.account);
        if (tail === undefined || position.feed < tail.from) further.push(position);
        else held.push(...linesAfter(tail, position.feed, request));
      }
      if (further.length === 0) return held;
      const leave = await enter();
      try {
        return [...held, ...(await database.lines({ ...request, positions: further }))];
      } finally {
        leave();
      }
    },
  };
}

/** As the database gives them: those that were not asked for without their event. */
function linesAfter(tail: Tail, feed: number, request: FeedRequest): FeedLine[] {
  let [low, high] = [0, tail.events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tail.events[middle]?.feed ?? 0) <= feed) low = middle + 1;
    else high = middle;
  }
  return tail.events.slice(low, low + request.accountLimit).map((event) => ({
    account: event.account,
    feed: event.feed,
    event: isWanted(event, request) ? event : null,
  }));
}

function isWanted(event: StoredEvent, { types, typePrefixes, merchants, shops }: FeedRequest): boolean {
  if (
    types !== null &&
    !types.includes(event.type) &&
    typePrefixes?.some((start) => event.type.startsWith(start)) !== true
  )
    return false;
  if (merchants !== null && (event.merchant === null || !merchants.includes(event.merchant))) return false;
  return shops === null || (event.shop !== null && shops.includes(event.shop));
}

/** Lets so many in at a time; the others wait in a line. What is returned on entry is called on leaving. */
function createTurnstile(most: number): () => Promise<() => void> {
  let inside = 0;
  const line: (() => void)[] = [];
  const leave = (): void => {
    const next = line.shift();
    if (next === undefined) inside -= 1;
    else next();
  };
  return async () => {
    if (inside < most) inside += 1;
    else await new Promise<void>((resolve) => line.push(resolve));
    return leave;
  };
}
