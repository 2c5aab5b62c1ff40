// Adds `hide` to a route's schema.
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { Words } from '../../core/account-fields.ts';
import { takeAuthorisation } from '../../hub/take-authorisation.ts';
import type { AuthorisationOutcome } from '../../hub/take-authorisation.ts';
import type { ApiContext } from './context.ts';

/**
 * `GET /bindings/{account}/return`: where a merchant's browser comes back to from the platform's page. No key guards it;
 * the unguessable state does.
 */
export function bindingsReturn(app: FastifyInstance, api: ApiContext): void {
  app.get<{ Params: { account: string }; Querystring: Record<string, string | string[] | undefined> }>(
    '/bindings/:account/return',
    { schema: { hide: true } },
    async (request, reply) => {
      const one = (value: string | string[] | undefined): string | undefined =>
        typeof value === 'string' && value !== '' && value.length <= 2048 ? value : undefined;
      const outcome = await takeAuthorisation(
        api.ctx,
        { accounts: api.redrive.accounts, publicUrl: api.publicUrl() },
        request.params.account,
        { code: one(request.query['code']), state: one(request.query['state']) },
      );
      const { status, words } = PAGES[outcome.kind];
      return (
        reply
          .code(status)
          .type('text/html; charset=utf-8')
          // The code stands in the address: it must go nowhere from here.
          .header('referrer-policy', 'no-referrer')
          .header('cache-control', 'no-store')
          .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
          .send(page(words, outcome.kind === 'bound' ? outcome.stores.length : undefined))
      );
    },
  );
}

interface Page {
  readonly status: number;
  readonly words: Words;
}

const PAGES: Readonly<Record<AuthorisationOutcome['kind'], Page>> = {
  bound: { status: 200, words: { zh: '授权成功，可以关闭本页。', en: 'Done. You can close this page.' } },
  later: {
    status: 200,
    words: {
      zh: '授权已收到，门店稍后自动接入，可以关闭本页。',
      en: 'The authorisation was received; the shops follow by themselves. You can close this page.',
    },
  },
  already: {
    status: 200,
    words: { zh: '此前已授权，无需重复。', en: 'This was done before; nothing more is needed.' },
  },
  busy: {
    status: 409,
    words: { zh: '正在处理，请稍后刷新。', en: 'It is being worked on. Reload this page in a moment.' },
  },
  unknown: {
    status: 404,
    words: { zh: '链接无效，请向服务商索取新的授权链接。', en: 'This link is not valid. Ask for a new one.' },
  },
  expired: {
    status: 410,
    words: { zh: '链接已过期，请向服务商索取新的授权链接。', en: 'This link has run out. Ask for a new one.' },
  },
  denied: {
    status: 200,
    words: {
      zh: '未完成授权。如需授权，请重新打开授权链接。',
      en: 'You did not agree. To do so, open the link again.',
    },
  },
  refused: {
    status: 502,
    words: {
      zh: '平台未接受本次授权，请重新打开授权链接再试一次。',
      en: 'The platform did not accept this authorisation. Open the link again.',
    },
  },
};

const page = ({ zh, en }: Words, stores: number | undefined): string => `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>门店授权 · Binding</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.6; }
p[lang=en] { color: #666; }
</style>
</head>
<body>
<h1>门店授权</h1>
<p>${zh}${stores === undefined ? '' : `（门店 ${stores} 家）`}</p>
<p lang="en">${en}${stores === undefined ? '' : ` (${stores} ${stores === 1 ? 'shop' : 'shops'})`}</p>
</body>
</html>
`;
