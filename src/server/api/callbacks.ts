import Type from 'typebox';
import { readCallback, readCallbacks, findVisibleReceipt } from '../../hub/read-callbacks.ts';
import { recordAudit } from '../../hub/audit.ts';
import { redriveCallback } from '../../hub/redrive.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, Nullable, Page, RevealQuery, Time } from './shapes.ts';
import { answerApart } from './write.ts';

const Verdict = Type.Enum(['applied', 'duplicate', 'stale', 'rejected', 'unrecognised', 'nothing', 'held'], {
  description:
    'applied; duplicate: said before; stale: genuine but overtaken; rejected: not believed; unrecognised: believed, not understood; ' +
    'nothing: says nothing of an order; held: waits until its account is no longer paused.',
});

const callbackFields = {
  id: Type.String(),
  account: Type.String(),
  platform: Type.String(),
  topic: Type.String(),
  method: Type.String(),
  receivedAt: Time,
  processedAt: Time,
  verdict: Verdict,
  reason: Nullable(Type.String()),
  evidence: Nullable(Type.String()),
  secretFingerprint: Nullable(Type.String()),
  orders: Type.Array(Type.String()),
  bodyBytes: Type.Integer(),
  reply: Type.Object({ status: Type.Integer(), body: Type.String() }),
};
const Callback = Type.Object(callbackFields);
const CallbackDetail = Type.Object({
  ...callbackFields,
  request: Nullable(
    Type.Object(
      {
        query: Type.String(),
        headers: Type.Record(Type.String(), Type.String()),
        body: Nullable(Type.String({ description: 'null where the bytes are not UTF-8.' })),
        bodyBase64: Type.String(),
        isCut: Type.Boolean({ description: 'Less was kept than came.' }),
      },
      { description: 'null where it may hold personal data that was not revealed.' },
    ),
  ),
});

const CallbackParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/callbacks`. */
export function callbackRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'callbacks', IdPlace);
  const tags = ['callbacks'];

  scope.get(
    '/callbacks',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List callbacks, the youngest first',
        description: 'Every one that came, repeats too. `from` counts, `to` no longer does.',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            platform: Type.Optional(FilterText('Id of a platform.')),
            verdict: Type.Optional(Verdict),
            order: Type.Optional(FilterText('Id of an order.')),
            from: Type.Optional(Time),
            to: Type.Optional(Time),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Callback) },
      },
    },
    (request) => {
      const { query } = request;
      const beforeId = cursors.read(query)?.id ?? null;
      const filter = {
        account: query.account ?? null,
        platform: query.platform ?? null,
        verdict: query.verdict ?? null,
        order: query.order ?? null,
        from: query.from === undefined ? null : new Date(query.from),
        to: query.to === undefined ? null : new Date(query.to),
      };
      return pageOf(
        query,
        (limit) => readCallbacks(ctx, principalOf(request), filter, { beforeId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/callbacks/:id',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Read a callback as it came',
        params: CallbackParams,
        querystring: Type.Object(RevealQuery, { additionalProperties: false }),
        response: { 200: CallbackDetail },
      },
    },
    (request) => readCallback(ctx, principalOf(request), request.params.id, request.query),
  );

  scope.post(
    '/callbacks/:id/redrive',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Verify and apply a callback once more',
        description:
          'After a secret was put right or an unknown status was learned. What was applied before is a duplicate and changes nothing.',
        params: CallbackParams,
        response: { 200: Callback },
      },
    },
    (request, reply) =>
      // It is committed together with others of the account. Doing it twice changes nothing.
      answerApart(api, request, reply, async () => {
        const principal = principalOf(request);
        const { id } = request.params;
        const { account_id: accountId } = await findVisibleReceipt(ctx, principal, id);
        api.redrive.accounts.forget(accountId);
        await redriveCallback(ctx, api.redrive, accountId, id);
        await recordAudit(ctx, ctx.pool, principal, { action: 'callback.redriven', subject: id, detail: {} });
        const { request: _request, ...callback } = await readCallback(ctx, principal, id, {});
        return { status: 200, body: callback };
      }),
  );
}
