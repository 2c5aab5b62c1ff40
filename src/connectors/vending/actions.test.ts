import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actions, AT, CALLBACKS, codeOf, planned, Sale, TRADE_ID, wish } from '../../../test/kit/vending-sale.ts';
import type { Params } from '../../../test/kit/vending-sale.ts';
import type { PreparedAction } from '../../core/action.ts';
import type { Json } from '../../core/json.ts';
import { MAX_UNITS } from './wished-items.ts';

const faultsOf = (fields: Params, merchantOrderId?: string): readonly string[] => {
  const plan = planned(fields, merchantOrderId);
  return plan.ok ? [] : plan.faults.map(({ field }) => field);
};

const bodyOf = (prepared: PreparedAction): Json => {
  assert.ok(prepared.ok, JSON.stringify(prepared));
  const body = JSON.parse(prepared.request.body ?? '') as { readonly payload?: string };
  if (body.payload === undefined) return body;
  const { sign: _sign, ...parameters } = JSON.parse(Buffer.from(body.payload, 'base64').toString()) as { sign: string };
  return parameters;
};
describe('vending: an order is planned', () => {
  test('each limit holds at its value and not past it', () => {
    const many = (count: number): Params => ({
      machineNo: '10000001',
      items: Array.from({ length: count }, () => ({ productId: 121, quantity: 1 })),
    });
    const cases: readonly (readonly [Params, string | undefined, readonly string[]])[] = [
      [wish(121), '1'.repeat(20), []],
      [wish(121), 'a'.repeat(32), []],
      [wish(121), '1'.repeat(19), ['merchantOrderId']],
      [wish(121), '1'.repeat(33), ['merchantOrderId']],
      [wish(121), `${'1'.repeat(20)}.`, ['merchantOrderId']],
      [wish(121, 1, '1'.repeat(8)), undefined, []],
      [wish(121, 1, '1'.repeat(20)), undefined, []],
      [wish(121, 1, '1'.repeat(7)), undefined, ['machineNo']],
      [wish(121, 1, '1'.repeat(21)), undefined, ['machineNo']],
      [wish(121, 1, 'machine8'), undefined, ['machineNo']],
      [wish(121, MAX_UNITS), undefined, []],
      [wish(121, MAX_UNITS + 1), undefined, ['items[0].quantity']],
      [wish(121, 0), undefined, ['items[0].quantity']],
      [wish(121, 1.5), undefined, ['items[0].quantity']],
      [many(MAX_UNITS), undefined, []],
      [many(MAX_UNITS + 1), undefined, ['items']],
      [
        { machineNo: '10000001', items: [wish(121, 60), wish(122, 41)].flatMap(({ items }) => items as Json) },
        undefined,
        ['items'],
      ],
      [{ machineNo: '10000001', items: [] }, undefined, ['items']],
      [{ machineNo: '10000001' }, undefined, ['items']],
      [{ items: [{ productId: 121, quantity: 1 }] }, undefined, ['machineNo']],
      [{ machineNo: '10000001', items: [{ productId: '121', quantity: 1 }] }, undefined, ['items[0].productId']],
      [{ machineNo: '10000001', items: [{ productId: 0, quantity: 1 }] }, undefined, ['items[0].productId']],
      [{ machineNo: '10000001', items: [{ productId: 121, quantity: 1, price: 1 }] }, undefined, ['items[0].price']],
      [{ ...wish(121), amount: 1 }, undefined, []],
      [{ ...wish(121), amount: 0 }, undefined, ['amount']],
      [{ ...wish(121), amount: 3.5 }, undefined, ['amount']],
      [{ ...wish(121), colour: 'red' }, undefined, ['colour']],
      [wish(999), undefined, ['amount']],
      [{ ...wish(999), amount: 500 }, undefined, []],
    ];
    for (const [fields, merchantOrderId, wanted] of cases) {
      assert.deepEqual(faultsOf(fields, merchantOrderId), wanted, JSON.stringify([fields, merchantOrderId]));
    }
  });

  test('it costs what the machine asks for, or what is given, and holds a record for each item', () => {
    const sale = new Sale();
    const items = [
      { productId: 121, quantity: 2 },
      { productId: 122, quantity: 1 },
    ];
    const plan = planned({ machineNo: '10000001', items });
    assert.ok(plan.ok);
    sale.take([plan.order.report]);
    const { amounts, items: shown, status, store, merchantOrderId } = sale.order;
    assert.deepEqual(
      [amounts.total, amounts.paid, status, store, merchantOrderId],
      [900, 0, 'pending', '10000001', TRADE_ID],
    );
    assert.deepEqual(
      shown.map(({ sku, name, quantity, price, total }) => [sku, name, quantity, price, total]),
      [
        ['121', '可乐', 2, 350, 700],
        ['122', '矿泉水', 1, 200, 200],
      ],
    );
    const given = planned({ machineNo: '10000001', items, amount: 850 });
    assert.ok(
      given.ok && given.order.report.facts.some(({ register, value }) => register === 'money.total' && value === 850),
    );
  });
});

describe('vending: the bytes of an action', () => {
  test('an order is plain JSON with an address of its own; one record an item unless the setting says otherwise', () => {
    const cases: readonly (readonly [Json, readonly (readonly [number, number])[]])[] = [
      [
        true,
        [
          [121, 1],
          [121, 1],
        ],
      ],
      [false, [[121, 2]]],
      [{ '10000001': false }, [[121, 2]]],
      [
        { '10000002': false },
        [
          [121, 1],
          [121, 1],
        ],
      ],
      [{ default: false }, [[121, 2]]],
      [
        { default: false, '10000001': true },
        [
          [121, 1],
          [121, 1],
        ],
      ],
    ];
    for (const [oneItemPerDispense, products] of cases) {
      const sale = new Sale(TRADE_ID, { oneItemPerDispense });
      assert.equal(sale.create(wish(121, 2)).state, 'succeeded');
      const prepared = actions.prepare(sale.played.account, sale.request('create', wish(121, 2)));
      const { notify_url: address, ...rest } = bodyOf(prepared) as { readonly notify_url: string };
      assert.deepEqual(rest, {
        machine_no: '10000001',
        trade_id: TRADE_ID,
        products: products.map(([id, quantity]) => ({ product_id: id, quantity })),
      });
      assert.match(address, new RegExp(`^${CALLBACKS}/${TRADE_ID}\\.10000001\\.[\\w-]{22}$`, 'u'));
      assert.ok(
        prepared.ok && prepared.request.method === 'POST' && prepared.request.url.endsWith('/openapi/v1/orders'),
      );
    }
  });

  test('paid, dispense, close and refund are the sheet’s calls', () => {
    const sale = new Sale().buy(wish(121));
    const number = sale.order.platformOrderId ?? '';
    const record = sale.order.parts[0]?.line ?? '';
    const timestamp = String(AT / 1000);
    const cases = [
      ['paid', {}, 'PUT', `/orders/${number}`, { status: '1' }],
      ['refund-at-machine', {}, 'PUT', `/orders/${number}`, { status: '2' }],
      ['close', {}, 'PUT', `/orders/${number}`, { status: '3' }],
      ['query', {}, 'POST', `/orders/${number}`, {}],
      [
        'dispense',
        { record },
        'POST',
        '/deliveries',
        { method: 'device.delivery.put', order_id: number, record_id: record },
      ],
      ['dispense', {}, 'POST', '/deliveries', { method: 'device.delivery.put', order_id: number, record_id: record }],
    ] as const;
    for (const [action, params, method, path, parameters] of cases) {
      const prepared = actions.prepare(sale.played.account, sale.request(action, params));
      assert.deepEqual(bodyOf(prepared), { machine_no: '10000001', timestamp, ...parameters }, action);
      assert.ok(prepared.ok && prepared.request.method === method && prepared.request.url.endsWith(path), action);
      assert.ok(!JSON.stringify(prepared).includes('HUBMERCHANTKEY'));
    }
  });

  test('params out of range, and a record of another order, are refused before anything is sent', () => {
    const sale = new Sale().buy(wish(121));
    const refused = (action: string, params: Params): readonly string[] => {
      const prepared = actions.prepare(sale.played.account, sale.request(action, params));
      return prepared.ok ? [] : prepared.faults.map(({ field }) => field);
    };
    assert.deepEqual(refused('dispense', { record: '12' }), ['record']);
    assert.deepEqual(refused('dispense', { record: 'x' }), ['record']);
    assert.deepEqual(refused('paid', { amount: 0 }), ['amount']);
    assert.deepEqual(refused('paid', { amount: 1, channel: 'c'.repeat(32), reference: 'r'.repeat(64) }), []);
    assert.deepEqual(refused('paid', { channel: 'c'.repeat(33), reference: 'r'.repeat(65) }), ['channel', 'reference']);
    assert.deepEqual(refused('close', { as: 'gone' }), ['as']);
  });
});

describe('vending: a refusal', () => {
  test('a refusal says what it asks for', () => {
    const sale = new Sale().buy(wish(121));
    const concluded = (action: string, status: number, value: Json | string): string => {
      const body = typeof value === 'string' ? value : JSON.stringify(value);
      const request = sale.request(action);
      return codeOf(actions.conclude(sale.played.account, request, { status, headers: {}, body }));
    };
    const code = (number: number, message = 'sorry'): Json => ({ code: number, message, data: {} });
    const cases: readonly (readonly [string, number, Json | string, string])[] = [
      ['paid', 401, code(10_013), 'alert - 10013'],
      ['paid', 200, code(4006), 'alert - 4006'],
      ['paid', 429, 'Too Many Requests', 'retry rate http_429'],
      ['paid', 502, '<html>', 'retry - http_502'],
      ['paid', 200, code(6042), 'final - 6042'],
      ['paid', 200, code(6043), 'unknown'],
      ['paid', 200, { code: 0, message: '订单未支付', data: {} }, 'retry - http_200'],
      ['dispense', 200, code(30_002), 'retry offline 30002'],
      ['dispense', 200, code(6025), 'retry offline 6025'],
      ['dispense', 200, code(4008), 'retry offline 4008'],
      ['dispense', 200, code(5001), 'final offline 5001'],
      ['dispense', 200, code(6034), 'unknown'],
      ['dispense', 200, code(40_006), 'unknown'],
      ['dispense', 200, code(6054), 'final - 6054'],
      ['dispense', 200, code(6042), 'final - 6042'],
      ['dispense', 429, '', 'retry rate http_429'],
      // A gateway that gives up may stand before a machine that turns.
      ['dispense', 504, '<html>', 'unknown'],
      ['dispense', 200, '<html>', 'unknown'],
      ['close', 200, code(6042), 'succeeded'],
      ['refund-at-machine', 200, code(40_006), 'unknown'],
      ['query', 200, code(80_002), 'final - 80002'],
      // The goods are held, under a number that is not told.
      ['create', 200, { code: 0, message: 'ok', data: {} }, 'unknown'],
    ];
    for (const [action, status, value, wanted] of cases) {
      assert.equal(concluded(action, status, value), wanted, `${action} ${status} ${JSON.stringify(value)}`);
    }
  });
});
