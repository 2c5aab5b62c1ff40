import { Readable } from 'node:stream';
import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { firstCursor } from '../../hub/event-feed.ts';
import { followFeed } from '../../hub/follow-feed.ts';
import type { FeedStep, FollowedEvent } from '../../hub/follow-feed.ts';
import { createFeedTail } from '../../hub/feed-tail.ts';
import type { Principal } from '../../hub/access.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { TYPES_PATTERN } from './events.ts';
import { FilterText } from './shapes.ts';

export const STREAM_TYPE = 'text/event-stream; charset=utf-8';

/** Each asks once a second whether it may go on, even when nothing happens. */
const MOST_STREAMS = 200;
/** Of one key or user: a wall of boards, and tabs that a browser forgot. */
const MOST_OF_ONE = 24;
const PING_MS = 15_000;
/** How long a browser waits before it comes again. */
const RETRY_MS = 2000;
/** All streams of a process read so often a second together, each at most five times. */
const READINGS_PER_SECOND = 250;
const SHORTEST_GAP_MS = 200;
/** Half a minute in which a reader takes nothing of what is there for it: it has gone to sleep, or has hung. */
const STALLED_MS = 30_000;

/** `/api/v1/stream`. */
export function streamRoutes(scope: ApiScope, { ctx, streamStalledMs = STALLED_MS }: ApiContext): void {
  const open = new Map<AbortController, string>();
  const tail = createFeedTail(ctx);
  const stillAsks = sharedAnswers<Principal | undefined>();
  scope.addHook('preClose', async () => {
    tail.stop();
    for (const stream of open.keys()) stream.abort();
  });

  scope.get(
    '/stream',
    {
      config: { right: 'read' },
      schema: {
        tags: ['events'],
        summary: 'Events as they happen, as server-sent events',
        description:
          'The feed of `/api/v1/events` for this key or user: `event` is the type, `data` the event, `id` the cursor behind ' +
          'it. Begins with an event `ready` that only has a cursor. The header Last-Event-ID goes on without a gap, as do ' +
          '`after` and the cursors of `/api/v1/events`; without either it begins now. Personal data is masked. It ends with ' +
          'the session or the key.',
        querystring: Type.Object(
          {
            after: Type.Optional(Type.String({ maxLength: 100_000, description: 'A cursor.' })),
            types: Type.Optional(
              Type.String({ maxLength: 2000, pattern: TYPES_PATTERN, description: '`order.*,action.*`' }),
            ),
            account: Type.Optional(FilterText('Id of an account.')),
          },
          { additionalProperties: false },
        ),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 100_000 })) }),
        response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const own = [...open.values()].filter((id) => id === principal.id).length;
      if (open.size >= MOST_STREAMS || own >= MOST_OF_ONE) {
        throw new HuidanError('too_many_streams', undefined, { retryAfterSeconds: 10 });
      }
      const gone = new AbortController();
      // Counted before the first wait, or a hundred at once would all find room.
      open.set(gone, principal.id);
      reply.raw.once('close', () => {
        gone.abort();
        open.delete(gone);
      });
      const { types, account } = request.query;
      const last = request.headers['last-event-id'];
      const after = last === undefined || last === '' ? request.query.after : last;
      const asked = { ...(after === undefined ? {} : { after }), ...(account === undefined ? {} : { account }) };
      const cursor = await firstCursor(ctx, asked, principal);
      const steps = followFeed(ctx, {
        ...asked,
        ...(types === undefined ? {} : { types: types.split(',') }),
        after: cursor,
        // Of the streams of one key or session that look at the same moment one asks.
        limits: () => stillAsks(request.session?.sessionId ?? principal.id, () => request.stillAsks()),
        source: tail,
        gapMs: () => Math.max(SHORTEST_GAP_MS, (open.size * 1000) / READINGS_PER_SECOND),
        signal: gone.signal,
      });
      const stalled = (): void => {
        ctx.log.info({ principal: principal.id }, 'a stream of events was ended: its reader takes nothing');
        // Not `end`: what waits to be sent would be waited for.
        reply.raw.destroy();
      };
      return (
        reply
          .header('content-type', STREAM_TYPE)
          .header('x-accel-buffering', 'no')
          // A connection that idles on after its stream would hold up the end of the hub for over a minute.
          .header('connection', 'close')
          .send(
            Readable.from(rendered(ctx, cursor, steps, stalled, streamStalledMs), {
              objectMode: true,
              highWaterMark: 1,
            }),
          )
      );
    },
  );
}

async function* rendered(
  ctx: ApiContext['ctx'],
  first: string,
  steps: AsyncGenerator<FeedStep, void, void>,
  stalled: () => void,
  stalledMs: number,
): AsyncGenerator<string, void, void> {
  yield `retry: ${RETRY_MS}\nid: ${first}\nevent: ready\ndata: {"cursor":"${first}"}\n\n`;
  let saidMs = ctx.clock();
  try {
    for await (const step of steps) {
      const nowMs = ctx.clock();
      if (step.kind === 'events') {
        // In one piece: a write for each event was a third of what a stream cost. It goes on when the piece has gone out.
        const timer = setTimeout(stalled, stalledMs);
        try {
          yield step.events.map(block).join('');
        } finally {
          clearTimeout(timer);
        }
      } else {
        if (nowMs - saidMs < PING_MS) continue;
        // An id without data is kept by the browser and raises no event: it need not look again at what it may not see.
        yield `: ping\nid: ${step.cursor}\n\n`;
      }
      saidMs = nowMs;
    }
  } catch (error) {
    // The headers are out: all that can be said is the end, after which the browser comes again with its last id.
    ctx.log.warn({ err: error }, 'a stream of events broke off');
  }
}

const block = ({ cursor, type, text }: FollowedEvent): string =>
  `id: ${cursor}\nevent: ${type}\n${dataLines(text)}\n\n`;

/** A line break would end the line of data; JSON has none, unless whoever wrote it liked it pretty. */
const dataLines = (text: string): string =>
  text
    .split(/\r\n|\r|\n/u)
    .map((line) => `data: ${line}`)
    .join('\n');

/** Those who ask the same while the answer is under way get that one. */
function sharedAnswers<T>(): (name: string, ask: () => Promise<T>) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (name, ask) => {
    const known = underWay.get(name);
    if (known !== undefined) return known;
    const answer = ask().finally(() => underWay.delete(name));
    underWay.set(name, answer);
    return answer;
  };
}
