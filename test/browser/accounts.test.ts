import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world.stop());

test('a store is bound: link, merchant, proof', async () => {
  const account = 'sandbox-meituan-waimai';
  const page = await world.open(`/accounts/${account}`);
  await page.getByRole('button', { name: '绑定门店' }).click();
  await page.getByLabel('门店编号').fill('77001');
  await page.getByLabel('店名').fill('新店');
  await page.getByRole('button', { name: '生成链接' }).click();
  const link = page.getByRole('link', { name: '打开授权页' });
  await link.waitFor();
  await picture(page, 'bind-store');
  const merchantOpens = page.context().waitForEvent('page');
  await link.click();
  const merchant = await merchantOpens;
  await merchant.locator('a, button').first().click();
  await page.getByText('绑定成功，订单会自动进来').waitFor();
  const dialog = page.getByRole('dialog', { name: '绑定门店' });
  await dialog.getByText('关闭', { exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('row', { name: /77001/u }).getByText('已绑定').waitFor();
  const { state } = await world.call<{ state: string }>('GET', `/stores/${account}/77001`);
  assert.equal(state, 'bound');
  await checkAccess(page);
});

test('an account is made by the form of its platform, and a field that is missing is named', async () => {
  const page = await world.open('/accounts/new', { language: 'en' });
  await page.getByLabel('Platform').click();
  // The first of the list.
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('Account id').fill('mtu-form');
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.locator('[aria-invalid="true"]').first().waitFor();
  await page.getByLabel(/^App key/u).fill('appkey-of-a-shop');
  await page.getByLabel(/^API secret/u).fill('a-secret');
  await checkAccess(page);
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.getByText('/callbacks/meituan-union/mtu-form').waitFor();
  const made = await world.call<{ mode: string; settings: { generation: string } }>('GET', '/accounts/mtu-form');
  assert.deepEqual([made.mode, made.settings.generation], ['live', 'g2']);
});

test('mode, auto-accept and a setting are changed, and the credentials are proved', async () => {
  const page = await world.open('/accounts/sandbox-meituan-waimai', { width: 390 });
  await page.getByRole('button', { name: '检验凭据' }).click();
  await page.getByText('凭据有效').waitFor();
  const autoAccept = (isOn: boolean) => page.getByRole('switch', { name: /自动接单/u, checked: isOn }).first();
  await autoAccept(false).click();
  const settingOf = async (name: string): Promise<unknown> =>
    (await world.call<{ settings: Record<string, unknown> }>('GET', '/accounts/sandbox-meituan-waimai')).settings[name];
  await autoAccept(true).waitFor();
  assert.equal(await settingOf('autoAccept'), true);
  await page.getByLabel('每秒调用次数上限').fill('7');
  await page.getByRole('button', { name: /^保\s?存$/u }).click();
  await page.getByText('已保存').waitFor();
  assert.equal(await settingOf('callsPerSecond'), 7);
  await autoAccept(true).click();
  await autoAccept(false).waitFor();
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 390);
  await checkAccess(page);
  await picture(page, 'account-phone');
});

test('the list says which account has trouble', async () => {
  const page = await world.open('/accounts', { theme: 'dark' });
  await page.getByRole('link', { name: /美团外卖/u }).waitFor();
  await checkAccess(page);
  await picture(page, 'accounts-dark');
});

test('an account is removed: the list is without it, and nothing asks for it any more', async () => {
  await world.call('POST', '/accounts', {
    id: 'mtu-gone',
    platform: 'meituan-union',
    name: '旧联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: 'the-callback-secret' },
  });
  const page = await world.open('/accounts');
  const link = page.locator('a[href$="/accounts/mtu-gone"]');
  await link.click();
  await page.getByRole('button', { name: '删除账号' }).click();
  // As the hub is when it is busy: what the page reads regularly is on its way meanwhile.
  await page.route(/\/api\/v1\/accounts\/mtu-gone$/u, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.fallback();
  });
  await page.getByRole('dialog').getByRole('button', { name: '删除账号' }).click();
  await page.waitForURL(/\/accounts$/u);
  await page.getByRole('link', { name: /美团外卖/u }).waitFor();
  await link.waitFor({ state: 'hidden' });
  await page.goBack();
  await page.getByText('没能读到数据').waitFor();
});
