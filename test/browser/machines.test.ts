import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/machines/sync', { account: 'sandbox-vending' });
});

after(() => world.stop());

test('a machine shows its slots, and an order that holds stock shows with its cause', async () => {
  const page = await world.open('/machines');
  await page.getByRole('link', { name: /一号机/u }).waitFor();
  await page.getByText('离线').waitFor();
  await checkAccess(page);
  await picture(page, 'machines');

  await page.getByRole('link', { name: /一号机/u }).click();
  await page.getByRole('button', { name: /A11/u }).getByText('50 / 60').waitFor();
  await world.call('POST', '/orders', {
    account: 'sandbox-vending',
    merchantOrderId: '20261121000000000001',
    machineNo: '10000001',
    items: [{ productId: 121, quantity: 2 }],
    amount: 700,
  });
  await page.getByRole('button', { name: /A11/u }).getByText('占用 2').waitFor();
  await page.getByRole('button', { name: /A11/u }).click();
  await page.getByRole('heading', { name: 'A11 的变化' }).waitFor();
  await page
    .getByRole('row', { name: /下单占用/u })
    .first()
    .waitFor();
  await checkAccess(page);
  await picture(page, 'machine');
  await page.getByRole('button', { name: '立即同步' }).click();
  await page.getByText('已同步').waitFor();
});

test('the list is searched, and is of use on a phone', async () => {
  const page = await world.open('/machines', { width: 390, theme: 'dark', language: 'en' });
  await page.getByLabel('Number, name or address').fill('10000003');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=10000003/u);
  await page.getByText('10000002').waitFor({ state: 'hidden' });
  await page.getByRole('listitem').filter({ hasText: '10000003' }).waitFor();
  assert.equal(
    await page
      .getByRole('listitem')
      .filter({ hasText: /1000000/u })
      .count(),
    1,
  );
  await checkAccess(page);
  await picture(page, 'machines-phone-dark');
});
