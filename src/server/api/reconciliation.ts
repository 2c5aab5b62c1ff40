import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import {
  readReconciliation,
  readReconciliationLines,
  readReconciliations,
  reconciliationCsv,
  requestReconciliation,
} from '../../hub/read-reconciliations.ts';
import { LINE_KINDS, RECONCILIATION_STATES } from '../../store/reconciliations.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, Fen, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'A day in Asia/Shanghai.' });

const Counts = Type.Object(
  {
    both: Type.Integer({ description: 'Orders that both sides have.' }),
    onlyThere: Type.Integer({ description: 'The platform has them, the hub does not.' }),
    onlyHere: Type.Integer({ description: 'The hub has them, the platform does not list them.' }),
    amountsDiffer: Type.Integer(),
    statusDiffers: Type.Integer({ description: 'Status or payment.' }),
  },
  { description: 'null until it is done.' },
);

const Reconciliation = Type.Object({
  id: Type.String(),
  account: AccountId,
  day: Day,
  state: Type.Enum([...RECONCILIATION_STATES]),
  askedBy: Nullable(
    Type.String({ description: 'The user or the API key that asked; null: the hub by itself, once a night.' }),
  ),
  askedByName: Nullable(Type.String({ description: 'The name of that user or key.' })),
  read: Type.Integer({ description: 'Orders that the platform has told so far.' }),
  counts: Nullable(Counts),
  reason: Nullable(
    Type.String({
      description: 'Why it failed, or is tried again; of one that is done, how many orders could not be asked about.',
    }),
  ),
  createdAt: Time,
  startedAt: Nullable(Time),
  finishedAt: Nullable(Time),
});

const Side = Type.Object({
  status: Type.String(),
  payment: Type.String(),
  total: Nullable(Fen),
  paid: Nullable(Fen),
  refunded: Nullable(Fen),
});

const Kind = Type.Enum([...LINE_KINDS], {
  description: 'same; only_there: the hub does not have it; only_here: the platform does not list it; differs.',
});

const Line = Type.Object({
  nth: Type.Integer(),
  kind: Kind,
  differences: Type.Array(Type.String(), { description: 'Names of the fields that differ.' }),
  order: Nullable(Type.String()),
  platformOrderId: Nullable(Type.String()),
  theirs: Nullable(Side),
  ours: Nullable(Side),
});

const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });
const NthPlace = Type.Object({ nth: Type.Integer() });

/** `/api/v1/reconciliations`. */
export function reconciliationRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const tags = ['reconciliation'];
  const cursors = createCursors(ctx.sealer, 'reconciliations', IdPlace);
  const lineCursors = createCursors(ctx.sealer, 'reconciliation lines', NthPlace);

  scope.post(
    '/reconciliations',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Hold a business day of an account against its platform',
        description: 'Runs in the background; its state and how far it has come are at `/api/v1/reconciliations/{id}`.',
        body: Type.Object({ account: AccountId, day: Day }, { additionalProperties: false }),
        response: { 201: Reconciliation },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const made = await requestReconciliation(ctx, tx, principal, request.body);
        const detail = { account: made.account, day: made.day };
        await recordAudit(ctx, tx, principal, { action: 'reconciliation.requested', subject: made.id, detail });
        afterCommit(() => ctx.wake.work());
        return { status: 201, body: made };
      }),
  );

  scope.get(
    '/reconciliations',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List reconciliations, the youngest first',
        querystring: Type.Object(
          { account: Type.Optional(FilterText('Id of an account.')), day: Type.Optional(Day), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Reconciliation) },
      },
    },
    (request) => {
      const { query } = request;
      const beforeId = cursors.read(query)?.id ?? null;
      const filter = { account: query.account ?? null, day: query.day ?? null };
      return pageOf(
        query,
        (limit) => readReconciliations(ctx, principalOf(request), filter, { beforeId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/reconciliations/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a reconciliation', params: IdParams, response: { 200: Reconciliation } },
    },
    (request) => readReconciliation(ctx, principalOf(request), request.params.id),
  );

  scope.get(
    '/reconciliations/:id/lines',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'The orders of a reconciliation, those that want a look first',
        params: IdParams,
        querystring: Type.Object({ kind: Type.Optional(Kind), ...PageQuery }, { additionalProperties: false }),
        response: { 200: Page(Line) },
      },
    },
    (request) => {
      const { query, params } = request;
      const afterNth = lineCursors.read(query)?.nth ?? 0;
      const kind = query.kind ?? null;
      return pageOf(
        query,
        (limit) => readReconciliationLines(ctx, principalOf(request), params.id, kind, { afterNth, limit }),
        ({ nth }) => lineCursors.write({ nth }, query),
      );
    },
  );

  scope.get(
    '/reconciliations/:id/csv',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'A reconciliation as CSV',
        description: 'UTF-8 with a byte order mark, ids as text, amounts in yuan.',
        params: IdParams,
        response: { 200: { content: { 'text/csv': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      const csv = await reconciliationCsv(ctx, principalOf(request), request.params.id);
      return reply
        .header('content-disposition', `attachment; filename="${request.params.id}.csv"`)
        .type('text/csv; charset=utf-8')
        .serializer((text: string) => text)
        .send(csv);
    },
  );
}
