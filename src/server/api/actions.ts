import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { requestAction } from '../../hub/act.ts';
import { readPossibleActions } from '../../hub/possible-actions.ts';
import { readAction, readActions } from '../../hub/read-actions.ts';
import { settleAction } from '../../hub/settle-action.ts';
import { ACTION_STATES } from '../../store/actions.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const text = Nullable(Type.String());
const State = Type.Enum([...ACTION_STATES], {
  description:
    'queued: not sent yet, or put off; sent: no outcome yet; succeeded; failed; unknown: it may be done or not. ' +
    'While `nextAt` is set the hub goes on by itself.',
});

/** An action in an order's timeline. */
export const timelineActionFields = {
  action: Type.String(),
  params: Type.Record(Type.String(), Type.Unknown(), { description: 'Personal values are masked.' }),
  state: State,
  number: Type.String({ description: 'Our own number of it, the same on every repeat.' }),
  cause: Nullable(Type.String({ description: 'Of an automatic action, such as `auto:accept`.' })),
  askedBy: Nullable(Type.String({ description: 'Id of the API key or the user that asked; null: the hub by itself.' })),
  askedByName: Nullable(Type.String({ description: 'The name of that key or user.' })),
  request: Nullable(
    Type.Object({ call: Type.String(), method: Type.String(), host: Type.String(), path: Type.String() }),
  ),
  answer: Type.Unknown({ description: 'What the platform said; null before it has.' }),
  code: text,
  reason: text,
  attempts: Type.Integer(),
  questions: Type.Integer({ description: 'How often the platform was asked what became of it.' }),
  durationMs: Nullable(Type.Integer({ description: 'Of the last call.' })),
  sentAt: Nullable(Time),
  finishedAt: Nullable(Time),
};

const Action = Type.Object({
  id: Type.String(),
  account: Type.String(),
  platform: Type.String(),
  order: Type.String(),
  ...timelineActionFields,
  createdAt: Time,
  nextAt: Nullable(Time),
});

const Body = Type.Object(
  {
    action: Type.String({ minLength: 1, maxLength: 40, description: 'Such as `accept`, `cancel`, `refund`.' }),
    params: Type.Optional(
      Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), { description: 'As the action wants them.' }),
    ),
  },
  { additionalProperties: false },
);

const SettleBody = Type.Object(
  {
    outcome: Type.Enum(['succeeded', 'failed']),
    reason: Type.String({ minLength: 1, maxLength: 500, description: 'How it is known.' }),
  },
  { additionalProperties: false },
);

const ListQuery = Type.Object(
  {
    account: Type.Optional(FilterText('Id of an account.')),
    order: Type.Optional(FilterText('Id of an order.')),
    state: Type.Optional(State),
    action: Type.Optional(FilterText('Such as `accept`.')),
    ...PageQuery,
  },
  { additionalProperties: false },
);

/** As many as a board shows of one column and some. */
const MOST_ORDERS = 50;

const PossibleQuery = Type.Object(
  {
    orders: Type.String({
      minLength: 1,
      maxLength: 5000,
      description: `Ids of orders with commas between them, ${MOST_ORDERS} at most.`,
    }),
  },
  { additionalProperties: false },
);

const Possible = Type.Object({
  order: Type.String(),
  actions: Type.Array(
    Type.Object({
      name: Type.String(),
      refusal: Nullable(
        Type.Object(
          { en: Type.String(), zh: Type.String() },
          { description: 'Why it makes no sense for the order as it is; null: it can be done.' },
        ),
      ),
    }),
  ),
  unsettled: Type.Array(
    Type.Object({
      id: Type.String(),
      action: Type.String(),
      state: State,
      isLate: Type.Boolean({ description: 'It takes longer than it may, or the hub asks no more: a person can say.' }),
    }),
    { description: 'What was sent and nobody knows the end of, the oldest first.' },
  ),
});

const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/actions` and `/api/v1/orders/{id}/actions`. */
export function actionRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'actions', IdPlace);
  const tags = ['actions'];

  scope.post(
    '/orders/:id/actions',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Do something to an order at its platform',
        description:
          'The intent is stored with a number of our own and done right after; its state is at `/api/v1/actions/{id}` ' +
          'and in the events `action.succeeded`, `action.failed`, `action.unknown`.',
        params: IdParams,
        body: Body,
        response: { 202: Type.Object({ id: Type.String(), state: State }) },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const { action, params = {} } = request.body;
        const wish = { action, params: params as Readonly<Record<string, Json>> };
        const { accounts } = api.redrive;
        const body = await requestAction(ctx, { accounts }, principalOf(request), request.params.id, wish, tx);
        afterCommit(() => ctx.wake.work());
        // What is done at once has changed the order already.
        if (body.state === 'succeeded') afterCommit(() => ctx.wake.deliveries());
        return { status: 202, body };
      }),
  );

  scope.get(
    '/actions',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List actions, the youngest first',
        querystring: ListQuery,
        response: { 200: Page(Action) },
      },
    },
    (request) => {
      const { query } = request;
      const beforeId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readActions(ctx, principalOf(request), query, { beforeId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/actions/possible',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What can be done to orders as they stand',
        description:
          'By the rules that refuse an action when it is asked for; orders that are not there are left out. What is said here ' +
          'can change at any time, and the platform has the last word.',
        querystring: PossibleQuery,
        response: { 200: Type.Object({ data: Type.Array(Possible) }) },
      },
    },
    async (request) => {
      const ids = [...new Set(request.query.orders.split(',').filter((id) => id !== ''))];
      if (ids.length > MOST_ORDERS)
        throw new HuidanError('malformed_request', `At most ${MOST_ORDERS} orders at once.`);
      const { accounts } = api.redrive;
      return { data: [...(await readPossibleActions(ctx, { accounts }, principalOf(request), ids))] };
    },
  );

  scope.get(
    '/actions/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read an action', params: IdParams, response: { 200: Action } },
    },
    (request) => readAction(ctx, principalOf(request), request.params.id),
  );
  scope.post(
    '/actions/:id/settle',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Say what became of an action whose outcome nobody knows',
        description:
          'For `unknown` and `sent`, as a person has seen it in the console of the platform. A success takes effect on the ' +
          'order, a failed refund frees the money that it held; nothing more is sent or asked. Recorded in the audit log.',
        params: IdParams,
        body: SettleBody,
        response: { 200: Action },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const { accounts } = api.redrive;
        const body = await settleAction(ctx, { accounts }, principalOf(request), request.params.id, request.body, tx);
        afterCommit(() => ctx.wake.deliveries(body.account));
        afterCommit(() => ctx.wake.work());
        return { status: 200, body };
      }),
  );
}
