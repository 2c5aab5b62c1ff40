import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HuidanError } from '../core/errors.ts';
import { requireRight } from '../hub/access.ts';
import type { Principal, Right } from '../hub/access.ts';
import { findPrincipal } from '../hub/api-keys.ts';
import type { HubContext } from '../hub/context.ts';
import { findSessionUser } from '../hub/sessions.ts';
import type { SessionUser } from '../hub/sessions.ts';
import { requireSameOrigin } from './same-origin.ts';
import { readSessionCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler of the API runs. */
    principal: Principal | null;
    /** By which session, where a person asks. */
    session: SessionUser | null;
    /** Asks again who it is: an answer that takes hours must end with the key or the session. */
    stillAsks: () => Promise<Principal | undefined>;
  }
  interface FastifyContextConfig {
    /** What the key or the user must be allowed to do. Every guarded route of the API names it. */
    right?: Right;
    /** True for the few routes that come before anybody is known. */
    isOpen?: boolean;
  }
}

const BEARER = /^Bearer +([\x21-\x7e]{1,300})$/iu;

export interface GuardOptions {
  readonly adminKeyHash: Buffer;
  publicUrl(): string;
}

/**
 * Lets nobody into this scope without a key or a session that has the route's right. A route without a right stops the
 * start: it must not be possible to forget one.
 */
export function guardScope(
  scope: FastifyInstance,
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  { adminKeyHash, publicUrl }: GuardOptions,
): void {
  scope.addHook('onRoute', (route) => {
    if (route.config?.right === undefined) throw new Error(`${route.url} does not say which right it needs`);
  });
  // Before the body is read: who is nobody gets no parser of ours to play with.
  scope.addHook('onRequest', async (request, reply) => {
    // A key counts alone: a wrong one does not fall back to whoever has signed in with this browser.
    const find = (): Promise<Found | undefined> =>
      request.headers.authorization === undefined
        ? findBySession(ctx, request, publicUrl)
        : findByKey(ctx, request.headers.authorization, adminKeyHash);
    const found = await find();
    if (found === undefined) {
      reply.header('www-authenticate', 'Bearer realm="huidan"');
      throw new HuidanError('unauthorized');
    }
    request.principal = found.principal;
    request.session = found.session;
    request.stillAsks = async () => (await find())?.principal;
    // Unknown addresses inside the scope have no right of their own.
    requireRight(found.principal, request.routeOptions.config.right ?? 'read');
  });
}

interface Found {
  readonly principal: Principal;
  readonly session: SessionUser | null;
}

async function findByKey(
  ctx: Pick<HubContext, 'pool'>,
  authorization: string,
  adminKeyHash: Buffer,
): Promise<Found | undefined> {
  const key = BEARER.exec(authorization)?.[1];
  const principal = key === undefined ? undefined : await findPrincipal(ctx, adminKeyHash, key);
  return principal === undefined ? undefined : { principal, session: null };
}

async function findBySession(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  request: FastifyRequest,
  publicUrl: () => string,
): Promise<Found | undefined> {
  const token = readSessionCookie(request);
  const session = token === undefined ? undefined : await findSessionUser(ctx, token);
  if (session === undefined) return undefined;
  requireSameOrigin(request, publicUrl());
  return { principal: session.principal, session };
}

/** Who asks, in a handler of the API. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route is outside the guarded scope');
  return request.principal;
}

/** The session that asks, in a handler that is for people. Error: `forbidden` for a key. */
export function sessionOf(request: FastifyRequest): SessionUser {
  if (request.session === null) throw new HuidanError('forbidden', 'It is for users who have signed in.');
  return request.session;
}
