import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

const API_SECRET = 'the-api-secret';
let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-wrong',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: API_SECRET, callbackSecret: 'not-what-the-platform-signs-with' },
    settings: { queryCommission: false },
  });
});

after(() => world.stop());

/** A push as a platform signs it that was told another secret than the hub. */
async function push(orderid: string): Promise<void> {
  await fetch(`${world.url}/callbacks/meituan-union/mtu-wrong`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder(orderid, '1'), API_SECRET),
  });
}

test('a wrong secret is found by the doctor, put right on the account, and the callback goes through', async () => {
  await push('9000000000000000077');
  const page = await world.open('/callbacks?verdict=rejected');
  await page
    .getByRole('row', { name: /已拒绝/u })
    .first()
    .getByRole('link')
    .first()
    .click();
  await page.getByRole('button', { name: '开始诊断' }).click();
  await page.getByText('签名相符的是您的接口 secret，而不是回调 secret。').first().waitFor();
  await checkAccess(page);
  await picture(page, 'doctor');

  await page.goto(`${world.url}/console/accounts/mtu-wrong`);
  await page.getByRole('button', { name: '更换凭据' }).click();
  await page.getByLabel('回调 secret').fill(API_SECRET);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /保\s?存/u })
    .click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });

  await page.goto(`${world.url}/console/callbacks?verdict=rejected`);
  await page
    .getByRole('row', { name: /已拒绝/u })
    .first()
    .getByRole('link')
    .first()
    .click();
  await page.getByRole('button', { name: '重新处理' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '重新处理' }).click();
  await page.getByText('已重新处理，结果：已应用').waitFor();
  const { data } = await world.call<{ data: { status: string }[] }>('GET', '/orders?account=mtu-wrong');
  assert.deepEqual(
    data.map(({ status }) => status),
    ['paid'],
  );
});

test('a request from a log is diagnosed by pasting it', async () => {
  const body = unionPush(unionOrder('9000000000000000079', '8'), 'pasted-secret');
  const page = await world.open('/callbacks/doctor', { language: 'en' });
  await page.getByLabel('Body (exactly as it was)').fill(body);
  await page.getByLabel('Secrets to try (one a line, may be empty)').fill('pasted-secret');
  await page.getByRole('button', { name: 'Diagnose' }).click();
  await page.getByText('This is how it was signed').waitFor();
  await checkAccess(page);
});

test('the list filters by verdict in the address, and works on a phone in the dark', async () => {
  await push('9000000000000000078');
  await push('9000000000000000078');
  const page = await world.open('/callbacks', { width: 390, theme: 'dark' });
  await page.getByRole('radiogroup', { name: '按结果筛选' }).getByText('重复', { exact: true }).click();
  await page.waitForURL(/verdict=duplicate/u);
  await page
    .getByRole('row', { name: /已应用/u })
    .first()
    .waitFor({ state: 'hidden' });
  await page.getByRole('row', { name: /重复/u }).first().waitFor();
  await checkAccess(page);
  await picture(page, 'callbacks-phone-dark');
});
