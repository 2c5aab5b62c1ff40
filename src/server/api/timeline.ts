import Type from 'typebox';
import { readOrderTimeline } from '../../hub/timeline.ts';
import type { TimelineKind } from '../../store/timeline-reads.ts';
import { principalOf } from '../auth.ts';
import { PageQuery, createCursors, pageOf } from '../cursor.ts';
import { timelineActionFields } from './actions.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { Nullable, RevealQuery, Time } from './shapes.ts';

const Place = Type.Object({ atMs: Type.Integer(), rank: Type.Integer(), id: Type.String() });
const text = Nullable(Type.String());

const head = <K extends TimelineKind>(kind: K) => ({
  kind: Type.Literal(kind),
  at: Time,
  id: Type.String(),
});

const Entry = Type.Union([
  Type.Object({
    ...head('callback'),
    topic: Type.String(),
    verdict: Type.String(),
    reason: text,
    evidence: text,
    secretFingerprint: text,
  }),
  Type.Object({
    ...head('fact'),
    source: Type.Enum(['callback', 'query', 'poll', 'action', 'own']),
    callback: text,
    saidAt: Nullable(Time),
    final: Type.Boolean(),
    generation: Type.Integer(),
    verdict: Type.Enum(['applied', 'stale']),
    version: Nullable(
      Type.Integer({ description: 'Version of the order that it led to; null when it changed nothing that shows.' }),
    ),
    facts: Type.Array(
      Type.Object({
        line: Type.String(),
        register: Type.String(),
        value: Type.Unknown(),
        saidAt: Type.Optional(
          Nullable(Type.String({ format: 'date-time', description: 'Where it is not that of the whole message.' })),
        ),
        masked: Type.Optional(Type.Literal(true, { description: 'Personal data that was not revealed.' })),
      }),
    ),
  }),
  Type.Object({
    ...head('event'),
    type: Type.String(),
    sequence: Type.Integer(),
    previousStatus: text,
    callback: text,
  }),
  Type.Object({
    ...head('delivery'),
    endpoint: Type.String(),
    event: Type.String(),
    type: Type.String(),
    sequence: Type.Integer(),
    lane: Type.String(),
    attempt: Type.Integer(),
    outcome: Type.Enum(['delivered', 'failed', 'dead']),
    statusCode: Nullable(Type.Integer()),
    error: text,
    durationMs: Type.Integer(),
  }),
  Type.Object({ ...head('action'), ...timelineActionFields }),
]);

/** `/api/v1/orders/{id}/timeline`. */
export function timelineRoutes(scope: ApiScope, { ctx }: ApiContext): void {
  const cursors = createCursors(ctx.sealer, 'timeline', Place);

  scope.get(
    '/orders/:id/timeline',
    {
      config: { right: 'read' },
      schema: {
        tags: ['orders'],
        summary: 'What happened to an order, the oldest first',
        description:
          'Callbacks, the facts they said, the events that followed, the attempts to deliver those, and what was done at the platform.',
        params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
        querystring: Type.Object({ ...PageQuery, ...RevealQuery }, { additionalProperties: false }),
        response: {
          200: Type.Object({ data: Type.Array(Entry), nextCursor: Nullable(Type.String()) }),
        },
      },
    },
    async (request) => {
      // The path belongs to the filter: a cursor of another order's timeline must not fit.
      const bound = { ...request.query, order: request.params.id };
      const page = await pageOf(
        request.query,
        (limit) =>
          readOrderTimeline(
            ctx,
            principalOf(request),
            request.params.id,
            { after: cursors.read(bound), limit },
            request.query,
          ),
        ({ place }) => cursors.write(place, bound),
      );
      return { data: page.data.map(({ entry }) => entry), nextCursor: page.nextCursor };
    },
  );
}
