import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { PAGES, openWith } from './reading-pages.ts';

let world: World;
let page: Page;

before(async () => {
  world = await startWorld();
  page = await world.open('/settings/me');
});

after(() => world.stop());

test('what is not there yet shows that it is on its way, on every page', async () => {
  for (const { path, reads } of PAGES) {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    await openWith(world, page, { path, reads }, async (route) => {
      await held;
      await route.fallback().catch(() => undefined);
    });
    await page.locator('main').locator('[role="status"], [aria-busy="true"], .ant-spin').first().waitFor();
    assert.equal(await page.getByText('没能读到数据').count(), 0, path);
    // Left before it is let go: the hub's own answer, such as that there is no such order, is not what is looked at.
    await page.goto(`${world.url}/console/nowhere`);
    go();
  }
});
