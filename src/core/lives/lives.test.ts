import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check, createWorld, finish, MINUTE_MS } from '../../../test/kit/life-check.ts';

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

  test('is settled when the account that sells says, which comes before what the account of the payment says', () => {
    for (const minutes of [30, 120]) {
      const world = createWorld({ saleSettings: { settleAfterSeconds: minutes * 60 } }, { settleAfterSeconds: 3600 });
      world.userPays();
      finish(world);
      const settle = world.pay?.actions.find(({ action }) => action === 'settle');
      const waitedMs = (settle?.createdAt ?? 0) - Date.parse(world.json(world.sale).completedAt ?? '');
      assert.ok(waitedMs >= minutes * MINUTE_MS && waitedMs < (minutes + 10) * MINUTE_MS, `${waitedMs} ms`);
    }
  });

  test('is in the attention queue when its settlement was taken in and does not come', () => {
    const world = createWorld();
    world.payment.settlesSilently = true;
    world.userPays();
    finish(world);
    assert.ok(world.pay);
    world.now += 48 * 60 * MINUTE_MS;
    const { conditions, askAt } = world.look(world.pay);
    assert.deepEqual(
      conditions.map(({ name }) => name),
      ['settle_failed'],
    );
    assert.ok(askAt !== null, 'it is asked for, too');
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

  test('a payment after the end that nobody told of is found when the platform takes it no longer, and given back', () => {
    const world = createWorld({ validSeconds: 40 * 60 });
    world.now += 21 * MINUTE_MS;
    for (let round = 0; round < 20 && world.json(world.sale).status !== 'expired'; round += 1) {
      for (const order of [world.sale, world.pay]) if (order !== undefined) world.look(order);
      for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
      while (world.messages.length > 0) world.deliver(0);
    }
    assert.equal(world.json(world.sale).status, 'expired');
    world.userPays();
    world.messages.length = 0;
    finish(world);
    check(world, { prices: [200, 150], amount: 350 }, 'refund');
    assert.equal(world.json(world.sale).status, 'refunded');
    const asked = world.pay?.actions.filter(({ cause }) => cause === 'life:ask:after') ?? [];
    assert.equal(asked.length, 1);
  });

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
    assert.deepEqual(world.look(world.sale).conditions, [
      { name: 'refund_due', detail: { amount: 200, reasons: ['部分商品未能出货'] } },
    ]);
    world.shopGivesBack();
    world.look(world.sale);
    assert.equal(world.json(world.sale).refundDue, null);
    assert.equal(world.json(world.sale).amounts.refunded, 200);
    assert.deepEqual(world.look(world.sale).conditions, []);
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
