import Type from 'typebox';
import { readFeed } from '../../hub/event-feed.ts';
import { readEvent } from '../../hub/read-event.ts';
import { principalOf } from '../auth.ts';
import { DEFAULT_LIMIT } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, Time } from './shapes.ts';

/** Patterns of types, parted by commas. */
export const TYPES_PATTERN = '^(\\*|[a-z_]+(\\.[a-z_]+)*(\\.\\*)?)(,(\\*|[a-z_]+(\\.[a-z_]+)*(\\.\\*)?))*$';

const Event = Type.Object({
  id: Type.String(),
  type: Type.String(),
  timestamp: Time,
  data: Type.Record(Type.String(), Type.Unknown(), {
    description: '`sequence`, `previousSequence`, `previousStatus` and `order`, or another subject.',
  }),
});

const FeedQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: 100_000,
        description: '`nextCursor` of the call before; left out: from the oldest; `now`: from what comes next.',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: DEFAULT_LIMIT })),
    types: Type.Optional(Type.String({ maxLength: 2000, pattern: TYPES_PATTERN, description: '`order.*,order.paid`' })),
    account: Type.Optional(FilterText('Id of an account.')),
    waitSeconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 60, default: 0, description: 'How long to wait for the first event.' }),
    ),
  },
  { additionalProperties: false },
);

/** `/api/v1/events`. */
export function eventRoutes(scope: ApiScope, { ctx }: ApiContext): void {
  const tags = ['events'];

  scope.get(
    '/events',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Read events, the oldest first',
        description: 'For those who would rather pull. Events of an account are in their order; none is ever skipped.',
        querystring: FeedQuery,
        response: {
          200: Type.Object({
            data: Type.Array(Event),
            nextCursor: Type.String({ description: 'Always there: the feed has no end.' }),
            caughtUp: Type.Boolean({ description: 'False when more can be read at once.' }),
          }),
        },
      },
    },
    async (request, reply) => {
      const { after, limit = DEFAULT_LIMIT, types, account, waitSeconds } = request.query;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const page = await readFeed(
        ctx,
        {
          limit,
          signal: gone.signal,
          ...(after === undefined ? {} : { after }),
          ...(types === undefined ? {} : { types: types.split(',') }),
          ...(account === undefined ? {} : { account }),
          ...(waitSeconds === undefined ? {} : { waitSeconds }),
        },
        principalOf(request),
      );
      // The events are texts already, the very ones that a webhook would carry.
      const nextCursor = JSON.stringify(page.nextCursor);
      return reply
        .type('application/json; charset=utf-8')
        .send(`{"data":[${page.data.join(',')}],"nextCursor":${nextCursor},"caughtUp":${page.caughtUp}}`);
    },
  );

  scope.get(
    '/events/:id',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Read an event',
        params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
        response: { 200: Event },
      },
    },
    async (request, reply) =>
      reply.type('application/json; charset=utf-8').send(await readEvent(ctx, principalOf(request), request.params.id)),
  );
}
