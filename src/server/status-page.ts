import type { FastifyInstance } from 'fastify';
import type { HubContext } from '../hub/context.ts';
import { readHubCounts } from '../store/hub-counts.ts';
import type { HubCounts } from '../store/hub-counts.ts';
import { CONSOLE_PATH, isBuilt } from './console-files.ts';
import { DOCS_PATH, OPENAPI_PATH } from './openapi.ts';

/** How long the counted numbers are shown: the page needs no key, so nobody may make the database count at will. */
const FRESH_MS = 2000;

/**
 * `/` leads to the console. Where none was built it is a page that needs no key, so it shows counts and links and nothing
 * of anybody.
 */
export function statusPage(
  app: FastifyInstance,
  ctx: Pick<HubContext, 'pool' | 'clock' | 'log'>,
  { version, consoleDir }: { readonly version: string; readonly consoleDir: string },
): void {
  let counted: { readonly atMs: number; readonly counts: Promise<HubCounts | undefined> } | undefined;
  const count = (): Promise<HubCounts | undefined> => {
    const nowMs = ctx.clock();
    if (counted === undefined || nowMs - counted.atMs > FRESH_MS) {
      const counts = readHubCounts(ctx.pool).catch((error: unknown) => {
        ctx.log.debug({ err: error }, 'the status page has no numbers');
        return undefined;
      });
      counted = { atMs: nowMs, counts };
    }
    return counted.counts;
  };

  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    if (await isBuilt(consoleDir)) return reply.redirect(CONSOLE_PATH, 302);
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('refresh', '5')
      .send(page(await count(), version));
  });
}

const number = (value: number): string => value.toLocaleString('en-US');

function page(counts: HubCounts | undefined, version: string): string {
  const rows: readonly (readonly [string, string])[] =
    counts === undefined
      ? []
      : [
          ['Accounts · 账号', number(counts.accounts)],
          ['Orders · 订单', `${counts.isEstimate ? 'about ' : ''}${number(counts.orders)}`],
          ['Endpoints · 推送地址', number(counts.endpoints)],
          ['Deliveries waiting · 待推送', number(counts.deliveriesWaiting)],
          ['Callbacks held while paused · 暂停中暂存', number(counts.callbacksHeld)],
        ];
  const state =
    counts === undefined
      ? '<p class="bad">The database does not answer. · 数据库没有响应。</p>'
      : '<p class="good">Running · 运行中</p>';
  const table = rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Huidan 汇单</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { padding: .4rem 0; border-bottom: 1px solid #8884; text-align: left; font-weight: normal; }
  td { text-align: right; font-variant-numeric: tabular-nums; }
  .good::before, .bad::before { content: '●'; margin-right: .5em; color: #2a2; }
  .bad::before { color: #d33; }
  nav a { margin-right: 1.2rem; }
  footer { margin-top: 2rem; opacity: .6; }
</style>
</head>
<body>
<h1>Huidan 汇单</h1>
${state}
<table>${table}</table>
<p></p>
<nav>
<a href="${DOCS_PATH}">API</a>
<a href="${OPENAPI_PATH}">OpenAPI</a>
<a href="/metrics">Metrics</a>
<a href="/readyz">Ready?</a>
</nav>
<footer>Version ${version}</footer>
</body>
</html>
`;
}
