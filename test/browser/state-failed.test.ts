import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { PAGES, openWith } from './reading-pages.ts';

let world: World;
let page: Page;

before(async () => {
  world = await startWorld();
  page = await world.open('/settings/me');
});

after(() => world.stop());

test('what cannot be read says so on every page, in words, with a way to try again', async () => {
  world.forgive(/status of (?:403|500)/u);
  for (const { path, reads } of PAGES) {
    // Silence and faults of the hub are tried again for some seconds first; one page stands for all in that.
    const [status, code, words] =
      path === '/orders' ? [500, 'internal', '服务器出错了'] : [403, 'forbidden', '你没有权限'];
    const problem = { type: 'about:blank', title: code, status, code, requestId: 'req-1' };
    await openWith(world, page, { path, reads }, (route) =>
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
