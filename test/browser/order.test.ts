import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { placeWaitingTakeaway } from './waiting-takeaway.ts';

const SECRET = 'the-callback-secret';
let world: World;
let promoted: string;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-order',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
  await push('1');
  await push('1');
  await push('8');
  const { data } = await world.call<{ data: { id: string }[] }>('GET', '/orders?account=mtu-order');
  promoted = data[0]?.id ?? '';
});

after(() => world.stop());

async function push(status: string): Promise<void> {
  const answer = await fetch(`${world.url}/callbacks/meituan-union/mtu-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder('9000000000000000501', status), SECRET),
  });
  assert.equal(await answer.text(), '{"errcode":"0","errmsg":"ok"}');
}

test('the picture leads from the callback to the status, and every step opens to its bytes', async () => {
  const page = await world.open(`/orders/${promoted}`);
  await page.getByText('平台已确认订单完成。').waitFor();
  const steps = page.getByRole('list', { name: '来龙去脉' });
  await steps.getByText('已付款', { exact: true }).first().waitFor();
  await steps.getByText('已完成', { exact: true }).first().waitFor();
  await steps.getByText('重复', { exact: true }).waitFor();
  await checkAccess(page);
  await picture(page, 'order-timeline');

  await page.getByRole('button', { name: /平台回调，.*第 2 版/u }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('9000000000000000501').first().waitFor();
  await drawer.getByText('"errcode"').waitFor();
  await checkAccess(page);
  await picture(page, 'order-callback');
  await page.keyboard.press('Escape');

  await steps.locator('button[data-kind="event"]').last().click();
  await drawer.getByText('"order.completed"').waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  await steps.locator('button[data-kind="fact"]').last().click();
  await drawer.getByRole('cell', { name: '生命周期' }).waitFor();
});

test('an action asks first, is done at the platform, and stands in the picture', async () => {
  const { id } = await placeWaitingTakeaway(world);
  const page = await world.open(`/orders/${id}`, { language: 'en' });
  await page.getByText(/the shop has not accepted yet/u).waitFor();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/“Accept” for order #/u).waitFor();
  await dialog.getByRole('button', { name: 'Accept', exact: true }).click();
  await page.getByText('The shop has accepted;').waitFor();
  const action = page.locator('button[data-kind="action"]');
  await action.getByText('Succeeded').waitFor();
  await action.click();
  await page.getByRole('dialog').getByText('What the platform answered').waitFor();
  await checkAccess(page);
  await picture(page, 'order-action-en');
});

test('personal data is masked until somebody says why they must see it, and the look is recorded', async () => {
  const order = await placeWaitingTakeaway(world);
  assert.match(order.customer?.phone ?? '', /\*{4}/u);
  const page = await world.open(`/orders/${order.id}`, { width: 390, height: 844, theme: 'dark' });
  await page.getByRole('button', { name: '显示完整信息' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('请填写查看理由，它会记入审计日志。').fill('骑手找不到门');
  await dialog.getByRole('button', { name: '显示完整信息' }).click();
  await page.getByText('已显示完整信息').waitFor();
  await page.getByRole('link', { name: /^1\d{10}/u }).waitFor();
  await checkAccess(page);
  const { data } = await world.call<{ data: { action: string; subject: string; detail: { reason?: string } }[] }>(
    'GET',
    '/audit?limit=50',
  );
  const look = data.find(({ action }) => action === 'personal_data.revealed');
  assert.equal(look?.subject, order.id);
  assert.equal(look.detail.reason, '骑手找不到门');
});

test('an order that is not there says so', async () => {
  world.forgive(/404/u);
  const page = await world.open('/orders/ord_nobody');
  await page.getByText('没有这个订单。').waitFor();
  await page.getByText('order_not_found').waitFor();
});
