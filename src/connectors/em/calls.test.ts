import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actAt, actionsOf, reportsOf } from '../../../test/kit/played-action.ts';
import type { ActionOutcome, ActionRequest } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import { parseForm } from '../../core/form.ts';
import type { Json } from '../../core/json.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { em } from './index.ts';
import { SCHEME_NAMES } from './schemes.ts';
import { sign } from './signature.ts';
import { MAX_ITEMS } from './trade-fields.ts';

const AT = Date.UTC(2026, 10, 20, 2);
const credentials = { appid: 'HUBAPP01', appSecret: 'HUBSECRET01' };
const account = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
  accountView(em, { credentials, settings });
const BASE = 'https://hub.test/callbacks/em/em-1';

type Fields = Readonly<Record<string, Json>>;
const trade: Fields = {
  warehouseId: 3,
  name: '张三',
  phone: '13800138000',
  province: '江苏省',
  city: '苏州市',
  district: '虎丘区',
  address: '科技路 1 号',
  deliveryDate: '2026-12-01',
  items: [{ code: 'P-1', quantity: 2 }],
};

function planned(fields: Fields, merchantOrderId = 'SUP-1') {
  assert.ok(em.creation);
  return em.creation.plan(account(), { merchantOrderId, fields, at: AT, holdMs: null });
}
const faultsOf = (fields: Fields, number?: string): readonly string[] => {
  const plan = planned(fields, number);
  return plan.ok ? [] : plan.faults.map(({ field, message }) => `${field} ${message}`);
};

/** The order and what was reported of it so far. */
function made(reports: readonly Report[]): OrderJson {
  const model = new OrderModel(em);
  for (const report of reports) model.take(report);
  const [first] = reports;
  const order = first === undefined ? undefined : model.order(first.aliases[0].value);
  assert.ok(order);
  return order;
}

function requestFor(action: string, params: Fields, reports: readonly Report[]): ActionRequest {
  const json = made(reports);
  const aliases = reports.flatMap((report) => report.aliases);
  const order = { aliases, kind: json.kind, json, store: null, storeToken: null };
  return { action, params, number: 'act-1', order, at: AT, callbackBase: BASE };
}

function createRequest(fields: Fields = trade): { readonly request: ActionRequest; readonly report: Report } {
  const plan = planned(fields);
  assert.ok(plan.ok, JSON.stringify(plan));
  const { report, params } = plan.order;
  return { request: requestFor('create', params, [report]), report };
}

function sent(request: ActionRequest, view: AccountView = account()) {
  const prepared = actionsOf(em).prepare(view, request);
  assert.ok(prepared.ok, JSON.stringify(prepared));
  const form = parseForm(prepared.request.body ?? '');
  assert.ok(form);
  const data = JSON.parse(form.get('request_data') ?? '') as Readonly<Record<string, Json>>;
  return { request: prepared.request, form, data };
}

const concluded = (body: unknown, view: AccountView = account()): ActionOutcome => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return actionsOf(em).conclude(view, createRequest().request, { status: 200, headers: {}, body: text });
};

test('a trade is planned with its items and its receiver, under our own number', () => {
  const { report } = createRequest();
  const order = made([report]);
  assert.equal(order.kind, 'supply');
  assert.equal(order.status, 'pending');
  assert.equal(order.merchantOrderId, 'SUP-1');
  assert.deepEqual(
    order.items.map(({ sku, quantity, price }) => [sku, quantity, price]),
    [['P-1', 2, null]],
  );
  assert.equal(order.customer?.name?.startsWith('张'), true);
  assert.equal(order.platformFields['deliveryDate'], '2026-12-01');
});

test('each field of a trade is held to its limit, at it and past it', () => {
  const texts: readonly (readonly [string, number])[] = [
    ['name', 64],
    ['province', 32],
    ['city', 32],
    ['district', 32],
    ['address', 200],
    ['remark', 500],
    ['tradeRemark', 500],
    ['logisticsContact', 64],
    ['logisticsCarNumber', 20],
  ];
  for (const [field, most] of texts) {
    // Characters as a person counts them: an emoji is one.
    assert.deepEqual(faultsOf({ ...trade, [field]: '🚚'.repeat(most) }), [], `${field} at ${most}`);
    assert.equal(faultsOf({ ...trade, [field]: '🚚'.repeat(most + 1) }).length, 1, `${field} past ${most}`);
  }
  const good: readonly Fields[] = [
    { warehouseId: 1 },
    { warehouseId: 2_147_483_647 },
    { transportWay: 1 },
    { transportWay: 3 },
    { transportWay: 5 },
    { transportWay: 2, logisticsCompanyId: 6 },
    { transportWay: 2, logisticsCompanyId: 11 },
    { transportWay: 4, logisticsCompanyId: 5 },
    { transportWay: 4, logisticsCompanyId: 8 },
    { phone: '12345' },
    { phone: '1'.repeat(20) },
    { logisticsPhone: '0512-6666 7777' },
    { deliveryDate: '2028-02-29' },
    { items: [{ code: 'x'.repeat(64), quantity: 1 }] },
    { items: [{ code: 'P', quantity: 1_000_000, remark: 'r'.repeat(200) }] },
    { items: Array.from({ length: MAX_ITEMS }, () => ({ code: 'P', quantity: 1 })) },
  ];
  for (const more of good) assert.deepEqual(faultsOf({ ...trade, ...more }), [], JSON.stringify(more).slice(0, 80));
  const bad: readonly (readonly [string, Fields])[] = [
    ['warehouseId', { warehouseId: 0 }],
    ['warehouseId', { warehouseId: 2_147_483_648 }],
    ['warehouseId', { warehouseId: 1.5 }],
    ['transportWay', { transportWay: 0 }],
    ['transportWay', { transportWay: 6 }],
    ['logisticsCompanyId', { transportWay: 2 }],
    ['logisticsCompanyId', { transportWay: 2, logisticsCompanyId: 5 }],
    ['logisticsCompanyId', { transportWay: 2, logisticsCompanyId: 8 }],
    ['logisticsCompanyId', { transportWay: 4, logisticsCompanyId: 6 }],
    ['phone', { phone: '1234' }],
    ['phone', { phone: '1'.repeat(21) }],
    ['phone', { phone: 'call me' }],
    ['logisticsPhone', { logisticsPhone: '1' }],
    ['deliveryDate', { deliveryDate: '2027-02-29' }],
    ['deliveryDate', { deliveryDate: '2026/12/01' }],
    ['items', { items: [] }],
    ['items', { items: Array.from({ length: MAX_ITEMS + 1 }, () => ({ code: 'P', quantity: 1 })) }],
    ['items[0].code', { items: [{ code: 'x'.repeat(65), quantity: 1 }] }],
    ['items[0].code', { items: [{ code: ' ', quantity: 1 }] }],
    ['items[0].quantity', { items: [{ code: 'P', quantity: 0 }] }],
    ['items[0].quantity', { items: [{ code: 'P', quantity: 1_000_001 }] }],
    ['items[0].quantity', { items: [{ code: 'P', quantity: 0.5 }] }],
    ['items[0].remark', { items: [{ code: 'P', quantity: 1, remark: 'r'.repeat(201) }] }],
    ['items[0].price', { items: [{ code: 'P', quantity: 1, price: 3 }] }],
    ['color', { color: 'red' }],
  ];
  for (const [field, more] of bad) {
    const faults = faultsOf({ ...trade, ...more });
    assert.ok(
      faults.some((fault) => fault.startsWith(`${field} `)),
      `${field}: ${faults.join('; ')}`,
    );
  }
  for (const name of [
    'warehouseId',
    'name',
    'phone',
    'province',
    'city',
    'district',
    'address',
    'deliveryDate',
    'items',
  ]) {
    const { [name]: _left, ...others } = trade;
    assert.deepEqual(faultsOf(others), [`${name} is missing`]);
  }
  assert.deepEqual(faultsOf(trade, 'n'.repeat(64)), []);
  assert.equal(faultsOf(trade, 'n'.repeat(65)).length, 1);
  assert.equal(faultsOf(trade, '单号').length, 1);
});

test('a trade is sent as a form in EM’s own names, signed in the account’s scheme, with our number in its remark', () => {
  for (const scheme of SCHEME_NAMES) {
    const { request, form } = sent(createRequest().request, account({ signScheme: scheme }));
    const fields = {
      appid: 'HUBAPP01',
      notify_url: BASE,
      request_data: form.get('request_data') ?? '',
      timestamp: String(AT / 1000),
    };
    assert.equal(form.get('sign'), sign(fields, 'HUBSECRET01', scheme));
    assert.equal(request.method, 'POST');
    assert.ok(!(request.body ?? '').includes('HUBSECRET01'));
  }
  const { data, request } = sent(createRequest({ ...trade, transportWay: 4, logisticsCompanyId: 8 }).request);
  assert.ok(request.url.endsWith('/franchiser/api/trade/create'));
  assert.deepEqual(data, {
    warehouseid: 3,
    transportway: 4,
    logisticscompanyid: 8,
    receivername: '张三',
    mobile: '13800138000',
    provincename: '江苏省',
    cityname: '苏州市',
    distrctname: '虎丘区',
    address: '科技路 1 号',
    deliverydate: '2026-12-01',
    traderemark: 'SUP-1',
    items: [{ outerpcode: 'P-1', mainmeasunitqty: 2 }],
  });
  const own = sent(createRequest({ ...trade, tradeRemark: '加急' }).request).data;
  assert.equal(own['traderemark'], '加急');
  assert.equal(own['transportway'], 5);
  assert.equal(sent(createRequest().request, account({ numberInRemark: false })).data['traderemark'], undefined);
});

test('notify_url goes where the account says', () => {
  const place = (notifyUrlIn: string): readonly (string | undefined)[] => {
    const { form, data } = sent(createRequest().request, account({ notifyUrlIn }));
    return [form.get('notify_url'), data['notify_url'] as string | undefined];
  };
  assert.deepEqual(place('top_level'), [BASE, undefined]);
  assert.deepEqual(place('request_data'), [undefined, BASE]);
  assert.deepEqual(place('none'), [undefined, undefined]);
});

test('our number is tied to the one that the answer holds, wherever the account says that it stands', () => {
  const numbers = (outcome: ActionOutcome): unknown =>
    outcome.state === 'succeeded'
      ? outcome.reports.flatMap(({ aliases }) => aliases.map(({ value }) => value))
      : outcome;
  assert.deepEqual(numbers(concluded({ code: 0, data: { trade_no: 'DD1' } })), ['DD1', 'SUP-1']);
  assert.deepEqual(numbers(concluded({ success: true, data: 'DD2' })), ['DD2', 'SUP-1']);
  assert.deepEqual(numbers(concluded({ status: '200', tradeNo: 4 })), ['4', 'SUP-1']);
  const view = account({ tradeNoPath: 'result.orders.0.no', codePath: 'result.ret', okCodes: 'Y' });
  const answer = { result: { ret: 'Y', orders: [{ no: 'DD3' }] } };
  assert.deepEqual(numbers(concluded(answer, view)), ['DD3', 'SUP-1']);
});

test('what is no clear yes is never taken for one, and never for a no', () => {
  const refused = concluded({ code: 5001, msg: '库存不足 HUBSECRET01' });
  assert.ok(refused.state === 'failed' && refused.refusal.class === 'final');
  assert.equal(refused.refusal.code, '5001');
  assert.equal(refused.refusal.message, '库存不足 ***');
  for (const unclear of [
    '<html>',
    '',
    { result: '已受理' },
    { code: 0, data: {} },
    { code: 0, data: { trade_no: 'n'.repeat(65) } },
  ]) {
    assert.equal(concluded(unclear).state, 'unknown', JSON.stringify(unclear));
  }
  assert.equal(actionsOf(em).prepareQuestion, undefined, 'EM cannot be asked');
  assert.equal(actionsOf(em).specs.find(({ name }) => name === 'create')?.onSilence, 'ask');
});

test('the played EM makes the trade, and its audit comes to the address that it was given', () => {
  for (const notifyUrlIn of ['top_level', 'request_data']) {
    const memory: PlatformMemory = {};
    const played = { connector: em, account: account({ notifyUrlIn }), memory };
    const { request, report } = createRequest();
    const { outcome, callbacks } = actAt(played, request);
    assert.ok(outcome.state === 'succeeded', JSON.stringify(outcome));
    const [callback] = callbacks;
    assert.equal(callback?.url, BASE);
    assert.ok(callback !== undefined);
    const all = [report, ...outcome.reports, ...reportsOf(played, callback)];
    const model = new OrderModel(em);
    for (const one of all) model.take(one);
    const order = model.order('SUP-1');
    assert.equal(order?.status, 'accepted');
    assert.match(order?.platformOrderId ?? '', /^DD20261120\d{4}$/u);
    assert.deepEqual(
      em.sandbox.orders?.(played.account, memory).map(({ platformOrderId }) => platformOrderId),
      [order?.platformOrderId],
    );
  }
});

test('the played EM refuses what it could not take', () => {
  const { request } = createRequest();
  const memory: PlatformMemory = {};
  const wrong = { ...account(), secrets: () => [{ name: 'appSecret', value: 'other', fingerprint: 'f' }] };
  const prepared = actionsOf(em).prepare(wrong, request);
  assert.ok(prepared.ok);
  const call = {
    method: 'POST',
    path: '/franchiser/api/trade/create',
    query: '',
    headers: {},
    body: prepared.request.body ?? '',
    at: AT,
  };
  const answer = em.sandbox.answer?.(call, account(), memory);
  assert.match(answer?.body ?? '', /签名错误/u);
  const two = { connector: em, account: account(), memory };
  const { outcome } = actAt(two, { ...request, params: { ...request.params, transportWay: 5 } });
  assert.equal(outcome.state, 'succeeded');
});

const stockIn: Report = {
  aliases: [{ kind: 'platform', value: 'RK202611200001' }],
  kind: 'stock_in',
  key: 'k',
  at: null,
  stage: 1,
  facts: [{ line: '', register: 'fulfilment', value: 'none' }],
};

test('a stock-in is changed by its number until it is audited', () => {
  const played = { connector: em, account: account(), memory: {} };
  const params = { type: 3, day: '2026-11-21', source: '退货', items: [{ code: 'P-1', quantity: 1 }] };
  const request = requestFor('modify-stock-in', params, [stockIn]);
  assert.deepEqual(sent(request).data, {
    instockno: 'RK202611200001',
    instockType: 3,
    indatetime: '2026-11-21',
    othersource: '退货',
    items: [{ outerpcode: 'P-1', mainmeasunitqty: 1 }],
  });
  assert.equal(actAt(played, request).outcome.state, 'succeeded');
  const faults = (more: Fields): readonly string[] => {
    const prepared = actionsOf(em).prepare(account(), { ...request, params: more });
    return prepared.ok ? [] : prepared.faults.map(({ field }) => field);
  };
  assert.deepEqual(faults({}), ['remark']);
  assert.deepEqual(faults({ type: 99, source: 's'.repeat(200), remark: 'r'.repeat(500) }), []);
  assert.deepEqual(faults({ type: 100 }), ['type']);
  assert.deepEqual(faults({ source: 's'.repeat(201) }), ['source']);
  assert.deepEqual(faults({ remark: 'r'.repeat(501) }), ['remark']);
  assert.deepEqual(faults({ day: '2026-02-30' }), ['day']);
  const spec = actionsOf(em).specs.find(({ name }) => name === 'modify-stock-in');
  const audited = { ...stockIn, key: 'k2', facts: [{ line: '', register: 'fulfilment', value: 'accepted' } as const] };
  assert.ok(spec);
  const shown = (reports: readonly Report[]): OrderJson => ({ ...made(reports), kind: 'stock_in' });
  assert.ok(spec.refuses(shown([stockIn, audited])));
  assert.equal(spec.refuses(shown([stockIn])), undefined);
  assert.ok(spec.refuses(made([createRequest().report])));
});

test('an audit that was seen by hand counts as one that was told, and a trade can be named by hand', () => {
  const { report } = createRequest();
  const doAtOnce = actionsOf(em).doAtOnce;
  assert.ok(doAtOnce);
  const done = doAtOnce(account(), requestFor('audited', { reason: '电话确认' }, [report]));
  assert.ok(done.ok);
  const order = made([report, ...done.reports]);
  assert.equal(order.status, 'accepted');
  const spec = actionsOf(em).specs.find(({ name }) => name === 'audited');
  assert.ok(spec?.refuses(order));
  const named = doAtOnce(account(), requestFor('name-trade', { tradeNo: 'DD202611200007' }, [report]));
  assert.ok(named.ok);
  assert.equal(made([report, ...named.reports]).platformOrderId, 'DD202611200007');
  for (const params of [{}, { reason: ' ' }, { reason: 'r'.repeat(201) }])
    assert.ok(!doAtOnce(account(), requestFor('audited', params, [report])).ok);
  assert.ok(doAtOnce(account(), requestFor('audited', { reason: 'r'.repeat(200) }, [report])).ok);
  assert.ok(!doAtOnce(account(), requestFor('name-trade', { tradeNo: '单号' }, [report])).ok);
  assert.ok(!doAtOnce(account(), requestFor('name-trade', { tradeNo: 'D'.repeat(65) }, [report])).ok);
});
