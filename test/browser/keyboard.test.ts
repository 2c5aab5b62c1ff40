import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';
import { placeWaitingTakeaway } from './waiting-takeaway.ts';

let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world.stop());

const card = (page: Page, column: string, id: string): Locator =>
  page.locator(`[data-column="${column}"] [data-order="${id}"]`);

const hasFocus = (place: Locator): Promise<boolean> =>
  place.evaluate((element) => element.contains(element.ownerDocument.activeElement));

/** By Tab alone, as somebody without a mouse comes there. */
async function tabTo(page: Page, place: Locator): Promise<void> {
  await until('the focus to come there', async () => {
    await page.keyboard.press('Tab');
    return (await hasFocus(place)) ? true : undefined;
  });
}

const focused = (place: Locator): Promise<true> =>
  until('the focus to be there', async () => ((await hasFocus(place)) ? true : undefined));

test('on the board an order is refused and accepted by keyboard, and the keyboard stays where it was', async () => {
  const { id } = await placeWaitingTakeaway(world);
  const page = await world.open('/board');
  const waiting = card(page, 'paid', id);
  const refuse = waiting.getByRole('button', { name: '拒单' });
  await refuse.waitFor();
  await tabTo(page, refuse);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await focused(dialog);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await focused(refuse);
  await page.keyboard.press('Shift+Tab');
  const accept = waiting.getByRole('button', { name: '接单', exact: true });
  await focused(accept);
  await page.keyboard.press('Enter');
  const accepted = card(page, 'accepted', id);
  await accepted.waitFor();
  await focused(accepted);
});

test('an order’s actions, and each step of its picture, open and close by keyboard', async () => {
  const { id } = await placeWaitingTakeaway(world);
  const page = await world.open(`/orders/${id}`);
  const actions = page.getByRole('group', { name: '操作' });
  const more = actions.getByRole('button', { name: /更多/u });
  await more.waitFor();
  await tabTo(page, more);
  await page.keyboard.press('Enter');
  await focused(page.getByRole('menu'));
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'hidden' });
  await focused(more);
  const step = page.locator('button[data-kind="callback"]').first();
  await tabTo(page, step);
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await drawer.waitFor();
  await page.keyboard.press('Tab');
  await focused(drawer);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  await focused(step);
});

test('filters are set by keyboard', async () => {
  const page = await world.open('/orders');
  const status = page.getByRole('combobox', { name: '状态' });
  await tabTo(page, status);
  await page.keyboard.press('ArrowDown');
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/status=/u);
  await page.goto(`${world.url}/console/callbacks`);
  const verdicts = page.getByRole('radiogroup', { name: '按结果筛选' });
  await verdicts.waitFor();
  await tabTo(page, verdicts.getByRole('radio', { checked: true }));
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/verdict=/u);
});

test('what is removed asks first, and the keyboard is back at the button when somebody thinks better of it', async () => {
  const page = await world.open('/accounts/sandbox-eleme');
  const remove = page.getByRole('button', { name: '删除账号' });
  await remove.waitFor();
  await tabTo(page, remove);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await focused(dialog);
  await tabTo(page, dialog.getByRole('button', { name: '取消' }));
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await focused(remove);
  assert.match(page.url(), /\/accounts\/sandbox-eleme$/u);
});
