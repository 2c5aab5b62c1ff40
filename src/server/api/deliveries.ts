import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { isLimited } from '../../hub/access.ts';
import type { Principal } from '../../hub/access.ts';
import { recordAudit } from '../../hub/audit.ts';
import { listDeliveries, readDelivery } from '../../hub/delivery-list.ts';
import { visibleEndpoint } from '../../hub/endpoint-access.ts';
import { cancelReplay, getReplay, listReplays, previewReplay, startReplay } from '../../hub/replay.ts';
import type { ReplayJson, ReplayRequest } from '../../hub/replay.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerApart } from './write.ts';

const Outcome = Type.Enum(['delivered', 'failed', 'dead'], {
  description: 'dead: the last attempt; nothing comes by itself any more.',
});

const Delivery = Type.Object({
  id: Type.String(),
  at: Time,
  account: Type.String(),
  endpoint: Type.String(),
  event: Type.String(),
  type: Type.String(),
  subject: Type.String({ description: 'What the event is about: an order, mostly.' }),
  sequence: Type.Integer(),
  attempt: Type.Integer(),
  outcome: Outcome,
  statusCode: Nullable(Type.Integer()),
  error: Nullable(Type.String()),
  response: Nullable(Type.String({ description: 'The first KiB of the answer.' })),
  durationMs: Type.Integer(),
  replay: Nullable(Type.String()),
});

const Replay = Type.Object({
  id: Type.String(),
  endpoint: Type.String(),
  events: Type.Integer({ description: 'How many events it sends.' }),
  remaining: Nullable(Type.Integer({ description: 'Orders it has not finished with; null in lists.' })),
  createdAt: Time,
});

const replayFields = {
  events: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: 1000,
      description: 'Ids of events. Either these, or `from` and what narrows it.',
    }),
  ),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  types: Type.Optional(Type.Array(FilterText('`order.*`, `order.paid`.'), { minItems: 1, maxItems: 100 })),
  account: Type.Optional(FilterText('Id of an account.')),
  order: Type.Optional(FilterText('Id of an order.')),
  outcome: Type.Optional(Type.Literal('dead', { description: 'Only what was given up and never delivered.' })),
  preview: Type.Optional(Type.Boolean({ default: false, description: 'Only counts what would be sent.' })),
};
const ReplayBody = Type.Object(
  { endpoint: FilterText('Id of an endpoint.'), ...replayFields },
  { additionalProperties: false },
);
const EndpointReplayBody = Type.Object(replayFields, { additionalProperties: false });
const replayAnswers = {
  200: Type.Object({ events: Type.Integer({ description: 'Answer to a preview.' }) }),
  201: Replay,
};
const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/deliveries` and `/api/v1/replays`. */
export function deliveryRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'deliveries', IdPlace);
  const replayCursors = createCursors(ctx.sealer, 'replays', IdPlace);
  const tags = ['deliveries'];

  scope.get(
    '/deliveries',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List attempts to deliver, the latest first',
        querystring: Type.Object(
          {
            endpoint: Type.Optional(FilterText('Id of an endpoint.')),
            account: Type.Optional(FilterText('Id of an account.')),
            order: Type.Optional(FilterText('Id of an order.')),
            event: Type.Optional(FilterText('Id of an event.')),
            outcome: Type.Optional(Outcome),
            undelivered: Type.Optional(
              Type.Boolean({ description: 'With `outcome=dead`: only what has not been delivered since.' }),
            ),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Delivery) },
      },
    },
    (request) => {
      const { query } = request;
      const { cursor: _cursor, limit: _limit, ...filter } = query;
      const after = cursors.read(query)?.id;
      const place = after === undefined ? {} : { cursor: after };
      return pageOf(
        query,
        // Its own page asks for one more than it is told to.
        async (limit) => (await listDeliveries(ctx, { ...filter, ...place, limit }, principalOf(request))).data,
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/deliveries/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read an attempt to deliver', params: IdParams, response: { 200: Delivery } },
    },
    (request) => readDelivery(ctx, request.params.id, principalOf(request)),
  );

  const replay = async (principal: Principal, body: ReplayRequest & { preview?: boolean | undefined }) => {
    const { preview = false, ...wanted } = body;
    if ('events' in wanted === 'from' in wanted) {
      throw new HuidanError('malformed_request', undefined, {
        fields: [{ field: 'events', message: 'either events or from is needed' }],
      });
    }
    await visibleEndpoint(ctx, principal, wanted.endpoint);
    if (preview) return { status: 200, body: await previewReplay(ctx, wanted, principal) };
    const started = await startReplay(ctx, wanted, principal);
    await recordAudit(ctx, ctx.pool, principal, {
      action: 'replay.started',
      subject: started.id,
      detail: { endpoint: started.endpoint, events: started.events },
    });
    return { status: 201, body: started };
  };

  const replaySummary = 'Send past events again';
  const replayDescription =
    'In sequence per order, with the ids they had, beside what is sent live. By id, by time, by type, account, order or outcome.';

  scope.post(
    '/deliveries/replay',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: replaySummary,
        description: replayDescription,
        body: ReplayBody,
        response: replayAnswers,
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, () => replay(principalOf(request), request.body as ReplayRequest)),
  );

  scope.post(
    '/deliveries/:id/replay',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Send the event of an attempt again, to its endpoint',
        params: IdParams,
        response: { 201: Replay },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const principal = principalOf(request);
        const { endpoint, event } = await readDelivery(ctx, request.params.id, principal);
        return replay(principal, { endpoint, events: [event] });
      }),
  );

  scope.post(
    '/endpoints/:id/replay',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: `${replaySummary} to this endpoint`,
        description: replayDescription,
        params: IdParams,
        body: EndpointReplayBody,
        response: replayAnswers,
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, () =>
        replay(principalOf(request), { ...request.body, endpoint: request.params.id } as ReplayRequest),
      ),
  );

  scope.get(
    '/replays',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List replays, the latest first',
        querystring: Type.Object(
          { endpoint: Type.Optional(FilterText('Id of an endpoint.')), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Replay) },
      },
    },
    (request) => {
      const { query } = request;
      const principal = principalOf(request);
      const after = replayCursors.read(query)?.id;
      return pageOf(
        query,
        (limit) => visibleReplays(principal, query.endpoint, after, limit),
        ({ id }) => replayCursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/replays/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a replay', params: IdParams, response: { 200: Replay } },
    },
    (request) => visibleReplay(principalOf(request), request.params.id),
  );

  scope.delete(
    '/replays/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Stop a replay',
        description: 'What is on its way may still arrive.',
        params: IdParams,
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        await visibleReplay(principalOf(request), request.params.id);
        await cancelReplay(ctx, request.params.id);
        return { status: 204, body: undefined };
      }),
  );

  async function visibleReplay(principal: Principal, id: string): Promise<ReplayJson> {
    const found = await getReplay(ctx, id);
    if (!(await isVisible(principal, found.endpoint))) throw new HuidanError('replay_not_found');
    return found;
  }

  async function visibleReplays(
    principal: Principal,
    endpoint: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ReplayJson[]> {
    const visible: ReplayJson[] = [];
    const seen = new Map<string, boolean>();
    let cursor: string | null = after ?? null;
    do {
      const page: Awaited<ReturnType<typeof listReplays>> = await listReplays(ctx, {
        limit: 500,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(cursor === null ? {} : { cursor }),
      });
      for (const found of page.data) {
        if (!seen.has(found.endpoint)) seen.set(found.endpoint, await isVisible(principal, found.endpoint));
        if (seen.get(found.endpoint) === true) visible.push(found);
      }
      cursor = page.nextCursor;
    } while (cursor !== null && visible.length < limit);
    return visible.slice(0, limit);
  }

  async function isVisible(principal: Principal, endpoint: string): Promise<boolean> {
    try {
      await visibleEndpoint(ctx, principal, endpoint);
      return true;
    } catch (error) {
      // Of an endpoint that was removed nobody knows any more who might see it.
      if (error instanceof HuidanError && error.code === 'endpoint_not_found') return !isLimited(principal);
      throw error;
    }
  }
}
