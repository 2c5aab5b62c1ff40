import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/members', { id: 'u1001', name: '小张' });
  await world.call('POST', '/commission/adjustments', { member: 'u1001', amount: 1234, reason: '补发' });
});

after(() => world.stop());

test('a member is added below who invited him, and the tree shows both', async () => {
  const page = await world.open('/members');
  await page.getByRole('button', { name: '新增会员' }).click();
  await page.getByLabel('会员标识').fill('u1002');
  await page.getByLabel('姓名').fill('小李');
  await page.getByLabel('邀请人').fill('u1001');
  await page.getByRole('dialog').getByRole('button', { name: '新增会员' }).click();
  await page.getByRole('link', { name: /小李/u }).click();
  await page.getByRole('link', { name: 'u1001' }).click();
  await page.getByText('邀请了 1 人').waitFor();
  await page.getByText('¥12.34').first().waitFor();
  await checkAccess(page);
  await picture(page, 'member');
});

test('a plan is written and worked out before anybody is paid by it', async () => {
  const page = await world.open('/members/plans', { language: 'en' });
  await page.getByRole('button', { name: 'Write a plan' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Write a plan' }).click();
  await page.getByRole('cell', { name: 'standard' }).waitFor();
  await page.getByPlaceholder('Member id').fill('u1002');
  await page.locator('#preview-account').click();
  await page.keyboard.type('美团联盟');
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Work it out' }).click();
  await page.getByRole('cell', { name: '¥6.00' }).waitFor();
  await page.getByRole('cell', { name: '¥1.00' }).waitFor();
  await checkAccess(page);
  await picture(page, 'plans');
});

test('a payout is made, one item fails and comes back, the rest is paid', async () => {
  const page = await world.open('/members/payouts');
  await page.getByRole('button', { name: '新建结算' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '新建结算' }).click();
  await page.getByRole('button', { name: '标记失败' }).click();
  await page.getByRole('dialog').getByLabel('原因').fill('账号不存在');
  await page.getByRole('dialog').getByRole('button', { name: '标记失败' }).click();
  await page.getByText('账号不存在').waitFor();
  const balanceOf = async (): Promise<unknown> => world.call('GET', '/members/u1001/balance');
  assert.deepEqual(await balanceOf(), { estimated: 0, confirmed: 0, available: 1234, paid: 0, takenBack: 0 });

  await page.goto(`${world.url}/console/members/payouts`);
  await page.getByRole('button', { name: '新建结算' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '新建结算' }).click();
  await page.getByRole('button', { name: '全部标记为已支付' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '全部标记为已支付' }).click();
  await page.getByRole('row', { name: /小张/u }).getByText('已支付').first().waitFor();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.deepEqual(await balanceOf(), { estimated: 0, confirmed: 0, available: 0, paid: 1234, takenBack: 0 });
  await checkAccess(page);
  await picture(page, 'payout');
});
