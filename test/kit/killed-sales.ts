import assert from 'node:assert/strict';
import { recall } from '../../src/connectors/douyin/sandbox-ledger.ts';
import { allKept } from '../../src/connectors/vending/sandbox-memory.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { PlatformMemory } from '../../src/core/sandbox.ts';
import { act, DONE_EITHER_WAY, make, nextNumber, ONCE, told, untilOrder } from './killed-call.ts';
import type { KilledCall, Params } from './killed-call.ts';
import { until } from './killed-stage.ts';
import type { KilledStage } from './killed-stage.ts';

const kept = (tradeId: string) => (memory: PlatformMemory) => {
  const order = allKept(memory).find((one) => one.tradeId === tradeId);
  return order === undefined ? null : { status: order.status, records: order.records };
};
const wanted = (merchantOrderId: string, machineNo = '10000001', productId = 121, amount = 350): Params => ({
  account: 'vm',
  merchantOrderId,
  machineNo,
  items: [{ productId, quantity: 1 }],
  amount,
});
const update = (order: OrderJson, status: string) => (call: string) =>
  call.startsWith('PUT ') &&
  call.includes(`/orders/${order.platformOrderId} `) &&
  call.includes(`"status":"${status}"`);
const command = (order: OrderJson) => (call: string) =>
  call.includes('/deliveries ') && call.includes(`"order_id":"${order.platformOrderId}"`);
const creation = (tradeId: string) => (call: string) =>
  /^POST \S+\/orders /u.test(call) && call.includes(`"trade_id":"${tradeId}"`);

/** After the silence the repeat is told that the order exists and not which it is: of no use, and let go of by itself. */
const UNNAMED = { done: { state: 'failed', effects: 1 }, lost: ONCE } as const;

/** What is done at the platform of machines. */
export const MACHINE_CALLS: readonly KilledCall[] = [
  {
    account: 'vm',
    action: 'create',
    ends: UNNAMED,
    async stage(world) {
      const number = nextNumber();
      return {
        isIt: creation(number),
        trace: kept(number),
        ask: () => world.api('POST', '/api/v1/orders', wanted(number)),
        order: async () => (await untilOrder(world, `merchantOrderId=${number}`, () => true)).id,
      };
    },
  },
  {
    account: 'vm',
    action: 'paid',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const order = await make(world, wanted(nextNumber()));
      return {
        isIt: update(order, '1'),
        trace: kept(order.merchantOrderId ?? ''),
        ask: () => act(world, order.id, 'paid', { amount: 350 }),
        order: async () => order.id,
        shows: ({ status }) => status === 'completed',
      };
    },
  },
  {
    account: 'vm',
    action: 'dispense',
    ends: { done: ONCE, lost: { state: 'failed', effects: 0 } },
    async stage(world) {
      const order = await make(world, wanted(nextNumber(), '10000003', 321));
      return {
        isIt: command(order),
        trace: kept(order.merchantOrderId ?? ''),
        ask: () => act(world, order.id, 'paid', { amount: 350 }),
        order: async () => order.id,
        // What did not come out is due to the customer.
        shows: ({ status, refundDue }) => status === 'completed' || refundDue === 350,
      };
    },
  },
  {
    account: 'vm',
    action: 'close',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const order = await make(world, wanted(nextNumber()));
      return {
        isIt: update(order, '3'),
        trace: kept(order.merchantOrderId ?? ''),
        ask: () => act(world, order.id, 'cancel'),
        order: async () => order.id,
        shows: ({ status }) => status === 'cancelled',
      };
    },
  },
  {
    account: 'vm',
    action: 'revive',
    ends: UNNAMED,
    async stage(world) {
      const order = await make(world, wanted(nextNumber()));
      await act(world, order.id, 'cancel');
      await untilOrder(world, `merchantOrderId=${order.merchantOrderId}`, ({ status }) => status === 'cancelled');
      const again = `${order.merchantOrderId}R1`;
      return {
        isIt: creation(again),
        trace: kept(again),
        ask: () => act(world, order.id, 'paid', { amount: 350 }),
        order: async () => order.id,
      };
    },
  },
  {
    account: 'vm',
    action: 'refund-at-machine',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const order = await make(world, wanted(nextNumber(), '10000002', 225, 450));
      await act(world, order.id, 'paid', { amount: 450 });
      let commanded = false;
      await until(
        'the jam',
        async () => {
          commanded ||=
            kept(order.merchantOrderId ?? '')(world.played('vm').memory)?.records[0]?.status === 'IS_DELIVERING';
          if (commanded) world.jump(1000);
          return (await world.api('GET', `/api/v1/orders/${order.id}`)).body.refundDue === 450;
        },
        20_000,
      );
      return {
        isIt: update(order, '2'),
        trace: kept(order.merchantOrderId ?? ''),
        ask: () => act(world, order.id, 'refund-done', { amount: 450, reference: 'till 1' }),
        order: async () => order.id,
        shows: ({ status }) => status === 'refunded',
      };
    },
  },
];

const payment = (account: string): Params & { readonly merchantOrderId: string } => ({
  account,
  merchantOrderId: nextNumber(),
  amount: 1000,
  subject: '可乐',
  body: '可乐 1 瓶',
  openId: '_000user',
  items: [{ code: 'cola', title: '可乐', image: 'https://example.com/a.png', price: 1000, quantity: 1 }],
});

async function paid(world: KilledStage, account: string): Promise<OrderJson> {
  const made = await world.api('POST', '/api/v1/orders', payment(account));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { connector, view, memory } = world.played(account);
  const name = made.body.platformOrderId ?? made.body.checkout.data;
  world.post(account, connector.sandbox.pay?.(name, world.clock(), view, memory) ?? assert.fail());
  return untilOrder(world, `merchantOrderId=${made.body.merchantOrderId}`, (order) => order.payment === 'paid');
}

const money = (account: string, action: string, path: RegExp, params: Params): KilledCall => ({
  account,
  action,
  ends: DONE_EITHER_WAY,
  async stage(world) {
    const order = await paid(world, account);
    const number = order.merchantOrderId ?? '';
    const isRefund = action === 'refund';
    return {
      isIt: (call) => path.test(call.split(' ')[1] ?? '') && call.includes(number),
      trace: (memory) => recall(memory, number),
      ask: () => act(world, order.id, action, params),
      order: async () => order.id,
      shows: ({ amounts, settlement }) => (isRefund ? amounts.refunded === 300 : settlement === 'settled'),
    };
  },
});

/** What is done at the payment platform, in both of its generations. */
export const PAYMENT_CALLS: readonly KilledCall[] = [
  {
    account: 'dy',
    action: 'create',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const body = payment('dy');
      return {
        isIt: (call) => call.includes('/create_order ') && call.includes(body.merchantOrderId),
        trace: (memory) => recall(memory, body.merchantOrderId),
        ask: () => world.api('POST', '/api/v1/orders', body),
        order: async () => (await untilOrder(world, `merchantOrderId=${body.merchantOrderId}`, () => true)).id,
        shows: ({ platformOrderId, status }) => platformOrderId !== null && status === 'pending',
      };
    },
  },
  money('dy', 'refund', /create_refund$/u, { amount: 300, reason: '少了一瓶' }),
  money('dy', 'settle', /\/settle$/u, { description: '结算' }),
  {
    account: 'dy',
    action: 'push',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const order = await paid(world, 'dy');
      const number = order.merchantOrderId ?? '';
      return {
        isIt: (call) => /\/push /u.test(call) && call.includes(number),
        // The same push again is the same state.
        trace: (memory) => {
          const { updatedAt, status } = (memory[`pushed ${number}`] ?? {}) as Params;
          return { updatedAt, status };
        },
        ask: () => act(world, order.id, 'push', { status: 1 }),
        order: async () => order.id,
      };
    },
  },
  money('dy-trade', 'refund', /refund/u, { amount: 300, reason: '少了一瓶' }),
  money('dy-trade', 'settle', /settle/u, { description: '结算' }),
];

/** What is done at the platform of suppliers. */
export const SUPPLY_CALLS: readonly KilledCall[] = [
  {
    account: 'em',
    action: 'create',
    // EM knows no number of ours and answers no question: whether it made the trade is a person's to find out.
    ends: { done: { state: 'unknown', effects: 1 }, lost: { state: 'unknown', effects: 0 } },
    async stage(world) {
      const number = nextNumber();
      const { connector } = world.played('em');
      const wish = connector.sandbox.wish?.(() => 0.5, 1, world.played('em').view, {});
      const body = { ...wish?.body, account: 'em', merchantOrderId: number };
      return {
        isIt: (call) => call.includes(number),
        trace: () => null,
        ask: () => world.api('POST', '/api/v1/orders', body),
        order: async () => (await untilOrder(world, `merchantOrderId=${number}`, () => true)).id,
        shows: ({ status }) => status === 'pending',
      };
    },
  },
  {
    account: 'em',
    action: 'modify-stock-in',
    ends: DONE_EITHER_WAY,
    async stage(world) {
      const order = await told(world, 'em', 'stock-in still waits', 1, () => true);
      return {
        isIt: (call) => call.includes(order.platformOrderId ?? ''),
        trace: (memory) => memory[`instock ${order.platformOrderId}`],
        ask: () => act(world, order.id, 'modify-stock-in', { remark: '改' }),
        order: async () => order.id,
      };
    },
  },
];
