import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseForm, writeForm } from '../../core/form.ts';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import {
  FORM,
  AT,
  binding,
  demo,
  KEY,
  ORDER_ID,
  settingsView,
  T,
  takeToken,
  V5_ORDER,
} from '../../../test/kit/waimai-shop.ts';
import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import type { StoreToken } from '../../core/store-binding.ts';
import { meituanWaimai } from './index.ts';
import { sign } from './signature.ts';

describe('meituan-waimai: asking for the truth', () => {
  const token: StoreToken = { accessToken: T, refreshToken: null, expiresAt: null };
  const wanted: OrderToRead = {
    aliases: [{ kind: 'platform', value: ORDER_ID }],
    kind: 'takeaway',
    store: 'shop-0028',
    storeToken: token,
    doubts: ['refund'],
  };
  const refund = (over: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
    refund_id: 11,
    refund_type: '1',
    refund_apply_time: 1_700_000_300,
    res_type: 2,
    money: '5.00',
    ...over,
  });
  const answering =
    (entries: readonly Readonly<Record<string, unknown>>[]): CallPlatform =>
    async () => ({
      status: 200,
      headers: {},
      body: `{"code":"OP_SUCCESS","data":{"order_id":${ORDER_ID},"OrderRefundInfo":${JSON.stringify(entries)}}}`,
    });
  const read = async (entries: readonly Readonly<Record<string, unknown>>[], order = wanted) =>
    meituanWaimai.readTruth!(demo, answering(entries), order, AT);
  const refundsOf = async (entries: readonly Readonly<Record<string, unknown>>[]): Promise<Record<string, unknown>> => {
    const truth = await read(entries);
    assert.ok(truth.ok, JSON.stringify(truth));
    const facts = truth.value.flatMap((report) => report.facts).filter(({ register }) => register === 'refund');
    return Object.fromEntries(
      facts.filter(({ line }) => !line.endsWith('notice')).map(({ line, value }) => [line, value]),
    );
  };

  test('the request is V2 of the protocol: one JSON text in biz, signed with the rest, the id as it is', async () => {
    const sent: OutgoingRequest[] = [];
    const call: CallPlatform = async (request) => {
      sent.push(request);
      return answering([refund({})])(request);
    };
    await meituanWaimai.readTruth!(demo, call, wanted, 1_700_000_000_999);
    const [request] = sent;
    assert.equal(request?.method, 'POST');
    assert.equal(request.url, 'https://api-open-cater.meituan.com/waimai/ng/order/getBatchOrderRefundInfo');
    const fields = parseForm(request.body ?? '') ?? new Map<string, string>();
    const { sign: signature, ...others } = Object.fromEntries(fields);
    assert.deepEqual(others, {
      appAuthToken: T,
      biz: `{"orderIds":["${ORDER_ID}"]}`,
      businessId: '2',
      charset: 'UTF-8',
      developerId: '100999',
      timestamp: '1700000000',
      version: '2',
    });
    assert.equal(signature, sign(Object.entries(others), KEY));
  });

  test('generation 1 asks by GET with plain parameters, and its answers are understood too', async () => {
    const memory: PlatformMemory = {};
    const first = settingsView({ apiVersion: '1' });
    const storeToken = takeToken('shop-0028', first, memory);
    const sent: OutgoingRequest[] = [];
    const played = playedCall(meituanWaimai, first, memory, AT);
    const proved = await binding.prove(
      first,
      async (request) => (sent.push(request), played(request)),
      'shop-0028',
      storeToken,
      AT,
    );
    assert.ok(proved.ok, JSON.stringify(proved));
    assert.equal(sent[0]?.method, 'GET');
    assert.equal(new URL(sent[0].url).searchParams.get('ePoiIds'), 'shop-0028');
    const refused = await binding.prove(first, played, 'shop-0028', token, AT);
    assert.ok(!refused.ok && binding.tellsReleased?.(refused.refusal));
  });

  test('every refund has a line by its own number, and only those that succeeded count', async () => {
    assert.deepEqual(
      await refundsOf([
        refund({ refund_id: 90000000001 }),
        refund({ refund_id: 90000000002, money: 3.5, res_type: 5 }),
        refund({ refund_id: 90000000003, res_type: 1 }),
        refund({ refund_id: 90000000004, res_type: 0, reason: '电话 13812341234' }),
        refund({ refund_id: undefined, refund_type: 2, money: null, res_type: 6 }),
      ]),
      {
        'refund:90000000001': { state: 'succeeded', amount: 500 },
        'refund:90000000002': { state: 'succeeded', amount: 350 },
        'refund:90000000003': { state: 'failed', amount: 500 },
        'refund:90000000004': { state: 'requested', amount: 500, reason: '电话 ****' },
        'refund:2-1700000300': { state: 'succeeded', amount: null, whole: true },
      },
    );
    const states = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(async (res_type) => Object.values(await refundsOf([refund({ res_type })]))[0]),
    );
    assert.deepEqual(
      states.map((value) => (value as { readonly state: string }).state),
      ['requested', 'failed', 'succeeded', 'failed', 'succeeded', 'succeeded', 'succeeded', 'failed', 'failed'],
    );
  });

  test('of a request and its appeal under one number the younger counts, in whichever order they are listed', async () => {
    const entries = [refund({ res_type: 1 }), refund({ res_type: 4, refund_apply_time: 1_700_009_000, is_appeal: 1 })];
    for (const list of [entries, [...entries].reverse()]) {
      assert.deepEqual(await refundsOf(list), { 'refund:11': { state: 'succeeded', amount: 500 } });
    }
    const same = [refund({ res_type: 2 }), refund({ res_type: 0 })];
    for (const list of [same, [...same].reverse()])
      assert.deepEqual(await refundsOf(list), { 'refund:11': { state: 'succeeded', amount: 500 } });
  });

  test('an order that is known by its shown number alone is asked for by it, and rests with all of its refunds', async () => {
    const sent: string[] = [];
    const call: CallPlatform = async (request) => {
      sent.push(new URLSearchParams(request.body).get('biz') ?? '');
      const data = request.url.endsWith('queryById') ? V5_ORDER : `{"order_id":${ORDER_ID},"OrderRefundInfo":[]}`;
      return { status: 200, headers: {}, body: `{"code":"OP_SUCCESS","data":${data}}` };
    };
    const order = { ...wanted, aliases: [{ kind: 'display', value: ORDER_ID }], doubts: ['overdue'] } as const;
    const truth = await meituanWaimai.readTruth!(demo, call, order, AT);
    assert.ok(truth.ok, JSON.stringify(truth));
    assert.deepEqual(sent, [`{"orderId":${ORDER_ID}}`, `{"orderIds":["${ORDER_ID}"]}`]);
    assert.deepEqual(
      truth.value.map(({ aliases }) => aliases.map(({ kind }) => kind)),
      [['platform', 'display']],
    );
  });

  test('what cannot be known is refused and never guessed', async () => {
    const refusal = async (entries: readonly Readonly<Record<string, unknown>>[], order = wanted) => {
      const truth = await read(entries, order);
      return truth.ok ? 'ok' : `${truth.refusal.class} ${truth.refusal.code}`;
    };
    assert.equal(await refusal([]), 'retry no_refund_listed');
    assert.equal(await refusal([refund({ res_type: 12 })]), 'final unreadable_answer');
    assert.equal(await refusal([refund({ money: '5.001' })]), 'final unreadable_answer');
    assert.equal(await refusal([refund({})], { ...wanted, storeToken: null }), 'alert no_store_token');
    assert.equal(
      await refusal([refund({})], { ...wanted, aliases: [{ kind: 'merchant', value: '1' }] }),
      'final no_order_id',
    );
  });

  test('a truth read replaces what the pushes said, and a later push stands until the next one', async () => {
    const model = new OrderModel(meituanWaimai);
    const push = (body: string, topic: string, receivedAt: number): void => {
      const request = { ...callbackRequest({ topic, headers: FORM, body }), receivedAt };
      const verified = meituanWaimai.verify(request, demo);
      assert.ok(verified.ok);
      const parsed = meituanWaimai.parse(verified.accepted, demo);
      assert.ok(parsed.kind === 'reports', JSON.stringify(parsed));
      for (const report of parsed.reports) model.take(report);
    };
    const message = (name: string, json: string): string => {
      const fields = [
        ['ePoiId', 'shop-0028'],
        [name, json],
      ] as const;
      return writeForm([...fields, ['sign', sign(fields, KEY)]]);
    };
    const shown = () => {
      const order = model.order(ORDER_ID);
      return [order?.payment, order?.amounts.refunded, order?.flags.join(' ')];
    };
    push(
      message('order', `{"orderId":${ORDER_ID},"status":4,"payType":2,"total":16.88,"ctime":1700000000}`),
      'confirmed',
      AT,
    );
    push(
      message('partOrderRefund', `{"orderId":${ORDER_ID},"notifyType":"agree","money":5}`),
      'partial-refund',
      AT + 1,
    );
    push(
      message('partOrderRefund', `{"orderId":${ORDER_ID},"notifyType":"agree","money":3}`),
      'partial-refund',
      AT + 2,
    );
    assert.deepEqual(shown(), ['partially_refunded', 300, 'doubt'], 'the last received stands');
    const settle = async (entries: readonly Readonly<Record<string, unknown>>[], at: number) => {
      const truth = await meituanWaimai.readTruth!(demo, answering(entries), wanted, at);
      assert.ok(truth.ok);
      for (const report of truth.value) model.take(report);
    };
    const parts = [refund({ refund_id: 1 }), refund({ refund_id: 2, money: '3.00' })];
    await settle(parts, AT + 3);
    assert.deepEqual(shown(), ['partially_refunded', 800, '']);
    push(message('orderRefund', `{"orderId":${ORDER_ID},"notifyType":"apply"}`), 'refund', AT + 4);
    assert.deepEqual(shown(), ['partially_refunded', 800, 'doubt refund_requested']);
    await settle([...parts, refund({ refund_id: 3, refund_type: '2', money: undefined })], AT + 5);
    assert.deepEqual(shown(), ['refunded', 1688, '']);
  });

  test('an answer ends the doubt of a push of its own millisecond, and of a platform whose clock is ahead', async () => {
    const heard = (name: string, json: string, topic: string): readonly Report[] => {
      const fields = [
        ['ePoiId', 'shop-0028'],
        [name, json],
      ] as const;
      const body = writeForm([...fields, ['sign', sign(fields, KEY)]]);
      const request = { ...callbackRequest({ topic, headers: FORM, body }), receivedAt: AT };
      const verified = meituanWaimai.verify(request, demo);
      assert.ok(verified.ok);
      const parsed = meituanWaimai.parse(verified.accepted, demo);
      assert.ok(parsed.kind === 'reports', JSON.stringify(parsed));
      return parsed.reports;
    };
    const ahead = Math.floor(AT / 1000) + 60;
    const times = `"ctime":${ahead},"utime":${ahead}`;
    const incomplete = `{"orderId":${ORDER_ID},"status":2,"payType":2,"total":16.88,"incmpCode":-1,${times}}`;
    const truth = await read([refund({})]);
    assert.ok(truth.ok);
    for (const pushes of [
      heard('orderRefund', `{"orderId":${ORDER_ID},"notifyType":"apply"}`, 'refund'),
      heard('order', incomplete, 'order'),
    ]) {
      const model = new OrderModel(meituanWaimai);
      for (const report of pushes) model.take(report);
      assert.ok(model.order(ORDER_ID)?.flags.includes('doubt'));
      for (const report of truth.value) model.take(report);
      assert.ok(!model.order(ORDER_ID)?.flags.includes('doubt'));
    }
  });

  test('one harmless call proves the credentials, and a wrong key is told apart', async () => {
    const check = async (account: AccountView) =>
      meituanWaimai.check!(account, playedCall(meituanWaimai, demo, {}, AT), AT);
    assert.deepEqual(await check(demo), { ok: true, value: 'developer 100999' });
    const wrong = await check(
      accountView(meituanWaimai, { credentials: { developerId: '100999', signKey: 'anotherSignKey01' } }),
    );
    assert.ok(!wrong.ok && wrong.refusal.class === 'alert');
    const none = await check(accountView(meituanWaimai, { credentials: { developerId: '100999' } }));
    assert.ok(!none.ok && none.refusal.code === 'no_credentials');
  });
});
