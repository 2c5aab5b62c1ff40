import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actAt, actionsOf, orderAfter, reportsOf, sendTo } from '../../../test/kit/played-action.ts';
import type { PlayedPlatform } from '../../../test/kit/played-action.ts';
import { settleDoubts } from '../../../test/kit/truth-reading.ts';
import { KEY, ORDER_ID, T } from '../../../test/kit/waimai-shop.ts';
import type { ActionOutcome, ActionRequest, PreparedAction } from '../../core/action.ts';
import type { Report } from '../../core/fact.ts';
import { parseForm } from '../../core/form.ts';
import type { Json } from '../../core/json.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { refundLine } from '../../core/registers.ts';
import { meituanWaimai } from './index.ts';
import { noteOrder } from './sandbox-told.ts';
import { inventOrder, orderText, signedCallback } from './sandbox-orders.ts';
import type { PlayedOrder } from './sandbox-orders.ts';
import { sign } from './signature.ts';

const AT = 1_700_000_000_000;
const TOKEN = { accessToken: T, refreshToken: null, expiresAt: null };
const view = (settings: Readonly<Record<string, Json>> = {}): PlayedPlatform['account'] =>
  accountView(meituanWaimai, { credentials: { developerId: '100999', signKey: KEY }, settings });
const actions = actionsOf(meituanWaimai);

type Params = Readonly<Record<string, Json>>;

/** An order of which only its number is known. */
function bareRequest(action: string, params: Params = {}, orderId = ORDER_ID): ActionRequest {
  const json = orderAfter(meituanWaimai, orderId, [
    { aliases: [{ kind: 'platform', value: orderId }], kind: 'takeaway', at: null, facts: [] },
  ]) as OrderJson;
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  return {
    action,
    params,
    number: 'act-1',
    at: AT,
    order: { aliases, kind: 'takeaway', json, store: '8859', storeToken: TOKEN },
  };
}

const fieldsOf = (prepared: PreparedAction): ReadonlyMap<string, string> => {
  assert.ok(prepared.ok, JSON.stringify(prepared));
  return parseForm(prepared.request.body ?? '') ?? new Map();
};
const faultsOf = (action: string, params: Params, orderId?: string): readonly string[] => {
  const prepared = actions.prepare(view(), bareRequest(action, params, orderId));
  return prepared.ok ? [] : prepared.faults.map(({ field }) => field);
};
const response = (body: string, status = 200) => ({ status, headers: {}, body });
const concluded = (action: string, body: string, status = 200): ActionOutcome =>
  actions.conclude(view(), bareRequest(action), response(body, status));

describe('meituan-waimai: the bytes of an action', () => {
  test('a cancellation is V7 of the protocol', () => {
    const prepared = actions.prepare(view(), bareRequest('cancel', { reasonCode: '2009', reason: '商品已售完' }));
    const fields = fieldsOf(prepared);
    assert.equal(fields.get('biz'), `{"orderId":${ORDER_ID},"reason":"商品已售完","reasonCode":"2009"}`);
    assert.equal(fields.get('sign'), '5dfca2068ea3dfebc44034270bfa62c06025b44f');
    assert.ok(prepared.ok && prepared.request.url.endsWith('/waimai/order/cancel'));
    assert.equal(prepared.request.call, 'order.cancel');
  });

  test('of generation 1 it is V1 and V2, save for the letter case of charset and the version that V2 leaves out', () => {
    const accept = fieldsOf(actions.prepare(view({ apiVersion: '1' }), bareRequest('accept')));
    assert.equal(sign([...new Map(accept).set('charset', 'utf-8')], KEY), 'a65880d406f1d40d816725401e15819c457f4db1');
    const params = { reasonCode: '2009', reason: '商品已售完，抱歉😄 a+b&c=d' };
    const cancel = fieldsOf(
      actions.prepare(view({ apiVersion: '1' }), bareRequest('cancel', params, '16650443632263245')),
    );
    const kept = [...cancel].filter(([name]) => name !== 'version');
    assert.equal(sign(kept, KEY), '74d216b2f188ed1551b8c754de7e384806f6e862');
    assert.equal(cancel.get('sign'), sign([...cancel], KEY));
  });

  test('every action asks for its own path and writes the number as the protocol types it', () => {
    const rider = { name: '王师傅', phone: '13900001111' };
    const cases: readonly (readonly [string, Params, string, string])[] = [
      ['accept', {}, 'confirm', `{"orderId":${ORDER_ID}}`],
      ['cancel', {}, 'cancel', `{"orderId":${ORDER_ID},"reason":"其他原因","reasonCode":"2007"}`],
      ['cancel', { reasonCode: '2009' }, 'cancel', `{"orderId":${ORDER_ID},"reason":"商品已售完","reasonCode":"2009"}`],
      ['agree-refund', {}, 'agreeRefund', `{"orderId":"${ORDER_ID}","reason":"同意退款"}`],
      ['reject-refund', { reason: '已送达' }, 'rejectRefund', `{"orderId":${ORDER_ID},"reason":"已送达"}`],
      ['ready', {}, 'preparationMealComplete', `{"orderId":"${ORDER_ID}"}`],
      [
        'assign',
        rider,
        'riderPosition',
        `{"backFlowTime":1700000000,"courierName":"王师傅","courierPhone":"13900001111","logisticsStatus":10,"orderId":${ORDER_ID}}`,
      ],
      ['picked-up', {}, 'delivering', `{"orderId":${ORDER_ID}}`],
      ['picked-up', rider, 'delivering', `{"courierName":"王师傅","courierPhone":"13900001111","orderId":${ORDER_ID}}`],
      [
        'position',
        { lng: 120.382_345, lat: 30 },
        'riderPosition',
        `{"backFlowTime":1700000000,"latitude":"30","logisticsStatus":10,"longitude":"120.382345","orderId":${ORDER_ID}}`,
      ],
      ['delivered', {}, 'delivered', `{"orderId":${ORDER_ID}}`],
      ['query', {}, 'queryById', `{"orderId":${ORDER_ID}}`],
    ];
    for (const [action, params, path, biz] of cases) {
      const prepared = actions.prepare(view(), bareRequest(action, params));
      assert.equal(fieldsOf(prepared).get('biz'), biz, action);
      assert.ok(prepared.ok && prepared.request.url === `https://api-open-cater.meituan.com/waimai/order/${path}`);
    }
    assert.deepEqual(
      [...new Set(cases.map(([action]) => action))],
      actions.specs.map(({ name }) => name),
    );
  });
});

describe('meituan-waimai: what is checked before it is sent', () => {
  test('each limit holds at its value and not past it', () => {
    const rider = { name: '王', phone: '13900001111' };
    const cases: readonly (readonly [string, Params, readonly string[]])[] = [
      ['cancel', { reasonCode: '2001' }, []],
      ['cancel', { reasonCode: '2016' }, []],
      ['cancel', { reasonCode: '2000' }, ['reasonCode']],
      ['cancel', { reasonCode: '2017' }, ['reasonCode']],
      ['cancel', { reasonCode: '1204' }, ['reasonCode']],
      ['cancel', { reasonCode: 2009 }, ['reasonCode']],
      ['cancel', { reason: '缺'.repeat(200) }, []],
      ['cancel', { reason: '缺'.repeat(201) }, ['reason']],
      ['reject-refund', {}, ['reason']],
      ['reject-refund', { reason: '😄'.repeat(200) }, []],
      ['reject-refund', { reason: '😄'.repeat(201) }, ['reason']],
      ['assign', {}, ['name', 'phone']],
      ['assign', { ...rider, name: '王'.repeat(50) }, []],
      ['assign', { ...rider, name: '王'.repeat(51) }, ['name']],
      ['assign', { ...rider, phone: '13900001111_1234' }, []],
      ['assign', { ...rider, phone: '1390' }, ['phone']],
      ['assign', { ...rider, phone: '138****1234' }, ['phone']],
      ['assign', { ...rider, lng: 120 }, ['lat']],
      ['position', { lng: 180, lat: -90 }, []],
      ['position', { lng: 180.1, lat: 90.1 }, ['lng', 'lat']],
      ['position', { lng: '120', lat: 30 }, ['lng']],
      ['position', { lng: 0, lat: 0 }, ['lng']],
      ['accept', { reason: 'x' }, ['reason']],
    ];
    for (const [action, params, fields] of cases)
      assert.deepEqual(faultsOf(action, params), fields, `${action} ${JSON.stringify(params).slice(0, 60)}`);
  });

  test('nothing is sent without the number, the token, the credentials or a known action', () => {
    assert.deepEqual(faultsOf('accept', {}, '1'.repeat(20)), []);
    assert.deepEqual(faultsOf('accept', {}, '1'.repeat(21)), ['order']);
    assert.deepEqual(faultsOf('accept', {}, 'x'), ['order']);
    assert.deepEqual(faultsOf('refund', {}), ['action']);
    const request = bareRequest('accept');
    const unbound = actions.prepare(view(), { ...request, order: { ...request.order, storeToken: null } });
    assert.deepEqual(!unbound.ok && unbound.faults.map(({ field }) => field), ['store']);
    const bare = actions.prepare(accountView(meituanWaimai, { credentials: {} }), request);
    assert.deepEqual(!bare.ok && bare.faults.map(({ field }) => field), ['account']);
  });
});

describe('meituan-waimai: what an answer means', () => {
  const error = (message: string, code = 'OP_ERROR'): string => JSON.stringify({ code, msg: message });

  test('ok in either case of either generation is success, and so is done already', () => {
    for (const body of ['{"data":"ok"}', '{"data":"OK"}', '{"code":"OP_SUCCESS","msg":"成功","data":"ok"}'])
      assert.equal(concluded('accept', body).state, 'succeeded', body);
    const already: readonly (readonly [string, string])[] = [
      ['accept', '订单已经确认'],
      ['accept', '订单已确认，请勿重复操作'],
      ['cancel', '订单已取消'],
      ['agree-refund', '退款已同意'],
      ['reject-refund', '退款已驳回'],
      ['ready', '该订单已出餐'],
      ['picked-up', '订单已开始配送'],
      ['delivered', '订单已送达'],
    ];
    for (const [action, words] of already) {
      assert.equal(concluded(action, error(words)).state, 'succeeded', words);
      assert.equal(concluded(action, JSON.stringify({ error: { code: 1, message: words } })).state, 'succeeded');
    }
    assert.equal(concluded('accept', error('订单已取消')).state, 'failed');
    assert.equal(concluded('accept', '{"data":"error"}').state, 'failed');
  });

  test('each class of error is told apart, and where a repeat would cost something doubt stays doubt', () => {
    const classOf = (outcome: ActionOutcome): string =>
      outcome.state === 'failed' ? outcome.refusal.class : outcome.state;
    const cases: readonly (readonly [string, string, string])[] = [
      ['订单不存在', 'final', 'final'],
      ['签名验证失败', 'alert', 'alert'],
      ['appAuthToken 无效', 'alert', 'alert'],
      ['请求过于频繁', 'retry', 'retry'],
      ['系统繁忙，请稍后再试', 'retry', 'unknown'],
      ['服务超时', 'retry', 'unknown'],
    ];
    for (const [words, harmless, costly] of cases) {
      assert.equal(classOf(concluded('accept', error(words))), harmless, words);
      assert.equal(classOf(concluded('agree-refund', error(words))), costly, words);
    }
    for (const [body, status] of [
      ['bad gateway', 502],
      ['<html>', 200],
    ] as const) {
      assert.equal(classOf(concluded('accept', body, status)), 'retry');
      assert.equal(classOf(concluded('cancel', body, status)), 'unknown');
    }
    assert.equal(classOf(concluded('cancel', 'slow down', 429)), 'retry');
  });

  test('no secret that the platform repeats is told', () => {
    const outcome = concluded('accept', error(`bad ${KEY} ${T}`));
    assert.ok(outcome.state === 'failed' && !/demoSignKey|a1b2c3/u.test(outcome.refusal.message));
  });
});

/** A bound store and one order with own riders, paid at the door or online. */
function played(cash: boolean, seed = 0.3): { readonly world: PlayedPlatform; readonly order: PlayedOrder } {
  const world: PlayedPlatform = { connector: meituanWaimai, account: view(), memory: {} };
  const order = inventOrder(() => seed, 7, AT - 60_000, cash);
  world.memory[`token ${T}`] = order.store.ePoiId;
  noteOrder(world.memory, order, { kind: 'order', status: 2 }, AT - 60_000);
  return { world, order };
}

const pushed = (world: PlayedPlatform, order: PlayedOrder, status = 2): readonly Report[] =>
  reportsOf(
    world,
    signedCallback(world.account, order.store.ePoiId, {
      topic: 'order',
      field: 'order',
      json: orderText(order, status, AT - 60_000, 'push'),
    }),
  );

function requestFor(order: PlayedOrder, reports: readonly Report[], action: string, at: number, params: Params = {}) {
  const json = orderAfter(meituanWaimai, order.id, reports) as OrderJson;
  const aliases = [{ kind: 'platform', value: order.id }] as const;
  const store = order.store.ePoiId;
  const about = { aliases, kind: 'takeaway' as const, json, store, storeToken: TOKEN };
  return { action, params, number: 'act-1', at, order: about } satisfies ActionRequest;
}

describe('meituan-waimai: acting on a played order', () => {
  test('own riders carry an order to its door; each report converges with the callback that it set off', () => {
    const { world, order } = played(true);
    const reports: Report[] = [...pushed(world, order)];
    const rider = { name: '王师傅', phone: '13900001111' };
    const steps: readonly (readonly [string, Params, string])[] = [
      ['accept', {}, 'accepted'],
      ['ready', {}, 'accepted'],
      ['assign', rider, 'preparing'],
      ['position', { lng: 120.38, lat: 30.31 }, 'preparing'],
      ['picked-up', rider, 'delivering'],
      ['position', { lng: 120.39, lat: 30.32 }, 'delivering'],
      ['delivered', {}, 'delivered'],
    ];
    for (const [index, [action, params, fulfilment]] of steps.entries()) {
      const request = requestFor(order, reports, action, AT + index * 60_000, params);
      const spec = actions.specs.find(({ name }) => name === action);
      assert.equal(spec?.refuses(request.order.json), undefined, action);
      const { outcome, callbacks } = actAt(world, request);
      assert.ok(outcome.state === 'succeeded', `${action} ${JSON.stringify(outcome)}`);
      const told = callbacks.flatMap((callback) => reportsOf(world, callback));
      const both = orderAfter(meituanWaimai, order.id, [...reports, ...outcome.reports, ...told]);
      assert.deepEqual(orderAfter(meituanWaimai, order.id, [...reports, ...told, ...outcome.reports]), both, action);
      if (told.length > 0) assert.deepEqual(orderAfter(meituanWaimai, order.id, [...reports, ...told]), both, action);
      const shown = orderAfter(meituanWaimai, order.id, [...reports, ...outcome.reports]) as OrderJson;
      assert.equal(shown.fulfilment, fulfilment, action);
      reports.push(...outcome.reports, ...told);
    }
    const { json } = requestFor(order, reports, 'query', AT).order;
    assert.equal(json.takeaway?.rider?.phone, '13900001111');
    const open = actions.specs.filter((spec) => spec.refuses(json) === undefined).map(({ name }) => name);
    assert.deepEqual(open, ['cancel', 'query']);
  });

  test('a second accept is told that it is done, which is success', () => {
    const { world, order } = played(false);
    const request = requestFor(order, pushed(world, order), 'accept', AT);
    assert.equal(actAt(world, request).callbacks.length, 1);
    const { outcome, callbacks } = actAt(world, request);
    assert.deepEqual([outcome.state, callbacks.length], ['succeeded', 0]);
  });

  test('a cancellation has the key and the winners of the callback that it sets off', () => {
    const { world, order } = played(false);
    const reports = pushed(world, order);
    const request = requestFor(order, reports, 'cancel', AT, { reasonCode: '2009', reason: '卖完了 13812345678' });
    const { outcome, callbacks } = actAt(world, request);
    assert.ok(outcome.state === 'succeeded');
    const [callback] = callbacks;
    assert.ok(callback !== undefined);
    assert.deepEqual(outcome.reports, reportsOf(world, callback));
    const shown = orderAfter(meituanWaimai, order.id, [...reports, ...outcome.reports]) as OrderJson;
    assert.equal(shown.status, 'cancelled');
    assert.ok(!JSON.stringify(shown.platformFields).includes('13812345678'));
    assert.equal(actAt(world, requestFor(order, reports, 'accept', AT)).outcome.state, 'failed');
  });

  test('riders of the platform, unpaid and ended orders are refused in words and by the platform', () => {
    const { world, order } = played(false);
    const [first] = pushed(world, order);
    assert.ok(first !== undefined);
    const refusedFor = (json: OrderJson): readonly string[] =>
      actions.specs.filter((spec) => spec.refuses(json) !== undefined).map(({ name }) => name);
    const unpaid = requestFor(order, pushed(world, order, 1), 'accept', AT).order.json;
    assert.ok(refusedFor(unpaid).includes('accept'));
    const ended = requestFor(order, pushed(world, order, 9), 'accept', AT).order.json;
    assert.deepEqual(
      refusedFor(ended),
      actions.specs.map(({ name }) => name).filter((name) => name !== 'query'),
    );
    const accepted = requestFor(order, pushed(world, order, 4), 'accept', AT).order.json;
    const mode = accepted.takeaway?.deliveryMode;
    assert.equal(mode, 'platform');
    for (const name of ['accept', 'assign', 'picked-up', 'position', 'delivered', 'agree-refund', 'reject-refund'])
      assert.ok(refusedFor(accepted).includes(name), name);
    assert.equal(refusedFor(accepted).includes('cancel'), false);
    actAt(world, requestFor(order, [first], 'accept', AT));
    const { outcome } = actAt(world, requestFor(order, [first], 'picked-up', AT));
    assert.ok(outcome.state === 'failed' && outcome.refusal.class === 'final', JSON.stringify(outcome));
  });

  test('a refund that is agreed to or rejected is read from the platform, with the callback or without it', async () => {
    for (const [action, payment] of [
      ['agree-refund', 'refunded'],
      ['reject-refund', 'paid'],
    ] as const) {
      const { world, order } = played(false);
      noteOrder(world.memory, order, { kind: 'order', status: 4 }, AT - 50_000);
      noteOrder(world.memory, order, { kind: 'refund', notifyType: 'apply' }, AT - 40_000);
      const asked: Report = {
        aliases: [{ kind: 'platform', value: order.id }],
        kind: 'takeaway',
        at: AT - 40_000,
        facts: [{ line: refundLine('notice'), register: 'refund', value: { state: 'requested', amount: null } }],
      };
      const reports = [...pushed(world, order, 4), asked];
      const request = requestFor(order, reports, action, AT, action === 'reject-refund' ? { reason: '已出餐' } : {});
      assert.equal(actions.specs.find(({ name }) => name === action)?.refuses(request.order.json), undefined);
      // The question before the answer: not done, and nobody knew which request was answered.
      const question = actions.prepareQuestion?.(world.account, request);
      assert.ok(question !== undefined);
      const ask = (): ActionOutcome | undefined =>
        actions.concludeQuestion?.(world.account, request, sendTo(world, question, AT).response);
      const before = ask();
      assert.ok(before?.state === 'unknown' && before.isPersons === true);
      const { outcome } = actAt(world, request);
      assert.ok(outcome.state === 'succeeded', JSON.stringify(outcome));
      assert.deepEqual(ask(), outcome);
      const model = new OrderModel(meituanWaimai);
      for (const report of [...reports, ...outcome.reports]) model.take(report);
      const takeToken = (): typeof TOKEN => TOKEN;
      await settleDoubts(meituanWaimai, model, order.id, outcome.reports, { ...world, at: AT + 1_000, takeToken });
      assert.equal(model.order(order.id)?.payment, payment);
      assert.deepEqual(model.order(order.id)?.flags, []);
      const again = actAt(world, request).outcome;
      assert.ok(again.state === 'failed' && again.refusal.class === 'final');
    }
  });

  test('after silence a cancellation is asked for, and a query tells the order as it is', () => {
    const { world, order } = played(false);
    const request = requestFor(order, pushed(world, order), 'cancel', AT);
    const question = actions.prepareQuestion?.(world.account, request);
    assert.ok(question !== undefined);
    const ask = (): ActionOutcome | undefined =>
      actions.concludeQuestion?.(world.account, request, sendTo(world, question, AT).response);
    const before = ask();
    assert.ok(before?.state === 'failed' && before.refusal.class === 'retry');
    actAt(world, request);
    const after = ask();
    assert.ok(after?.state === 'succeeded' && after.reports.length === 2);
    const { outcome } = actAt(world, requestFor(order, pushed(world, order), 'query', AT));
    assert.ok(outcome.state === 'succeeded');
    const shown = orderAfter(meituanWaimai, order.id, outcome.reports) as OrderJson;
    assert.equal(shown.lifecycle, 'cancelled');
    assert.equal(shown.amounts.total, order.totalFen);
    const lost = actions.concludeQuestion?.(world.account, request, response('', 503));
    assert.equal(lost?.state, 'unknown');
  });

  test('the platform checks signature, store and parameters of each call', () => {
    const { world, order } = played(false);
    const request = requestFor(order, pushed(world, order), 'accept', AT);
    const prepared = actions.prepare(
      accountView(meituanWaimai, { credentials: { developerId: '100999', signKey: 'x' } }),
      request,
    );
    assert.ok(prepared.ok);
    const forged = actions.conclude(world.account, request, sendTo(world, prepared.request, AT).response);
    assert.ok(forged.state === 'failed' && forged.refusal.class === 'alert');
    world.memory[`token ${T}`] = 'another store';
    const foreign = actAt(world, request).outcome;
    assert.ok(foreign.state === 'failed' && foreign.refusal.code === 'OP_ORDER_NOT_FOUND');
  });
});
