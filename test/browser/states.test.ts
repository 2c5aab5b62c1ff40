import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

/** Every page that reads something, by the calls without which it has nothing to show. */
const PAGES: readonly { readonly path: string; readonly reads: RegExp; readonly empty?: string }[] = [
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
let world: World;
let page: Page;

before(async () => {
  world = await startWorld();
  page = await world.open('/settings/me');
});

after(() => world.stop());

/** Opens the page with its own calls answered by `answer`. */
async function openWith(path: string, reads: RegExp, answer: (route: Route) => Promise<void>): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.route(
    // Pages have addresses like those of the API.
    (url) => url.pathname.startsWith('/api/') && reads.test(`${url.pathname}${url.search}`),
    (route) => (route.request().method() === 'GET' ? answer(route) : route.fallback()),
  );
  await page.goto(`${world.url}/console${path}`);
}

test('what cannot be read says so on every page, in words, with a way to try again', async () => {
  world.forgive(/status of (?:403|500)/u);
  for (const { path, reads } of PAGES) {
    // Silence and faults of the hub are tried again for some seconds first; one page stands for all in that.
    const [status, code, words] =
      path === '/orders' ? [500, 'internal', '服务器出错了'] : [403, 'forbidden', '你没有权限'];
    const problem = { type: 'about:blank', title: code, status, code, requestId: 'req-1' };
    await openWith(path, reads, (route) =>
      route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    const alert = page.getByRole('alert').filter({ hasText: '没能读到数据' });
    await alert
      .getByText(words)
      .waitFor()
      .catch((error: unknown) => assert.fail(`${path}: ${String(error)}`));
    if (path === '/orders') {
      await checkAccess(page);
      await picture(page, 'state-error');
    }
    const asked = page.waitForRequest((request) => reads.test(request.url()));
    await alert.getByRole('button', { name: /重\s?试/u }).click();
    await asked;
  }
});

test('what is not there yet shows that it is on its way, on every page', async () => {
  for (const { path, reads } of PAGES) {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    await openWith(path, reads, async (route) => {
      await held;
      await route.fallback().catch(() => undefined);
    });
    await page.locator('main').locator('[role="status"], [aria-busy="true"], .ant-spin').first().waitFor();
    assert.equal(await page.getByText('没能读到数据').count(), 0, path);
    go();
  }
});

test('where there is nothing it says so, and what would bring something', async () => {
  for (const { path, reads, empty } of PAGES) {
    if (empty === undefined) continue;
    await openWith(path, reads, (route) => route.fulfill({ json: { data: [], nextCursor: null, counts: [] } }));
    await page
      .getByText(empty)
      .first()
      .waitFor()
      .catch((error: unknown) => assert.fail(`${path}: ${String(error)}`));
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
