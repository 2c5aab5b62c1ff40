import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world.stop());

test('a key is made, shown once, works, and is revoked', async () => {
  const page = await world.open('/settings/keys');
  await page.getByRole('button', { name: '新建密钥' }).click();
  await page.getByLabel('名称').fill('报表');
  await page.getByRole('dialog').getByRole('button', { name: '新建密钥' }).click();
  const key = (await page.getByText(/^hdk_/u).textContent()) ?? '';
  const ask = (): Promise<Response> =>
    fetch(`${world.url}/api/v1/orders?limit=1`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await ask()).status, 200);
  await page.getByRole('button', { name: '我已保存' }).click();
  await page
    .getByRole('row', { name: /报表/u })
    .getByRole('button', { name: /吊\s?销/u })
    .click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /吊\s?销/u })
    .click();
  await page.getByRole('row', { name: /报表/u }).getByText('已吊销').waitFor();
  assert.equal((await ask()).status, 401);
  await checkAccess(page);
});

test('a viewer comes in by a link and may look and change nothing', async () => {
  const page = await world.open('/settings/users', { language: 'en' });
  await page.getByRole('button', { name: 'Add a user' }).click();
  await page.getByLabel('User name').fill('guest');
  await page.getByLabel('Role', { exact: true }).click();
  // From operator, the second, to the third.
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a user' }).click();
  const link = (await page.getByText(/welcome#/u).textContent()) ?? '';
  await picture(page, 'user-link');
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await checkAccess(page);

  const theirs = await world.open('/board', { isStranger: true, language: 'en' });
  await theirs.goto(link);
  await theirs.locator('input[type=password]').first().waitFor();
  for (const field of await theirs.locator('input[type=password]').all()) await field.fill('a sentence for the guest');
  await theirs.locator('button[type=submit]').click();
  await theirs.getByRole('heading', { name: 'Board' }).waitFor();
  await theirs.goto(`${world.url}/console/settings`);
  await theirs.getByText('Where you are signed in').waitFor();
  assert.equal(await theirs.getByRole('link', { name: 'API keys' }).count(), 0);
  // The API decides, whatever a page shows.
  const status = await theirs.evaluate(async () => {
    const headers = { 'content-type': 'application/json', 'x-huidan-csrf': '1' };
    return (await fetch('/api/v1/keys', { method: 'POST', headers, body: '{"name":"x","right":"admin"}' })).status;
  });
  assert.equal(status, 403);
  world.forgive(/403 \(Forbidden\)/u);
});

test('the sandbox of the demo places an order now and sends its callback once more', async () => {
  const page = await world.open('/settings/sandbox', { width: 390 });
  await page.getByRole('button', { name: /自有系统/u }).click();
  const said = (await page.getByText(/^已下单：/u).textContent()) ?? '';
  const number = said.slice('已下单：'.length);
  await page.getByLabel('平台订单号').fill(number);
  while ((await world.call<{ data: unknown[] }>('GET', `/orders?q=${number}`)).data.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await page.getByRole('button', { name: '再发一次' }).click();
  await page.getByText('已再次发送').waitFor();
  await checkAccess(page);
  await picture(page, 'sandbox-phone');
});

test('what was done is in the audit log, by name', async () => {
  const page = await world.open('/settings/audit', { theme: 'dark' });
  await page
    .getByRole('row', { name: /owner.*key/u })
    .first()
    .waitFor();
  await checkAccess(page);
  await picture(page, 'audit-dark');
});
