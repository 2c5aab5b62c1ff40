import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';

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

interface Found {
  readonly id: string;
  readonly status: string;
  readonly kind: string;
  readonly flags: readonly string[];
}

/** Orders takeaways until one waits for the shop, as it stays while the sandbox's time stands all but still. */
async function newTakeaway(): Promise<string> {
  world.sandbox.setSpeed(0.01);
  for (let tries = 0; tries < 40; tries += 1) {
    await world.sandbox.placeOrder('eleme');
    for (let asked = 0; asked < 10; asked += 1) {
      const { data } = await world.call<{ data: Found[] }>('GET', '/orders?platform=eleme&status=paid');
      const found = data.find(({ flags }) => flags.length === 0);
      if (found !== undefined && (await staysPaid(found.id))) return found.id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('the sandbox placed no takeaway order that waits for the shop');
}

/** Some customers change their minds at once. */
async function staysPaid(id: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 400));
  const { status, flags } = await world.call<Found>('GET', `/orders/${id}`);
  return status === 'paid' && flags.length === 0;
}

const live = (page: Page): Promise<void> =>
  page.getByTestId('connection').and(page.locator('[data-state="live"]')).waitFor();

const card = (page: Page, column: string, id: string) => page.locator(`[data-column="${column}"] [data-order="${id}"]`);

test('a new order appears within a second, without a reload, and moves when its status does', async () => {
  const page = await world.open('/');
  await page.waitForURL(/\/console\/board$/u);
  await live(page);
  await page.getByText('新订单会立刻出现在这里').waitFor();
  const pushedMs = performance.now();
  await push('9000000000000000101');
  await page.locator('[data-column="paid"]').getByText('*0101').waitFor();
  const tookMs = performance.now() - pushedMs;
  assert.ok(tookMs < 1000, `it took ${Math.round(tookMs)} ms`);
  await push('9000000000000000101', '8');
  await page.locator('[data-column="done"]').getByText('*0101').waitFor();
  await checkAccess(page);
});

test('a takeaway order is accepted at a click', async () => {
  const page = await world.open('/board');
  await live(page);
  const id = await newTakeaway();
  const waiting = card(page, 'paid', id);
  await waiting.getByText(/接单剩/u).waitFor();
  await picture(page, 'board');
  await waiting.getByRole('button', { name: '接单', exact: true }).click();
  await card(page, 'accepted', id).waitFor();
  const order = await world.call<Found>('GET', `/orders/${id}`);
  assert.equal(order.status, 'accepted');
});

test('refusing asks for the reason first, and the platform hears it', async () => {
  const page = await world.open('/board', { language: 'en', theme: 'dark' });
  await live(page);
  const id = await newTakeaway();
  await card(page, 'paid', id).getByRole('button', { name: 'Refuse' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This moves money.').waitFor();
  await checkAccess(page);
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).last().click();
  await dialog.waitFor({ state: 'hidden' });
  await card(page, 'done', id).waitFor();
  const { data } = await world.call<{ data: { action: string; state: string }[] }>('GET', `/actions?order=${id}`);
  assert.deepEqual(
    data.map(({ action, state }) => [action, state]),
    [['cancel', 'succeeded']],
  );
});

test('it is read in English and in the dark, and the language is remembered', async () => {
  const page = await world.open('/board', { language: 'en', theme: 'dark' });
  await page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
  await page.getByRole('heading', { name: /In progress/u }).waitFor();
  await checkAccess(page);
  await picture(page, 'board-en-dark');
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '看板', level: 1 }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN');
  assert.match(await page.evaluate<string>('localStorage.getItem("huidan.preferences")'), /"language":"zh"/u);
});

test('on a phone one column is shown at a time, and nothing is wider than the screen', async () => {
  const page = await world.open('/board', { width: 390, height: 844 });
  await live(page);
  await page.getByRole('button', { name: /^已结束/u }).click();
  await page.locator('[data-column="done"]').getByText('*0101').waitFor();
  assert.equal(await page.locator('section[data-column="paid"]').isVisible(), false);
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 390);
  await checkAccess(page);
  await picture(page, 'board-phone');
});

test('the filter by platform is in the address and leaves the others out', async () => {
  const page = await world.open('/board?platform=meituan-union');
  await page.locator('[data-column="done"]').getByText('*0101').waitFor();
  const platforms = await page.locator('article').getByText('饿了么').count();
  assert.equal(platforms, 0);
});

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
