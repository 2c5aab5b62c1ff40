import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { readBalanceOf, readStatement } from '../../hub/read-commission.ts';
import { makeMemberLink, readMemberLinks } from '../../hub/member-links.ts';
import { changeMember, createMember, importMembers, readOneMember, readMembers } from '../../hub/members.ts';
import { withdraw } from '../../hub/payouts.ts';
import { requireNoLimits } from '../../hub/access.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import { Balance, Payout, PlatformCode, StatementLine } from './commission-shapes.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { jsonOrCsv, takeCsvBodies } from './csv-bodies.ts';
import { AccountId, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerApart, answerWrite } from './write.ts';

const MemberId = Type.String({ description: 'Any text; a uuid with dashes too.' });
const Member = Type.Object({
  id: MemberId,
  name: Nullable(Type.String()),
  sids: Type.Array(Type.String(), { description: 'Orders with one of these, verbatim, are of the member.' }),
  inviter: Nullable(Type.String()),
  createdAt: Time,
  updatedAt: Time,
});

const changeFields = {
  name: Type.Optional(Nullable(Type.String())),
  inviter: Type.Optional(
    Nullable(Type.String({ description: 'The first one holds from the beginning, another from now on.' })),
  ),
};
const NewMemberBody = Type.Object(
  {
    id: MemberId,
    sids: Type.Optional(Type.Array(Type.String(), { description: 'Left out: the id.' })),
    ...changeFields,
  },
  { additionalProperties: false },
);
const MemberChangeBody = Type.Object(
  { sids: Type.Optional(Type.Array(Type.String(), { description: 'Added to those there are.' })), ...changeFields },
  { additionalProperties: false },
);
const ImportBody = Type.Object(
  {
    csv: Type.String({
      maxLength: 1_000_000,
      description: 'With the columns id, name, sids (parted by blanks), inviter.',
    }),
  },
  { additionalProperties: false },
);
const LinkBody = Type.Object(
  { account: AccountId, actId: PlatformCode('The activity.'), linkType: PlatformCode("The platform's own link type.") },
  { additionalProperties: false },
);
const Link = Type.Object({
  account: AccountId,
  member: Type.String(),
  actId: Type.String(),
  linkType: Type.String(),
  sid: Type.String(),
  link: Type.String(),
  createdAt: Time,
});
const MemberParams = Type.Object({ id: Type.String({ maxLength: 300 }) });
const DayPlace = Type.Object({ key: Type.String() });

/** `/api/v1/members`. */
export function memberRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'members', IdPlace);
  const statementCursors = createCursors(ctx.sealer, 'statement', DayPlace);
  const tags = ['members'];

  scope.post(
    '/members',
    {
      config: { right: 'write' },
      schema: { tags, summary: 'Add a member', body: NewMemberBody, response: { 201: Member } },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        requireNoLimits(principalOf(request));
        const member = await createMember(ctx, tx, request.body);
        afterCommit(() => ctx.wake.work());
        return { status: 201, body: member };
      }),
  );

  void scope.register(async (child) => importRoute(child as ApiScope, api));

  scope.get(
    '/members',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List members',
        querystring: Type.Object(
          {
            inviter: Type.Optional(FilterText('Who invited them, now or once.')),
            sid: Type.Optional(FilterText('A sid.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Member) },
      },
    },
    (request) => {
      const { query } = request;
      requireNoLimits(principalOf(request));
      const afterId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readMembers(ctx, query, { afterId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/members/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a member', params: MemberParams, response: { 200: Member } },
    },
    (request) => {
      requireNoLimits(principalOf(request));
      return readOneMember(ctx, request.params.id);
    },
  );

  scope.patch(
    '/members/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Change a member',
        params: MemberParams,
        body: MemberChangeBody,
        response: { 200: Member },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        requireNoLimits(principalOf(request));
        const member = await changeMember(ctx, tx, request.params.id, request.body);
        await recordAudit(ctx, tx, principalOf(request), {
          action: 'member.changed',
          subject: member.id,
          detail: { inviter: member.inviter, sids: member.sids },
        });
        afterCommit(() => ctx.wake.work());
        return { status: 200, body: member };
      }),
  );

  scope.post(
    '/members/:id/links',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Get a promotion link of a member',
        description: 'The platform is called once; the same wish gets the link that is kept.',
        params: MemberParams,
        body: LinkBody,
        response: { 201: Link },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        requireNoLimits(principalOf(request));
        const { account, actId, linkType } = request.body;
        const wish = { account, actId: String(actId), linkType: String(linkType) };
        const { link } = await makeMemberLink(ctx, api.redrive.accounts, request.params.id, wish);
        return { status: 201, body: link };
      }),
  );

  scope.get(
    '/members/:id/links',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'List the links of a member', params: MemberParams, response: { 200: Page(Link) } },
    },
    async (request) => {
      requireNoLimits(principalOf(request));
      return { data: await readMemberLinks(ctx, request.params.id), nextCursor: null };
    },
  );

  scope.get(
    '/members/:id/balance',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What a member has, in fen',
        description: '`available` is below zero when what was paid out was taken back since.',
        params: MemberParams,
        response: { 200: Balance },
      },
    },
    (request) => {
      requireNoLimits(principalOf(request));
      return readBalanceOf(ctx, request.params.id);
    },
  );

  scope.get(
    '/members/:id/statement',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What moved, by day or by order, the youngest first',
        params: MemberParams,
        querystring: Type.Object(
          {
            by: Type.Optional(Type.Enum(['day', 'order'], { default: 'day' })),
            from: Type.Optional(Time),
            to: Type.Optional(Time),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(StatementLine) },
      },
    },
    (request) => {
      const { query, params } = request;
      requireNoLimits(principalOf(request));
      const before = statementCursors.read(query)?.key ?? null;
      return pageOf(
        query,
        (limit) => readStatement(ctx, params.id, query, { before, limit }),
        (last) => statementCursors.write({ key: last.day ?? last.order ?? '' }, query),
      );
    },
  );

  scope.post(
    '/members/:id/withdrawals',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Let a member withdraw',
        description: 'Held until it is marked paid or failed, as a payout of one.',
        params: MemberParams,
        body: Type.Object(
          { amount: Type.Optional(Type.Integer({ minimum: 1, description: 'Fen; left out: all that is available.' })) },
          { additionalProperties: false },
        ),
        response: { 201: Payout },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        requireNoLimits(principal);
        const payout = await withdraw(ctx, tx, request.params.id, request.body);
        await recordAudit(ctx, tx, principal, {
          action: 'commission.withdrawn',
          subject: request.params.id,
          detail: { payout: payout.id, amount: payout.amount },
        });
        return { status: 201, body: payout };
      }),
  );
}

/** CSV bodies are known in this scope alone. */
function importRoute(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  takeCsvBodies(scope);

  scope.post(
    '/members/import',
    {
      config: { right: 'write' },
      bodyLimit: 4_194_304,
      schema: {
        tags: ['members'],
        summary: 'Add members from CSV',
        description:
          'As CSV, or as JSON that holds it. All of them or none: the problem names every line and column that cannot be taken.',
        body: jsonOrCsv(ImportBody),
        response: { 201: Type.Object({ added: Type.Integer() }) },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        requireNoLimits(principalOf(request));
        const done = await importMembers(ctx, tx, csvOf(request.body));
        afterCommit(() => ctx.wake.work());
        return { status: 201, body: done };
      }),
  );
}

const csvOf = (body: unknown): string => (typeof body === 'string' ? body : (body as { readonly csv: string }).csv);
