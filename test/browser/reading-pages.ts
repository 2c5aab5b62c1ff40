import type { Page, Route } from 'playwright-core';
import type { World } from './kit.ts';

/** Every page that reads something, by the calls without which it has nothing to show. */
export const PAGES: readonly { readonly path: string; readonly reads: RegExp; readonly empty?: string }[] = [
  { path: '/board', reads: /\/orders\?/u, empty: '新订单会立刻出现在这里' },
  { path: '/orders', reads: /\/orders\?/u, empty: '还没有订单' },
  { path: '/orders/ord_somebodys', reads: /\/orders\/ord_somebodys$/u },
  { path: '/attention', reads: /\/attention\?/u, empty: '没有需要处理的事情' },
  { path: '/overview', reads: /\/stats\//u, empty: '这段时间没有数据' },
  { path: '/callbacks', reads: /\/callbacks\?/u, empty: '还没有回调' },
  { path: '/accounts', reads: /\/accounts\?/u, empty: '还没有平台账号' },
  { path: '/accounts/sandbox-eleme', reads: /\/accounts\/sandbox-eleme$/u },
  { path: '/endpoints', reads: /\/endpoints(?:\?|$)/u, empty: '还没有推送地址' },
  { path: '/machines', reads: /\/machines\?/u, empty: '还没有机器' },
  { path: '/members', reads: /\/commission\/balances/u, empty: '还没有会员' },
  { path: '/members/plans', reads: /\/commission\/plans/u, empty: '还没有方案' },
  { path: '/members/payouts', reads: /\/commission\/payouts/u, empty: '还没有结算' },
  { path: '/settings/me', reads: /\/sessions$/u },
  { path: '/settings/keys', reads: /\/keys\?/u, empty: '还没有密钥' },
  { path: '/settings/users', reads: /\/users\?/u, empty: '还没有用户' },
  { path: '/settings/audit', reads: /\/audit\?/u, empty: '还没有记录' },
  { path: '/settings/sandbox', reads: /\/sandbox$/u },
];
/** Opens the page with its own calls answered by `answer`. */
export async function openWith(
  { url }: World,
  page: Page,
  { path, reads }: Pick<(typeof PAGES)[number], 'path' | 'reads'>,
  answer: (route: Route) => Promise<void>,
): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.route(
    // Pages have addresses like those of the API.
    (address) => address.pathname.startsWith('/api/') && reads.test(`${address.pathname}${address.search}`),
    (route) => (route.request().method() === 'GET' ? answer(route) : route.fallback()),
  );
  await page.goto(`${url}/console${path}`);
}
