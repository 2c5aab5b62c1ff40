import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { readRepair, readRepairedOrders, runRepairNow } from '../../hub/read-repair.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerApart } from './write.ts';

const Seconds = Nullable(
  Type.Number({ description: 'From when it happened, as the platform has it, to when it was found.' }),
);

const Poll = Type.Object({
  poll: Type.String(),
  label: Type.Object({ en: Type.String(), zh: Type.String() }),
  everySeconds: Type.Integer(),
  running: Type.Boolean(),
  nextAt: Time,
  finishedAt: Nullable(Time),
  lastPages: Nullable(Type.Integer()),
  lastReports: Nullable(Type.Integer({ description: 'What the platform said in the last run, known or not.' })),
  failures: Type.Integer({ description: 'In a row.' }),
  code: Nullable(Type.String()),
  reason: Nullable(Type.String()),
});

const Repair = Type.Object({
  account: AccountId,
  platform: Type.String(),
  polls: Type.Array(Poll),
  repaired: Type.Object(
    {
      since: Time,
      count: Type.Integer(),
      newOrders: Type.Integer({ description: 'Among them those that the hub did not have at all.' }),
      medianSeconds: Seconds,
      p90Seconds: Seconds,
      longestSeconds: Seconds,
    },
    { description: 'What no callback told. What was found within a minute of its happening does not count.' },
  ),
});

const RepairedOrder = Type.Object({
  id: Type.String(),
  order: Type.String(),
  platformOrderId: Nullable(Type.String()),
  poll: Type.String({ description: 'The question that told of it.' }),
  statusBefore: Nullable(Type.String({ description: 'null: the hub did not have the order.' })),
  statusAfter: Type.String(),
  happenedAt: Nullable(Time),
  foundAt: Time,
});

const AccountParams = Type.Object({ account: AccountId });

/** `/api/v1/repair`. */
export function repairRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const tags = ['repair'];
  const cursors = createCursors(ctx.sealer, 'repair', IdPlace);
  const orderCursors = createCursors(ctx.sealer, 'repaired orders', IdPlace);

  scope.get(
    '/repair',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What the hub asks the platforms regularly, and what that found',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            since: Type.Optional(
              Type.String({ format: 'date-time', description: 'Counts from here. Default: a day ago.' }),
            ),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Repair) },
      },
    },
    (request) => {
      const { query } = request;
      const afterId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readRepair(ctx, principalOf(request), query, { afterId, limit }),
        ({ account }) => cursors.write({ id: account }, query),
      );
    },
  );

  scope.get(
    '/repair/:account/orders',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Orders of which only a question told, the youngest first',
        params: AccountParams,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(RepairedOrder) },
      },
    },
    (request) => {
      const { query, params } = request;
      const beforeId = orderCursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readRepairedOrders(ctx, principalOf(request), params.account, { beforeId, limit }),
        ({ id }) => orderCursors.write({ id }, query),
      );
    },
  );

  scope.post(
    '/repair/:account/run',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Ask the platform now',
        description: 'Asking twice changes nothing. One that is under way goes on.',
        params: AccountParams,
        body: Type.Optional(
          Type.Object(
            { poll: Type.Optional(FilterText('One of the questions. Default: all.')) },
            { additionalProperties: false },
          ),
        ),
        response: {
          202: Type.Object({
            data: Type.Array(Type.Object({ poll: Type.String(), state: Type.Enum(['due', 'running']) })),
          }),
        },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const principal = principalOf(request);
        const { account } = request.params;
        const data = await runRepairNow(ctx, principal, account, request.body?.poll);
        const detail = { polls: data.map(({ poll }) => poll) };
        await recordAudit(ctx, ctx.pool, principal, { action: 'repair.run', subject: account, detail });
        ctx.wake.work();
        return { status: 202, body: { data } };
      }),
  );
}
