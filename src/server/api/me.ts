import Type from 'typebox';
import { RIGHTS } from '../../hub/access.ts';
import { countSignInTry } from '../../hub/sign-in-limits.ts';
import { HuidanError } from '../../core/errors.ts';
import { changeSelf, isPasswordOf, prepareUserPassword, setOwnPassword, toUserJson } from '../../hub/users.ts';
import { transaction } from '../../store/transaction.ts';
import { principalOf, sessionOf } from '../auth.ts';
import { VERSION } from '../version.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { NO_BODY, Nullable } from './shapes.ts';
import { Limit, User } from './user-shape.ts';

const Me = Type.Object({
  user: Nullable(User),
  key: Nullable(Type.Object({ id: Type.String(), name: Type.String() })),
  right: Type.Enum([...RIGHTS]),
  reveal: Type.Boolean(),
  limits: Type.Object({ accounts: Limit, merchants: Limit, shops: Limit }),
  version: Type.String(),
  isDemo: Type.Boolean({ description: 'Whether the sandbox of `huidan demo` can be controlled.' }),
});

const tags = ['session'];
const closed = { additionalProperties: false };

/** `/api/v1/me`. */
export function meRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;

  scope.get(
    '/me',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Who asks, and what it may do', response: { 200: Me } },
    },
    (request) => {
      const { id, name, right, reveal, accounts, merchants, shops } = principalOf(request);
      const { session } = request;
      return {
        user: session === null ? null : toUserJson(session.user),
        key: session === null ? { id, name } : null,
        right,
        reveal,
        limits: { accounts, merchants, shops },
        version: VERSION,
        isDemo: api.sandbox() !== undefined,
      };
    },
  );

  scope.patch(
    '/me',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Change your own name or language',
        body: Type.Object(
          {
            name: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
            locale: Type.Optional(Nullable(Type.String({ pattern: '^[a-z]{2}(-[A-Za-z]{2,8})?$' }))),
          },
          closed,
        ),
        response: { 200: User },
      },
    },
    async (request) => {
      const { user } = sessionOf(request);
      return toUserJson(await transaction(ctx.pool, (tx) => changeSelf(ctx, tx, user.id, request.body)));
    },
  );

  scope.post(
    '/me/password',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Change your own password',
        description: 'Ends your other sessions.',
        body: Type.Object(
          {
            current: Type.String({ minLength: 1, maxLength: 1000 }),
            next: Type.String({ minLength: 1, maxLength: 1000 }),
          },
          closed,
        ),
        response: NO_BODY,
      },
    },
    async (request, reply) => {
      const { user, sessionId, principal } = sessionOf(request);
      const { current, next } = request.body;
      // Whoever finds an open browser may not try passwords there at leisure.
      const counted = await countSignInTry(ctx, user.username, request.ip);
      if (!(await isPasswordOf(user, current))) throw new HuidanError('current_password_wrong');
      await counted.succeeded();
      const password = await prepareUserPassword(ctx, user.username, next);
      if (password !== undefined)
        await transaction(ctx.pool, (tx) => setOwnPassword(ctx, tx, principal, sessionId, password));
      return reply.code(204).send();
    },
  );
}
