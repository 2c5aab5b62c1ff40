import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, USERNAME, checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

let world: World;

before(async () => {
  world = await startWorld();
});

after(() => world.stop());

test('a stranger sees the sign-in page at any address, and is where they wanted to be afterwards', async () => {
  world.forgive(/401/u);
  const page = await world.open('/overview', { isStranger: true });
  await page.getByLabel('用户名').fill(USERNAME);
  await page.getByLabel('密码').fill('not the password');
  await checkAccess(page);
  await picture(page, 'sign-in');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.getByRole('alert').getByText('用户名或密码不正确。').waitFor();
  await page.getByLabel('密码').fill(PASSWORD);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.getByRole('heading', { name: '概览' }).waitFor();
  assert.match(page.url(), /\/overview$/u);
});

test('signing out ends the session, in this page and for its cookie', async () => {
  const page = await world.open('/board', { isStranger: true, language: 'en' });
  await page.getByLabel('User name').fill(USERNAME);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
  await page.getByRole('button', { name: /My account/u }).click();
  await page.getByText('Sign out').click();
  await page.getByLabel('User name').waitFor();
  await page.reload();
  await page.getByLabel('User name').waitFor();
});

test('a viewer sees orders and no buttons that change them', async () => {
  await world.call('POST', '/users', { username: 'looker', password: 'only looks at things', role: 'viewer' });
  for (let placed = 0; placed < 4; placed += 1) await world.sandbox.placeOrder('eleme');
  const page = await world.open('/board', { isStranger: true });
  await page.getByLabel('用户名').fill('looker');
  await page.getByLabel('密码').fill('only looks at things');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.locator('article').first().waitFor();
  assert.equal(await page.locator('article').getByRole('button').count(), 0);
});

test('a link that is no link says so', async () => {
  const page = await world.open('/welcome', { isStranger: true, width: 390, height: 844, theme: 'dark' });
  await page.getByText('这个链接不完整或已失效。').waitFor();
  await checkAccess(page);
});

test('a link for a new password sets it and signs in', async () => {
  const user = await world.call<{ id: string }>('POST', '/users', {
    username: 'forgetful',
    password: 'the first long password',
    role: 'operator',
  });
  const { url } = await world.call<{ url: string }>('POST', `/users/${user.id}/link`);
  const page = await world.open(new URL(url).pathname.replace('/console', '') + new URL(url).hash, {
    isStranger: true,
  });
  await page.getByText('为 forgetful 设置新密码').waitFor();
  await page.getByLabel('密码（至少 10 位）').fill('another long password');
  await page.getByLabel('再输入一次密码').fill('another long password');
  await checkAccess(page);
  await page.getByRole('button', { name: '保存并登录' }).click();
  await page.getByRole('heading', { name: '看板', level: 1 }).waitFor();
});
