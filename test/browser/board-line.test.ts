import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';
import { placeWaitingTakeaway } from './waiting-takeaway.ts';

const SECRET = 'the-callback-secret';
const FIRST_LOAD_LIMIT_BYTES = 450_000;
let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/accounts', {
    id: 'mtu-board',
    platform: 'meituan-union',
    name: '联盟',
    credentials: { appkey: 'demoappkey', secret: 'the-api-secret', callbackSecret: SECRET },
    settings: { queryCommission: false },
  });
});

after(() => world.stop());

async function push(orderid: string, status = '1'): Promise<void> {
  const answer = await fetch(`${world.url}/callbacks/meituan-union/mtu-board`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: unionPush(unionOrder(orderid, status), SECRET),
  });
  assert.equal(await answer.text(), '{"errcode":"0","errmsg":"ok"}');
}

const live = (page: Page): Promise<void> =>
  page.getByTestId('connection').and(page.locator('[data-state="live"]')).waitFor();

test('a lost connection is shown, and what came meanwhile is there once it is back', async () => {
  world.forgive(/net::ERR/u);
  const line = await world.openLine();
  const page = await world.open('/board', { base: line.url });
  await live(page);
  line.cut();
  await page.locator('[data-testid="connection"][data-state="lost"]').waitFor();
  await page
    .getByRole('alert')
    .getByText(/正在重新连接/u)
    .waitFor();
  await push('9000000000000000202');
  await page.waitForTimeout(500);
  assert.equal(await page.getByText('*0202').count(), 0, 'nothing comes over a line that is cut');
  line.mend();
  await page.locator('[data-column="paid"]').getByText('*0202').waitFor();
  await live(page);
  await page.getByRole('alert').waitFor({ state: 'hidden' });
});

test('seven tabs of one browser are all live: they share a stream', async () => {
  const first = await world.open('/board');
  const tabs = [first];
  for (const path of ['/board', '/orders', '/attention', '/overview', '/board', '/board'])
    tabs.push(await world.openTab(first, path));
  await Promise.all(tabs.map((tab) => live(tab)));
  await push('9000000000000000203');
  for (const tab of tabs.filter((one) => one.url().endsWith('/board')))
    await tab.locator('[data-column="paid"]').getByText('*0203').waitFor();
  // Each asks something of its own, too: no connection is used up by waiting.
  const answers = await Promise.all(tabs.map((tab) => tab.evaluate(async () => (await fetch('/api/v1/me')).status)));
  assert.deepEqual(
    answers,
    tabs.map(() => 200),
  );
  // The one that came first may go: the others stay live.
  await first.close();
  await push('9000000000000000204');
  await tabs[6]?.locator('[data-column="paid"]').getByText('*0204').waitFor();
});

test('a browser without shared workers has a stream for each tab', async () => {
  const page = await world.open('/settings');
  await page.context().addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'));
  await page.goto(`${world.url}/console/board`);
  await live(page);
  await push('9000000000000000205');
  await page.locator('[data-column="paid"]').getByText('*0205').waitFor();
});

test('of two tabs one rings for a new order', async () => {
  const count = `(() => {
    globalThis.tones = 0;
    const create = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
      globalThis.tones += 1;
      return create.call(this);
    };
  })()`;
  const first = await world.open('/board');
  const second = await world.openTab(first, '/board');
  const tabs = [first, second];
  // Browsers keep a page silent until it was touched.
  for (const tab of tabs) {
    await live(tab);
    await tab.getByRole('heading', { name: '看板', level: 1 }).click();
  }
  await first.getByRole('button', { name: '声音关' }).click();
  for (const tab of tabs) {
    await tab.getByRole('button', { name: '声音开' }).waitFor();
    await tab.evaluate(count);
  }
  const tones = async (): Promise<number> => {
    const each = await Promise.all(tabs.map((tab) => tab.evaluate<number>('globalThis.tones')));
    return each.reduce((sum, one) => sum + one, 0);
  };
  const { id } = await placeWaitingTakeaway(world);
  for (const tab of tabs) await tab.locator(`[data-order="${id}"]`).waitFor();
  await until('a bell', async () => ((await tones()) > 0 ? true : undefined));
  await first.waitForTimeout(1000);
  assert.equal(await tones(), 2, 'a bell is two tones');
});

test('the first load of the board weighs less than 450 kB, all that it fetches included', async () => {
  for (let at = 0; at < 40; at += 1) await push(`90000000000000003${String(at).padStart(2, '0')}`);
  const page = await world.open('/sign-in-comes-later', { isStranger: true });
  await page.context().addCookies(await (await world.open('/settings')).context().cookies());
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.clearBrowserCache');
  let bytes = 0;
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(`${world.url}/console/board`);
  await live(page);
  await page.locator('[data-column="paid"] article').nth(10).waitFor();
  await page.waitForTimeout(500);
  console.log(`first load of the board: ${Math.round(bytes / 1000)} kB`);
  assert.ok(bytes > 100_000, 'something was measured');
  assert.ok(bytes < FIRST_LOAD_LIMIT_BYTES, `${bytes} bytes`);
});
