import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { requireNoLimits } from '../../hub/access.ts';
import type { Principal } from '../../hub/access.ts';
import { createClaim, decideClaim, listClaims } from '../../hub/claims.ts';
import { explainCommission } from '../../hub/explain-commission.ts';
import { createPlan, listPlans, previewPlan } from '../../hub/plans.ts';
import { readBalances, readEntries, readWaitingOrders } from '../../hub/read-commission.ts';
import { recomputeCommission } from '../../hub/recompute-commission.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import { Balance, Claim, Entry, Explanation, Plan, PlatformCode, Preview, WaitingOrder } from './commission-shapes.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const BasisPoints = Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 }));
const PlanBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    account: Type.Optional(Nullable(AccountId)),
    businessLine: Type.Optional(Nullable(PlatformCode("The platform's business line."))),
    actId: Type.Optional(Nullable(PlatformCode('The activity.'))),
    from: Type.Optional(Nullable(Time)),
    shares: Type.Object(
      { self: BasisPoints, inviter1: BasisPoints, inviter2: BasisPoints },
      {
        additionalProperties: false,
        description: 'Basis points of what an order earns; two levels of inviters at most.',
      },
    ),
  },
  { additionalProperties: false },
);

const PreviewBody = Type.Object(
  {
    member: Type.String(),
    account: Type.String(),
    commission: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description: 'What the order earns, in fen.' }),
    businessLine: Type.Optional(PlatformCode("The platform's business line.")),
    actId: Type.Optional(PlatformCode('The activity.')),
    placedAt: Type.Optional(Time),
  },
  { additionalProperties: false },
);

const Reason = Type.String({ minLength: 1, maxLength: 500 });
const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });
const EntryPlace = Type.Object({ account: Type.String(), id: Type.String() });
const OrderPlace = Type.Object({ account: Type.String(), order: Type.String() });
const PlainPage = Type.Object(PageQuery, { additionalProperties: false });

/** `/api/v1/commission/…`, but for payouts. */
export function commissionRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const tags = ['commission'];
  const unlimited = (principal: Principal): Principal => {
    requireNoLimits(principal);
    return principal;
  };

  scope.post(
    '/commission/plans',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Write a plan, or the next version of one',
        description:
          'Without `from` it holds from the beginning. One of the same scope that begins later takes over then.',
        body: PlanBody,
        response: { 201: Plan },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = unlimited(principalOf(request));
        const plan = await createPlan(ctx, tx, request.body);
        const detail = { name: plan.name, version: plan.version };
        await recordAudit(ctx, tx, principal, { action: 'commission.plan_created', subject: plan.id, detail });
        afterCommit(() => ctx.wake.work());
        return { status: 201, body: plan };
      }),
  );

  const planCursors = createCursors(ctx.sealer, 'plans', IdPlace);
  scope.get(
    '/commission/plans',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'List plans, each version', querystring: PlainPage, response: { 200: Page(Plan) } },
    },
    (request) => {
      const { query } = request;
      unlimited(principalOf(request));
      const afterId = planCursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => listPlans(ctx, { afterId, limit }),
        ({ id }) => planCursors.write({ id }, query),
      );
    },
  );

  scope.post(
    '/commission/preview',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'What an order would pay to whom', body: PreviewBody, response: { 200: Preview } },
    },
    (request) => {
      unlimited(principalOf(request));
      return previewPlan(ctx, request.body);
    },
  );

  const entryCursors = createCursors(ctx.sealer, 'entries', EntryPlace);
  scope.get(
    '/commission/entries',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Lines of the ledger',
        description: 'Of one order in the order of their writing. They sum to zero, always.',
        querystring: Type.Object(
          { order: Type.Optional(FilterText('An order, by its id or any number of it.')), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Entry) },
      },
    },
    async (request) => {
      const { query } = request;
      const principal = unlimited(principalOf(request));
      const after = entryCursors.read(query);
      const page = await pageOf(
        query,
        (limit) => readEntries(ctx, principal, { order: query.order ?? null }, { after, limit }),
        ({ account, id }) => entryCursors.write({ account, id }, query),
      );
      return { ...page, data: page.data.map(({ account: _account, ...entry }) => entry) };
    },
  );

  const balanceCursors = createCursors(ctx.sealer, 'balances', IdPlace);
  scope.get(
    '/commission/balances',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What each member has',
        querystring: PlainPage,
        response: {
          200: Page(Type.Object({ member: Type.String(), name: Nullable(Type.String()), ...Balance.properties })),
        },
      },
    },
    (request) => {
      const { query } = request;
      unlimited(principalOf(request));
      const afterId = balanceCursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readBalances(ctx, { afterId, limit }),
        ({ member }) => balanceCursors.write({ id: member }, query),
      );
    },
  );

  for (const [kind, summary] of [
    ['unattributed', 'Promoted orders whose sid is no member’s'],
    ['unplanned', 'Orders of members for which no plan holds'],
  ] as const) {
    const cursors = createCursors(ctx.sealer, kind, IdPlace);
    scope.get(
      `/commission/${kind}`,
      {
        config: { right: 'read' },
        schema: { tags, summary, querystring: PlainPage, response: { 200: Page(WaitingOrder) } },
      },
      (request) => {
        const { query } = request;
        const principal = unlimited(principalOf(request));
        const beforeId = cursors.read(query)?.id ?? null;
        return pageOf(
          query,
          (limit) => readWaitingOrders(ctx, principal, kind, { beforeId, limit }),
          ({ order }) => cursors.write({ id: order }, query),
        );
      },
    );
  }

  scope.get(
    '/commission/orders/:id/explain',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'The whole reasoning about an order, by its id or any number of it',
        params: IdParams,
        response: { 200: Explanation },
      },
    },
    (request) => explainCommission(ctx, unlimited(principalOf(request)), request.params.id),
  );

  const checkCursors = createCursors(ctx.sealer, 'recompute', OrderPlace);
  scope.get(
    '/commission/recompute',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Work the ledger out from the facts again and compare',
        description: 'A portion of the orders a call; nothing is written.',
        querystring: PlainPage,
        response: {
          200: Type.Object({
            orders: Type.Integer(),
            entries: Type.Integer(),
            differences: Type.Array(
              Type.Object({ account: Type.String(), order: Nullable(Type.String()), what: Type.String() }),
            ),
            nextCursor: Nullable(Type.String()),
          }),
        },
      },
    },
    async (request) => {
      const { query } = request;
      unlimited(principalOf(request));
      const { next, ...checked } = await recomputeCommission(ctx, checkCursors.read(query), query.limit ?? 500);
      return { ...checked, nextCursor: next === null ? null : checkCursors.write(next, query) };
    },
  );

  scope.post(
    '/commission/claims',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Claim an order for a member',
        body: Type.Object(
          {
            member: Type.String(),
            number: Type.String({ minLength: 1, maxLength: 200, description: 'Any number of the order.' }),
            account: Type.Optional(AccountId),
            reason: Type.Optional(Reason),
          },
          { additionalProperties: false },
        ),
        response: { 201: Claim },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        unlimited(principalOf(request));
        return { status: 201, body: await createClaim(ctx, tx, request.body) };
      }),
  );

  const claimCursors = createCursors(ctx.sealer, 'claims', IdPlace);
  scope.get(
    '/commission/claims',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List claims, the youngest first',
        querystring: Type.Object(
          { state: Type.Optional(Type.Enum(['pending', 'approved', 'rejected'])), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Claim) },
      },
    },
    (request) => {
      const { query } = request;
      unlimited(principalOf(request));
      const beforeId = claimCursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => listClaims(ctx.pool, { state: query.state ?? null }, { beforeId, limit }),
        ({ id }) => claimCursors.write({ id }, query),
      );
    },
  );

  scope.post(
    '/commission/claims/:id/decision',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Allow or refuse a claim',
        params: IdParams,
        body: Type.Object({ approve: Type.Boolean(), reason: Type.Optional(Reason) }, { additionalProperties: false }),
        response: { 200: Claim },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = unlimited(principalOf(request));
        const decision = { ...request.body, by: principal.id };
        const claim = await decideClaim(ctx, api.redrive.accounts, tx, request.params.id, decision);
        const detail = { order: claim.order, member: claim.member, state: claim.state };
        await recordAudit(ctx, tx, principal, { action: 'commission.claim_decided', subject: claim.id, detail });
        afterCommit(() => ctx.wake.deliveries(claim.account));
        return { status: 200, body: claim };
      }),
  );
}
