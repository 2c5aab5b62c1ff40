import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { SandboxError } from './sandbox-error.ts';

const TIMEOUT_MS = 30_000;
const MOST_PAGES = 5;

/**
 * What a merchant does with a binding address in his browser: opens the page, agrees, and is sent on. A played page holds
 * either one form that is posted to its own address, or a link with the id `grant`. Throws `SandboxError` when a page
 * shows a fault or nothing to click.
 */
export async function agreeAt(url: string, dispatcher: Dispatcher): Promise<void> {
  const page = await open(url, 'GET', dispatcher);
  if (/<form method="post">/u.test(page.body)) {
    await open(url, 'POST', dispatcher);
    return;
  }
  const link = /<a [^>]*id="grant" href="([^"]+)"/u.exec(page.body)?.[1];
  if (link === undefined) throw new SandboxError('The binding page holds nothing to click.');
  await open(new URL(link.replaceAll('&amp;', '&'), url).href, 'GET', dispatcher);
}

/** Opens a page and follows where it sends the browser. */
async function open(url: string, method: 'GET' | 'POST', dispatcher: Dispatcher): Promise<{ readonly body: string }> {
  let [next, how] = [url, method];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const response = await request(next, {
      method: how,
      dispatcher,
      headers: how === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
      ...(how === 'POST' ? { body: 'agree=1' } : {}),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const body = await response.body.text();
    const { location } = response.headers;
    if (response.statusCode >= 400) throw new SandboxError(`A binding page answered ${response.statusCode}.`);
    if (typeof location !== 'string') return { body };
    next = new URL(location, next).href;
    how = 'GET';
  }
  throw new SandboxError('The binding page sends the browser in circles.');
}
