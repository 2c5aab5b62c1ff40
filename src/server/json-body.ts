import type { FastifyInstance } from 'fastify';
import { HuidanError } from '../core/errors.ts';
import { decodeUtf8, isStorableText } from '../core/json.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as it came, for telling two requests apart. */
    bodyText: string;
  }
}

/** Nothing in the API nests deeper than a few levels; what does would overflow whoever walks it recursively. */
const DEEPEST = 32;

/** Takes JSON bodies in this scope, and no other kind. An empty body is no body: clients name a type for it all the same. */
export function takeJsonBodies(scope: FastifyInstance): void {
  scope.decorateRequest('bodyText', '');
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = decodeUtf8(Buffer.isBuffer(body) ? body : Buffer.from(body));
    if (text === undefined) return done(new HuidanError('malformed_json', 'It is not UTF-8.'));
    if (text === '') return done(null, undefined);
    request.bodyText = text;
    void parse(request, text, (error, value) => {
      if (error !== null) return done(error);
      const fault = jsonFault(value);
      done(fault === undefined ? null : new HuidanError('malformed_request', fault), value);
    });
  });
}

/** What keeps a parsed value from being stored, found without recursion. */
export function jsonFault(value: unknown): string | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return 'It is nested too deeply.';
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === 'string' && !isStorableText(item)) return 'It holds a character that cannot be stored.';
      if (item === null || typeof item !== 'object') continue;
      if (Array.isArray(item)) next.push(...(item as unknown[]));
      else for (const [name, inner] of Object.entries(item)) next.push(name, inner);
    }
    level = next;
  }
  return undefined;
}
