import Type from 'typebox';
import { ATTENTION_KIND_NAMES, ATTENTION_STATES } from '../../core/attention.ts';
import { recordAudit } from '../../hub/audit.ts';
import { countAttention, dismissAttention, readAttention, readAttentionItem } from '../../hub/read-attention.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, FilterText, Nullable, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Kind = Type.Enum([...ATTENTION_KIND_NAMES], { description: 'See docs/attention.md.' });
const Words = Type.Object({ en: Type.String(), zh: Type.String() });
const text = Nullable(Type.String());

const Item = Type.Object({
  id: Type.String(),
  account: AccountId,
  platform: Type.String(),
  kind: Kind,
  state: Type.Enum([...ATTENTION_STATES], { description: 'closed: its cause is gone.' }),
  title: Words,
  todo: Words,
  cause: Type.Record(Type.String(), Type.Unknown(), { description: 'Codes, counts and numbers of this one.' }),
  order: text,
  action: text,
  callback: text,
  endpoint: text,
  store: text,
  since: Type.String({ format: 'date-time', description: 'Since when the cause lasts.' }),
  ageSeconds: Type.Integer({ description: 'How long it has lasted, or had when it was closed.' }),
  openedAt: Time,
  closedAt: Nullable(Time),
  dismissed: Nullable(
    Type.Object({
      at: Time,
      by: Type.String({ description: 'The id of the user or the API key.' }),
      byName: Nullable(Type.String({ description: 'The name of that user or key.' })),
      reason: Type.String(),
    }),
  ),
});

const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/attention`. */
export function attentionRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const tags = ['attention'];
  const cursors = createCursors(ctx.sealer, 'attention', IdPlace);

  scope.get(
    '/attention',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What no rule can finish, the youngest first',
        description: 'Each closes by itself when its cause goes.',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            kind: Type.Optional(Kind),
            state: Type.Optional(Type.Enum([...ATTENTION_STATES, 'any'], { description: 'Default: open.' })),
            order: Type.Optional(FilterText('Id of an order.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            data: Type.Array(Item),
            nextCursor: Nullable(Type.String({ description: 'For the next page; null on the last one.' })),
            counts: Type.Array(Type.Object({ kind: Kind, count: Type.Integer() }), {
              description: 'Of all pages, by kind, the most first.',
            }),
          }),
        },
      },
    },
    async (request) => {
      const { query } = request;
      const principal = principalOf(request);
      const beforeId = cursors.read(query)?.id ?? null;
      const [page, counts] = await Promise.all([
        pageOf(
          query,
          (limit) => readAttention(ctx, principal, query, { beforeId, limit }),
          ({ id }) => cursors.write({ id }, query),
        ),
        countAttention(ctx, principal, query),
      ]);
      return { ...page, counts };
    },
  );

  scope.get(
    '/attention/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read an item of the attention queue', params: IdParams, response: { 200: Item } },
    },
    (request) => readAttentionItem(ctx, principalOf(request), request.params.id),
  );

  scope.post(
    '/attention/:id/dismiss',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Say that an item needs nothing',
        description: 'It does not open again as long as its cause lasts. One that is closed stays as it is.',
        params: IdParams,
        body: Type.Object(
          { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
          { additionalProperties: false },
        ),
        response: { 200: Item },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const { reason } = request.body;
        const item = await dismissAttention(ctx, tx, principal, request.params.id, reason);
        const detail = { kind: item.kind, account: item.account, reason };
        await recordAudit(ctx, tx, principal, { action: 'attention.dismissed', subject: item.id, detail });
        afterCommit(() => ctx.wake.deliveries(item.account));
        return { status: 200, body: item };
      }),
  );
}
