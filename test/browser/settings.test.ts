import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';

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
  await page.locator('.ant-select-item-option-active').waitFor();
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

test('a user is changed: name, role, limits; and signed out everywhere by an admin', async () => {
  await world.call('POST', '/merchants', { id: 'mer-noodles', name: '面馆' });
  await world.call('POST', '/shops', { id: 'shp-east', name: '东门店', merchant: 'mer-noodles' });
  const made = await world.call<{ id: string }>('POST', '/users', {
    username: 'wang',
    password: 'noodles for everybody',
    role: 'operator',
  });
  // Signed in twice: on the phone and at the till.
  const theirs = await world.open('/board', { isStranger: true });
  const other = await world.open('/board', { isStranger: true });
  for (const page of [theirs, other]) {
    await page.getByLabel('用户名').fill('wang');
    await page.getByLabel('密码').fill('noodles for everybody');
    await page.getByRole('button', { name: '登录', exact: true }).click();
    await page.getByRole('heading', { name: '看板', level: 1 }).waitFor();
  }

  const page = await world.open('/settings/users');
  const row = page.getByRole('row', { name: /wang/u });
  await row.getByRole('button', { name: '编辑' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('名称').fill('王师傅');
  await dialog.getByLabel('仅限门店').click();
  await page.keyboard.type('东门');
  await page.locator('.ant-select-item-option-active').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await checkAccess(page);
  await picture(page, 'user-edit');
  await dialog.getByRole('button', { name: /保\s?存/u }).click();
  await row.getByText('门店 东门店').waitFor();
  await row.getByText('王师傅').waitFor();
  const read = () => world.call<{ name: string; role: string; shops: string[] | null }>('GET', `/users/${made.id}`);
  const changed = await read();
  assert.deepEqual([changed.name, changed.role, changed.shops], ['王师傅', 'operator', ['shp-east']]);
  // What was not touched was not said: a role that is sent again would have ended the sessions.
  await theirs.reload();
  await theirs.getByRole('heading', { name: '看板', level: 1 }).waitFor();

  await row.getByRole('button', { name: '登录记录' }).click();
  const drawer = page.getByRole('dialog', { name: /王师傅 的登录记录/u });
  await drawer.getByRole('listitem').nth(1).waitFor();
  await drawer
    .getByText(/Chrome \d+ · Linux/u)
    .first()
    .waitFor();
  await checkAccess(page);
  await picture(page, 'user-sessions');
  world.forgive(/401/u);
  await drawer.getByRole('button', { name: '全部退出' }).click();
  // By its title: the drawer is a dialog with such a button too, and stays the one that was found first.
  await page
    .getByRole('dialog', { name: /^全部退出/u })
    .getByRole('button', { name: '全部退出' })
    .click();
  await drawer.getByText('没有登录').waitFor();
  for (const left of [theirs, other]) {
    await left.reload();
    await left.getByLabel('用户名').waitFor();
  }
});

test('one changes the own name and password, and other places are signed out', async () => {
  await world.call('POST', '/users', { username: 'li', password: 'the first long password', role: 'viewer' });
  const signIn = async (password: string) => {
    const page = await world.open('/settings/me', { isStranger: true, language: 'en' });
    await page.getByLabel('User name').fill('li');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    return page;
  };
  const elsewhere = await signIn('the first long password');
  await elsewhere.getByText('Where you are signed in').waitFor();
  const page = await signIn('the first long password');
  await page.getByLabel('Name', { exact: true }).fill('Li Hua');
  await page.getByRole('button', { name: 'Save the name' }).click();
  await page.getByText('Saved').first().waitFor();
  world.forgive(/40[0-9]|422/u);
  await page.getByLabel('Current password').fill('not the password');
  await page.getByLabel('New password', { exact: true }).fill('the second long password');
  await page.getByLabel('The new password again').fill('the second long password');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The current password is wrong.').waitFor();
  await page.getByLabel('Current password').fill('the first long password');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('listitem').filter({ hasText: 'here' }).waitFor();
  await page.locator('button[type=submit][disabled]').nth(1).waitFor();
  await checkAccess(page);
  await picture(page, 'my-account-en');
  await elsewhere.reload();
  await elsewhere.getByLabel('User name').waitFor();
  assert.equal(await page.getByText('Sign in', { exact: true }).count(), 0);
  await signIn('the second long password').then((again) => again.getByText('Where you are signed in').waitFor());
});

test('the sandbox of the demo places an order now and sends its callback once more', async () => {
  const page = await world.open('/settings/sandbox', { width: 390 });
  await page.getByRole('button', { name: /自有系统/u }).click();
  const said = (await page.getByText(/^已下单：/u).textContent()) ?? '';
  const number = said.slice('已下单：'.length);
  await page.getByLabel('平台订单号').fill(number);
  await until('the order', async () => (await world.call<{ data: unknown[] }>('GET', `/orders?q=${number}`)).data[0]);
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
