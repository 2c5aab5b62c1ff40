import { Readable } from 'node:stream';
import Type from 'typebox';
import { ORDER_CSV_COLUMNS, USUAL_ORDER_COLUMNS } from '../../core/order-csv.ts';
import { openExport, readExports, readOneExport, removeExport, startExport, toExportJson } from '../../hub/exports.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { CSV_TYPE } from './csv-bodies.ts';
import { OrderFilterShape } from './orders.ts';
import { NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Column = Type.Enum([...ORDER_CSV_COLUMNS]);

const NewExport = Type.Object(
  {
    kind: Type.Literal('orders'),
    filter: Type.Optional(Type.Object(OrderFilterShape, { additionalProperties: false })),
    columns: Type.Optional(
      Type.Array(Column, {
        minItems: 1,
        maxItems: ORDER_CSV_COLUMNS.length,
        uniqueItems: true,
        description: 'In this order. Left out: the usual ones, without personal data.',
      }),
    ),
  },
  { additionalProperties: false },
);

const Export = Type.Object({
  id: Type.String(),
  kind: Type.Literal('orders'),
  state: Type.Enum(['queued', 'running', 'done', 'failed']),
  progress: Type.Object({
    done: Type.Integer(),
    total: Nullable(Type.Integer({ description: 'null: not counted.' })),
  }),
  columns: Type.Array(Type.String()),
  bytes: Nullable(Type.Integer({ description: 'Of the file, once it is done.' })),
  error: Nullable(Type.String({ description: 'Why there is no file: `access_changed`, `too_slow`.' })),
  createdAt: Time,
  finishedAt: Nullable(Time),
  expiresAt: Time,
});

const ExportParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/exports`. */
export function exportRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'exports', IdPlace);
  const tags = ['exports'];

  scope.post(
    '/exports',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Have a file of orders made',
        description:
          'CSV of all that the filter finds, the youngest first, made in the background and kept for a day. Amounts are ' +
          'yuan, personal data is masked. At most three at once.',
        body: NewExport,
        response: { 201: Export },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const { filter = {}, columns = USUAL_ORDER_COLUMNS } = request.body;
        const body = await startExport(ctx, tx, principalOf(request), { filter, columns });
        afterCommit(() => ctx.wake.work());
        return { status: 201, body };
      }),
  );

  scope.get(
    '/exports',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List your exports, the youngest first',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(Export) },
      },
    },
    (request) => {
      const { query } = request;
      const beforeId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readExports(ctx, principalOf(request), { beforeId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/exports/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read how far an export is', params: ExportParams, response: { 200: Export } },
    },
    async (request) => toExportJson(await readOneExport(ctx, principalOf(request), request.params.id)),
  );

  scope.get(
    '/exports/:id/file',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Take the file of an export',
        params: ExportParams,
        response: { 200: { description: 'CSV.', content: { 'text/csv': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      const { bytes, createdAt, pieces } = await openExport(ctx, principalOf(request), request.params.id, () =>
        request.stillAsks(),
      );
      const day = createdAt.toISOString().slice(0, 10);
      return reply
        .header('content-type', CSV_TYPE)
        .header('content-length', bytes)
        .header('content-disposition', `attachment; filename="huidan-orders-${day}.csv"`)
        .send(Readable.from(pieces, { objectMode: true, highWaterMark: 1 }));
    },
  );

  scope.delete(
    '/exports/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Stop or remove an export', params: ExportParams, response: NO_BODY },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        await removeExport(tx, principalOf(request), request.params.id);
        return { status: 204, body: undefined };
      }),
  );
}
