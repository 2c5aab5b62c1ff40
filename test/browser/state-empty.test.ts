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

test('where there is nothing it says so, and what would bring something', async () => {
  for (const { path, reads, empty } of PAGES) {
    if (empty === undefined) continue;
    await openWith(world, page, { path, reads }, (route) =>
      route.fulfill({ json: { data: [], nextCursor: null, counts: [] } }),
    );
    await page
      .getByText(empty)
      .first()
      .waitFor()
      .catch((error: unknown) => assert.fail(`${path}: ${String(error)}`));
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
