import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseForm, writeForm } from '../../core/form.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import { accountView } from '../../../test/kit/account-view.ts';
import type { AccountWords } from '../../../test/kit/account-view.ts';
import { callbackRequest, loadFixtures } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import { believable } from '../../core/connector.ts';
import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
import { PERSONAL_REGISTERS } from '../../core/registers.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { sha1Hex } from '../../core/signing.ts';
import type { BindingRequest, StoreToken } from '../../core/store-binding.ts';
import { DELIVERY_STATUSES, PART_REFUND_NOTICES, REFUND_NOTICES, STORE_STATES } from './callback.ts';
import { meituanWaimai } from './index.ts';
import { ORDER_STATUSES } from './order-push.ts';
import { sign, signingRules } from './signature.ts';

/** Which table an event's JSON is looked up in, and by which of its fields. */
const TABLES: Readonly<Record<string, { readonly field: string; readonly rows: readonly string[] }>> = {
  order: { field: 'status', rows: Object.keys(ORDER_STATUSES) },
  orderCancel: { field: '', rows: [''] },
  orderRefund: { field: 'notifyType', rows: Object.keys(REFUND_NOTICES) },
  partOrderRefund: { field: 'notifyType', rows: Object.keys(PART_REFUND_NOTICES) },
  shippingStatus: { field: 'shippingStatus', rows: Object.keys(DELIVERY_STATUSES) },
  poiStatus: { field: 'poiStatus', rows: Object.keys(STORE_STATES) },
  tradeDetail: { field: '', rows: [''] },
  pushOrderRemind: { field: '', rows: [''] },
};
const TOPICS = ['bind', 'unbind', 'privacy', 'heartbeat'];

function statusOf(request: CallbackRequest): string | undefined {
  if (TOPICS.includes(request.topic)) return request.topic;
  const fields = parseForm(request.body);
  for (const [name, { field }] of Object.entries(TABLES)) {
    const text = fields?.get(name);
    if (text === undefined) continue;
    const json = parseLossless(text);
    return `${name} ${isLosslessObject(json) ? (scalarText(json.get(field)) ?? '') : ''}`;
  }
  return undefined;
}

/** Signs a form again, whatever it holds now. */
function resign(request: CallbackRequest, account: AccountView): CallbackRequest | undefined {
  const [secret] = account.secrets('signKey');
  const fields = parseForm(request.body);
  if (fields === undefined || secret === undefined || !fields.has('sign')) return undefined;
  const kept = [...fields].filter(([name]) => name !== 'sign');
  const body = writeForm([...kept, ['sign', sign(kept, secret.value, signingRules(account))]]);
  return { ...request, body: Buffer.from(body) };
}

/** The merchant opens the link, clicks, and the platform calls back with a token. */
function takeToken(store: string, account: AccountView, memory: PlatformMemory, at = AT): StoreToken {
  const url = new URL(
    meituanWaimai.binding?.bindUrl(account, {
      store,
      name: '',
      state: '',
      returnUrl: '',
      callbackUrl: '',
      options: {},
      at,
    }) ?? '',
  );
  const call = { path: url.pathname, query: url.search.slice(1), headers: {}, body: '', at };
  const shown = meituanWaimai.sandbox.answer?.({ ...call, method: 'GET' }, account, memory);
  assert.equal(shown?.status, 200);
  assert.deepEqual(shown.callbacks ?? [], []);
  const clicked = meituanWaimai.sandbox.answer?.({ ...call, method: 'POST', body: 'agree=1' }, account, memory);
  const [callback] = clicked?.callbacks ?? [];
  assert.equal(callback?.topic, 'bind');
  const accessToken = parseForm(callback.body)?.get('appAuthToken') ?? '';
  return { accessToken, refreshToken: null, expiresAt: null };
}

const T = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'.repeat(2);
const KEY = 'demoSignKey00001';
const ORDER_ID = '5301890193521352344';
const vectorAccount: AccountWords = { credentials: { developerId: '100999', signKey: KEY } };
const AT = Date.UTC(2026, 10, 1);

const V5_ORDER = String.raw`{"caution":"多放辣椒 😄 a+b&c=d","ctime":1700000000,"daySeq":"3","detail":"[{\"food_name\":\"黄金蝴蝶虾(4个)\",\"price\":5,\"quantity\":1}]","ePoiId":"shop-0028","extras":"[{}]","orderId":5301890193521352344,"orderIdView":5301890193521352344,"originalPrice":15.0,"status":2,"total":15.0}`;
const V5_BODY =
  'developerId=100999&ePoiId=shop-0028&sign=54c6885d37a160f87850f9e06765007c81c8aa01&order=%7B%22caution%22%3A%22%E5%A4%9A%E6%94%BE%E8%BE%A3%E6%A4%92+%F0%9F%98%84+a%2Bb%26c%3Dd%22%2C%22ctime%22%3A1700000000%2C%22daySeq%22%3A%223%22%2C%22detail%22%3A%22%5B%7B%5C%22food_name%5C%22%3A%5C%22%E9%BB%84%E9%87%91%E8%9D%B4%E8%9D%B6%E8%99%BE%284%E4%B8%AA%29%5C%22%2C%5C%22price%5C%22%3A5%2C%5C%22quantity%5C%22%3A1%7D%5D%22%2C%22ePoiId%22%3A%22shop-0028%22%2C%22extras%22%3A%22%5B%7B%7D%5D%22%2C%22orderId%22%3A5301890193521352344%2C%22orderIdView%22%3A5301890193521352344%2C%22originalPrice%22%3A15.0%2C%22status%22%3A2%2C%22total%22%3A15.0%7D';

type Parameters = readonly (readonly [string, string | null])[];
interface Vector {
  readonly name: string;
  readonly parameters: Parameters;
  readonly sha1: string;
  /** Other signatures of the same parameters that the sheet calls wrong. */
  readonly wrong?: Readonly<Record<string, string>>;
}

const withToken = (charset: string, ...rest: Parameters): Parameters => [
  ['appAuthToken', T],
  ['charset', charset],
  ['timestamp', '1700000000'],
  ...rest,
];

/** Section 4 of the sheet; computed there by two separate writings of the rule. */
const VECTORS: readonly Vector[] = [
  {
    name: 'V1 v1 confirm',
    parameters: withToken('utf-8', ['version', '1'], ['orderId', ORDER_ID]),
    sha1: 'a65880d406f1d40d816725401e15819c457f4db1',
  },
  {
    name: 'V2 Chinese, emoji, + & =',
    parameters: withToken(
      'UTF-8',
      ['orderId', '16650443632263245'],
      ['reasonCode', '2009'],
      ['reason', '商品已售完，抱歉😄 a+b&c=d'],
    ),
    sha1: '74d216b2f188ed1551b8c754de7e384806f6e862',
  },
  {
    name: 'V3 empty and null dropped',
    parameters: withToken(
      'utf-8',
      ['orderId', '16650443632263245'],
      ['courierName', ''],
      ['courierPhone', '13800000000'],
      ['remark', null],
    ),
    sha1: '2028c26aa3e86152357c2ba56963696c33e5886c',
    wrong: { 'V3x the name of an empty field kept': '08de664633c43b664653490f11be3cf8123afebb' },
  },
  {
    name: 'V4 the text 0 kept',
    parameters: withToken('UTF-8', ['degradOffset', '0'], ['degradLimit', '1000'], ['developerId', '100999']),
    sha1: '36a700f08ae6d6f9f7173aa8240784efc5f95c6a',
    wrong: { 'V4x the text 0 dropped': '691adec633446ac01096901c92b7622d4a21ac7a' },
  },
  {
    name: 'V5 order callback',
    parameters: [
      ['developerId', '100999'],
      ['ePoiId', 'shop-0028'],
      ['order', V5_ORDER],
    ],
    sha1: '54c6885d37a160f87850f9e06765007c81c8aa01',
    wrong: {
      'V5 over the undecoded value': sha1Hex(
        `${KEY}developerId100999ePoiIdshop-0028order${V5_BODY.slice(V5_BODY.indexOf('order=') + 6)}`,
      ),
      'V5 with the key behind too': sha1Hex(`${KEY}developerId100999ePoiIdshop-0028order${V5_ORDER}${KEY}`),
      'V5 in capitals': '54C6885D37A160F87850F9E06765007C81C8AA01',
    },
  },
  {
    name: 'V6 storemap',
    parameters: [
      ['developerId', '100999'],
      ['businessId', '2'],
      ['ePoiId', 'shop-0028'],
      ['ePoiName', '湘北人家'],
      ['timestamp', '1700000000000'],
    ],
    sha1: '78cad5417d53f2721e6cca3263427d466097e3f8',
  },
  {
    name: 'V7 v2 biz',
    parameters: [
      ['appAuthToken', T],
      ['biz', `{"orderId":${ORDER_ID},"reason":"商品已售完","reasonCode":"2009"}`],
      ['businessId', '2'],
      ['charset', 'UTF-8'],
      ['developerId', '100999'],
      ['timestamp', '1700000000'],
      ['version', '2'],
    ],
    sha1: '5dfca2068ea3dfebc44034270bfa62c06025b44f',
  },
  {
    name: 'V8 sorting by character code, SIGN and sign skipped',
    parameters: [
      ['ePoiId', 'x'],
      ['EPoiId', 'y'],
      ['appAuthToken', 't'],
      ['Zeta', 'z'],
      ['alpha', '1'],
      ['SIGN', 'ignored'],
    ],
    sha1: 'adb1145837f7c969cc44afcff88baa3322df447c',
    wrong: { 'V8 sorted without regard to case': sha1Hex(`${KEY}alpha1appAuthTokentEPoiIdyePoiIdxZetaz`) },
  },
  {
    name: 'V9 cancel callback',
    parameters: [
      ['developerId', '100999'],
      ['ePoiId', 'shop-0028'],
      ['orderCancel', `{"orderId":${ORDER_ID},"reason":"超时取消","reasonCode":"1001"}`],
    ],
    sha1: '6bb03d2307f8c0b27e6e3d3cf37a5a4b28e6a03e',
  },
  {
    name: 'V10 heartbeat',
    parameters: [['data', '{"developerId":100999,"ePoiId":"shop-0028","posId":"pos-1","time":1700000000000}']],
    sha1: 'e9d20676e528279c253ff9f96e313aac60d2c7ed',
  },
];

const FORM = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
const formWith = (parameters: Parameters, signature: string): string =>
  writeForm([...parameters.filter((pair): pair is readonly [string, string] => pair[1] !== null), ['sign', signature]]);
const vectorOf = (
  name: string,
  body: string,
  expect: SignatureVector['expect'],
  account: AccountWords = vectorAccount,
): SignatureVector => ({ name, account, request: { topic: 'order', headers: FORM, body }, expect });

const V3 = VECTORS.find(({ name }) => name.startsWith('V3'))!;
const includeEmpty: AccountWords = { ...vectorAccount, settings: { emptyInSignature: 'include' } };

const replyOf = (outcome: 'stored' | 'rejected', body: string, topic: string) => ({
  outcome,
  topic,
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body,
});

connectorSuite(meituanWaimai, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    replyOf('stored', '{"data":"OK"}', 'order'),
    replyOf('stored', '{"data":"OK"}', 'heartbeat'),
    replyOf('stored', '{"data":"success"}', 'bind'),
    replyOf('stored', '{"data":"success"}', 'unbind'),
    replyOf('rejected', '{"data":"error"}', 'order'),
    replyOf('rejected', '{"data":"error"}', 'bind'),
  ],
  statuses: {
    all: [...TOPICS, ...Object.entries(TABLES).flatMap(([name, { rows }]) => rows.map((row) => `${name} ${row}`))],
    of: statusOf,
  },
  vectors: [
    vectorOf('V5 byte for byte as it arrives', V5_BODY, 'accepted'),
    vectorOf('V5 decoded before it was split', decodeURIComponent(V5_BODY.replaceAll('+', ' ')), 'wrong_signature'),
    ...VECTORS.map(({ name, parameters, sha1 }) => vectorOf(name, formWith(parameters, sha1), 'accepted')),
    ...VECTORS.flatMap(({ parameters, wrong = {} }) =>
      Object.entries(wrong).map(([name, sha1]) => vectorOf(name, formWith(parameters, sha1), 'wrong_signature')),
    ),
    vectorOf(
      'V3x under the setting that keeps empty fields',
      formWith(V3.parameters, Object.values(V3.wrong ?? {})[0] ?? ''),
      'accepted',
      includeEmpty,
    ),
    vectorOf(
      'V3 under the setting that keeps empty fields',
      formWith(V3.parameters, V3.sha1),
      'wrong_signature',
      includeEmpty,
    ),
  ],
  resign,
  takeToken,
});

const demo = accountView(meituanWaimai, vectorAccount);
const settingsView = (settings: AccountWords['settings']): AccountView =>
  accountView(meituanWaimai, { ...vectorAccount, ...(settings === undefined ? {} : { settings }) });
const binding = meituanWaimai.binding!;

describe('meituan-waimai: signatures', () => {
  for (const { name, parameters, sha1 } of VECTORS) {
    test(`${name} is what we sign ourselves`, () => assert.equal(sign(parameters, KEY), sha1));
  }

  test('the order in which fields come does not matter, and neither does where sign stands', () => {
    for (const { parameters, sha1 } of VECTORS) assert.equal(sign([...parameters].reverse(), KEY), sha1);
    assert.equal(sign([['sign', 'x'], ['Sign', 'y'], ...VECTORS[0]!.parameters], KEY), VECTORS[0]!.sha1);
  });
});

describe('meituan-waimai: what a captured push says', () => {
  test('the 19 digits of V5 survive, and the note keeps its + & = and emoji', () => {
    const verified = meituanWaimai.verify(callbackRequest({ topic: 'order', headers: FORM, body: V5_BODY }), demo);
    assert.ok(verified.ok);
    const parsed = meituanWaimai.parse(verified.accepted, demo);
    assert.ok(parsed.kind === 'reports');
    const model = new OrderModel(meituanWaimai);
    for (const report of parsed.reports) model.take(report);
    const order = model.order(ORDER_ID);
    assert.equal(order?.platformOrderId, ORDER_ID);
    assert.equal(order.displayId, ORDER_ID);
    assert.equal(order.takeaway?.note, '多放辣椒 😄 a+b&c=d');
    assert.equal(order.amounts.total, 1500);
    assert.equal(order.items[0]?.price, 500);
    // It tells no way of payment, and nothing is guessed from the status.
    assert.equal(order.payment, 'unpaid');
  });

  test('personal data stays in the registers that are masked', () => {
    const personal = ['13812341234', '学正街', '张(', '汇单（杭州）', '多放辣椒', '13900001111', '王师傅', '91330100'];
    for (const fixture of loadFixtures(new URL('fixtures/', import.meta.url))) {
      for (const { says } of fixture.requests) {
        if (says.kind !== 'reports') continue;
        for (const { register, value } of says.reports.flatMap(({ facts }) => facts)) {
          if (PERSONAL_REGISTERS.has(register)) continue;
          for (const text of personal)
            assert.ok(!JSON.stringify(value).includes(text), `${fixture.name}: ${register} tells ${text}`);
        }
      }
    }
  });

  test('every callback address that the console may try is answered, and a GET that says something is not taken', () => {
    const get = (topic: string, query: string) =>
      meituanWaimai.answerGet?.({ ...callbackRequest({ topic, query, method: 'GET', body: '' }) }, demo).body;
    assert.equal(get('order', ''), '{"data":"OK"}');
    assert.equal(get('bind', ''), '{"data":"success"}');
    assert.equal(get('bind', 'ePoiId=1&appAuthToken=x'), '{"data":"error"}');
    for (const topic of ['order', 'bind', 'unbind', 'privacy']) {
      const verified = meituanWaimai.verify(callbackRequest({ topic, headers: FORM, body: '' }), demo);
      assert.ok(verified.ok && meituanWaimai.parse(verified.accepted, demo).kind === 'nothing');
    }
  });
});

describe('meituan-waimai: binding a store', () => {
  const request: BindingRequest = {
    store: 'shop-0028',
    name: '湘北人家',
    state: 's',
    returnUrl: '',
    callbackUrl: 'https://hub.example/callbacks/meituan-waimai/a/bind',
    options: {},
    at: 1_700_000_000_000,
  };

  test('the signed link is V6 and holds no secret; the unsigned one is the old form', () => {
    const signed = new URL(binding.bindUrl(demo, request));
    assert.equal(`${signed.origin}${signed.pathname}`, 'https://open-erp.meituan.com/storemap');
    assert.deepEqual(Object.fromEntries(signed.searchParams), {
      developerId: '100999',
      businessId: '2',
      ePoiId: 'shop-0028',
      ePoiName: '湘北人家',
      timestamp: '1700000000000',
      sign: '78cad5417d53f2721e6cca3263427d466097e3f8',
    });
    assert.ok(!signed.href.includes(KEY));
    const unsigned = new URL(
      binding.bindUrl(settingsView({ bindLink: 'unsigned', bindUrl: 'http://127.0.0.1:9/x/' }), {
        ...request,
        options: { netStore: 1 },
      }),
    );
    assert.equal(`${unsigned.origin}${unsigned.pathname}`, 'http://127.0.0.1:9/x/storemap');
    assert.deepEqual(Object.fromEntries(unsigned.searchParams), {
      developerId: '100999',
      businessId: '2',
      ePoiId: 'shop-0028',
      ePoiName: '湘北人家',
      netStore: '1',
      signKey: KEY,
    });
    const inSeconds = new URL(binding.bindUrl(settingsView({ bindTimestamp: 's' }), request));
    assert.equal(inSeconds.searchParams.get('timestamp'), '1700000000');
  });

  test('options are checked, and all that is sent is signed', () => {
    assert.deepEqual(binding.checkOptions({ netStore: 1, callbackUrl: true, language: 'zh-CN' }), []);
    const wrong = binding.checkOptions({ netStore: '1', callbackUrl: 'ftp://x', language: '../', toString: 1 });
    assert.deepEqual(
      wrong.map(({ field }) => field),
      ['netStore', 'callbackUrl', 'language', 'toString'],
    );
    const url = new URL(
      binding.bindUrl(demo, { ...request, options: { netStore: 0, callbackUrl: true, language: 'en' } }),
    );
    const fields = [...url.searchParams].filter(([name]) => name !== 'sign');
    assert.equal(url.searchParams.get('callbackUrl'), request.callbackUrl);
    assert.equal(url.searchParams.get('sign'), sign(fields, KEY));
  });

  test('a store is bound, proved, bound again and released; each token opens the store only while it lives', async () => {
    const memory: PlatformMemory = {};
    const prove = (token: StoreToken, store = 'shop-0028') =>
      binding.prove(demo, playedCall(meituanWaimai, demo, memory, AT), store, token, AT);
    const first = takeToken('shop-0028', demo, memory);
    assert.deepEqual(await prove(first), {
      ok: true,
      value: [{ platformStoreId: 'shop-0028', name: '门店 shop-0028', open: true }],
    });
    const other = await prove(first, 'shop-0029');
    assert.ok(!other.ok && binding.tellsReleased?.(other.refusal), 'a token of another store proves nothing');

    const second = takeToken('shop-0028', demo, memory, AT + 1000);
    assert.notEqual(second.accessToken, first.accessToken);
    const old = await prove(first);
    assert.ok(!old.ok && binding.tellsReleased?.(old.refusal));
    assert.ok((await prove(second)).ok);

    const release = new URL(binding.releaseUrl!(demo, 'shop-0028', second, AT));
    assert.equal(release.pathname, '/releasebinding');
    assert.deepEqual(Object.fromEntries(release.searchParams), {
      signKey: KEY,
      businessId: '2',
      appAuthToken: second.accessToken,
    });
    const call = { path: release.pathname, query: release.search.slice(1), headers: {}, body: '', at: AT };
    assert.equal(meituanWaimai.sandbox.answer?.({ ...call, method: 'GET' }, demo, memory).callbacks, undefined);
    const [callback] = meituanWaimai.sandbox.answer?.({ ...call, method: 'POST' }, demo, memory).callbacks ?? [];
    assert.equal(callback?.topic, 'unbind');
    const released = await prove(second);
    assert.ok(!released.ok && binding.tellsReleased?.(released.refusal));
  });

  test("a wrong sign key and an outage say nothing about a store's token", async () => {
    const memory: PlatformMemory = {};
    const token = takeToken('shop-0028', demo, memory);
    const stranger = accountView(meituanWaimai, {
      credentials: { developerId: '100999', signKey: 'anotherSignKey01' },
    });
    const unsigned = await binding.prove(stranger, playedCall(meituanWaimai, demo, memory, AT), 'shop-0028', token, AT);
    assert.ok(
      !unsigned.ok && unsigned.refusal.class === 'alert' && binding.tellsReleased?.(unsigned.refusal) === false,
    );
    const answered = async (status: number, body: string) => {
      const result = await binding.prove(demo, async () => ({ status, headers: {}, body }), 'shop-0028', token, AT);
      assert.ok(!result.ok);
      return [result.refusal.class, result.refusal.code, binding.tellsReleased?.(result.refusal)];
    };
    assert.deepEqual(await answered(502, ''), ['retry', 'http_502', false]);
    assert.deepEqual(await answered(200, '<html>'), ['retry', 'unreadable_answer', false]);
    assert.deepEqual(await answered(200, '{"code":"OP_SYSTEM_ERROR","msg":"系统繁忙"}'), [
      'retry',
      'OP_SYSTEM_ERROR',
      false,
    ]);
    assert.deepEqual(await answered(200, '{"error":{"code":703,"msg":"appAuthToken 不存在"}}'), ['alert', '703', true]);
    assert.deepEqual(await answered(200, '{"code":"X","msg":"?"}'), ['final', 'X', false]);
    const another = '{"code":"OP_SUCCESS","data":[{"ePoiId":"shop-0029","name":"another","isOpen":1}]}';
    assert.deepEqual(await answered(200, another), ['alert', 'store_not_listed', true]);
    const echoed = await binding.prove(
      demo,
      async () => ({
        status: 200,
        headers: {},
        body: JSON.stringify({ code: 'X', msg: `${KEY} ${token.accessToken}` }),
      }),
      'shop-0028',
      token,
      AT,
    );
    assert.ok(
      !echoed.ok && !echoed.refusal.message.includes(KEY) && !echoed.refusal.message.includes(token.accessToken),
    );
  });

  test('the page of the sandbox shows names as text and refuses a link that was changed', () => {
    const url = new URL(binding.bindUrl(demo, { ...request, name: '<script>&"' }));
    const open = (query: string) =>
      meituanWaimai.sandbox.answer?.(
        { method: 'GET', path: '/storemap', query, headers: {}, body: '', at: AT },
        demo,
        {},
      );
    assert.ok(!open(url.search.slice(1))?.body.includes('<script>&'));
    assert.equal(open(url.search.slice(1))?.status, 200);
    assert.equal(open(url.search.slice(1).replace('shop-0028', 'shop-0029'))?.status, 400);
    assert.equal(open('')?.status, 400);
  });

  test('a bind callback without a signature is believed for a pending binding only, and says nothing but that', () => {
    const pending = accountView(meituanWaimai, {
      ...vectorAccount,
      pendingBindings: ['shop-0028'],
      knownStores: ['8859'],
    });
    const hear = (topic: string, fields: Readonly<Record<string, string>>) =>
      meituanWaimai.verify(callbackRequest({ topic, headers: FORM, body: writeForm(Object.entries(fields)) }), pending);
    const evidence = (verified: ReturnType<typeof hear>) =>
      verified.ok ? verified.accepted.evidence.kind : verified.refusal.reason;
    const token = { appAuthToken: T, businessId: '2' };
    assert.equal(evidence(hear('bind', { ...token, ePoiId: 'shop-0028' })), 'pending-binding');
    assert.equal(evidence(hear('bind', { ...token, ePoiId: '8859' })), 'missing_signature');
    assert.equal(evidence(hear('bind', { ...token, ePoiId: 'shop-0028,8859' })), 'missing_signature');
    assert.equal(evidence(hear('order', { ...token, ePoiId: 'shop-0028' })), 'missing_signature');
    assert.equal(evidence(hear('unbind', { ePoiId: '8859' })), 'hint');
    assert.equal(evidence(hear('unbind', { ePoiId: 'shop-0028' })), 'missing_signature');
    for (const [topic, ePoiId] of [
      ['bind', 'shop-0028'],
      ['unbind', '8859'],
    ] as const) {
      const verified = hear(topic, { ...token, ePoiId, order: V5_ORDER, orderCancel: `{"orderId":${ORDER_ID}}` });
      assert.ok(verified.ok);
      const parsed = meituanWaimai.parse(verified.accepted, pending);
      assert.ok(parsed.kind === 'reports' && parsed.reports.length === 0);
      assert.deepEqual(believable(parsed, verified.accepted.evidence), parsed);
    }
  });
});

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
      await refusal([refund({})], { ...wanted, aliases: [{ kind: 'display', value: '1' }] }),
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
