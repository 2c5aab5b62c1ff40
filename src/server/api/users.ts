import Type from 'typebox';
import { makeLink } from '../../hub/sign-in.ts';
import { endSession, readSessions } from '../../hub/sessions.ts';
import { changeUser, createUser, prepareUserPassword, readOneUser, readUsers, removeUser } from '../../hub/users.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText, LimitsShape, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { Role, User } from './user-shape.ts';
import { answerWrite } from './write.ts';

const Session = Type.Object({
  id: Type.String(),
  user: Type.String({ description: 'Id of the user.' }),
  current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
  address: Nullable(Type.String({ description: 'Where it signed in from.' })),
  agent: Nullable(Type.String({ description: 'What the browser calls itself.' })),
  createdAt: Time,
  seenAt: Time,
});

const fields = {
  username: Type.String({ minLength: 1, maxLength: 64, description: 'For signing in; letter case does not matter.' }),
  role: Role,
};
const more = {
  name: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  password: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'Left out: by a link.' })),
  reveal: Type.Optional(
    Type.Boolean({
      description: 'May see personal data with a reason. Operators may unless told otherwise, admins always.',
    }),
  ),
  ...LimitsShape,
};
const closed = { additionalProperties: false };
const NewUserBody = Type.Object({ ...fields, ...more }, closed);
const UserChangeBody = Type.Object(
  { username: Type.Optional(fields.username), role: Type.Optional(fields.role), ...more },
  closed,
);
const IdParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/users` and `/api/v1/sessions`. */
export function userRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'users', IdPlace);
  const tags = ['users'];

  scope.post(
    '/users',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Add a user of the console',
        description: 'Without a password the user comes in by a link: `POST /api/v1/users/{id}/link`.',
        body: NewUserBody,
        response: { 201: User },
      },
    },
    async (request, reply) => {
      const { password, ...input } = request.body;
      const hashed = await prepareUserPassword(ctx, input.username, password);
      return answerWrite(api, request, reply, async (tx) => ({
        status: 201,
        body: await createUser(ctx, tx, principalOf(request), input, hashed),
      }));
    },
  );

  scope.get(
    '/users',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'List users',
        querystring: Type.Object(PageQuery, closed),
        response: { 200: Page(User) },
      },
    },
    (request) => {
      const { query } = request;
      const afterId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) => readUsers(ctx, principalOf(request), { afterId, limit }),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/users/:id',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Read a user', params: IdParams, response: { 200: User } },
    },
    (request) => readOneUser(ctx, principalOf(request), request.params.id),
  );

  scope.patch(
    '/users/:id',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Change a user',
        description: 'What is left out stays. Another password or role ends the sessions of the user.',
        params: IdParams,
        body: UserChangeBody,
        response: { 200: User },
      },
    },
    async (request, reply) => {
      const { password, ...change } = request.body;
      const { id } = request.params;
      const principal = principalOf(request);
      const known = password === undefined ? undefined : await readOneUser(ctx, principal, id);
      const hashed = await prepareUserPassword(ctx, change.username ?? known?.username ?? '', password);
      return answerWrite(api, request, reply, async (tx) => ({
        status: 200,
        body: await changeUser(ctx, tx, principal, id, change, hashed),
      }));
    },
  );

  scope.delete(
    '/users/:id',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Remove a user', params: IdParams, response: NO_BODY },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        await removeUser(ctx, tx, principalOf(request), request.params.id);
        return { status: 204, body: undefined };
      }),
  );

  const Link = Type.Object({
    url: Type.String({ description: 'Works once. Whoever has it is let in.' }),
    expiresAt: Time,
  });
  const linkTo = ({ token, expiresAt }: { readonly token: string; readonly expiresAt: Date }) => ({
    status: 201,
    body: { url: `${api.publicUrl()}/console/welcome#${token}`, expiresAt: expiresAt.toISOString() },
  });

  scope.post(
    '/users/:id/link',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Make a link by which a user sets a password',
        description: 'An earlier link of the user ends.',
        params: IdParams,
        response: { 201: Link },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) =>
        linkTo(await makeLink(ctx, tx, principalOf(request), request.params.id)),
      ),
  );

  scope.post(
    '/setup/link',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Make a link for the first admin',
        description: 'Where there are no users yet; earlier ones end.',
        response: { 201: Link },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => linkTo(await makeLink(ctx, tx, principalOf(request), null))),
  );

  scope.get(
    '/sessions',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List where a user has signed in',
        description: 'Your own; those of another user for admins without limits.',
        querystring: Type.Object({ user: Type.Optional(FilterText('Id of a user.')) }, closed),
        response: { 200: Page(Session) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const user = request.query.user ?? principal.id;
      return {
        data: await readSessions(ctx, principal, user, request.session?.sessionId ?? null),
        nextCursor: null,
      };
    },
  );

  scope.delete(
    '/sessions/:id',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'End a session',
        description: 'Your own; those of another user for admins without limits.',
        params: IdParams,
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        await endSession(ctx, tx, principalOf(request), request.params.id);
        return { status: 204, body: undefined };
      }),
  );
}
