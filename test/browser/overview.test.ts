import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

const SECRET = 'the-callback-secret';
let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-days',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
});

after(() => world.stop());

test('before anything has happened it says so', async () => {
  const page = await world.open('/overview?account=mtu-days');
  await page.getByText('这段时间没有数据').waitFor();
  await checkAccess(page);
});

test('each question is answered by a chart, and the charts come only with this page', async () => {
  const paidTime = String(Math.floor(Date.now() / 1000) - 60);
  for (const orderid of ['9000000000000000601', '9000000000000000602']) {
    await fetch(`${world.url}/callbacks/meituan-union/mtu-days`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: unionPush(
        { ...unionOrder(orderid, '1'), ordertime: paidTime, paytime: paidTime, modTime: paidTime },
        SECRET,
      ),
    });
  }
  const page = await world.open('/overview?days=90');
  await page
    .getByRole('img', { name: /每天有多少订单/u })
    .locator('svg')
    .waitFor();
  await page
    .getByRole('img', { name: /平台的回调多久才到/u })
    .locator('svg')
    .waitFor();
  // A question without an answer yet says so, instead of showing an empty frame.
  await page
    .getByRole('figure')
    .filter({ hasText: '推送给自己系统的成功率如何？' })
    .getByText('这段时间没有数据')
    .waitFor();
  await checkAccess(page);
  await picture(page, 'overview');
  assert.equal(await page.locator('dl > div').filter({ hasText: '订单数' }).locator('dd').textContent(), '2');
});

test('it is read in English, in the dark, on a phone; the range is in the address', async () => {
  const page = await world.open('/overview', { language: 'en', width: 390, height: 844, theme: 'dark' });
  await page.getByText('30 days', { exact: true }).click();
  await page.waitForURL(/days=30/u);
  await page.getByRole('img', { name: /How late do the callbacks/u }).waitFor();
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 390);
  await checkAccess(page);
  await picture(page, 'overview-phone-dark-en');
});
