import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SlotReport } from './machine.ts';
import type { OrderJson, OrderPart } from './order-json.ts';
import { availableOf, StockBook } from './stock-book.ts';
import type { OrderHold, StockSlot } from './stock-book.ts';
import { unitsOf } from './stock-units.ts';

const MACHINE = '10000001';
const T0 = Date.UTC(2026, 10, 20);
const PRODUCTS = ['121', '122', '123'] as const;

const slotReport = (productId: string, available: number): SlotReport => ({
  productId,
  slot: `A${productId}`,
  cabinet: 'A',
  row: 1,
  column: 1,
  name: productId,
  sku: null,
  image: null,
  price: 350,
  available,
  capacity: 60,
});
const slot = (productId: string, more: Partial<StockSlot> = {}): StockSlot => {
  const { available, ...words } = slotReport(productId, 10);
  const rest = { fault: null, faultAt: null, isLow: false, syncedAt: T0, movedAt: null };
  return { machineNo: MACHINE, ...words, onHand: available, held: 0, ...rest, ...more };
};

interface Shape {
  readonly id: string;
  readonly items: readonly { readonly productId: string; readonly state: OrderPart['fulfilment'] }[];
  readonly lifecycle?: OrderJson['lifecycle'];
  readonly payment?: OrderJson['payment'];
  /** Its records are not known yet. */
  readonly isBare?: boolean;
  readonly placedAt?: number;
  readonly mergedInto?: string;
}

/** As much of an order as its stock follows from. */
function order({
  id,
  items,
  lifecycle = 'open',
  payment = 'paid',
  isBare,
  placedAt = T0 + 1,
  mergedInto,
}: Shape): OrderJson {
  const part = { payment: null, lifecycle: null };
  return {
    id,
    store: MACHINE,
    lifecycle,
    payment,
    mergedInto: mergedInto ?? null,
    placedAt: new Date(placedAt).toISOString(),
    items: items.map(({ productId }, index) => ({ line: String(index), sku: productId, quantity: 1 })),
    parts:
      isBare === true
        ? []
        : items.map(({ state }, index) => ({
            ...part,
            line: String(index),
            fulfilment: state,
            platformFields: state === 'failed' ? { floor_status: '2' } : {},
          })),
  } as unknown as OrderJson;
}
const one = (state: OrderPart['fulfilment'], more: Partial<Shape> = {}): OrderJson =>
  order({ id: 'ord_1', items: [{ productId: '121', state }], ...more });
const jam = ({ platformFields }: OrderPart): string | undefined =>
  platformFields['floor_status'] === '2' ? 'jammed' : undefined;

describe('the stock book', () => {
  const numbers = (book: StockBook): readonly number[] => {
    const { onHand = NaN, held = NaN } = book.slot(MACHINE, '121') ?? {};
    return [onHand, held, onHand - held];
  };

  test('an order holds, takes out or gives back, and says why', () => {
    const book = new StockBook([slot('121')], [], 2);
    const steps: readonly (readonly [OrderJson, readonly number[], string])[] = [
      [one('none', { isBare: true, payment: 'unpaid' }), [10, 1, 9], 'held'],
      [one('delivering'), [10, 1, 9], ''],
      [one('delivered'), [9, 0, 9], 'dispensed'],
      [order({ id: 'ord_2', items: [{ productId: '121', state: 'none' }] }), [9, 1, 8], 'held'],
      [
        order({ id: 'ord_2', items: [{ productId: '121', state: 'none' }], lifecycle: 'expired' }),
        [9, 0, 9],
        'returned',
      ],
      [order({ id: 'ord_3', items: [{ productId: '121', state: 'none' }] }), [9, 1, 8], 'held'],
      [order({ id: 'ord_3', items: [{ productId: '121', state: 'failed' }] }), [8, 0, 8], 'failed'],
      [
        order({ id: 'ord_3', items: [{ productId: '121', state: 'failed' }], payment: 'refunded' }),
        [9, 0, 9],
        'returned',
      ],
    ];
    for (const [given, wanted, cause] of steps) {
      const before = book.moves.length;
      book.takeOrder(given, T0);
      assert.deepEqual(numbers(book), wanted, cause);
      const [move] = book.moves.slice(before);
      assert.equal(move?.cause ?? '', cause);
      book.takeOrder(given, T0);
      assert.deepEqual(numbers(book), wanted, 'told again it moves nothing');
    }
  });

  test('of an order that was refunded in part what got stuck stays out of the sale', () => {
    const book = new StockBook([slot('121')], [], 2);
    const items = [
      { productId: '121', state: 'delivered' as const },
      { productId: '121', state: 'failed' as const },
    ];
    book.takeOrder(order({ id: 'ord_1', items, payment: 'refunded' }), T0);
    assert.deepEqual(numbers(book), [8, 0, 8]);
  });

  test('an order that was folded into another holds nothing any more', () => {
    const book = new StockBook([slot('121')], [], 2);
    book.takeOrder(one('none'), T0);
    book.takeOrder(one('none', { mergedInto: 'ord_0' }), T0);
    assert.deepEqual(numbers(book), [10, 0, 10]);
  });

  test('an order that the platform had counted already, and that is heard of later, changes nothing that can be sold', () => {
    const book = new StockBook([slot('121', { syncedAt: T0 + 60_000 })], [], 2);
    book.takeOrder(one('none'), T0 + 61_000);
    assert.deepEqual(numbers(book), [11, 1, 10]);
    book.takeOrder(one('delivered'), T0 + 62_000);
    assert.deepEqual(numbers(book), [10, 0, 10]);
    assert.deepEqual(
      book.moves.map(({ cause }) => cause),
      ['found', 'dispensed'],
    );
  });

  test('a sync counts what can be sold beside what is held; what moved a moment ago waits for the next', () => {
    const book = new StockBook([slot('121')], [], 2);
    book.takeOrder(one('none'), T0 + 100_000);
    const sync = (available: number, askedAt: number): void =>
      book.takeSlots(MACHINE, [slotReport('121', available)], { askedAt, heldOf: () => 0 });
    sync(30, T0 + 104_000);
    assert.deepEqual(numbers(book), [10, 1, 9]);
    sync(30, T0 + 106_000);
    assert.deepEqual(numbers(book), [31, 1, 30]);
    sync(30, T0 + 107_000);
    assert.deepEqual(
      book.moves.map(({ cause, onHandBy }) => [cause, onHandBy]),
      [
        ['held', 0],
        ['sync', 21],
      ],
    );
  });

  test('a slot that the platform lists no more goes, and a new one knows what is held of it', () => {
    const book = new StockBook([slot('121')], [], 2);
    book.takeSlots(MACHINE, [slotReport('122', 5)], { askedAt: T0, heldOf: () => 3 });
    assert.equal(book.slot(MACHINE, '121'), undefined);
    const added = book.slot(MACHINE, '122');
    assert.deepEqual([added?.onHand, added?.held], [8, 3]);
    assert.deepEqual(
      book.moves.map(({ cause, onHandBy }) => [cause, onHandBy]),
      [
        ['added', 8],
        ['removed', -10],
      ],
    );
  });

  test('low stock is said once until there is more again', () => {
    const book = new StockBook([slot('121', { onHand: 4 })], [], 2);
    for (let nth = 1; nth <= 3; nth += 1) {
      book.takeOrder(order({ id: `ord_${nth}`, items: [{ productId: '121', state: 'none' }] }), T0);
    }
    assert.deepEqual(
      book.notices.map(({ type, slot: { held } }) => [type, held]),
      [['stock.low', 2]],
    );
    book.takeOrder(order({ id: 'ord_1', items: [{ productId: '121', state: 'none' }], lifecycle: 'cancelled' }), T0);
    book.takeOrder(order({ id: 'ord_2', items: [{ productId: '121', state: 'none' }], lifecycle: 'cancelled' }), T0);
    book.takeOrder(order({ id: 'ord_4', items: [{ productId: '121', state: 'none' }] }), T0);
    assert.equal(book.notices.length, 2);
  });

  test('a jam is the slot’s fault until an item comes out of it again', () => {
    const book = new StockBook([slot('121')], [], 2);
    book.takeOrder(one('failed'), T0, jam);
    book.takeOrder(one('failed'), T0, jam);
    assert.equal(book.slot(MACHINE, '121')?.fault, 'jammed');
    book.takeOrder(order({ id: 'ord_2', items: [{ productId: '121', state: 'delivered' }] }), T0 + 1, jam);
    assert.equal(book.slot(MACHINE, '121')?.fault, null);
    assert.deepEqual(
      book.notices.map(({ type, fault }) => [type, fault]),
      [
        ['machine.fault', 'jammed'],
        ['machine.recovered', 'jammed'],
      ],
    );
  });
});

describe('stock adds up under any interleaving', () => {
  const state = fc.constantFrom('none', 'delivering', 'delivered', 'failed') as fc.Arbitrary<OrderPart['fulfilment']>;
  const shape = fc.record({
    id: fc.constantFrom('ord_1', 'ord_2', 'ord_3', 'ord_4'),
    items: fc.array(fc.record({ productId: fc.constantFrom(...PRODUCTS), state }), { minLength: 1, maxLength: 4 }),
    lifecycle: fc.constantFrom('open', 'cancelled', 'expired', 'completed'),
    payment: fc.constantFrom('unpaid', 'paid', 'partially_refunded', 'refunded'),
    isBare: fc.boolean(),
    placedAt: fc.constantFrom(T0 - 1000, T0 + 1000),
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: shape.map((given) => ({ order: order(given) })) },
    {
      weight: 1,
      arbitrary: fc.record({ available: fc.nat({ max: 60 }), afterMs: fc.integer({ min: 1, max: 20_000 }) }),
    },
  );

  test('available and held are always what is on hand, a hold is returned once, and what was moved explains it all', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, reloads) => {
        let now = T0 + 2000;
        let book = new StockBook(
          PRODUCTS.map((id) => slot(id)),
          [],
          2,
        );
        const written = new Map<string, OrderHold>();
        const current = new Map<string, OrderJson>();
        const onHand = new Map<string, number>(PRODUCTS.map((id) => [id, 10]));
        const held = new Map<string, number>(PRODUCTS.map((id) => [id, 0]));
        for (const given of steps) {
          const before = book.moves.length;
          if ('order' in given) {
            now += 1;
            book.takeOrder(given.order, now);
            current.set(given.order.id, given.order);
            const again = book.moves.length;
            book.takeOrder(given.order, now);
            assert.equal(book.moves.length, again);
          } else {
            now += given.afterMs;
            const reports = PRODUCTS.map((id) => slotReport(id, given.available));
            book.takeSlots(MACHINE, reports, { askedAt: now, heldOf: () => 0 });
          }
          for (const {
            slot: { productId },
            onHandBy,
            heldBy,
          } of book.moves.slice(before)) {
            onHand.set(productId, (onHand.get(productId) ?? 0) + onHandBy);
            held.set(productId, (held.get(productId) ?? 0) + heldBy);
          }
          for (const hold of book.touchedHolds) written.set(`${hold.orderId} ${hold.productId}`, hold);
          for (const productId of PRODUCTS) {
            const slotNow = book.slot(MACHINE, productId) ?? assert.fail();
            assert.equal(availableOf(slotNow) + slotNow.held, slotNow.onHand);
            // What orders hold, counted from the orders themselves.
            const counted = [...current.values()].reduce(
              (sum, json) => sum + (unitsOf(json).get(productId)?.held ?? 0),
              0,
            );
            assert.equal(slotNow.held, counted);
            assert.deepEqual([slotNow.onHand, slotNow.held], [onHand.get(productId), held.get(productId)]);
          }
          if (reloads) {
            const slots = PRODUCTS.flatMap((id) => book.slot(MACHINE, id) ?? []);
            onHand.clear();
            held.clear();
            for (const { productId, ...own } of slots)
              [onHand, held].forEach((sums, nth) => sums.set(productId, nth === 0 ? own.onHand : own.held));
            book = new StockBook(slots, [...written.values()], 2);
          }
        }
        for (const { id, items } of current.values()) {
          book.takeOrder(
            order({
              id,
              items: items.map(({ sku }) => ({ productId: sku ?? '', state: 'none' })),
              lifecycle: 'cancelled',
            }),
            now,
          );
        }
        for (const productId of PRODUCTS) assert.equal(book.slot(MACHINE, productId)?.held, 0);
      }),
      { numRuns: 500 },
    );
  });
});
