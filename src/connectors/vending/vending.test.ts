import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import type { AccountView, OrderToRead } from '../../core/connector.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { CallPlatform, OutgoingRequest, PlatformResponse } from '../../core/outgoing.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { queryOrder } from './client.ts';
import { CODE_PAIRS, ERROR_CODES } from './errors.ts';
import { vending } from './index.ts';
import { callbackToken, sign, signedPayload, signedText } from './signature.ts';
import { ORDER_STATUSES, RECORD_STATUSES } from './statuses.ts';

const MERCHANT_KEY = 'HUBMERCHANTKEY';
const credentials = {
  appid: 'ds0123456789abcdef',
  appSecret: 'app_Secret_fedcba9876543210',
  merchantKey: MERCHANT_KEY,
};
const AT = Date.UTC(2026, 10, 2);
const ORDER = { tradeId: '3f2a58ad69b74e86b8a1a3da6fd75cc1', machineNo: '10000001' };

const accountWith = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
  accountView(vending, { credentials, settings: { baseUrl: 'http://platform.invalid', ...settings } });

const FAILURE_TEXTS = [
  ...['Slot Invalid', 'Slot Type Error', 'Load No Current', 'Over Current', 'Feedback Error', 'Dlv Detect Error'],
  ...['Goods are Stuck', 'Slave Comm Error', 'Lift Comm Error', 'Lift Limit Up', 'Lift Limit Dw', 'Lift Goods'],
  ...['VerMo break', 'VerMo short', 'VerMo Encode'],
];

connectorSuite(vending, {
  fixtures: new URL('fixtures/', import.meta.url),
  vouchedBy: 'path',
  replies: [
    { outcome: 'stored', status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' },
    { outcome: 'rejected', status: 404, contentType: 'text/plain; charset=utf-8', body: 'not found' },
  ],
  statuses: {
    all: ['1/', ...FAILURE_TEXTS.map((text) => `0/${text}`)],
    of: ({ body }) => {
      const fields = parseLossless(Buffer.from(body).toString());
      if (!isLosslessObject(fields)) return undefined;
      const text = (name: string): string => scalarText(fields.get(name)) ?? '';
      return `${text('deliver_status')}/${text('fail_reason')}`;
    },
  },
});

/** A query's answer of `fixtures/queries/` and what the order must show after it. */
interface QueryFixture {
  readonly name: string;
  readonly settings?: Readonly<Record<string, Json>>;
  readonly data: Json;
  readonly shows: Readonly<Record<string, unknown>>;
}

const queries: readonly QueryFixture[] = readdirSync(new URL('fixtures/queries/', import.meta.url)).map(
  (file) => JSON.parse(readFileSync(new URL(`fixtures/queries/${file}`, import.meta.url), 'utf8')) as QueryFixture,
);

const asked = (more: Partial<OrderToRead> = {}): OrderToRead => ({
  aliases: [
    { kind: 'platform', value: '60' },
    { kind: 'merchant', value: ORDER.tradeId },
  ],
  kind: 'vending',
  store: ORDER.machineNo,
  storeToken: null,
  doubts: ['dispense'],
  ...more,
});

const answering =
  (body: Json | string, status = 200, sent: OutgoingRequest[] = []): CallPlatform =>
  async (request): Promise<PlatformResponse> => {
    sent.push(request);
    return Promise.resolve({ status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) });
  };

const read = (call: CallPlatform, order = asked(), account = accountWith()) =>
  vending.readTruth?.(account, call, order, AT) ?? assert.fail();

async function truthOf(data: Json, settings: Readonly<Record<string, Json>> = {}): Promise<OrderJson> {
  const result = await read(answering({ code: 0, message: 'ok', data }), asked(), accountWith(settings));
  assert.ok(result.ok, JSON.stringify(result));
  const model = new OrderModel(vending);
  for (const report of result.value) model.take(report);
  return model.order('60') ?? assert.fail();
}

describe('vending: the order query', () => {
  for (const { name, data, shows, settings } of queries) {
    test(`fixture: ${name}`, async () => {
      const order = await truthOf(data, settings);
      const shown = Object.fromEntries(Object.keys(shows).map((field) => [field, order[field as keyof OrderJson]]));
      assert.deepEqual(shown, shows);
    });
  }

  test('every status of orders and of records is in a fixture', () => {
    const bodies = queries.map(({ data }) => JSON.stringify(data));
    for (const status of [...Object.keys(ORDER_STATUSES), ...Object.keys(RECORD_STATUSES)]) {
      assert.ok(
        bodies.some((body) => body.includes(`"status":"${status}"`)),
        status,
      );
    }
  });

  test('it is a signed payload with the machine of the address', async () => {
    const sent: OutgoingRequest[] = [];
    const at = 1_700_000_060_000;
    await queryOrder(accountWith(), answering('', 200, sent), { orderId: '60', machineNo: '10000001' }, at);
    const [request] = sent;
    assert.equal(request?.url, 'http://platform.invalid/api/openapi/v1/orders/60');
    assert.deepEqual(
      [request.headers['appid'], request.headers['appsecret']],
      [credentials.appid, credentials.appSecret],
    );
    const { payload } = JSON.parse(request.body ?? '') as { readonly payload: string };
    assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64').toString()), {
      machine_no: '10000001',
      sign: '141B41E34DBA244FEC87395B19F81F57',
      timestamp: '1700000060',
    });
    assert.ok(!JSON.stringify(request).includes(MERCHANT_KEY), 'the merchant key is never sent');
  });

  test('an answer about another order, or with a value that is not known, is no truth', async () => {
    const data = {
      order_id: 60,
      trade_id: ORDER.tradeId,
      amount: '1.00',
      status: 'SUCCESS',
      records: [{ id: 78, price: '1.00', quantity: 1, status: 'IS_SUCCESS' }],
    };
    const refusals: Json[] = [
      { ...data, order_id: 61 },
      { ...data, trade_id: 'another' },
      { ...data, status: 'PAID' },
      { ...data, status: 'constructor' },
      { ...data, amount: '1.005' },
      { ...data, date: '2026-02-31 10:00:00' },
      { ...data, records: [{ ...data.records[0], status: 'IS_LOST' }] },
      { ...data, records: [{ ...data.records[0], quantity: 1.5 }] },
      { ...data, records: [{ price: '1.00' }] },
      { ...data, records: 'none' },
    ];
    for (const body of refusals) {
      const result = await read(answering({ code: 0, message: 'ok', data: body }));
      assert.equal(!result.ok && result.refusal.code, 'unreadable_answer', JSON.stringify(body));
    }
    assert.ok((await read(answering({ code: 0, message: 'ok', data }))).ok);
  });

  test('without the number or the machine of an order nothing is asked', async () => {
    const never: CallPlatform = () => assert.fail('a call was made');
    const nameless = await read(never, asked({ aliases: [{ kind: 'merchant', value: ORDER.tradeId }] }));
    assert.equal(!nameless.ok && nameless.refusal.code, 'no_order_id');
    const nowhere = await read(never, asked({ store: null }));
    assert.equal(!nowhere.ok && nowhere.refusal.code, 'no_machine');
  });
});

describe('vending: quirks of the platform', () => {
  const first = { machine_no: '10000001', status: '1', timestamp: '1700000000' };

  test('the published parameters give the published signatures', () => {
    assert.equal(sign(first, MERCHANT_KEY), 'AFF0157D512AF7346C816352AB0DDF89');
    const put = {
      machine_no: '10000001',
      method: 'device.delivery.put',
      order_id: '60',
      record_id: '78',
      timestamp: '1700000030',
    };
    assert.equal(sign(put, MERCHANT_KEY), 'F591945B4769ABE70BE143F47DBAD762');
    assert.equal(
      sign({ machine_no: '10000001', timestamp: '1700000060' }, MERCHANT_KEY),
      '141B41E34DBA244FEC87395B19F81F57',
    );
  });

  test('the published payload comes out byte for byte, whatever the order of the parameters', () => {
    const published =
      'eyJtYWNoaW5lX25vIjoiMTAwMDAwMDEiLCJzaWduIjoiQUZGMDE1N0Q1MTJBRjczNDZDODE2MzUyQUIwRERGODkiLCJzdGF0dXMiOiIxIiwidGltZXN0YW1wIjoiMTcwMDAwMDAwMCJ9';
    assert.equal(signedPayload(first, MERCHANT_KEY), published);
    assert.equal(signedPayload(Object.fromEntries(Object.entries(first).reverse()), MERCHANT_KEY), published);
  });

  test('empty values and sign are not signed; reserved characters are as the setting says', () => {
    const parameters = { notify_url: 'https://a.example/x?y=1 2', cabinet_name: '', sign: 'old', b: '商' };
    assert.equal(signedText(parameters, 'raw'), 'b=商&notify_url=https://a.example/x?y=1 2');
    assert.equal(signedText(parameters, 'urlencoded'), 'b=%E5%95%86&notify_url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1+2');
    assert.equal(sign(first, MERCHANT_KEY, 'urlencoded'), sign(first, MERCHANT_KEY, 'raw'));
  });

  test('a token is of one account, one order and one machine, and short enough for a route', () => {
    const token = callbackToken(accountWith(), ORDER);
    const longest = { tradeId: 'x'.repeat(40), machineNo: '9'.repeat(20) };
    assert.ok(callbackToken(accountWith(), longest).length < 100);
    const other: AccountView = { ...accountWith(), id: 'other' };
    assert.equal(vending.verify(callbackRequest({ topic: token, body: '{}' }), accountWith()).ok, true);
    const refused = vending.verify(callbackRequest({ topic: token, body: '{}' }), other);
    assert.equal(!refused.ok && refused.refusal.reason, 'unknown_token');
    for (const wrong of [
      { ...ORDER, tradeId: '' },
      { ...ORDER, tradeId: 'a.b' },
      { ...ORDER, machineNo: '一' },
      { ...ORDER, tradeId: 'x'.repeat(41) },
    ]) {
      assert.throws(() => callbackToken(accountWith(), wrong), RangeError);
    }
  });

  test('a forger who signs with an empty key gets in nowhere', () => {
    const empty = accountView(vending, { credentials: { ...credentials, merchantKey: '' } });
    assert.throws(() => callbackToken(empty, ORDER), RangeError);
    const verified = vending.verify(callbackRequest({ topic: callbackToken(accountWith(), ORDER), body: '{}' }), empty);
    assert.equal(!verified.ok && verified.refusal.reason, 'no_secret');
  });

  test('success is HTTP 200, code 0 and message ok, all three', async () => {
    const results = await Promise.all(
      [
        answering({ code: 0, message: 'ok', data: 'pong' }),
        answering({ message: 'ok', data: 'pong' }),
        answering({ code: 0, message: '订单未支付', data: {} }),
        answering({ code: 0, message: 'ok', data: 'pong' }, 500),
        answering({ code: 10_008, message: 'appid or appsecret is empty', data: {} }, 401),
        answering({ code: 6025, message: 'sorry, this machine is offline' }),
        answering({ code: 60_002, message: '商品已下架' }),
        answering({ code: 31_337, message: `key=${MERCHANT_KEY}` }),
        answering('<html>', 502),
        answering('<html>'),
      ].map(async (call) => vending.check?.(accountWith(), call, AT) ?? assert.fail()),
    );
    assert.deepEqual(
      results.map((result) => (result.ok ? 'ok' : `${result.refusal.class} ${result.refusal.code}`)),
      [
        ...['ok', 'ok', 'retry http_200', 'retry http_500', 'alert 10008', 'retry 6025', 'final 60002', 'final 31337'],
        ...['retry http_502', 'retry http_200'],
      ],
    );
    assert.ok(!JSON.stringify(results).includes(MERCHANT_KEY));
  });

  test('codes that are a pair have one class', () => {
    for (const [five, fours] of CODE_PAIRS) {
      const asksFor = (code: string): unknown => [ERROR_CODES[code]?.class, ERROR_CODES[code]?.kind];
      for (const four of fours) assert.deepEqual(asksFor(four), asksFor(five), `${five} ${four}`);
    }
  });

  test('the played platform checks headers, signature, machine and order', async () => {
    const account = accountWith();
    const memory: PlatformMemory = {};
    const story = vending.sandbox.tell(seededRandom('checks'), 1, AT);
    const [step] = story.steps;
    const callback = step?.callback(AT, account, memory) ?? assert.fail();
    const machineNo = callback.topic.split('.')[1] ?? '';
    const played = playedCall(vending, account, memory, AT);
    const asking = async (view: AccountView, machine = machineNo, orderId = story.platformOrderId): Promise<string> => {
      const result = await queryOrder(view, played, { orderId, machineNo: machine }, AT);
      return result.ok ? 'ok' : result.refusal.code;
    };
    const withCredential = (name: string, value: string): AccountView =>
      accountView(vending, {
        credentials: { ...credentials, [name]: value },
        settings: { baseUrl: 'http://platform.invalid' },
      });
    assert.equal(await asking(account), 'ok');
    assert.equal(await asking(withCredential('appid', 'ds1')), '10014');
    assert.equal(await asking(withCredential('appSecret', 'wrong')), '10013');
    assert.equal(await asking(withCredential('merchantKey', 'wrong')), '4006');
    assert.equal(await asking(account, '10009999'), '80002');
    assert.equal(await asking(account, machineNo, '1'), '80002');
    assert.ok((await vending.check?.(account, played, AT))?.ok);
  });

  test('of three records one jams: completed, and partially refunded only once a refund is there', async () => {
    const records = ['IS_SUCCESS', 'IS_FAILED', 'IS_SUCCESS'].map((status, index) => ({
      id: 70 + index,
      product_id: 121,
      quantity: 1,
      price: '1.00',
      status,
    }));
    const data = { order_id: 60, trade_id: ORDER.tradeId, amount: '3.00', status: 'SUCCESS', records };
    const result = await read(answering({ code: 0, message: 'ok', data }));
    assert.ok(result.ok);
    const model = new OrderModel(vending);
    for (const report of result.value) model.take(report);
    const shown = (): unknown => {
      const { status, payment, fulfilment, amounts } = model.order('60') ?? assert.fail();
      return [status, payment, fulfilment, amounts.refunded];
    };
    assert.deepEqual(shown(), ['completed', 'paid', 'delivered', 0]);
    model.take({
      aliases: [{ kind: 'platform', value: '60' }],
      kind: 'vending',
      at: AT,
      facts: [{ line: 'refund:r1', register: 'refund', value: { state: 'succeeded', amount: 100 } }],
    });
    assert.deepEqual(shown(), ['completed', 'partially_refunded', 'delivered', 100]);
  });

  test('the sandbox tells every plot, with numbers of orders that no two share', () => {
    const stories = Array.from({ length: 400 }, (_, index) =>
      vending.sandbox.tell(seededRandom(`plots/${index}`), index + 1, AT),
    );
    assert.equal(new Set(stories.map(({ plot }) => plot)).size, 14);
    assert.equal(new Set(stories.map(({ platformOrderId }) => platformOrderId)).size, 400);
  });
});
