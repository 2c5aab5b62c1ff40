import type { FastifyRequest } from 'fastify';
import { HuidanError } from '../core/errors.ts';

/** No form and no link can send it, and no script of another site without asking the hub, which never says yes. */
export const CSRF_HEADER = 'x-huidan-csrf';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a write by cookie that did not come from a page of the hub: it needs our header, and the browser's own word on
 * where it came from. `Sec-Fetch-Site` is that word wherever it is sent (https and localhost); elsewhere `Origin` is
 * compared by host alone, since behind a proxy the hub does not see whether people come by https. Error:
 * `cross_site_refused`.
 */
export function requireSameOrigin(request: FastifyRequest, publicUrl: string): void {
  if (SAFE.has(request.method)) return;
  if (request.headers[CSRF_HEADER] !== '1') {
    throw new HuidanError('cross_site_refused', `It needs the header ${CSRF_HEADER}: 1.`);
  }
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  if (site === undefined && origin === undefined) {
    throw new HuidanError('cross_site_refused', 'It needs Origin or Sec-Fetch-Site.');
  }
  if (site !== undefined && site !== 'same-origin') throw new HuidanError('cross_site_refused');
  if (site === undefined && !isOwnHost(origin ?? '', request.host, publicUrl)) {
    throw new HuidanError('cross_site_refused');
  }
}

function isOwnHost(origin: string, host: string, publicUrl: string): boolean {
  if (!URL.canParse(origin)) return false;
  const given = new URL(origin).host;
  return given === host.toLowerCase() || (URL.canParse(publicUrl) && given === new URL(publicUrl).host);
}
