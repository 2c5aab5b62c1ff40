import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { HuidanError } from '../core/errors.ts';
import type { TimeMs } from '../core/time.ts';
import { readClocks } from '../store/event-reads.ts';
import type { FeedLine, StoredEvent } from '../store/event-reads.ts';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';
import { databaseSource } from './feed-tail.ts';
import type { FeedSource } from './feed-tail.ts';
import { eventText } from './webhook-request.ts';

export interface FeedQuery {
  /** `nextCursor` of the call before; left out: from the oldest event stored; `now`: from what comes next. */
  readonly after?: string;
  readonly limit: number;
  /** Patterns such as `order.*`; left out: all. */
  readonly types?: readonly string[];
  readonly account?: string;
  /** Waits so long for the first event; 0 to 60. */
  readonly waitSeconds?: number;
  /** Ends the waiting, such as when the caller has gone. */
  readonly signal?: AbortSignal;
}

export interface FeedPage {
  /** JSON texts of events, each as its webhook would have it. Events of one account are in their order. */
  readonly data: readonly string[];
  /** Types of the same events. */
  readonly types: readonly string[];
  /** The cursor with which to go on right behind an event of the page, by its place in `data`. */
  cursorBehind(index: number): string;
  /** Always there: the feed has no end. */
  readonly nextCursor: string;
  /** False when more can be read at once. */
  readonly caughtUp: boolean;
}

/** Where a reader stands: the last feed number seen of each account, and the account to begin with. */
interface Position {
  readonly feeds: ReadonlyMap<string, number>;
  readonly first: string;
}

const MAX_WAIT_SECONDS = 60;
/** Events looked at in one account when few of them are asked for. */
const SCAN = 500;
const POLL_MS = 1000;

/**
 * Reads events in the order of the accounts' feeds. Feed numbers appear in commit order, so a cursor never skips an event
 * that was committed late. `limits` are those of the asking key. Throws `malformed_cursor`.
 */
export async function readFeed(
  ctx: HubContext,
  query: FeedQuery,
  limits: Limits,
  source: FeedSource = databaseSource(ctx),
): Promise<FeedPage> {
  const accounts = accountsOf(query, limits);
  let position = await startPosition(ctx, query.after, accounts);
  const untilMs = ctx.clock() + Math.min(query.waitSeconds ?? 0, MAX_WAIT_SECONDS) * 1000;
  for (;;) {
    const page = await readOnce(source, query, limits, accounts, position);
    position = page.position;
    const waitMs = untilMs - ctx.clock();
    const enough = page.data.length > 0 || (page.caughtUp && (waitMs <= 0 || query.signal?.aborted === true));
    if (enough) return feedPage(ctx, page);
    if (page.caughtUp) await news(ctx, Math.min(waitMs, POLL_MS), query.signal);
  }
}

/**
 * Checks a cursor to begin with, and gives one of now where there is none: a reader that has it before its first event
 * misses none when it must begin again. Throws `malformed_cursor`.
 */
export async function firstCursor(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  query: Pick<FeedQuery, 'after' | 'account'>,
  limits: Limits,
): Promise<string> {
  const position = await startPosition(ctx, query.after ?? 'now', accountsOf(query, limits));
  return writeCursor(ctx, position);
}

function feedPage(ctx: Pick<HubContext, 'sealer'>, page: ReadPage): FeedPage {
  // Whoever asks goes through the page from its beginning to its end.
  let walked = { feeds: new Map(page.start.feeds), upTo: -1 };
  return {
    data: page.data,
    types: page.events.map(({ type }) => type),
    cursorBehind(index) {
      if (index >= page.events.length - 1) return writeCursor(ctx, page.position);
      if (index < walked.upTo) walked = { feeds: new Map(page.start.feeds), upTo: -1 };
      for (const { account, feed } of page.events.slice(walked.upTo + 1, index + 1)) walked.feeds.set(account, feed);
      walked.upTo = index;
      return writeCursor(ctx, { feeds: walked.feeds, first: page.events[index]?.account ?? page.start.first });
    },
    nextCursor: writeCursor(ctx, page.position),
    caughtUp: page.caughtUp,
  };
}

function accountsOf(query: Pick<FeedQuery, 'account'>, limits: Limits): readonly string[] | null {
  if (query.account === undefined) return limits.accounts;
  return limits.accounts === null || limits.accounts.includes(query.account) ? [query.account] : [];
}

async function startPosition(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  after: string | undefined,
  accounts: readonly string[] | null,
): Promise<Position> {
  if (after === undefined) return { feeds: new Map(), first: '' };
  if (after !== 'now') return readCursor(ctx, after);
  return { feeds: await readClocks(ctx.pool, accounts), first: '' };
}

interface ReadPage {
  readonly data: readonly string[];
  readonly events: readonly StoredEvent[];
  readonly start: Position;
  readonly position: Position;
  readonly caughtUp: boolean;
}

async function readOnce(
  source: FeedSource,
  query: FeedQuery,
  limits: Limits,
  accounts: readonly string[] | null,
  position: Position,
): Promise<ReadPage> {
  const clocks = await source.clocks(accounts);
  const behind = [...clocks]
    .filter(([account, feed]) => feed > (position.feeds.get(account) ?? 0))
    .map(([account]) => account);
  // Begins behind the account it ended with, so that a busy account cannot hide the others.
  const turned = [
    ...behind.filter((account) => account > position.first),
    ...behind.filter((account) => account <= position.first),
  ];
  const asked = turned.slice(0, query.limit);
  if (asked.length === 0) return { data: [], events: [], start: position, position, caughtUp: true };
  const share = Math.ceil(query.limit / asked.length);
  const isFiltered = query.types !== undefined || limits.merchants !== null || limits.shops !== null;
  const lines = await source.lines({
    positions: asked.map((account) => ({ account, feed: position.feeds.get(account) ?? 0 })),
    accountLimit: isFiltered ? Math.max(share, SCAN) : share,
    ...splitPatterns(query.types),
    merchants: limits.merchants,
    shops: limits.shops,
  });
  return gather(query.limit, share, asked, lines, position, clocks);
}

function splitPatterns(types: readonly string[] | undefined): {
  readonly types: readonly string[] | null;
  readonly typePrefixes: readonly string[] | null;
} {
  if (types === undefined || types.includes('*')) return { types: null, typePrefixes: null };
  return {
    types: types.filter((type) => !type.endsWith('.*')),
    typePrefixes: types.filter((type) => type.endsWith('.*')).map((type) => type.slice(0, -1)),
  };
}

/** Takes up to `limit` events, an equal share of each account, and notes how far each account was read. */
function gather(
  limit: number,
  share: number,
  asked: readonly string[],
  lines: readonly FeedLine[],
  position: Position,
  clocks: ReadonlyMap<string, number>,
): ReadPage {
  const feeds = new Map(position.feeds);
  const byAccount = Map.groupBy(lines, (line) => line.account);
  const data: StoredEvent[] = [];
  let first = position.first;
  for (const account of asked) {
    const own = byAccount.get(account) ?? [];
    let taken = 0;
    for (const line of own) {
      if (line.event !== null && (taken === share || data.length === limit)) break;
      feeds.set(account, line.feed);
      if (line.event === null) continue;
      data.push(line.event);
      taken += 1;
      first = account;
    }
    // Retention dropped what lay between: there is nothing to wait for up to the clock that was read before.
    if (own.length === 0) feeds.set(account, clocks.get(account) ?? 0);
  }
  // Stable: within an account the order of the feed stays.
  const caughtUp = [...clocks].every(([account, feed]) => (feeds.get(account) ?? 0) >= feed);
  return {
    data: data.map(textOf),
    events: data,
    start: position,
    position: { feeds, first },
    caughtUp,
  };
}

const texts = new WeakMap<StoredEvent, string>();

/** The same event may go out to hundreds of readers. */
function textOf(event: StoredEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = eventText(event, event.sequence > 1 ? event.sequence - 1 : null);
  texts.set(event, text);
  return text;
}

/** Resolves when something was committed here, when the caller has gone, or after `waitMs`: others commit too. */
function news(ctx: HubContext, waitMs: TimeMs, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stopListening();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    const stopListening = ctx.wake.onDeliveries(finish);
    signal?.addEventListener('abort', finish);
  });
}

/**
 * Compressed, because it names every account; sealed, because a key limited to a merchant goes through accounts that it
 * may not see, and their names and numbers of events are no business of its owner.
 */
function writeCursor({ sealer }: Pick<HubContext, 'sealer'>, position: Position): string {
  const text = JSON.stringify([position.first, Object.fromEntries(position.feeds)]);
  // A short one as it is: making the compressor ready takes 30 µs, and a stream writes a cursor for each event.
  const packed = text.length < SHORT ? Buffer.concat([PLAIN, Buffer.from(text)]) : deflateRawSync(text);
  return sealer.seal(packed).toString('base64url');
}

const MAX_CURSOR_BYTES = 4_194_304;
const SHORT = 600;
/** No compressed text begins with this byte: it would be a stored block, which text never becomes. */
const PLAIN = Buffer.of(0);

function readCursor({ sealer }: Pick<HubContext, 'sealer'>, cursor: string): Position {
  try {
    const packed = sealer.open(Buffer.from(cursor, 'base64url'));
    const bytes =
      packed[0] === PLAIN[0] ? packed.subarray(1) : inflateRawSync(packed, { maxOutputLength: MAX_CURSOR_BYTES });
    const text = bytes.toString('utf8');
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || typeof value[0] !== 'string' || typeof value[1] !== 'object' || value[1] === null) {
      throw new TypeError('not a position');
    }
    const feeds = Object.entries(value[1] as Record<string, unknown>);
    for (const [, feed] of feeds) if (!Number.isSafeInteger(feed)) throw new TypeError('not a feed number');
    return { first: value[0], feeds: new Map(feeds as [string, number][]) };
  } catch (error) {
    throw new HuidanError('malformed_cursor', undefined, { cause: error });
  }
}
