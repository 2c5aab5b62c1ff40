import { after, before, test } from 'node:test';
import { checkAccess, picture, startWorld } from './kit.ts';
import type { World } from './kit.ts';
import { until } from './until.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.call('POST', '/machines/sync', { account: 'sandbox-vending' });
});

after(() => world.stop());

interface Sale {
  readonly id: string;
  readonly status: string;
  readonly refundDue: number | null;
  readonly items: readonly { readonly name: string }[];
}

/** A sale of a bottle for cash, at a machine of the merchant. */
async function sell(number: string): Promise<Sale> {
  const sale = await world.call<Sale>('POST', '/orders', {
    account: 'sandbox-vending',
    merchantOrderId: number,
    machineNo: '10000001',
    items: [{ productId: 121, quantity: 1 }],
    amount: 350,
  });
  return sale;
}

const card = (page: Awaited<ReturnType<World['open']>>, column: string, id: string) =>
  page.locator(`[data-column="${column}"] [data-order="${id}"]`);

test('a dispense whose end nobody knows is a person’s: they say how it ended, and give the money back', async () => {
  const page = await world.open('/board');
  await page.getByTestId('connection').and(page.locator('[data-state="live"]')).waitFor();
  const sale = await sell('20261121000000000901');
  const pending = card(page, 'pending', sale.id);
  await pending.getByText('可乐').waitFor();
  // Of two things that fit, the cheaper mistake is the quiet one.
  await pending.getByRole('button', { name: '取消订单' }).waitFor();
  // The machine never says how it ended: every question after it is lost on its way.
  world.sandbox.setSpeed(0.01);
  await pending.getByRole('button', { name: '支付成功' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('收款渠道').or(dialog.getByLabel('支付渠道')).fill('cash');
  await dialog.getByRole('button', { name: '支付成功' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await until('the dispense to be wished for', async () =>
    (await actions(sale.id)).find(({ action }) => action === 'dispense'),
  );
  world.sandbox.askForFault('vending', 'lost_answer', 1000);
  const needs = card(page, 'needs', sale.id);
  // The watchdog of the sandbox's account is 20 s.
  await needs.getByText('「出货」结果未知').waitFor({ timeout: 120_000 });
  await picture(page, 'board-sale-unknown');
  await needs.getByRole('button', { name: '登记结果' }).click();
  await dialog.getByRole('radio', { name: '没有执行' }).check();
  await dialog.getByLabel('依据').fill('到现场看过，没有掉下来');
  await checkAccess(page);
  await dialog.getByRole('button', { name: '登记结果' }).click();
  await needs.getByText('应退').waitFor();
  await needs.getByRole('button', { name: '登记退款' }).click();
  await dialog.getByRole('button', { name: '已退款（登记）' }).click();
  await card(page, 'done', sale.id).getByText('已退款', { exact: true }).waitFor();
  // What is due is reckoned anew by the order's own clock, a moment after the money.
  await until('nothing more to be due', async () =>
    (await world.call<Sale>('GET', `/orders/${sale.id}`)).refundDue === null ? true : undefined,
  );
});

async function actions(order: string): Promise<readonly { readonly action: string; readonly state: string }[]> {
  return (await world.call<{ data: { action: string; state: string }[] }>('GET', `/actions?order=${order}`)).data;
}
