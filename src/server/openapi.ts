import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import Type from 'typebox';
import { CSRF_HEADER } from './same-origin.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

export const OPENAPI_PATH = '/api/openapi.json';
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'self'";

export const DOCS_PATH = '/api/docs';

const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'Stable; see docs/errors.md.' }),
  detail: Type.String(),
  fields: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  requestId: Type.String(),
});

const IdempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'A repeat with the same key answers the same status and body; kept for a day.',
  }),
);

const problemContent = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const PROBLEMS = Object.fromEntries(
  Object.entries({
    400: 'malformed',
    401: 'no valid key, not signed in',
    403: 'no right',
    404: 'not there',
    409: 'in conflict',
    413: 'the body is too large',
    415: 'the body is not JSON',
    422: 'understood but refused',
    429: 'too many',
    500: 'our mistake',
    503: 'try again',
  }).map(([status, description]) => [status, { description, ...problemContent }]),
);

/** Collects the routes that come after it into one OpenAPI 3.1 document, and shows it at `/api/docs`. */
export async function registerOpenapi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Huidan',
        version,
        description:
          'Times are RFC 3339 in UTC; a day is one of Asia/Shanghai. Money is integer fen. null is unknown, never zero. ' +
          'Lists are {data, nextCursor}. Errors are application/problem+json with a stable code.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        schemas: { Problem },
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: `Of a user who signed in; writes need the header ${CSRF_HEADER}: 1 and a same-origin page.`,
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      if (!url.startsWith('/api/v1/')) return { schema: { hide: true, ...schema }, url };
      const isWrite = !['GET', 'HEAD'].includes(String(route.method));
      const own: FastifySchema = schema ?? {};
      const isOpen = route.config?.isOpen === true;
      return {
        url,
        schema: {
          ...own,
          security: isOpen ? [] : [{ key: [] }, { session: [] }],
          description: [own.description, `Right: ${isOpen ? 'none' : (route.config?.right ?? 'read')}.`]
            .filter((part) => part !== undefined)
            .join(' '),
          ...(isWrite && !isOpen ? { headers: Type.Object({ 'idempotency-key': IdempotencyKey }) } : {}),
          response: { ...(own.response as object | undefined), ...PROBLEMS },
        },
      };
    },
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    staticCSP: true,
    // The package's own policy makes browsers fetch scripts by https, which a hub on a plain port does not speak.
    transformStaticCSP: () => DOCS_POLICY,
    uiConfig: { url: OPENAPI_PATH, deepLinking: true, persistAuthorization: false },
    logLevel: 'silent',
  });
  app.get(OPENAPI_PATH, { schema: { hide: true } }, async () => app.swagger());
}
