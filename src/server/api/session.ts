import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { findSessionUser } from '../../hub/sessions.ts';
import { isSetupOpen, lookAtLink, signIn, signOut, useLink } from '../../hub/sign-in.ts';
import type { Browser, SignedIn } from '../../hub/sign-in.ts';
import { toUserJson } from '../../hub/users.ts';
import { requireSameOrigin } from '../same-origin.ts';
import { clearSessionCookie, readSessionCookie, writeSessionCookie } from '../session-cookie.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { NO_BODY, Nullable } from './shapes.ts';
import { User } from './user-shape.ts';

const Username = Type.String({ minLength: 1, maxLength: 200 });
const Password = Type.String({ minLength: 1, maxLength: 1000 });
const Token = Type.String({ minLength: 1, maxLength: 200, description: 'What follows the # in the link.' });
const SignedInAnswer = Type.Object({ user: User });

const config = { isOpen: true };
const tags = ['session'];
const closed = { additionalProperties: false };

/** `/api/v1/session` and `/api/v1/setup`: what comes before anybody is known. */
export function sessionRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  // Forms of other sites may not sign anybody in or out either.
  scope.addHook('onRequest', async (request) => {
    requireSameOrigin(request, api.publicUrl());
  });

  const answer = (reply: FastifyReply, { user, token }: SignedIn): FastifyReply => {
    writeSessionCookie(reply, token, api.publicUrl());
    return reply.send({ user: toUserJson(user) });
  };

  scope.get(
    '/session',
    {
      config,
      schema: {
        tags,
        summary: 'Whether this browser has signed in',
        description: 'Never refused, so that a page can ask before it shows the form.',
        response: { 200: Type.Object({ signedIn: Type.Boolean() }) },
      },
    },
    async (request) => {
      const token = readSessionCookie(request);
      return { signedIn: token !== undefined && (await findSessionUser(ctx, token)) !== undefined };
    },
  );

  scope.post(
    '/session',
    {
      config,
      schema: {
        tags,
        summary: 'Sign in',
        description:
          'For browsers: sets the cookie huidan_session. Needs the header x-huidan-csrf: 1 and a same-origin page.',
        body: Type.Object({ username: Username, password: Password }, closed),
        response: { 200: SignedInAnswer },
      },
    },
    async (request, reply) => answer(reply, await signIn(ctx, request.body, browserOf(request))),
  );

  scope.delete(
    '/session',
    { config, schema: { tags, summary: 'Sign out', response: NO_BODY } },
    async (request, reply) => {
      const token = readSessionCookie(request);
      if (token !== undefined) await signOut(ctx, token);
      clearSessionCookie(reply, api.publicUrl());
      return reply.code(204).send();
    },
  );

  scope.get(
    '/setup',
    {
      config,
      schema: {
        tags,
        summary: 'Whether the hub waits for its first admin',
        response: { 200: Type.Object({ open: Type.Boolean() }) },
      },
    },
    async () => ({ open: await isSetupOpen(ctx) }),
  );

  scope.post(
    '/setup/check',
    {
      config,
      schema: {
        tags,
        summary: 'Whom a link is for',
        description: 'Does not use it up.',
        body: Type.Object({ token: Token }, closed),
        response: {
          200: Type.Object({
            username: Nullable(Type.String({ description: 'null: the first admin, who chooses one.' })),
          }),
        },
      },
    },
    (request) => lookAtLink(ctx, request.body.token),
  );

  scope.post(
    '/setup',
    {
      config,
      schema: {
        tags,
        summary: 'Use a link: become the first admin, or set a password; signs in',
        body: Type.Object(
          {
            token: Token,
            username: Type.Optional(Username),
            name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
            password: Password,
          },
          closed,
        ),
        response: { 200: SignedInAnswer },
      },
    },
    async (request, reply) => answer(reply, await useLink(ctx, request.body, browserOf(request))),
  );
}

const LONGEST_AGENT = 300;

function browserOf(request: FastifyRequest): Browser {
  return {
    address: request.ip,
    agent: request.headers['user-agent']?.slice(0, LONGEST_AGENT) ?? null,
    oldToken: readSessionCookie(request),
  };
}
