import Type from 'typebox';
import { RIGHTS } from '../../hub/access.ts';
import { createApiKey, endApiKey, readApiKeys, readOneApiKey } from '../../hub/api-keys.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { LimitsShape, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Right = Type.Enum([...RIGHTS], { description: 'Each includes the ones before it.' });
const Limit = Nullable(Type.Array(Type.String(), { description: 'null: no limit of this kind.' }));

const keyFields = {
  id: Type.String(),
  name: Type.String(),
  right: Right,
  reveal: Type.Boolean({ description: 'May see personal data, when it gives a reason.' }),
  accounts: Limit,
  merchants: Limit,
  shops: Limit,
  createdAt: Time,
  revokedAt: Nullable(Time),
};
const ApiKey = Type.Object(keyFields);
const NewApiKeyAnswer = Type.Object({ ...keyFields, key: Type.String({ description: 'Given this once.' }) });

const NewApiKeyBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    right: Right,
    reveal: Type.Optional(Type.Boolean({ default: false })),
    ...LimitsShape,
  },
  { additionalProperties: false },
);

const KeyParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/keys`. */
export function keyRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'keys', IdPlace);
  const tags = ['keys'];

  scope.post(
    '/keys',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Make an API key',
        description:
          'Limits of several kinds must hold together. A key limited to shops sees orders and their events, no accounts.',
        body: NewApiKeyBody,
        response: { 201: NewApiKeyAnswer },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => ({
        status: 201,
        body: await createApiKey(ctx, tx, principalOf(request), request.body),
      })),
  );

  scope.get(
    '/keys',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'List API keys',
        description: 'Without the keys themselves; revoked ones too.',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(ApiKey) },
      },
    },
    (request) => {
      const { query } = request;
      const afterId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readApiKeys(ctx, principalOf(request), { afterId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/keys/:id',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Read an API key', params: KeyParams, response: { 200: ApiKey } },
    },
    (request) => readOneApiKey(ctx, principalOf(request), request.params.id),
  );

  scope.delete(
    '/keys/:id',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Revoke an API key', params: KeyParams, response: NO_BODY },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        await endApiKey(ctx, tx, principalOf(request), request.params.id);
        return { status: 204, body: undefined };
      }),
  );
}
