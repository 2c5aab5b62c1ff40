import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { changeMerchant, createMerchant, deleteMerchant, readMerchant, readMerchants } from '../../hub/merchants.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { NO_BODY, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Name = Type.String({ minLength: 1, maxLength: 200 });

/** Ids of merchants and shops are the user's own where he has some. */
export const OwnId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$',
  description: 'Your own id; left out: a new one.',
});

const Merchant = Type.Object({ id: Type.String(), name: Type.String(), createdAt: Time, updatedAt: Time });
const params = Type.Object({ id: Type.String({ maxLength: 200 }) });
const tags = ['merchants'];

/** `/api/v1/merchants`. */
export function merchantRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'merchants', IdPlace);

  scope.get(
    '/merchants',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List merchants',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(Merchant) },
      },
    },
    (request) =>
      pageOf(
        request.query,
        (limit) => {
          const page = { afterId: cursors.read(request.query)?.id ?? null, limit };
          return readMerchants(ctx.pool, principalOf(request), page);
        },
        ({ id }) => cursors.write({ id }, request.query),
      ),
  );

  scope.get(
    '/merchants/:id',
    { config: { right: 'read' }, schema: { tags, summary: 'Read a merchant', params, response: { 200: Merchant } } },
    (request) => readMerchant(ctx.pool, principalOf(request), request.params.id),
  );

  scope.post(
    '/merchants',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Add a merchant',
        body: Type.Object({ id: Type.Optional(OwnId), name: Name }, { additionalProperties: false }),
        response: { 201: Merchant },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        const merchant = await createMerchant(ctx, tx, principal, request.body);
        await recordAudit(ctx, tx, principal, { action: 'merchant.created', subject: merchant.id, detail: {} });
        return { status: 201, body: merchant };
      }),
  );

  scope.patch(
    '/merchants/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Change a merchant',
        params,
        body: Type.Object({ name: Type.Optional(Name) }, { additionalProperties: false }),
        response: { 200: Merchant },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        const merchant = await changeMerchant(ctx, tx, principal, request.params.id, request.body);
        await recordAudit(ctx, tx, principal, { action: 'merchant.changed', subject: merchant.id, detail: {} });
        return { status: 200, body: merchant };
      }),
  );

  scope.delete(
    '/merchants/:id',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Remove a merchant without shops and accounts', params, response: NO_BODY },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        await deleteMerchant(tx, principal, request.params.id);
        await recordAudit(ctx, tx, principal, { action: 'merchant.deleted', subject: request.params.id, detail: {} });
        return { status: 204, body: undefined };
      }),
  );
}
