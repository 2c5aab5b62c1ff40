import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyReport } from './fact.ts';
import type { Fact, Lines, RegisterRules } from './fact.ts';
import { looksTheSame, orderJson, withPersonalData } from './order-json.ts';
import type { OrderHead } from './order-json.ts';
import { partLine, topicLine, WHOLE } from './registers.ts';

const head: OrderHead = {
  id: 'ord_1',
  account: 'a',
  platform: 'p',
  kind: 'takeaway',
  merchant: null,
  shop: null,
  parent: null,
  member: null,
  platformOrderId: '9',
  displayId: null,
  merchantOrderId: null,
  mergedInto: null,
  updatedAtMs: Date.UTC(2026, 10, 1),
  version: 3,
};

function linesOf(...facts: readonly Fact[]): Lines {
  const rules: RegisterRules = Object.fromEntries(facts.map(({ register }) => [register, { by: 'time' as const }]));
  return applyReport({}, { aliases: [{ kind: 'platform', value: '9' }], kind: 'takeaway', at: 1, facts }, rules);
}

const customer = { name: '张三丰', phone: '13812341234', address: '学正街18号', location: { lng: 120.1, lat: 30.2 } };
const personal = linesOf(
  { line: WHOLE, register: 'customer', value: customer },
  { line: WHOLE, register: 'takeaway', value: { daySequence: 3, wantedAt: null, deliveryMode: 'platform' } },
  { line: WHOLE, register: 'note', value: '到了打 13812341234' },
  { line: WHOLE, register: 'rider', value: { name: '李四', phone: '13900001111' } },
  { line: WHOLE, register: 'invoice', value: { title: '张三丰', taxpayerId: '91330100MA0000000X' } },
);

describe('the order that readers see', () => {
  test('the user’s own number takes the place of the one that the order came with, masked like it', () => {
    const real: Fact = { line: WHOLE, register: 'realPhone', value: '13900001111' };
    const lines = { [WHOLE]: { ...personal[WHOLE], ...linesOf(real)[WHOLE] } };
    assert.equal(orderJson(head, lines).customer?.phone, '139****1111');
    assert.deepEqual(orderJson(head, lines, true).customer, { ...customer, phone: '13900001111' });
    const alone = orderJson(head, linesOf(real), true).customer;
    assert.deepEqual(alone, { name: null, phone: '13900001111', address: null, location: null });
  });

  test('the time to answer a request is shown while one is open', () => {
    const by: Fact = { line: WHOLE, register: 'answerBy', value: Date.UTC(2026, 10, 2) };
    const asked = (value: boolean): Fact => ({ line: WHOLE, register: 'flag.cancel_requested', value });
    assert.equal(orderJson(head, linesOf(by, asked(true))).answerBy, '2026-11-02T00:00:00.000Z');
    assert.equal(orderJson(head, linesOf(by, asked(false))).answerBy, null);
    assert.equal(orderJson(head, linesOf({ ...by, value: null }, asked(true))).answerBy, null);
  });

  test('what is not known is null, and never zero', () => {
    const { amounts, attribution, customer: nobody, takeaway, placedAt } = orderJson(head, {});
    const { refunded, currency, ...rest } = amounts;
    assert.deepEqual({ refunded, currency }, { refunded: 0, currency: 'CNY' });
    for (const [name, fen] of Object.entries(rest)) assert.equal(fen, null, name);
    assert.deepEqual([attribution, nobody, takeaway, placedAt], [null, null, null, null]);
  });

  test('personal data is masked unless it is revealed', () => {
    const masked = orderJson(head, personal);
    const text = JSON.stringify(masked);
    for (const secret of [
      '张三丰',
      '13812341234',
      '学正街18号',
      '120.1',
      '李四',
      '13900001111',
      '91330100MA0000000X',
    ]) {
      assert.equal(text.includes(secret), false, secret);
    }
    assert.deepEqual(masked.customer, { name: '张**', phone: '138****1234', address: '学正街**', location: null });
    const revealed = orderJson(head, personal, true);
    assert.deepEqual(revealed.customer, customer);
    assert.equal(revealed.takeaway?.rider?.phone, '13900001111');
  });

  test('an event made long ago gets its personal data filled in, and nothing else of today', () => {
    const then = orderJson({ ...head, version: 1 }, personal);
    const today = orderJson({ ...head, version: 9 }, personal, true);
    const sent = withPersonalData(then, today);
    assert.equal(sent.version, 1);
    assert.equal(sent.customer?.phone, '13812341234');
    assert.equal(sent.takeaway?.note, '到了打 13812341234');
  });

  test('parts are listed in the order of their names, with their own fates and fields', () => {
    const { parts } = orderJson(
      head,
      linesOf(
        { line: partLine('b'), register: 'payment', value: 'refunded' },
        { line: partLine('a'), register: 'lifecycle', value: 'completed' },
        { line: partLine('a'), register: 'platformFields', value: { consumeType: '1' } },
      ),
    );
    assert.deepEqual(parts, [
      { line: 'a', payment: null, fulfilment: null, lifecycle: 'completed', platformFields: { consumeType: '1' } },
      { line: 'b', payment: 'refunded', fulfilment: null, lifecycle: null, platformFields: {} },
    ]);
  });

  test('fields of messages of their own stand beside those of the order, and a note beside its item', () => {
    const order = orderJson(
      head,
      linesOf(
        { line: WHOLE, register: 'platformFields', value: { status: '8' } },
        { line: topicLine('cancel'), register: 'platformFields', value: { reasonCode: '1001', status: 'x' } },
        { line: partLine('a'), register: 'platformFields', value: { couponCode: '1' } },
        {
          ...{ line: WHOLE, register: 'items' },
          value: [{ line: '1', sku: null, name: '鱼头', quantity: 1, price: 1, total: 1, note: '微辣' }],
        },
      ),
    );
    assert.deepEqual(order.platformFields, { reasonCode: '1001', status: '8' });
    assert.equal(order.items[0]?.note, '微辣');
  });

  test('two orders look the same when only version and time differ', () => {
    const order = orderJson(head, personal);
    assert.ok(looksTheSame(order, orderJson({ ...head, version: 4, updatedAtMs: head.updatedAtMs + 1 }, personal)));
    assert.equal(looksTheSame(order, orderJson(head, {})), false);
  });
});
