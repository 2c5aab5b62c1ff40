import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VendingWorld } from '../../../test/kit/vending-world.ts';
import { vending } from './index.ts';

/** An order that the platform made without telling its number: nothing but the number can be asked about. */
let world: VendingWorld;

before(async () => {
  world = await VendingWorld.open();
});
after(() => world.api.close());

const UNNAMED = { done: true, body: '{"code":0,"message":"ok","data":{}}' };
const EXISTS = { code: 6040, message: 'sorry, this trade id is exists' };
const fields = { machineNo: '10000001', items: [{ productId: 121, quantity: 1 }], amount: 350 };

/** Orders, without waiting for the answer of the API. */
function begin(merchantOrderId: string) {
  const body = { account: 'vm-1', merchantOrderId, ...fields };
  return world.api.call('POST', '/api/v1/orders', { body });
}

/** The order once its first call was made. */
async function begun(merchantOrderId: string) {
  for (let tries = 0; tries < 500; tries += 1) {
    await world.pass(0);
    const { body } = await world.api.call('GET', `/api/v1/orders?merchantOrderId=${merchantOrderId}`);
    const [order] = body.data;
    if (order !== undefined && (await lastAction(order.id)).attempts > 0) return order;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return assert.fail('it was never sent');
}

const lastAction = async (order: string) =>
  (await world.api.call('GET', `/api/v1/actions?order=${order}`)).body.data[0] ?? assert.fail();

/** What wants a person about an order. */
async function conditions(order: string): Promise<readonly string[]> {
  const found = await world.api.hub.database.pool.query<{ name: string }>(
    'select name from order_conditions where order_id = $1',
    [order],
  );
  return found.rows.map(({ name }) => name);
}

test('an order that was made without a number is held, asked for again, and taken where the repeat names it', async () => {
  world.next.set('order.create', UNNAMED);
  const answer = begin('20261120000000001001');
  const order = await begun('20261120000000001001');
  assert.deepEqual([order.status, order.platformOrderId], ['pending', null]);
  const number = Number(world.memory['trade 20261120000000001001']);
  world.next.set('order.create', { done: false, body: JSON.stringify({ ...EXISTS, data: { order_id: number } }) });
  await world.pass(2);
  const made = await answer;
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.platformOrderId, String(number));
  assert.equal((await lastAction(order.id)).state, 'succeeded');
});

test('one that is not named by the repeat either is of no use: said at once, and no other is made under the number', async () => {
  world.next.set('order.create', UNNAMED);
  const answer = begin('20261120000000001002');
  const order = await begun('20261120000000001002');
  assert.equal(order.status, 'pending');
  await world.pass(2);
  const refused = await answer;
  assert.equal(refused.status, 422, refused.text);
  assert.match(refused.body.detail, /6040.*does not say its own.*another number/u);
  assert.equal((await world.shown(order.id)).status, 'cancelled');
  await world.pass(0);
  assert.deepEqual(await conditions(order.id), ['goods_held'], 'its goods are not on sale yet');
  const calls = world.calls.length;
  await world.pass(21 * 60, { step: 10 });
  assert.ok(!world.calls.slice(calls).includes('order.create'));
  assert.equal((await world.shown(order.id)).status, 'cancelled', 'as it is at the platform by then');
  assert.deepEqual(await conditions(order.id), []);
});

test('an order that comes to be made only when its hold is over is closed at once', async () => {
  world.next.set('order.create', 'lost');
  const answer = begin('20261120000000001004');
  const order = await begun('20261120000000001004');
  world.now = Date.parse(order.expiresAt);
  await world.pass(20);
  await answer;
  assert.equal((await world.shown(order.id)).status, 'expired');
  const [made] = vending.sandbox.orders?.(await world.view(), world.memory).slice(-1) ?? [];
  const number = world.memory['trade 20261120000000001004'];
  assert.ok(typeof number === 'number', 'it was made');
  assert.equal(made?.platformOrderId, String(number));
  assert.equal(made?.expected?.lifecycle, 'expired', 'nobody could pay it, and its goods are free again');
});

test('a number that somebody else has used before is refused at once', async () => {
  world.next.set('order.create', { done: false, body: JSON.stringify(EXISTS) });
  const answer = begin('20261120000000001003');
  await begun('20261120000000001003');
  const refused = await answer;
  assert.equal(refused.status, 422, refused.text);
  assert.match(refused.body.detail, /6040/u);
});
