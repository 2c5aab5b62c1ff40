import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HuidanError } from '../core/errors.ts';
import { requireRight } from '../hub/access.ts';
import type { Principal, Right } from '../hub/access.ts';
import { findPrincipal } from '../hub/api-keys.ts';
import type { HubContext } from '../hub/context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler of the API runs. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What the key must be allowed to do. Every route of the API names it. */
    right?: Right;
  }
}

const BEARER = /^Bearer +([\x21-\x7e]{1,300})$/iu;

/**
 * Lets nobody into this scope without a key that has the route's right. A route without a right stops the start: it
 * must not be possible to forget one.
 */
export function guardScope(scope: FastifyInstance, ctx: Pick<HubContext, 'pool'>, adminKeyHash: Buffer): void {
  scope.addHook('onRoute', (route) => {
    if (route.config?.right === undefined) throw new Error(`${route.url} does not say which right it needs`);
  });
  // Before the body is read: who has no key gets no parser of ours to play with.
  scope.addHook('onRequest', async (request, reply) => {
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const principal = key === undefined ? undefined : await findPrincipal(ctx, adminKeyHash, key);
    if (principal === undefined) {
      reply.header('www-authenticate', 'Bearer realm="huidan"');
      throw new HuidanError('unauthorized');
    }
    request.principal = principal;
    // Unknown addresses inside the scope have no right of their own.
    requireRight(principal, request.routeOptions.config.right ?? 'read');
  });
}

/** Who asks, in a handler of the API. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route is outside the guarded scope');
  return request.principal;
}
