import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LifeWorld } from '../../../test/kit/life-world.ts';
import type { WorldOptions } from '../../../test/kit/life-world.ts';
import type { Json } from '../json.ts';
import { shareOut } from '../share-out.ts';
import type { OrderSide } from './life.ts';

const MINUTE_MS = 60_000;
const SETTINGS = { settleAfterSeconds: 3600, dispenseTimeoutSeconds: 120 };

function createWorld(more: Partial<WorldOptions> = {}, settings: Readonly<Record<string, Json>> = {}): LifeWorld {
  const { prices = [200, 150], amount = 350, hasPayment = true } = more;
  return new LifeWorld({ prices, amount, hasPayment, settings: { ...SETTINGS, ...settings } });
}

/** Everything that is under way comes to its end, and time goes on until nobody wants anything any more. */
function finish(world: LifeWorld): void {
  let quiet = 0;
  for (let round = 0; round < 2000 && quiet < 12; round += 1) {
    const before = fingerprint(world);
    world.platformClocks();
    while (world.messages.length > 0) world.deliver(0);
    world.settleDoubt();
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    for (let nth = 0; nth < world.machine.records.length; nth += 1) world.machineMoves(nth, true);
    world.refundsEnd();
    world.personLooks();
    world.shopGivesBack();
    const plans = [world.sale, world.pay].flatMap((order) => (order === undefined ? [] : [world.look(order)]));
    const looks = plans.flatMap(({ lookAt }) => (lookAt === null ? [] : [lookAt]));
    if (fingerprint(world) !== before || world.messages.length > 0) {
      quiet = 0;
      continue;
    }
    quiet += 1;
    world.now = Math.max(world.now + 5 * MINUTE_MS, Math.min(...looks, Infinity) === Infinity ? 0 : Math.min(...looks));
  }
  assert.ok(quiet >= 12, 'it comes to an end');
}

const fingerprint = (world: LifeWorld): string =>
  JSON.stringify([
    world.sale.version,
    world.pay?.version,
    [world.sale, world.pay].map((order) => order?.actions.map(({ state, isOpen }) => `${state}${isOpen}`)),
    world.messages.length,
  ]);

/** What must hold whatever happened. */
function check(world: LifeWorld, { prices, amount }: Pick<WorldOptions, 'prices' | 'amount'>, policy: string): void {
  const { machine, payment } = world;
  for (const { id, drops } of machine.records) assert.ok(drops <= 1, `record ${id} was sent ${drops} times`);
  const order = world.json(world.sale);
  const isPaid = world.pay === undefined ? order.payment !== 'unpaid' : payment.status === 'SUCCESS';
  const back = [...payment.refunds.values()]
    .filter(({ state }) => state === 'succeeded')
    .reduce((sum, one) => sum + one.amount, 0);
  const refunded = world.pay === undefined ? (order.amounts.refunded ?? 0) : back;
  assert.ok(refunded <= (isPaid ? amount : 0), `${refunded} of ${amount} went back`);
  assert.ok(machine.returned <= machine.held, `the stock came back ${machine.returned} times of ${machine.held}`);
  const stays = machine.held - machine.returned;
  assert.ok(payment.settled <= 1, 'settled once');

  const shares = shareOut(amount, prices);
  const kept = machine.records.reduce(
    (sum, { status }, nth) => (status === 'IS_SUCCESS' ? sum + (shares[nth] ?? 0) : sum),
    0,
  );
  const wasServed = machine.status === 'SUCCESS' || machine.status === 'REFUND';
  if (!isPaid) {
    assert.ok(order.status === 'expired' || order.status === 'cancelled', order.status);
    assert.equal(stays, 0);
  } else if (wasServed) {
    assert.equal(refunded, amount - kept, 'what did not come out went back');
    assert.equal(order.status, kept === 0 ? 'refunded' : 'completed');
    const nothingOut = machine.records.every(({ status }) => status !== 'IS_SUCCESS');
    assert.equal(stays, nothingOut ? 0 : 1);
    if (world.pay !== undefined) assert.equal(payment.settled, kept === 0 ? 0 : 1);
  } else {
    assert.equal(stays, 0);
    assert.ok(policy !== 'refund' || refunded === amount, 'paid late and given back');
    assert.ok(policy === 'refund' || refunded === 0, 'paid late and a person decides');
    assert.ok(order.flags.includes('late_payment'), JSON.stringify(order));
    const raised = world.look(world.sale, { crash: true }).conditions.map(({ name }) => name);
    if (policy !== 'refund') assert.ok(raised.includes('late_payment'));
  }
  assert.equal(order.amounts.refunded ?? 0, refunded, 'the order shows what went back');
  assert.equal(order.refundDue, null);
  checkPushes(world, isPaid);
  for (const one of [world.sale, world.pay]) {
    if (one === undefined) continue;
    const plan = world.look(one, { crash: true });
    const wants = plan.acts.map(({ action, cause }) => `${action} ${cause}`);
    assert.deepEqual([wants, plan.words, plan.lookAt], [[], [], null], 'nothing is left to be done');
  }
}

function checkPushes({ payment, pay }: LifeWorld, isPaid: boolean): void {
  if (pay === undefined) return;
  const { pushes } = payment;
  assert.equal(pushes[0], 'created');
  const places = [pushes.indexOf('created'), pushes.indexOf('paid')];
  if (isPaid) assert.ok((places[1] ?? -1) > (places[0] ?? 0), pushes.join());
  for (const [nth, push] of pushes.entries()) {
    if (push === 'refunded' || push === 'refund_failed') assert.equal(pushes[nth - 1], 'refunding', pushes.join());
  }
}

describe('a sale at a machine', () => {
  test('goes from hold to payment, to each item, to completion, and is settled', () => {
    const world = createWorld();
    world.look(world.sale);
    world.userPays();
    finish(world);
    check(world, { prices: [200, 150], amount: 350 }, 'refund');
    assert.equal(world.json(world.sale).status, 'completed');
    assert.deepEqual(world.payment.pushes, ['created', 'paid', 'done']);
    assert.equal(world.payment.settled, 1);
  });

  test('dispenses one item after the other', () => {
    const world = createWorld({ prices: [1, 2, 3], amount: 6 });
    world.userPays();
    world.deliver(0);
    let mostAtOnce = 0;
    for (let round = 0; round < 60; round += 1) {
      for (const order of [world.pay, world.sale]) if (order !== undefined) world.look(order);
      for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
      const moving = world.machine.records.filter(({ status }) => status === 'IS_DELIVERING').length;
      mostAtOnce = Math.max(mostAtOnce, moving);
      if (round % 3 === 2) for (const nth of [0, 1, 2]) world.machineMoves(nth, true);
      while (world.messages.length > 0) world.deliver(0);
      world.settleDoubt();
    }
    assert.equal(mostAtOnce, 1);
    assert.equal(world.json(world.sale).status, 'completed');
  });

  test('gives back exactly the share of an item that did not come out', () => {
    const world = createWorld({ prices: [200, 200, 200], amount: 500 });
    world.userPays();
    world.deliver(0);
    for (let round = 0; round < 20; round += 1) {
      for (const order of [world.pay, world.sale]) if (order !== undefined) world.look(order);
      for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
      for (const nth of [0, 1, 2]) world.machineMoves(nth, nth !== 1);
      while (world.messages.length > 0) world.deliver(0);
      world.settleDoubt();
    }
    finish(world);
    check(world, { prices: [200, 200, 200], amount: 500 }, 'refund');
    assert.deepEqual(
      [...world.payment.refunds.values()].map(({ amount }) => amount),
      [167],
    );
    assert.deepEqual(world.payment.pushes, ['created', 'paid', 'refunding', 'refunded', 'done']);
    assert.equal(world.json(world.sale).payment, 'partially_refunded');
  });

  test('a machine that only says that it failed is asked about before money goes back', () => {
    const world = createWorld({ prices: [100], amount: 100 });
    world.userPays();
    world.deliver(0);
    for (let round = 0; round < 6; round += 1) {
      for (const order of [world.pay, world.sale]) if (order !== undefined) world.look(order);
      for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    }
    world.machineMoves(0, false);
    world.deliver(0);
    world.look(world.sale);
    assert.equal(world.json(world.sale).refundDue, null, 'nothing is due on the word of the machine alone');
    finish(world);
    assert.equal(world.json(world.sale).status, 'refunded');
    assert.equal(world.machine.returned, 1);
  });

  test('is not closed before the payment was asked about and is unpaid', () => {
    const world = createWorld();
    world.look(world.sale);
    world.now += 20 * MINUTE_MS;
    world.look(world.sale);
    assert.deepEqual(
      world.sale.actions.map(({ action }) => action),
      ['create'],
    );
    assert.ok(world.pay);
    world.look(world.pay);
    assert.deepEqual(
      world.pay.actions.map(({ action }) => action),
      ['create', 'push', 'query'],
    );
    world.look(world.sale);
    assert.equal(world.sale.actions.length, 1);
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    world.look(world.pay);
    assert.equal(world.json(world.pay).lifecycle, 'expired');
    world.look(world.sale);
    assert.deepEqual(world.sale.actions.at(-1)?.params, { as: 'expired' });
    finish(world);
    check(world, { prices: [200, 150], amount: 350 }, 'refund');
    assert.equal(world.json(world.sale).status, 'expired');
    assert.deepEqual(world.payment.pushes, ['created', 'cancelled']);
  });

  test('a question that finds the payment at the last moment lets the order go on', () => {
    const world = createWorld();
    world.look(world.sale);
    world.now += 20 * MINUTE_MS - 1000;
    world.userPays();
    world.messages.length = 0;
    world.now += 1000;
    assert.ok(world.pay);
    world.look(world.pay);
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    assert.equal(world.json(world.pay).payment, 'paid');
    finish(world);
    assert.equal(world.json(world.sale).status, 'completed');
  });

  for (const policy of ['refund', 'ask'] as const) {
    test(`a payment after the end is kept apart, and ${policy === 'refund' ? 'given back' : 'a person decides'}`, () => {
      const world = createWorld({}, { latePayment: policy });
      world.now += 21 * MINUTE_MS;
      finish(world);
      assert.equal(world.json(world.sale).status, 'expired');
      world.userPays();
      finish(world);
      check(world, { prices: [200, 150], amount: 350 }, policy);
      assert.equal(world.json(world.sale).status, policy === 'refund' ? 'refunded' : 'expired');
    });
  }

  test('a payment after the end lets the order be made once more, once', () => {
    const world = createWorld({}, { latePayment: 'revive' });
    world.now += 21 * MINUTE_MS;
    finish(world);
    world.userPays();
    finish(world);
    check(world, { prices: [200, 150], amount: 350 }, 'revive');
    assert.deepEqual([world.json(world.sale).status, world.machine.held, world.machine.returned], ['completed', 2, 1]);
    assert.deepEqual(world.payment.pushes, ['created', 'cancelled', 'paid', 'done']);
  });

  test('a refund that fails at the payment is tried again under a new number', () => {
    const world = createWorld({ prices: [100], amount: 100 });
    world.payment.failsNextRefunds = 2;
    world.now += 21 * MINUTE_MS;
    finish(world);
    world.userPays();
    finish(world);
    assert.equal(world.payment.refunds.size, 3);
    assert.deepEqual(world.payment.pushes.slice(-2), ['refunding', 'refunded']);
    assert.equal(world.json(world.sale).status, 'refunded');
  });

  test('without a payment of its own the shop is told what to give back, once, until it has done so', () => {
    const world = createWorld({ prices: [100, 200], amount: 300, hasPayment: false });
    world.shopSaysPaid();
    for (let round = 0; round < 12; round += 1) {
      for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
      world.look(world.sale);
      for (const nth of [0, 1]) world.machineMoves(nth, nth === 0);
      while (world.messages.length > 0) world.deliver(0);
      world.settleDoubt();
    }
    assert.deepEqual(world.events, [{ type: 'order.refund_due', amount: 200 }]);
    assert.equal(world.json(world.sale).refundDue, 200);
    world.shopGivesBack();
    world.look(world.sale);
    assert.equal(world.json(world.sale).refundDue, null);
    assert.equal(world.json(world.sale).amounts.refunded, 200);
    finish(world);
    assert.equal(world.events.length, 1);
  });

  test('somebody who wants out gets out only unpaid', () => {
    const world = createWorld();
    world.wantsOut();
    finish(world);
    check(world, { prices: [200, 150], amount: 350 }, 'refund');
    assert.equal(world.json(world.sale).status, 'cancelled');
    const paid = createWorld();
    paid.userPays();
    paid.messages.length = 0;
    paid.wantsOut();
    finish(paid);
    assert.equal(paid.json(paid.sale).status, 'completed');
  });
});

function goSmoothly(world: LifeWorld, rounds: number): void {
  if (rounds === 0) return;
  if (world.pay === undefined) world.shopSaysPaid();
  else world.userPays();
  for (let round = 0; round < rounds; round += 1) {
    while (world.messages.length > 0) world.deliver(0);
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    for (const order of [world.pay, world.sale]) if (order !== undefined) world.look(order);
  }
}

const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'sale',
      'pay',
      'sale',
      'pay',
      'stale',
      'crash',
      'run',
      'run',
      'run',
      'run',
      'deliver',
      'repeat',
      'drop',
    ] as const),
    ...([
      'doubt',
      'pays',
      'wantsOut',
      'moves',
      'moves',
      'silently',
      'refunds',
      'time',
      'longTime',
      'person',
      'clocks',
    ] as const),
  ),
  nth: fc.nat(20),
  fate: fc.constantFrom('ok', 'ok', 'ok', 'silent', 'lost' as const),
  ok: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(
  world: LifeWorld,
  { kind, nth, fate, ok }: Step,
  seen: { sale: OrderSide; pay: OrderSide | undefined },
): void {
  const { sale, pay } = world;
  switch (kind) {
    case 'sale':
      return void world.look(sale);
    case 'pay':
      if (pay !== undefined) world.look(pay);
      return;
    case 'stale':
      // Another process still sees the other order as it was a while ago.
      if (pay === undefined) return;
      if (ok) world.look(sale, seen.pay === undefined ? {} : { other: seen.pay });
      else world.look(pay, { other: seen.sale });
      return;
    case 'crash':
      return void world.look(ok || pay === undefined ? sale : pay, { crash: true });
    case 'run':
      return world.run(nth, fate);
    case 'deliver':
      return world.deliver(nth);
    case 'repeat':
      return world.deliver(nth, true);
    case 'drop':
      // A payment's callback comes again for a day; a machine's may never come.
      if (world.messages[0]?.to === 'sale') world.messages.shift();
      return;
    case 'doubt':
      return world.settleDoubt();
    case 'pays':
      return world.pay === undefined ? world.shopSaysPaid() : world.userPays();
    case 'wantsOut':
      return nth === 0 ? world.wantsOut() : undefined;
    case 'moves':
      return world.machineMoves(nth, ok, nth % 4 === 3 ? 'lie' : 'truth');
    case 'silently':
      return world.machineMoves(nth, ok, 'nothing');
    case 'refunds':
      return world.refundsEnd();
    case 'time':
      world.now += 1000 * (nth + 1);
      return;
    case 'longTime':
      world.now += MINUTE_MS * (nth + 1);
      return;
    case 'person':
      return world.personLooks();
    case 'clocks':
      return world.platformClocks();
  }
}

describe('whatever happens in whatever order', () => {
  for (const hasPayment of [true, false]) {
    test(`nothing is dispensed twice, no more goes back than came in, and every life ends (${hasPayment ? 'paid by an order of its own' : 'paid to the shop'})`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 1, max: 2000 }),
          fc.constantFrom('refund', 'ask', 'revive'),
          fc.nat(2),
          // Half of the histories begin where the goods are paid and the machine has its first command.
          fc.constantFrom(0, 6),
          fc.array(step, { maxLength: 120 }),
          (prices, amount, policy, failing, smoothRounds, steps) => {
            const world = createWorld({ prices, amount, hasPayment }, { latePayment: policy });
            world.payment.failsNextRefunds = failing;
            goSmoothly(world, smoothRounds);
            let seen = { sale: world.side(world.sale), pay: world.pay && world.side(world.pay) };
            for (const [index, one] of steps.entries()) {
              take(world, one, seen);
              if (index % 5 === 4) seen = { sale: world.side(world.sale), pay: world.pay && world.side(world.pay) };
            }
            finish(world);
            check(world, { prices, amount }, policy);
          },
        ),
        { numRuns: 1000 },
      );
    });
  }
});
