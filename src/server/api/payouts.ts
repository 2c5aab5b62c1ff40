import Type from 'typebox';
import { requireNoLimits } from '../../hub/access.ts';
import { recordAudit } from '../../hub/audit.ts';
import {
  adjust,
  createPayout,
  listPayouts,
  payoutCsv,
  readPayout,
  readPayoutItems,
  settlePayout,
} from '../../hub/payouts.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import { Payout } from './commission-shapes.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { Fen, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Members = Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000, uniqueItems: true }));
const Reason = Type.String({ minLength: 1, maxLength: 500 });
const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });
const Item = Type.Object({
  member: Type.String(),
  name: Nullable(Type.String()),
  amount: Fen,
  state: Type.Enum(['held', 'paid', 'failed']),
  reason: Nullable(Type.String()),
  updatedAt: Time,
});
const PlainPage = Type.Object(PageQuery, { additionalProperties: false });

/** `/api/v1/commission/payouts` and `…/adjustments`. */
export function payoutRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const tags = ['commission'];
  const cursors = createCursors(ctx.sealer, 'payouts', IdPlace);
  const itemCursors = createCursors(ctx.sealer, 'payout items', IdPlace);

  scope.post(
    '/commission/payouts',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Make a payout of all that is available',
        description: 'What it pays is held from now on, so the next payout finds none of it.',
        body: Type.Optional(
          Type.Object(
            {
              members: Members,
              minimum: Type.Optional(Type.Integer({ minimum: 1, description: 'Fen; members with less are left out.' })),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 201: Payout },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        requireNoLimits(principal);
        const payout = await createPayout(ctx, tx, request.body ?? {});
        const detail = { members: payout.members, amount: payout.amount };
        await recordAudit(ctx, tx, principal, { action: 'commission.payout_created', subject: payout.id, detail });
        return { status: 201, body: payout };
      }),
  );

  scope.get(
    '/commission/payouts',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List payouts, the youngest first',
        querystring: PlainPage,
        response: { 200: Page(Payout) },
      },
    },
    (request) => {
      const { query } = request;
      requireNoLimits(principalOf(request));
      const beforeId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => listPayouts(ctx, { beforeId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/commission/payouts/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a payout', params: IdParams, response: { 200: Payout } },
    },
    (request) => {
      requireNoLimits(principalOf(request));
      return readPayout(ctx, request.params.id);
    },
  );

  scope.get(
    '/commission/payouts/:id/items',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Whom a payout pays how much',
        params: IdParams,
        querystring: PlainPage,
        response: { 200: Page(Item) },
      },
    },
    (request) => {
      const { query, params } = request;
      requireNoLimits(principalOf(request));
      const afterMember = itemCursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readPayoutItems(ctx, params.id, { afterMember, limit }),
        ({ member }) => itemCursors.write({ id: member }, query),
      );
    },
  );

  scope.get(
    '/commission/payouts/:id/csv',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'A payout as CSV',
        description: 'UTF-8 with a byte order mark, ids as text, amounts in yuan.',
        params: IdParams,
        response: { 200: { content: { 'text/csv': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      requireNoLimits(principalOf(request));
      const csv = await payoutCsv(ctx, request.params.id);
      return reply
        .header('content-disposition', `attachment; filename="${request.params.id}.csv"`)
        .type('text/csv; charset=utf-8')
        .serializer((text: string) => text)
        .send(csv);
    },
  );

  scope.post(
    '/commission/payouts/:id/result',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Mark held items as paid or failed',
        description: 'Failed ones are available again. Without `members` all that are held.',
        params: IdParams,
        body: Type.Object(
          { state: Type.Enum(['paid', 'failed']), members: Members, reason: Type.Optional(Reason) },
          { additionalProperties: false },
        ),
        response: { 200: Payout },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        requireNoLimits(principal);
        const payout = await settlePayout(ctx, tx, request.params.id, request.body);
        const detail = { state: request.body.state, members: request.body.members ?? null };
        await recordAudit(ctx, tx, principal, { action: 'commission.payout_settled', subject: payout.id, detail });
        return { status: 200, body: payout };
      }),
  );

  scope.post(
    '/commission/adjustments',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Add to or take from what a member has available, by hand',
        body: Type.Object(
          {
            member: Type.String(),
            amount: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000, not: { const: 0 } }),
            reason: Reason,
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ id: Type.String(), member: Type.String(), amount: Fen, reason: Type.String(), at: Time }),
        },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        requireNoLimits(principal);
        const made = await adjust(ctx, tx, { ...request.body, apiKeyId: principal.id });
        const { member, amount, reason } = made;
        const detail = { member, amount, reason };
        await recordAudit(ctx, tx, principal, { action: 'commission.adjusted', subject: made.id, detail });
        return { status: 201, body: made };
      }),
  );
}
