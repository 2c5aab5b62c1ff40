import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';

let world: World;
let receiver: Server;
let status = 204;
const received: string[] = [];

before(async () => {
  receiver = createServer((request, response) => {
    received.push(String(request.headers['webhook-id'] ?? ''));
    request.resume();
    response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 204 ? undefined : 'the ERP is closed');
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  world = await startWorld();
});

after(async () => {
  try {
    await world.stop();
  } finally {
    receiver.closeAllConnections();
    await new Promise((resolve) => {
      receiver.close(resolve);
    });
  }
});

const address = (): string => {
  const bound = receiver.address();
  assert.ok(bound !== null && typeof bound === 'object');
  return `http://127.0.0.1:${bound.port}/hooks`;
};

test('an endpoint is added, tested, and a delivery that was refused is seen and replayed', async () => {
  const page = await world.open('/endpoints');
  await page.getByRole('button', { name: '新增推送地址' }).click();
  await page.getByLabel('地址', { exact: true }).fill(address());
  await page.getByRole('dialog').getByRole('button', { name: '新增推送地址' }).click();
  assert.match((await page.getByText(/^whsec_/u).textContent()) ?? '', /^whsec_/u);
  await page.getByRole('button', { name: '我已保存' }).click();

  await page.getByRole('link', { name: address(), exact: true }).click();
  await page.getByRole('button', { name: '发送测试' }).click();
  await page.getByText('测试事件已送达').waitFor();

  status = 503;
  await world.sandbox.placeOrder('custom');
  await page.getByRole('row', { name: /失败/u }).first().getByRole('button').click();
  await page.getByText('the ERP is closed').waitFor();
  await checkAccess(page);
  await picture(page, 'delivery');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: '立即重试' }).click();
  status = 204;
  // Even if the hub's own next try should come first: what a person is asked stays until they have answered.
  const dialog = page.getByRole('dialog', { name: '立即重试' });
  await dialog.getByRole('button', { name: '立即重试' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const delivered = page.getByRole('row', { name: /已送达/u }).first();
  await delivered.waitFor();
  await delivered.getByRole('button').click();
  const sofar = received.length;
  await page.getByRole('button', { name: '重放这一条' }).click();
  await page.locator('.ant-modal').getByRole('button', { name: '重放这一条' }).click();
  await page.getByText('开始重放 1 个事件').waitFor();
  await until('the event to come again', async () => received[sofar]);
});

test('a replay says how many events it would send before it sends them', async () => {
  const page = await world.open('/endpoints', { language: 'en', width: 390 });
  await page.getByRole('link', { name: address(), exact: true }).click();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByRole('button', { name: 'Count them' }).click();
  await page.getByText(/^[1-9]\d* events would be sent again$/u).waitFor();
  await checkAccess(page);
  await picture(page, 'replay-phone');
  await page.getByRole('dialog').getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText(/^Sending [1-9]\d* events again$/u).waitFor();
});

test('an endpoint is switched off and removed', async () => {
  const page = await world.open('/endpoints', { theme: 'dark' });
  await page.getByRole('link', { name: address(), exact: true }).click();
  await page.getByRole('button', { name: /^停\s?用$/u }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^停\s?用$/u })
    .click();
  await page.getByRole('button', { name: /^启\s?用$/u }).waitFor();
  await picture(page, 'endpoint-dark');
  await page.getByRole('button', { name: /^删\s?除$/u }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^删\s?除$/u })
    .click();
  await page.waitForURL(/\/endpoints$/u);
  await page.getByText('hooks').waitFor({ state: 'hidden' });
});
