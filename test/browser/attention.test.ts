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
    id: 'mtu-sids',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
  // Whoever has no members at all follows none.
  await world.call('POST', '/members', { id: 'somebody' });
  const answer = await fetch(`${world.url}/callbacks/meituan-union/mtu-sids`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder('9000000000000000091', '1', { sid: 'nobodys' }), SECRET),
  });
  assert.equal(await answer.text(), '{"errcode":"0","errmsg":"ok"}');
});

after(() => world.stop());

test('an order of nobody’s sid is in the queue with what to do, and goes when a member has the sid', async () => {
  const page = await world.open('/attention?kind=unmatched_sid');
  const item = page.getByRole('listitem').filter({ hasText: 'nobodys' });
  await item.waitFor();
  await page.getByText('请将该 sid 绑定到成员').waitFor();
  await item.getByText('推广位', { exact: true }).waitFor();
  await checkAccess(page);
  await picture(page, 'attention');
  await world.call('POST', '/members', { id: 'm1', sids: ['nobodys'] });
  await item.waitFor({ state: 'hidden' });
  await page.getByText('已关闭').click();
  await page.getByRole('listitem').filter({ hasText: 'nobodys' }).waitFor();
});

test('what needs nothing is dismissed with a reason', async () => {
  await fetch(`${world.url}/callbacks/meituan-union/mtu-sids`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder('9000000000000000092', '1', { sid: 'guest' }), SECRET),
  });
  const page = await world.open('/attention?kind=unmatched_sid', { language: 'en', width: 390, theme: 'dark' });
  const item = page.getByRole('listitem').filter({ hasText: 'guest' });
  await item.getByRole('button', { name: 'Dismiss' }).click();
  await page.getByRole('dialog').getByLabel('How you know').fill('a walk-in');
  await page.getByRole('dialog').getByRole('button', { name: 'Dismiss' }).click();
  await item.waitFor({ state: 'hidden' });
  await page.getByText('Dismissed', { exact: true }).click();
  await page.getByText('Dismissed by owner: a walk-in').waitFor();
  await checkAccess(page);
  await picture(page, 'attention-phone-dark');
});
