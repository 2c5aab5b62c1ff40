import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { readQueue, retryNow, skipBlocked } from '../../hub/delivery-list.ts';
import { requireChangeable, visibleEndpoint, visibleEndpoints, withinRights } from '../../hub/endpoint-access.ts';
import {
  createEndpoint,
  deleteEndpoint,
  rotateEndpointSecret,
  setEndpointState,
  testEndpoint,
  updateEndpoint,
} from '../../hub/endpoints.ts';
import type { EndpointInput } from '../../hub/endpoints.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, LimitsShape, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerApart, answerWrite } from './write.ts';

const Seconds = Type.Integer({ minimum: 1, maximum: 604_800 });
const Retry = Nullable(
  Type.Union([
    Type.Object({ everySeconds: Seconds, forSeconds: Seconds }),
    Type.Object({ gapsSeconds: Type.Array(Seconds, { maxItems: 100 }) }),
  ]),
);
const Kind = Type.Enum(['events', 'raw'], {
  description: "events: our own, signed as Standard Webhooks has it; raw: the platform's own bytes and headers.",
});
const State = Type.Enum(['enabled', 'disabled'], { description: 'What happens while it is disabled waits for it.' });
const Limit = Nullable(Type.Array(Type.String(), { description: 'null: no limit of this kind.' }));

const endpointFields = {
  id: Type.String(),
  url: Type.String(),
  kind: Kind,
  events: Type.Array(Type.String()),
  accounts: Limit,
  merchants: Limit,
  shops: Limit,
  personalData: Type.Boolean(),
  strict: Type.Boolean(),
  retry: Retry,
  state: State,
  description: Nullable(Type.String()),
  createdAt: Time,
  updatedAt: Time,
};
const Endpoint = Type.Object(endpointFields);
const Secret = Type.String({ description: '`whsec_…`; given this once.' });

const inputFields = {
  events: Type.Array(Type.String({ minLength: 1, maxLength: 200, description: '`order.*`, `order.paid` or `*`.' }), {
    minItems: 1,
    maxItems: 1000,
  }),
  kind: Type.Optional(Kind),
  personalData: Type.Optional(
    Type.Boolean({ description: 'Personal data in clear, by https only. Needs the right "admin".' }),
  ),
  strict: Type.Optional(
    Type.Boolean({ description: 'An event that was given up holds back the later ones of its order.' }),
  ),
  retry: Type.Optional(
    Type.Union([Retry, Type.String({ maxLength: 100, description: 'Such as `every 30 s for 1 h`.' })]),
  ),
  description: Type.Optional(Nullable(Type.String({ maxLength: 1000 }))),
  ...LimitsShape,
};
const Url = Type.String({ minLength: 1, maxLength: 2048 });

const NewEndpointBody = Type.Object(
  { url: Url, ...inputFields, events: Type.Optional(inputFields.events) },
  { additionalProperties: false },
);
const EndpointChangeBody = Type.Object(
  { url: Type.Optional(Url), state: Type.Optional(State), ...inputFields, events: Type.Optional(inputFields.events) },
  { additionalProperties: false },
);
const EndpointParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/endpoints`. */
export function endpointRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'endpoints', IdPlace);
  const tags = ['endpoints'];

  scope.post(
    '/endpoints',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Subscribe an endpoint to events',
        description: 'Limits that are left out are those of the key.',
        body: NewEndpointBody,
        response: { 201: Type.Object({ ...endpointFields, secret: Secret }) },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const input = withinRights(principal, request.body);
        const endpoint = await createEndpoint(ctx, input, api.targets, tx);
        const { url, kind, personalData } = endpoint;
        await recordAudit(ctx, tx, principal, {
          action: 'endpoint.created',
          subject: endpoint.id,
          detail: { url, kind, personalData },
        });
        afterCommit(() => ctx.wake.deliveries());
        return { status: 201, body: endpoint };
      }),
  );

  scope.get(
    '/endpoints',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List endpoints',
        description: 'Those that get no more than the key may see.',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(Endpoint) },
      },
    },
    (request) => {
      const { query } = request;
      const afterId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => visibleEndpoints(ctx, principalOf(request), { afterId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/endpoints/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read an endpoint', params: EndpointParams, response: { 200: Endpoint } },
    },
    (request) => visibleEndpoint(ctx, principalOf(request), request.params.id),
  );

  scope.patch(
    '/endpoints/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Change an endpoint',
        params: EndpointParams,
        body: EndpointChangeBody,
        response: { 200: Endpoint },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const { id } = request.params;
        const { state, ...change } = request.body;
        const input = change as EndpointInput;
        const isOnlyState = Object.keys(input).length === 0;
        const before = await visibleEndpoint(ctx, principal, id);
        if (!isOnlyState) requireChangeable(principal, before, input);
        let endpoint = isOnlyState ? before : await updateEndpoint(ctx, id, input, api.targets, tx);
        if (state !== undefined) endpoint = await setEndpointState(ctx, id, state, tx);
        const fields = Object.keys(request.body);
        await recordAudit(ctx, tx, principal, { action: 'endpoint.changed', subject: id, detail: { fields } });
        afterCommit(() => ctx.wake.deliveries());
        return { status: 200, body: endpoint };
      }),
  );

  scope.delete(
    '/endpoints/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Remove an endpoint and what waits for it',
        description: 'Its past deliveries stay readable.',
        params: EndpointParams,
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const principal = principalOf(request);
        const { url } = await visibleEndpoint(ctx, principal, request.params.id);
        await deleteEndpoint(ctx, request.params.id);
        await recordAudit(ctx, ctx.pool, principal, {
          action: 'endpoint.deleted',
          subject: request.params.id,
          detail: { url },
        });
        return { status: 204, body: undefined };
      }),
  );

  scope.post(
    '/endpoints/:id/secret',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Give an endpoint a new secret',
        description: 'Until the old one has run out, each delivery is signed by both.',
        params: EndpointParams,
        body: Type.Optional(
          Type.Object(
            { oldValidSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000, default: 86_400 })) },
            { additionalProperties: false },
          ),
        ),
        response: { 201: Type.Object({ secret: Secret, oldValidUntil: Time }) },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const { id } = request.params;
        requireChangeable(principal, await visibleEndpoint(ctx, principal, id), {});
        const body = await rotateEndpointSecret(ctx, id, request.body?.oldValidSeconds, tx);
        await recordAudit(ctx, tx, principal, { action: 'endpoint.secret_rotated', subject: id, detail: {} });
        afterCommit(() => ctx.wake.deliveries());
        return { status: 201, body };
      }),
  );

  scope.post(
    '/endpoints/:id/test',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Send a test event now',
        description: 'Past all queues, signed like any other; nothing of it is stored.',
        params: EndpointParams,
        response: {
          200: Type.Object({
            delivered: Type.Boolean(),
            event: Type.String(),
            status: Nullable(Type.Integer()),
            error: Nullable(Type.String()),
            response: Nullable(Type.String()),
            durationMs: Type.Integer(),
          }),
        },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        await visibleEndpoint(ctx, principalOf(request), request.params.id);
        return { status: 200, body: await testEndpoint(ctx, request.params.id, api.targets) };
      }),
  );

  scope.get(
    '/endpoints/:id/queue',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'How the queue of an endpoint stands',
        params: EndpointParams,
        response: {
          200: Type.Object({
            waiting: Type.Integer({ description: 'Orders with an event to send.' }),
            failing: Type.Integer({ description: 'Of those, the ones that wait for a retry.' }),
            blocked: Type.Integer({ description: 'Orders at which a strict endpoint stands still.' }),
            oldestDueAt: Nullable(Time),
          }),
        },
      },
    },
    async (request) => {
      await visibleEndpoint(ctx, principalOf(request), request.params.id);
      return readQueue(ctx, request.params.id);
    },
  );

  scope.post(
    '/endpoints/:id/retry',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Send what waits for a retry now',
        params: EndpointParams,
        response: { 200: Type.Object({ subjects: Type.Integer({ description: 'Orders that were waiting.' }) }) },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        await visibleEndpoint(ctx, principalOf(request), request.params.id);
        return { status: 200, body: await retryNow(ctx, request.params.id) };
      }),
  );

  scope.post(
    '/endpoints/:id/skip',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Let a strict endpoint go on behind the event at which an order stands still',
        params: EndpointParams,
        body: Type.Object(
          { account: AccountId, order: Type.String({ minLength: 1, maxLength: 200 }) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ skipped: Type.Boolean({ description: 'False: it did not stand still.' }) }) },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        await visibleEndpoint(ctx, principalOf(request), request.params.id);
        const { account, order } = request.body;
        return { status: 200, body: { skipped: await skipBlocked(ctx, request.params.id, account, order) } };
      }),
  );
}
