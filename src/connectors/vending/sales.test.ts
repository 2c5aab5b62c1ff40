import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reportsOf } from '../../../test/kit/played-action.ts';
import { actions, AT, codeOf, planned, Sale, TRADE_ID, wish } from '../../../test/kit/vending-sale.ts';
import type { Params } from '../../../test/kit/vending-sale.ts';
import { vending } from './index.ts';

describe('vending: a sale at the played platform', () => {
  test('is made, paid, dispensed item by item and complete', () => {
    const sale = new Sale().buy(wish(121, 2));
    assert.deepEqual([sale.order.status, sale.order.amounts.paid, sale.order.parts.length], ['paid', 700, 2]);
    assert.deepEqual(
      sale.order.items.map(({ name, total }) => [name, total]),
      [
        ['可乐', 350],
        ['可乐', 350],
      ],
    );
    assert.equal(sale.left('10000001')['121'], 48);
    for (const { line } of sale.order.parts) {
      assert.equal(sale.act('dispense', { record: line }).state, 'unknown');
      assert.equal(sale.ask('dispense', { record: line }).state, 'unknown');
      sale.wait(10_000);
      assert.equal(sale.ask('dispense', { record: line }).state, 'succeeded');
    }
    assert.equal(sale.order.status, 'completed');
    assert.equal(sale.callbacks.length, 2);
    for (const callback of sale.callbacks) sale.take(reportsOf(sale.played, callback));
    assert.equal(sale.order.status, 'completed');
    const [made] = vending.sandbox.orders?.(sale.played.account, sale.played.memory) ?? [];
    assert.deepEqual(Object.values(made?.dispensed ?? {}), [1, 1]);
    assert.equal(made?.expected?.status, 'completed');
    assert.equal(sale.left('10000001')['121'], 48);
  });

  test('a record is tried once: a second command is refused by us, and by the platform', () => {
    const sale = new Sale().buy(wish(121));
    const record = sale.order.parts[0]?.line ?? '';
    const prepared = actions.prepare(sale.played.account, sale.request('dispense', { record }));
    sale.send(prepared);
    assert.equal(sale.act('dispense', { record }).state, 'unknown');
    sale.wait(10_000);
    assert.equal(sale.ask('dispense', { record }).state, 'succeeded');
    const again = actions.prepare(sale.played.account, sale.request('dispense', { record }));
    assert.ok(!again.ok && again.faults[0]?.field === 'record');
    const spec = actions.specs.find(({ name }) => name === 'dispense');
    assert.match(spec?.refuses(sale.order)?.en ?? '', /Nothing is left/u);
    assert.equal(spec?.shown?.(sale.order, { params: { record }, number: '1' }), 'succeeded');
  });

  test('a jam fails the command, says so of the record, and its share is what is due', () => {
    const sale = new Sale();
    sale.buy({
      machineNo: '10000002',
      items: [
        { productId: 221, quantity: 1 },
        { productId: 225, quantity: 1 },
      ],
      amount: 700,
    });
    assert.equal(sale.order.amounts.paid, 700);
    const [fine = '', stuck = ''] = sale.order.parts.map(({ line }) => line);
    sale.act('dispense', { record: fine });
    sale.wait(10_000);
    assert.equal(sale.ask('dispense', { record: fine }).state, 'succeeded');
    sale.act('dispense', { record: stuck });
    sale.wait(10_000);
    const [, report] = sale.callbacks;
    assert.ok(report !== undefined);
    sale.take(reportsOf(sale.played, report));
    const spec = actions.specs.find(({ name }) => name === 'dispense');
    // The machine's word alone ends nothing.
    assert.equal(spec?.shown?.(sale.order, { params: { record: stuck }, number: '1' }), undefined);
    assert.equal(codeOf(sale.ask('dispense', { record: stuck })), 'final - IS_FAILED');
    assert.equal(spec?.shown?.(sale.order, { params: { record: stuck }, number: '1' }), 'failed');
    assert.equal(sale.order.status, 'completed');
    const part = sale.order.parts.find(({ line }) => line === stuck);
    assert.ok(part !== undefined);
    assert.equal(vending.machines?.slotFault?.(part), 'jammed');
    // 700 for prices of 350 and 450: 306.25 and 393.75.
    const request = sale.request('refund-done', { reference: 'wx-9', reason: '卡货' });
    assert.equal(request.params['amount'], 394);
    const done = actions.doAtOnce?.(sale.played.account, request);
    assert.ok(done?.ok === true);
    sale.take(done.reports);
    assert.deepEqual([sale.order.payment, sale.order.amounts.refunded], ['partially_refunded', 394]);
    assert.equal(sale.left('10000002')['225'], 49, 'what is stuck is not sold again');
  });

  test('a machine that says nothing is given up after 120 s', () => {
    const sale = new Sale().buy({ ...wish(226, 1, '10000002'), amount: 1200 });
    sale.act('dispense');
    const record = sale.order.parts[0]?.line ?? '';
    sale.wait(119_000);
    assert.equal(sale.ask('dispense', { record }).state, 'unknown');
    sale.wait(2000);
    assert.equal(codeOf(sale.ask('dispense', { record })), 'final - IS_TIMEOUT');
    assert.equal(sale.order.status, 'failed');
    assert.equal(sale.act('refund-at-machine').state, 'succeeded');
    assert.equal(sale.left('10000002')['226'], 50);
    sale.act('query');
    assert.equal(sale.order.status, 'refunded');
  });

  test('a machine takes one command after the other', () => {
    const first = new Sale().buy(wish(121));
    const second = new Sale('20261120000000000002', {}, first.played.memory).buy(wish(122));
    first.act('dispense');
    second.act('dispense');
    const told = (ms: number): readonly number[] =>
      (vending.sandbox.tick?.(AT + ms, first.played.account, first.played.memory).callbacks ?? []).map(
        ({ body }) => (JSON.parse(body) as { order_id: number }).order_id,
      );
    assert.deepEqual(told(5999), [Number(first.order.platformOrderId)]);
    assert.deepEqual(told(6000), [Number(second.order.platformOrderId)]);
  });

  test('unpaid after 20 minutes it is closed by the platform, told, and its stock returned once', () => {
    const sale = new Sale();
    sale.create(wish(121, 3));
    assert.equal(sale.left('10000001')['121'], 47);
    sale.wait(20 * 60_000 - 1);
    assert.equal(sale.callbacks.length, 0);
    sale.wait(1);
    assert.equal(sale.callbacks.length, 1);
    assert.equal(sale.left('10000001')['121'], 50);
    assert.equal(codeOf(sale.act('paid')), 'final - 40005');
    assert.deepEqual([sale.order.payment, sale.order.amounts.paid], ['paid', 1050], 'the money is here all the same');
    assert.equal(sale.act('close').state, 'succeeded');
    assert.equal(sale.left('10000001')['121'], 50);
    sale.act('query');
    assert.equal(sale.order.lifecycle, 'cancelled');
  });

  test('closed by us no callback comes, and closing again is success', () => {
    const sale = new Sale();
    sale.create(wish(121));
    assert.equal(sale.act('close', { as: 'expired' }).state, 'succeeded');
    assert.equal(sale.order.status, 'expired');
    assert.equal(sale.left('10000001')['121'], 50);
    assert.equal(sale.act('close').state, 'unknown');
    assert.equal(sale.ask('close').state, 'succeeded');
    sale.wait(21 * 60_000);
    assert.equal(sale.callbacks.length, 0);
    assert.equal(sale.left('10000001')['121'], 50);
    assert.equal(codeOf(sale.act('paid')), 'unknown');
    assert.equal(codeOf(sale.ask('paid')), 'final - CLOSED');
  });

  test('paid twice is paid once; a paid order is not closed; 20 minutes after its creation nothing is dispensed', () => {
    const sale = new Sale().buy(wish(121));
    const again = sale.act('paid');
    assert.ok(again.state === 'succeeded' && JSON.stringify(again.answer).includes('6049'));
    assert.equal(sale.act('close').state, 'unknown');
    assert.equal(codeOf(sale.ask('close')), 'final - SUCCESS');
    sale.wait(20 * 60_000);
    assert.equal(sale.callbacks.length, 0);
    assert.equal(codeOf(sale.act('dispense')), 'final - 40005');
    assert.equal(sale.order.parts[0]?.fulfilment, 'failed');
    sale.at += 60_000;
    sale.act('query');
    assert.equal(sale.order.parts[0]?.fulfilment, 'failed', 'that the record still waits there changes nothing');
    const cancel = actions.specs.find(({ name }) => name === 'cancel');
    assert.match(cancel?.refuses(sale.order)?.en ?? '', /paid/u);
  });

  test('what a creation is refused with is told at once, and by its kind', () => {
    const sale = (fields: Params): string => codeOf(new Sale().create(fields));
    assert.equal(sale({ ...wish(999), amount: 1 }), 'final sold_out 60002');
    assert.equal(sale(wish(121, 51)), 'final sold_out 60003');
    assert.equal(sale({ ...wish(421, 1, '10000004'), amount: 1 }), 'final offline 30002');
    assert.equal(sale({ ...wish(521, 1, '10000005'), amount: 1 }), 'final offline 30004');
    assert.equal(sale({ ...wish(121, 1, '10009999'), amount: 1 }), 'final - 30003');
  });

  test('a number that is there already makes no second order; its order is taken where the platform names it', () => {
    const sale = new Sale();
    const plan = planned(wish(121));
    assert.ok(plan.ok);
    sale.take([plan.order.report]);
    // The answer to the first sending is lost.
    sale.send(actions.prepare(sale.played.account, sale.request('create', plan.order.params)));
    assert.equal(codeOf(sale.act('create', plan.order.params)), 'final duplicate 6040');
    assert.equal(sale.left('10000001')['121'], 49);
    assert.equal(vending.sandbox.orders?.(sale.played.account, sale.played.memory)[0]?.expected, undefined);
    const named = { code: 6040, message: 'sorry, this trade id is exists', data: { order_id: 700_001 } };
    const response = { status: 200, headers: {}, body: JSON.stringify(named) };
    const outcome = actions.conclude(sale.played.account, sale.request('create', plan.order.params), response);
    assert.equal(sale.heard(outcome).state, 'succeeded');
    assert.equal(sale.order.platformOrderId, '700001');
    assert.equal(sale.act('paid').state, 'succeeded');
  });
});

describe('vending: how long an order may rest', () => {
  test('unpaid until it is closed, moving until the watchdog, and at its end for ever', () => {
    const rest = (sale: Sale): number | undefined => vending.restMs?.(sale.order, sale.played.account);
    const sale = new Sale(TRADE_ID, { dispenseTimeoutSeconds: 60 });
    sale.create(wish(121));
    assert.equal(rest(sale), 21 * 60_000);
    sale.act('paid');
    sale.act('query');
    sale.act('dispense');
    sale.act('query');
    assert.equal(rest(sale), 70_000);
    sale.wait(10_000);
    sale.act('query');
    assert.equal(rest(sale), undefined);
  });
});
