import type { FastifyInstance } from 'fastify';
import { reasonInChinese } from '../core/reasons/in-chinese.ts';

/** What says in words why something is as it is. Codes, and what people and platforms said, stay as they are. */
const TEXTS = new Set(['reason', 'error', 'detail', 'message']);

/**
 * Gives the hub's own reasons in Chinese to whoever reads Chinese first (`Accept-Language`), and in English to all others.
 * In one place for all of the API: a pair of texts beside each reason would have doubled every shape that has one.
 */
export function reasonsByLanguage(scope: FastifyInstance): void {
  scope.addHook('preSerialization', async (request, reply, payload: unknown) => {
    // Nothing of the API is stored on its way (`no-store`), so no cache has to know that it depends on this.
    if (!readsChinese(request.headers['accept-language'])) return payload;
    reply.header('content-language', 'zh-CN');
    return inChinese(payload);
  });
}

const readsChinese = (languages: string | undefined): boolean => /^\s*zh\b/iu.test(languages ?? '');

/** The same value where it holds no reason of ours. */
function inChinese(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => inChinese(item));
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  if (!isPlain(value)) return value;
  let changed: Record<string, unknown> | undefined;
  for (const [name, part] of Object.entries(value)) {
    const told = typeof part === 'string' && TEXTS.has(name) ? (reasonInChinese(part) ?? part) : inChinese(part);
    if (told !== part) (changed ??= { ...value })[name] = told;
  }
  return changed ?? value;
}

/** Dates and what else turns into JSON by itself is left alone. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const made: unknown = Object.getPrototypeOf(value);
  return (made === Object.prototype || made === null) && !('toJSON' in value);
}
