import Type from 'typebox';
import { requireNoLimits } from '../../hub/access.ts';
import { listAudit } from '../../store/audit-log.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, Nullable, Page, Time } from './shapes.ts';

const Entry = Type.Object({
  id: Type.String(),
  at: Time,
  key: Nullable(Type.String({ description: 'Id of the API key; null where a person did it.' })),
  user: Nullable(Type.String({ description: 'Id of the user; null where a program did it by an API key.' })),
  name: Nullable(Type.String({ description: 'What the key or the user was called at that time.' })),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
});

/** `/api/v1/audit`. */
export function auditRoutes(scope: ApiScope, { ctx }: ApiContext): void {
  const cursors = createCursors(ctx.sealer, 'audit', IdPlace);

  scope.get(
    '/audit',
    {
      config: { right: 'admin' },
      schema: {
        tags: ['audit'],
        summary: 'Who did what, the latest first',
        description:
          'Revealed personal data with its reason, changes of accounts, keys and users. For those without limits.',
        querystring: Type.Object(
          {
            action: Type.Optional(FilterText('Such as `personal_data.revealed`.')),
            subject: Type.Optional(FilterText('Id of what it was done to.')),
            key: Type.Optional(FilterText('Id of an API key.')),
            user: Type.Optional(FilterText('Id of a user.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Entry) },
      },
    },
    (request) => {
      requireNoLimits(principalOf(request));
      const { query } = request;
      const filter = {
        action: query.action ?? null,
        subject: query.subject ?? null,
        apiKeyId: query.key ?? null,
        userId: query.user ?? null,
        beforeId: cursors.read(query)?.id ?? null,
      };
      return pageOf(
        query,
        async (limit) =>
          (await listAudit(ctx.pool, { ...filter, limit })).map(({ apiKeyId, userId, at, ...row }) => ({
            ...row,
            at: at.toISOString(),
            key: apiKeyId,
            user: userId,
          })),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );
}
