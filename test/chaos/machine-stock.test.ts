import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vending } from '../../src/connectors/vending/index.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { VendingWorld } from '../kit/vending-world.ts';

const CALLS = ['order.create', 'order.paid', 'order.query', 'order.close', 'order.refund', 'delivery.put'] as const;
const MACHINES = [
  ['10000001', 121],
  ['10000002', 221],
] as const;
const ORDERS = 15;

interface Slot {
  readonly productId: string;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
}

async function slotsOf(world: VendingWorld): Promise<readonly (Slot & { readonly machine: string })[]> {
  const all = await Promise.all(
    MACHINES.map(async ([machine]) => {
      const { body } = await world.api.call('GET', `/api/v1/machines/vm-1/${machine}`);
      return (body.slots as readonly Slot[]).map((slot) => ({ ...slot, machine }));
    }),
  );
  return all.flat();
}

// A creation whose answer is lost for good leaves an order of which only the platform knows: its stock is learnt by reading.
for (const [seed, isCreationLost] of [
  ['tea', false],
  ['cola', false],
  ['water', true],
] as const) {
  test(`with answers and callbacks lost the mirror still adds up and nothing drops twice (seed ${seed})`, async () => {
    const random = seededRandom(`machine stock/${seed}`);
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] ?? assert.fail();
    const world = await VendingWorld.open({ holdSeconds: 300 });
    try {
      await world.sync();
      for (let nth = 0; nth < ORDERS; nth += 1) {
        if (random() < 0.5)
          world.next.set(pick(isCreationLost ? CALLS : CALLS.slice(1)), random() < 0.7 ? 'done-but-silent' : 'lost');
        const [machineNo, first] = pick(MACHINES);
        const items = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
          productId: first + Math.floor(random() * 6),
          quantity: 1 + Math.floor(random() * 2),
        }));
        const made = await world.order({ machineNo, items });
        if (made.status === 201 && random() < 0.8) {
          const paid = await world.api.call('POST', `/api/v1/orders/${made.body.id}/actions`, {
            body: { action: 'paid', params: { channel: 'cash' } },
          });
          assert.equal(paid.status, 202, paid.text);
        }
        await world.pass(Math.floor(random() * 30), { deliver: random() < 0.7 });
        if (random() < 0.2) await world.sync();
        for (const { onHand, held, available } of await slotsOf(world)) assert.equal(available + held, onHand);
      }
      await world.pass(1500, { step: 5 });
      // Before anybody counts again: the orders alone have moved both the same way.
      const [moved, left] = await world.bothStocks();
      if (!isCreationLost) assert.deepEqual(moved, left);
      await world.sync();
      const [counted, onSale] = await world.bothStocks();
      assert.deepEqual(counted, onSale);
      // Only a command whose fate is a person's keeps its item: it never arrived, and nobody but the machine knows.
      const kept = await world.api.hub.database.pool.query<{ order_id: string; unknown: boolean }>(
        `select h.order_id, exists (select from actions a
                                     where a.account_id = h.account_id and a.order_id = h.order_id
                                       and a.action = 'dispense' and a.state = 'unknown') as unknown
           from stock_holds h where h.held <> 0`,
      );
      for (const { order_id: order, unknown } of kept.rows) assert.ok(unknown, order);
      const orders = vending.sandbox.orders?.(await world.view(), world.memory) ?? [];
      for (const { platformOrderId, dispensed = {} } of orders) {
        for (const [record, drops] of Object.entries(dispensed)) assert.ok(drops <= 1, `${platformOrderId} ${record}`);
      }
      // Every slot is what its changes add up to.
      const sums = await world.api.hub.database.pool.query<{ machine_no: string; product_id: string; fits: boolean }>(
        `select s.machine_no, s.product_id, s.on_hand = sum(c.on_hand_by) and s.held = sum(c.held_by) as fits
           from machine_slots s join stock_changes c using (account_id, machine_no, product_id)
          group by s.account_id, s.machine_no, s.product_id`,
      );
      assert.equal(sums.rows.length, 30);
      for (const { machine_no: machine, product_id: product, fits } of sums.rows)
        assert.ok(fits, `${machine} ${product}`);
    } finally {
      await world.api.close();
    }
  });
}
