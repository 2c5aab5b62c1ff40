import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';

const PLATFORMS = ['meituan-union', 'meituan-waimai', 'eleme', 'douyin', 'em', 'vending', 'custom'];
const SECRET = 'the-callback-secret';
/** What a reader meets most: how an order ended, and what kept it from going on. */
const STATUSES = ['cancelled', 'refunded', 'failed', 'expired', 'completed', 'paid', 'accepted', 'pending'];
const ORDERS_EACH = 12;
let world: World;

interface Found {
  readonly id: string;
  readonly status: string;
}

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-words',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
  world.sandbox.setSpeed(2000);
  for (let placed = 0; placed < ORDERS_EACH; placed += 1)
    for (const platform of PLATFORMS) await world.sandbox.placeOrder(platform);
});

after(() => world.stop());

/** Three words of English and more in a row, but for bytes, codes, numbers and names. */
async function englishOn(page: Page): Promise<readonly string[]> {
  const texts = await page.evaluate<readonly string[]>(`(() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      if (node.parentElement.closest('pre, code, .mono, script, style') === null) texts.push(node.textContent.trim());
    return texts;
  })()`);
  return texts.filter((text) => /[A-Za-z]{2,}[ ,;:.'’]+[A-Za-z]{2,}[ ,;:.'’]+[A-Za-z]{2,}/u.test(text));
}

test('an order of each platform is told in Chinese, however it ended', async () => {
  const page = await world.open('/board');
  const english: string[] = [];
  const seen = new Set<string>();
  for (const platform of PLATFORMS) {
    const orders = await until(`orders of ${platform}`, async () => {
      const { data } = await world.call<{ data: Found[] }>('GET', `/orders?platform=${platform}&limit=100`);
      return data.length >= ORDERS_EACH / 2 ? data : undefined;
    });
    for (const status of STATUSES) {
      const order = orders.find((one) => one.status === status);
      if (order === undefined) continue;
      await page.goto(`${world.url}/console/orders/${order.id}`);
      await page.getByRole('list', { name: '来龙去脉' }).waitFor();
      seen.add(`${platform} ${status}`);
      for (const text of await englishOn(page)) english.push(`${platform} ${status}: ${text}`);
    }
  }
  assert.deepEqual(english, []);
  for (const platform of PLATFORMS)
    assert.ok(
      [...seen].some((one) => one.startsWith(platform)),
      `${platform} is among ${[...seen].join(', ')}`,
    );
  assert.ok(
    [...seen].filter((one) => /cancelled|refunded|failed|expired/u.test(one)).length >= 5,
    [...seen].join(', '),
  );
});

test('why a callback was rejected or not understood is told in Chinese, and in English to who reads English', async () => {
  const push = (status: string, secret: string): Promise<Response> =>
    fetch(`${world.url}/callbacks/meituan-union/mtu-words`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: unionPush(unionOrder('9000000000000000801', status), secret),
    });
  await push('1', 'another-secret');
  await push('77', SECRET);
  const page = await world.open('/callbacks?account=mtu-words');
  await page.getByRole('row').filter({ hasText: '签名与 callbackSecret 的任何有效值都不相符' }).waitFor();
  await page.getByRole('row').filter({ hasText: '状态 "77" 不认识' }).getByRole('link').first().click();
  await page.getByText('状态 "77" 不认识').waitFor();
  assert.deepEqual(await englishOn(page), []);
  await page.goto(`${world.url}/console/attention`);
  await page.getByText('状态 "77" 不认识').waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByText('status "77" is not known').waitFor();
});
