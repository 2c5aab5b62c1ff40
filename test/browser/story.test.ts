import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from 'undici';
import { agreeAt } from '../../src/sandbox/merchant-click.ts';
import { picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';

const ACCOUNT = 'sandbox-meituan-waimai';
const STORE = '8859';
/** All but still: what has not happened yet does not happen while the page is looked at. */
const STILL = 0.01;
/** Lives of the sandbox in which the customer asks for all of the money soon after the shop has accepted. */
const ASKS_FOR_MONEY = new Set(['refund applied for and withdrawn', 'refund rejected, appealed, appeal withdrawn']);
let world: World;

before(async () => {
  world = await startWorld();
  world.sandbox.setSpeed(STILL);
});

after(() => world.stop());

interface Found {
  readonly id: string;
  readonly status: string;
  readonly payment: string;
  readonly store: string | null;
  readonly flags: readonly string[];
  readonly platformOrderId: string;
  readonly amounts: { readonly paid: number; readonly refunded: number };
}

const find = async (number: string): Promise<Found | undefined> =>
  (await world.call<{ data: Found[] }>('GET', `/orders?platformOrderId=${number}`)).data[0];

/** Lets the store's customers order until one comes who will want the money back; returns the order's number. */
async function orderOfFickleCustomer(): Promise<string> {
  for (let placed = 0; placed < 400; placed += 1) {
    const { plot, platformOrderId, number } = await world.sandbox.placeOrder('meituan-waimai');
    // Every third order is the store's.
    if (ASKS_FOR_MONEY.has(plot) && (number - 1) % 3 === 0) return platformOrderId;
  }
  throw new Error('no customer of the store wants the money back');
}

test('a shop’s day: bind the store, see its order, accept it, agree to the refund, find it by its number', async () => {
  // The merchant had taken the store away from the hub before.
  const { url } = await world.call<{ url: string }>('POST', `/stores/${ACCOUNT}/${STORE}/release-link`);
  await agreeAt(url, new Agent());
  const stateOf = async (): Promise<string> =>
    (await world.call<{ state: string }>('GET', `/stores/${ACCOUNT}/${STORE}`)).state;
  await until('the store to be released', async () => ((await stateOf()) === 'released' ? true : undefined));

  const page = await world.open(`/accounts/${ACCOUNT}`);
  await page
    .getByRole('row', { name: new RegExp(STORE, 'u') })
    .getByText('已解绑')
    .waitFor();
  await page.getByRole('button', { name: '绑定门店' }).click();
  await page.getByLabel('门店编号').fill(STORE);
  await page.getByLabel('店名').fill('湘北人家');
  await page.getByRole('button', { name: '生成链接' }).click();
  const merchantOpens = page.context().waitForEvent('page');
  await page.getByRole('link', { name: '打开授权页' }).click();
  await (await merchantOpens).locator('a, button').first().click();
  await page.getByText('绑定成功，订单会自动进来').waitFor();
  assert.equal(await stateOf(), 'bound');

  await page.goto(`${world.url}/console/board`);
  await page.getByTestId('connection').and(page.locator('[data-state="live"]')).waitFor();
  const number = await orderOfFickleCustomer();
  world.sandbox.setSpeed(1);
  const { id, store, amounts } = await until('the order', async () => find(number));
  world.sandbox.setSpeed(STILL);
  assert.equal(store, STORE);
  const cardIn = (column: string) => page.locator(`[data-column="${column}"] [data-order="${id}"]`);
  await cardIn('paid').waitFor();
  await picture(page, 'story-appears');

  await cardIn('paid').getByRole('button', { name: '接单', exact: true }).click();
  await cardIn('accepted').waitFor();
  assert.equal((await find(number))?.status, 'accepted');

  // Minutes go by in seconds until the customer asks; the answer is the shop's.
  world.sandbox.setSpeed(30);
  await until('the customer to ask for the money', async () =>
    (await find(number))?.flags.includes('refund_requested') === true ? true : undefined,
  );
  world.sandbox.setSpeed(STILL);
  await cardIn('needs').getByText('申请退款').waitFor();
  await picture(page, 'story-refund-asked');
  await cardIn('needs').getByRole('button', { name: '同意', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('这一步会退款或付款').waitFor();
  assert.equal((await find(number))?.payment, 'paid', 'nothing goes back before it is confirmed');
  await dialog.getByRole('button', { name: '同意退款' }).click();
  await cardIn('done').getByText('已退款').waitFor();

  const refunded = await find(number);
  assert.deepEqual(
    [refunded?.status, refunded?.payment, refunded?.amounts.refunded],
    ['refunded', 'refunded', amounts.paid],
  );
  // What the platform itself did, in its own books: 2 is agreed to.
  const agreed = (await world.ledger()).filter(
    ({ line, path, text }) => line === 'call' && path === '/waimai/order/agreeRefund' && text.includes(number),
  );
  assert.equal(agreed.length, 1, 'it was asked to give the money back, once');
  assert.match(agreed[0]?.text ?? '', /"whole":true[^}]*"result":2/u);

  await page.getByRole('textbox', { name: '搜索订单' }).fill(number);
  await page.keyboard.press('Enter');
  const row = page.getByRole('row').filter({ hasText: number });
  await row.getByText('已退款').waitFor();
  await row.getByRole('link').first().click();
  await page.waitForURL(new RegExp(`/orders/${id}$`, 'u'));
  await page.getByText('同意退款').first().waitFor();
  await picture(page, 'story-refunded');
});

test('a payment is given back from its own page, in part, after somebody has said why', async () => {
  world.sandbox.setSpeed(5);
  const paid = await until('a paid order', async () => {
    await world.sandbox.placeOrder('douyin');
    const { data } = await world.call<{ data: Found[] }>('GET', '/orders?platform=douyin&status=paid');
    return data.find(({ amounts, flags }) => amounts.refunded === 0 && amounts.paid > 200 && flags.length === 0);
  });
  world.sandbox.setSpeed(STILL);
  const page = await world.open(`/orders/${paid.id}`, { language: 'en' });
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This moves money.').waitFor();
  const confirm = dialog.getByRole('button', { name: 'Refund', exact: true });
  await confirm.click();
  await dialog.locator('[aria-invalid="true"]').first().waitFor();
  await dialog.getByLabel(/^Amount/u).fill('100');
  await dialog.getByLabel(/^Reason/u).fill('broken on arrival');
  await confirm.click();
  await dialog.waitFor({ state: 'hidden' });
  world.sandbox.setSpeed(30);
  await page.getByText('¥1.00 of it is refunded.').waitFor();
  const given = await world.call<Found>('GET', `/orders/${paid.id}`);
  assert.deepEqual([given.payment, given.amounts.refunded], ['partially_refunded', 100]);
  const calls = (await world.ledger()).filter(
    ({ line, path, text }) => line === 'call' && path?.endsWith('/create_refund') === true && text.includes('"douyin"'),
  );
  assert.equal(calls.length, 1, 'the platform was asked once');
  await picture(page, 'story-refund-en');
});
