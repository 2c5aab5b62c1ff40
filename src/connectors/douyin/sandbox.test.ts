import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { isLosslessObject, parseLossless, stringifyLossless } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { ecpayRequest, pushRequest, readAnswer } from './client.ts';
import { douyin } from './index.ts';
import type { EcpayFields } from './request-signature.ts';
import { pushedStatuses } from './sandbox-push.ts';
import { giveToken } from './sandbox-tokens.ts';

const AT = Date.UTC(2026, 10, 20, 4);
const account = accountView(douyin, douyin.sandbox.demoAccount(seededRandom('played'), 'http://platform.invalid'));
const { sandbox } = douyin;
const MADE: EcpayFields = {
  out_order_no: 'HUB1',
  total_amount: 1000,
  subject: '月卡',
  body: '月卡',
  valid_time: 600,
  notify_url: 'https://hub.test/callbacks/douyin/dy-1',
};

/** A world with one order, and what is done in it. */
class World {
  readonly memory: PlatformMemory = {};
  at = AT;

  call(path: string, body: string, headers: Readonly<Record<string, string>> = {}): CallAnswer {
    const call: IncomingCall = {
      ...{ method: 'POST', path, query: '', body, at: this.at },
      headers: { 'content-type': 'application/json', ...headers },
    };
    return sandbox.answer?.(call, account, this.memory) ?? assert.fail();
  }
  ecpay(name: string, fields: EcpayFields): Readonly<Record<string, Json>> {
    const { url, body = '' } = ecpayRequest(account, name, fields);
    return JSON.parse(this.call(new URL(url).pathname, body).body) as Readonly<Record<string, Json>>;
  }
  after(ms: number): readonly OutgoingCallback[] {
    this.at += ms;
    return sandbox.tick?.(this.at, account, this.memory).callbacks ?? [];
  }
  pay = (name: string): readonly OutgoingCallback[] | undefined => sandbox.pay?.(name, this.at, account, this.memory);
  paid(): this {
    this.ecpay('create_order', MADE);
    this.at += 1000;
    assert.ok(this.pay('HUB1') !== undefined);
    return this;
  }
}
const code = (answer: Readonly<Record<string, Json>>): unknown => answer['err_no'] ?? answer['err_code'];
const refund = (amount: number, number = 'RF1'): EcpayFields => ({
  ...{ out_order_no: 'HUB1', out_refund_no: number, reason: '退', refund_amount: amount },
});
const settle = (number: string, more: EcpayFields = {}): EcpayFields => ({
  ...{ out_order_no: 'HUB1', out_settle_no: number, settle_desc: '结算', finish: 'true' },
  ...more,
});

describe('douyin, as the sandbox plays it', () => {
  test('a call is refused for its signature, its app, its content type and its parameters, in this order', () => {
    const world = new World();
    const { url, body = '' } = ecpayRequest(account, 'create_order', MADE);
    const path = new URL(url).pathname;
    const codeOf = (text: string, headers = {}): unknown =>
      (JSON.parse(world.call(path, text, headers).body) as Readonly<Record<string, Json>>)['err_no'];
    assert.equal(codeOf(body.replace('1000', '1001')), 2008);
    assert.equal(codeOf(body, { 'content-type': 'application/x-www-form-urlencoded' }), 2008);
    const fields = parseLossless(body);
    assert.ok(isLosslessObject(fields));
    assert.equal(codeOf(stringifyLossless(new Map([...fields, ['app_id', 'tt-other']]))), 2042);
    assert.equal(code(world.ecpay('create_order', { ...MADE, total_amount: '1000' })), 2010);
    assert.equal(code(world.ecpay('create_order', { ...MADE, subject: '字'.repeat(43) })), 2010);
    assert.equal(code(world.ecpay('create_order', { ...MADE, out_order_no: 'a b' })), 2010);
    assert.equal(code(world.ecpay('close_order', { out_order_no: 'HUB1' })), 2010);
    assert.equal(codeOf(body), 0);
  });

  test('a repeated number takes the parameters of the first request', () => {
    const world = new World();
    const first = world.ecpay('create_order', MADE);
    assert.deepEqual(world.ecpay('create_order', { ...MADE, total_amount: 5 }), first);
    const info = world.ecpay('query_order', { out_order_no: 'HUB1' })['payment_info'] as Readonly<Record<string, Json>>;
    assert.deepEqual([info['total_fee'], info['order_status'], info['pay_time']], [1000, 'PROCESSING', '']);
  });

  test('the user pays once and in time; then the order’s own address is called back', () => {
    const world = new World();
    world.ecpay('create_order', MADE);
    const [callback, ...others] = world.pay('HUB1') ?? [];
    assert.deepEqual([callback?.url, others.length], ['https://hub.test/callbacks/douyin/dy-1', 0]);
    assert.equal(world.pay('HUB1'), undefined);
    world.ecpay('create_order', { ...MADE, out_order_no: 'HUB2', valid_time: 1 });
    assert.deepEqual(world.after(299_999), [], 'a shorter time counts as 300 s');
    assert.deepEqual(world.after(1), [], 'and nobody is told of its end');
    assert.equal(world.pay('HUB2'), undefined);
    const info = world.ecpay('query_order', { out_order_no: 'HUB2' })['payment_info'] as Readonly<Record<string, Json>>;
    assert.equal(info['order_status'], 'TIMEOUT');
    assert.equal(code(world.ecpay('query_order', { out_order_no: 'HUB3' })), 2000);
  });

  test('refunds never exceed what was paid, each number counts once, and the result comes later', () => {
    const world = new World().paid();
    assert.equal(code(world.ecpay('create_refund', refund(1001))), 2010);
    const taken = world.ecpay('create_refund', refund(600));
    assert.deepEqual(world.ecpay('create_refund', refund(600)), taken);
    assert.equal(code(world.ecpay('create_refund', refund(401, 'RF2'))), 2010);
    const state = (): unknown =>
      (world.ecpay('query_refund', { out_refund_no: 'RF1' })['refundInfo'] as Readonly<Record<string, Json>>)[
        'refund_status'
      ];
    assert.equal(state(), 'PROCESSING');
    assert.equal(world.after(3000).length, 1);
    assert.deepEqual([state(), world.after(60_000).length], ['SUCCESS', 0]);
    assert.equal(code(world.ecpay('query_refund', { out_refund_no: 'RF9' })), 3101);
    const [order] = sandbox.orders?.(account, world.memory) ?? [];
    assert.deepEqual(order?.refunds, { RF1: 600 });
    assert.deepEqual(order?.expected, {
      payment: 'partially_refunded',
      amounts: { total: 1000, paid: 1000, refunded: 600 },
    });
  });

  test('settlements: parts first, the last takes the rest, none after it; then refunds come from the balance', () => {
    const world = new World().paid();
    const part = '[{"merchant_uid":"7","amount":300}]';
    assert.equal(
      code(world.ecpay('settle', settle('S0', { settle_params: '[{"merchant_uid":"7","amount":1001}]' }))),
      2010,
    );
    assert.equal(code(world.ecpay('settle', settle('S1', { settle_params: part, finish: 'false' }))), 0);
    const left = (): unknown =>
      (world.ecpay('unsettle_amount', { out_order_no: 'HUB1' })['data'] as Readonly<Record<string, Json>>)[
        'unsettle_amount'
      ];
    assert.equal(left(), 700);
    assert.equal(code(world.ecpay('settle', settle('S2'))), 0);
    assert.equal(left(), 0);
    assert.equal(code(world.ecpay('settle', settle('S3'))), 2010);
    assert.equal(world.after(3000).length, 2);
    assert.equal(world.memory['balance'], 700);
    world.ecpay('create_refund', refund(1000));
    const [told] = world.after(3000);
    assert.match(told?.body ?? '', /FAIL/u);
    world.ecpay('create_refund', refund(700, 'RF2'));
    assert.match(world.after(3000)[0]?.body ?? '', /SUCCESS/u);
    assert.equal(world.memory['balance'], 0);
  });

  test('the order centre wants a living token, a real user, and number and text that agree', () => {
    const world = new World();
    const credentials = {
      appid: account.credential('appId') ?? '',
      secret: account.credential('appSecret') ?? '',
      grant_type: 'client_credential',
    };
    const call = { method: 'POST', path: '', query: '', headers: { 'content-type': 'application/json' }, at: AT };
    const given = giveToken({ ...call, body: JSON.stringify(credentials) }, account, world.memory);
    const token = (given['data'] as Readonly<Record<string, Json>>)['access_token'] ?? '';
    const detail = {
      ...{ order_id: 'HUB1', create_time: AT, status: '已支付', amount: 1, total_price: 1000, detail_url: 'p/o' },
      item_list: [{ item_code: 'A', img: 'https://i/a.png', title: '月卡', amount: 1, price: 1000 }],
    };
    const push = (more: Readonly<Record<string, Json>>, changes: Readonly<Record<string, Json>> = {}): unknown => {
      const { body = '' } = pushRequest(account, {
        ...{ access_token: token, app_name: 'douyin', open_id: '_000u', order_type: 0, order_status: 1 },
        ...{ update_time: world.at, order_detail: JSON.stringify({ ...detail, ...changes }), ...more },
      });
      return code(JSON.parse(world.call('/api/apps/order/v2/push', body).body) as Readonly<Record<string, Json>>);
    };
    assert.equal(push({}), 0);
    assert.equal(push({}, { item_list: JSON.stringify(detail.item_list) }), 0);
    assert.equal(push({ access_token: 'x' }), 40_014);
    assert.equal(push({ open_id: 'ide123' }), 40_012);
    assert.equal(push({ app_name: 'toutiao' }), 40_016);
    for (const [more, changes] of [
      [{ order_status: 2 }, {}],
      [{ order_status: 3 }, {}],
      [{ update_time: Math.floor(AT / 1000) }, {}],
      [{ order_detail: detail }, {}],
      [{}, { item_list: [] }],
      [{}, { item_list: [{ img: 'x', title: 'x', price: 1 }] }],
      [{}, { detail_url: 'https://host/p' }],
      [{}, { total_price: 10.5 }],
      [{}, { padding: 'x'.repeat(2048) }],
    ] as const)
      assert.equal(push(more, changes), 40_015, JSON.stringify([more, changes]).slice(0, 60));
    world.at += 7_200_000;
    assert.equal(push({}), 40_014, 'a token lives two hours');
    assert.deepEqual(pushedStatuses(world.memory, 'HUB1'), ['1', '1']);
  });

  test('each trouble is what the platform would say, and a repeated number has been done', () => {
    const world = new World().paid();
    const { url, body = '' } = ecpayRequest(account, 'create_refund', refund(100));
    const headers = { 'content-type': 'application/json' };
    const call = { method: 'POST', path: new URL(url).pathname, query: '', headers, body, at: world.at };
    const meaning = (name: string): string => {
      const fault = sandbox.faults?.find((one) => one.name === name) ?? assert.fail(name);
      assert.ok(fault.applies(call));
      const { status, body: said } = fault.answer(call, account, world.memory);
      const answered = readAnswer('ecpay', { status, headers: {}, body: said });
      return answered.kind === 'refused' ? `${answered.refusal.class} ${answered.refusal.kind ?? ''}` : answered.kind;
    };
    assert.equal(meaning('rate_limit'), 'retry rate');
    assert.equal(meaning('system_busy'), 'unknown');
    assert.equal(code(world.ecpay('query_refund', { out_refund_no: 'RF1' })), 3101);
    assert.equal(meaning('duplicate_number'), 'final duplicate');
    assert.equal(code(world.ecpay('query_refund', { out_refund_no: 'RF1' })), 0);
    const expired = sandbox.faults?.find(({ name }) => name === 'expired_token');
    const pushed = { ...call, path: '/api/apps/order/v2/push' };
    assert.deepEqual([expired?.applies(call), expired?.applies(pushed)], [false, true]);
    const said = expired?.answer(pushed, account, world.memory) ?? assert.fail();
    const answered = readAnswer('push', { status: 200, headers: {}, body: said.body });
    assert.equal(answered.kind === 'refused' && answered.refusal.kind, 'token');
  });

  test('an order of the trade system is made by the customer’s app, and paid once', () => {
    const world = new World();
    const data = JSON.stringify({ outOrderNo: 'T1', totalAmount: 500, payExpireSeconds: 300 });
    world.at += 1;
    const [callback] = world.pay(data) ?? [];
    assert.match(callback?.body ?? '', /"version":"3.0"/u);
    assert.equal(world.pay(data), undefined);
    const [order] = sandbox.orders?.(account, world.memory) ?? [];
    assert.match(order?.platformOrderId ?? '', /^ots7\d{18}$/u);
  });
});
