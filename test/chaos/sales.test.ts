import assert from 'node:assert/strict';
import { test } from 'node:test';
import { douyin } from '../../src/connectors/douyin/index.ts';
import { vending } from '../../src/connectors/vending/index.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { PlatformOrder } from '../../src/core/sandbox.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { SaleStage } from '../kit/sale-stage.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SALES = 12;
/** Of machine 10000002: four slots that work, one that jams, one whose motor says nothing. */
const PRODUCTS = [221, 222, 223, 225, 226] as const;

interface Sale {
  readonly id: string;
  readonly paymentNo: string;
}

for (const seed of ['7', '12']) {
  test(`sales come right whatever the lines, the callbacks and the processes do (seed ${seed})`, async () => {
    const random = seededRandom(`sales ${seed}`);
    const chance = (probability: number): boolean => random() < probability;
    const stage = await new SaleStage([
      { id: 'vm-1', connector: vending, ...vending.sandbox.demoAccount(random, 'http://vm-1.test') },
      { id: 'dy-1', connector: douyin, ...douyin.sandbox.demoAccount(random, 'http://dy-1.test') },
    ]).open();
    try {
      stage.workers = 2;
      stage.repairs = true;
      const sales: Sale[] = [];
      for (let nth = 0; nth < SALES; nth += 1) sales.push(await sell(stage, nth, random));
      stage.onCall = () => (chance(0.1) ? 'done-but-silent' : chance(0.1) ? 'lost' : 'ok');
      stage.onCallback = () => {
        if (chance(0.25)) return [];
        const late = Math.floor(random() * 20_000);
        return chance(0.25) ? [late, Math.floor(random() * MINUTE_MS)] : [late];
      };
      // A process that dies there; its leases bring the work back.
      stage.crash = (name) => {
        if (name.startsWith('lives.') || name === 'act.before-outcome')
          if (chance(0.1)) throw new Error(`died at ${name}`);
      };
      for (const { id, paymentNo } of sales) {
        await stage.wait(Math.floor(random() * 2 * MINUTE_MS));
        if (chance(0.8)) await stage.pay('dy-1', paymentNo).catch(() => {});
        else if (chance(0.3)) await want(stage, id, 'cancel');
      }
      await stage.wait(10 * MINUTE_MS);
      stage.onCall = undefined;
      stage.onCallback = undefined;
      stage.crash = () => {};
      await stage.wait(90 * MINUTE_MS);
      stage.repairs = false;
      await stage.wait(8 * DAY_MS);
      await check(stage, sales);
    } finally {
      await stage.close();
    }
  });
}

async function sell(stage: SaleStage, nth: number, random: () => number): Promise<Sale> {
  const pick = (): number => PRODUCTS[Math.floor(random() * PRODUCTS.length)] ?? 221;
  const made = await stage.order({
    account: 'vm-1',
    merchantOrderId: `2026112000000001${String(nth).padStart(4, '0')}`,
    machineNo: '10000002',
    items: [
      { productId: pick(), quantity: 1 },
      { productId: pick(), quantity: 1 + Math.floor(random() * 2) },
    ],
    amount: 100 + Math.floor(random() * 900),
    payment: { account: 'dy-1', subject: '零食', body: '零食', openId: '_000user' },
  });
  assert.equal(made.status, 201, made.text);
  return { id: made.body.id as string, paymentNo: made.body.checkout.orderId as string };
}

const want = (stage: SaleStage, id: string, action: string) =>
  stage.api.call('POST', `/api/v1/orders/${id}/actions`, { body: { action, params: {} } });

async function check(stage: SaleStage, sales: readonly Sale[]): Promise<void> {
  const [machines, payments] = [await ordersOf(stage, 'vm-1'), await ordersOf(stage, 'dy-1')];
  for (const { id } of sales) {
    const order = await stage.read(id);
    const leg = await stage.leg(id);
    const about = JSON.stringify({ order, leg, conditions: await stage.conditions(id) });
    const machine = machines.get(order.platformOrderId ?? '');
    const payment = payments.get(leg.platformOrderId ?? '');
    const drops = Object.values(machine?.dispensed ?? {});
    assert.ok(
      drops.every((count) => count <= 1),
      `dispensed twice: ${about}`,
    );
    const back = Object.values(payment?.refunds ?? {}).reduce((sum, amount) => sum + amount, 0);
    assert.equal(order.amounts.refunded ?? 0, back, `what went back is shown: ${about}`);
    const paid = leg.amounts.paid ?? 0;
    assert.ok(back <= paid, about);
    if ((await stage.conditions(id)).length > 0 || (await isAPersons(stage, id))) continue;
    const isOut = (line: string): boolean => machine?.dispensed?.[line] === 1;
    const kept = keptOf(order, paid, isOut);
    assert.equal(back, paid - kept, `exactly what did not come out went back: ${about}`);
    const ends = paid === 0 ? ['expired', 'cancelled'] : kept === 0 ? ['refunded'] : ['completed'];
    assert.ok(ends.includes(order.status), about);
    assert.equal(leg.settlement, kept > 0 ? 'settled' : 'none', about);
  }
  const open = await stage.api.hub.ctx.pool.query(`select * from actions where due_at is not null`);
  assert.deepEqual(open.rows, [], 'every action has come to its end');
  const clocks = await stage.api.hub.ctx.pool.query(
    `select * from order_clocks where kind = 'life:next' and due_at is not null`,
  );
  assert.deepEqual(clocks.rows, [], 'every life has');
}

/** A command was sent and nobody knows what became of it: somebody has to go to the machine. */
async function isAPersons(stage: SaleStage, id: string): Promise<boolean> {
  const listed = await stage.api.call('GET', `/api/v1/actions?order=${id}&state=unknown`);
  return (listed.body.data as readonly unknown[]).length > 0;
}

function keptOf(order: OrderJson, paid: number, isOut: (line: string) => boolean): number {
  if (!order.parts.some(({ line }) => isOut(line))) return 0;
  const due = order.parts.filter(({ line }) => !isOut(line));
  // The hub's own arithmetic is held to the platform's in `test/e2e/sale.test.ts`.
  return due.length === 0 ? paid : paid - (order.amounts.refunded ?? 0);
}

async function ordersOf(stage: SaleStage, id: string): Promise<ReadonlyMap<string, PlatformOrder>> {
  const known = await stage.api.hub.accounts.find(id);
  assert.ok(known);
  const orders = known.connector.sandbox.orders?.(known.view, stage.memory(id)) ?? [];
  return new Map(orders.map((order) => [order.platformOrderId, order]));
}
