import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ORDER_CSV_COLUMNS } from '../../src/core/order-csv.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

const SECRET = 'the-callback-secret';
let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-list',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
  for (let at = 10; at < 80; at += 1) await push(`90000000000000004${at}`, at % 2 === 0 ? '1' : '8');
  world.sandbox.setSpeed(0.01);
  await world.sandbox.placeOrder('meituan-waimai');
});

after(() => world.stop());

async function push(orderid: string, status: string): Promise<void> {
  const answer = await fetch(`${world.url}/callbacks/meituan-union/mtu-list`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder(orderid, status), SECRET),
  });
  assert.equal(await answer.text(), '{"errcode":"0","errmsg":"ok"}');
}

test('an order is found by its number from anywhere, and a click opens it', async () => {
  const page = await world.open('/overview');
  await page.getByRole('textbox', { name: '搜索订单' }).fill('9000000000000000442');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/orders\?q=9000000000000000442$/u);
  const row = page.getByRole('row').filter({ hasText: '9000000000000000442' });
  await row.waitFor();
  assert.equal(await page.getByRole('row').filter({ hasText: '90000000000000004' }).count(), 1);
  await row.getByRole('link').first().click();
  await page.waitForURL(/\/orders\/ord_/u);
});

test('filters live in the address, and the list goes on by its cursor', async () => {
  const page = await world.open('/orders');
  await page.getByText('已列出 50 条').waitFor();
  await page.getByRole('button', { name: '加载更多' }).click();
  await page.getByText(/共 7\d 条/u).waitFor();
  await checkAccess(page);
  await page.getByRole('combobox', { name: '状态' }).click();
  await page.getByTitle('已完成').click();
  await page.waitForURL(/status=completed/u);
  await page.getByText('共 35 条，已全部列出').waitFor();
  await page.reload();
  await page.getByText('共 35 条，已全部列出').waitFor();
  await picture(page, 'orders');
  await page.getByRole('button', { name: '清除筛选' }).first().click();
  await page.getByText('已列出 50 条').waitFor();
});

test('columns are chosen, and remembered on this device', async () => {
  const page = await world.open('/orders', { language: 'en' });
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Commission' }).check();
  await page.getByRole('columnheader', { name: 'Commission' }).waitFor();
  await page.reload();
  await page.getByRole('columnheader', { name: 'Commission' }).waitFor();
});

test('what the filter finds is written out as CSV, long numbers as text', async () => {
  const page = await world.open('/orders?status=completed');
  await page.getByRole('button', { name: /导出 CSV/u }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('还没有导出过').waitFor();
  await dialog.getByRole('button', { name: '开始导出' }).click();
  await dialog.getByText(/^35 个订单/u).waitFor();
  const lines = linesOf(await downloaded(page));
  assert.equal(lines.length, 36);
  assert.ok(lines.some((line) => line.includes('"\t9000000000000000411"')));
  assert.ok(!lines[0]?.includes('customerPhone'));
});

async function downloaded(page: Page): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('dialog').getByRole('link', { name: '下载' }).first().click();
  return readFile(await (await download).path(), 'utf8');
}

function linesOf(text: string): readonly string[] {
  assert.equal(text.codePointAt(0), 0xfe_ff);
  return text.trimEnd().slice(1).split('\r\n');
}

test('the columns of a file are chosen, and files stay in the list until they are removed', async () => {
  const page = await world.open('/orders?status=completed');
  await page.getByRole('button', { name: /导出 CSV/u }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('listitem').first().waitFor();
  const earlier = await dialog.getByRole('listitem').count();
  await dialog.getByRole('button', { name: '全选' }).click();
  await dialog.getByRole('button', { name: '开始导出' }).click();
  await dialog.getByText(`${ORDER_CSV_COLUMNS.length} 列`, { exact: true }).waitFor();
  await dialog
    .getByRole('listitem')
    .first()
    .getByText(/^35 个订单/u)
    .waitFor();
  const [header] = linesOf(await downloaded(page));
  assert.deepEqual(header?.replaceAll('"', '').split(','), [...ORDER_CSV_COLUMNS], 'the page knows every column');
  await dialog.getByRole('button', { name: '与列表一致' }).click();
  await dialog.getByRole('checkbox', { name: '内容' }).uncheck();
  await dialog.getByRole('button', { name: '开始导出' }).click();
  await dialog
    .getByRole('listitem')
    .nth(earlier + 1)
    .waitFor();
  await dialog
    .getByRole('listitem')
    .first()
    .getByText(/^35 个订单/u)
    .waitFor();
  const [shown] = linesOf(await downloaded(page));
  assert.equal(
    shown?.replaceAll('"', ''),
    'platform,platformOrderId,daySequence,status,payment,paid,customerName,customerPhone,store,placedAt',
  );
  await checkAccess(page);
  await picture(page, 'orders-export');
  await dialog
    .getByRole('listitem')
    .first()
    .getByRole('button', { name: /删\s?除/u })
    .click();
  await dialog
    .getByRole('listitem')
    .nth(earlier + 1)
    .waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('button', { name: /导出 CSV/u }).click();
  await dialog.getByRole('listitem').first().waitFor();
  assert.equal(await dialog.getByRole('listitem').count(), earlier + 1);
  assert.equal(await dialog.getByRole('checkbox', { name: '内容' }).isChecked(), false, 'the choice is remembered');
});

test('nothing found says so and offers the way out; a phone shows rows that fit', async () => {
  const page = await world.open('/orders?q=nobody-has-this', { width: 390, height: 844, theme: 'dark' });
  await page.getByText('没有符合条件的订单').waitFor();
  await checkAccess(page);
  await page.getByRole('button', { name: '清除筛选' }).last().click();
  await page.getByText('已列出 50 条').waitFor();
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 390);
  await checkAccess(page);
  await picture(page, 'orders-phone-dark');
});
