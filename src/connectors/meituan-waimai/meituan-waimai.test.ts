import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseForm, writeForm } from '../../core/form.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import type { AccountWords } from '../../../test/kit/account-view.ts';
import { callbackRequest, loadFixtures } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { FORM, demo, KEY, ORDER_ID, T, takeToken, V5_ORDER, vectorAccount } from '../../../test/kit/waimai-shop.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView } from '../../core/connector.ts';
import { PERSONAL_REGISTERS } from '../../core/registers.ts';
import { sha1Hex } from '../../core/signing.ts';
import { DELIVERY_STATUSES, PART_REFUND_NOTICES, REFUND_NOTICES, STORE_STATES } from './callback.ts';
import { meituanWaimai } from './index.ts';
import { ORDER_STATUSES } from './order-push.ts';
import { sign, signsEmpty } from './signature.ts';

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
  const body = writeForm([...kept, ['sign', sign(kept, secret.value, signsEmpty(account))]]);
  return { ...request, body: Buffer.from(body) };
}

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
