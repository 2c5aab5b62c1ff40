import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { HuidanError } from '../core/errors.ts';

export const CONSOLE_PATH = '/console/';

/** Where the build of the console lies. */
export const CONSOLE_DIR = fileURLToPath(new URL('../../console/dist', import.meta.url));

/**
 * Nothing from elsewhere, no script in a page, in nobody's frame. The component library writes its styles as elements of
 * the page, so styles alone may be inline; `data:` and `blob:` are icons, charts and the sound of a new order.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "media-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The build names these by their content. */
const HASHED = /^assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/u;

/**
 * `/console/`: the files of the build, and its page for every address that is no file, since the console has addresses of
 * its own. Where nothing was built they are not found.
 */
export async function consoleFiles(app: FastifyInstance, dir: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: dir,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    index: false,
    dotfiles: 'deny',
  });

  app.get('/console', { schema: { hide: true } }, (_request, reply) => reply.redirect(CONSOLE_PATH, 302));

  app.get<{ Params: { '*': string } }>('/console/*', { schema: { hide: true } }, async (request, reply) => {
    const path = request.params['*'];
    // Only a file has a dot in its last part; an id in an address of the console has none.
    const isFile = /\.[a-z0-9]+$/u.test(path);
    if (path.split('/').some((part) => part === '..' || part.startsWith('.')) || !(await isBuilt(dir)))
      throw new HuidanError('not_found');
    guardPage(reply);
    if (!isFile) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    if (!(await isReadable(join(dir, path)))) throw new HuidanError('not_found');
    const lasting = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
    return reply.header('cache-control', lasting).sendFile(path);
  });
}

/** Whether there is a console to show. Asked each time: a build may come while the hub runs. */
export const isBuilt = (dir: string): Promise<boolean> => isReadable(join(dir, 'index.html'));

const isReadable = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function guardPage(reply: FastifyReply): void {
  reply
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=()');
}
