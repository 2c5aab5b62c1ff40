import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CallbackRequest } from '../../core/accept.ts';
import fc from 'fast-check';
import type { AccountView, Parsed } from '../../core/connector.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import { valueMutation } from '../../../test/kit/mutations.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { TYPES } from './callback.ts';
import { eleme } from './index.ts';
import { pushText, signPush, signRequest } from './signature.ts';

const KEY = 'HUBKEY0001';
const SECRET = 'hubsecret0000000000000000000000000000001';
const TOKEN = 'hubtoken00000000000000000000001';
const ACCOUNT = { credentials: { appKey: KEY, appSecret: SECRET } };

function objectOf(text: string): ReadonlyMap<string, Lossless> {
  const value = parseLossless(text);
  assert.ok(isLosslessObject(value));
  return value;
}

/** A push as the sheet's vectors have it; `userId` as its JSON token. */
const push = (type: string, message: string, more: Readonly<Record<string, string>>): string => {
  const { requestId, timestamp, userId, signature } = more;
  return `{"requestId":"${requestId}","type":${type},"appId":60000001,"message":${JSON.stringify(message)},"shopId":500000001,"timestamp":${timestamp},"userId":${userId},"signature":"${signature}"}`;
};

const NEW_ORDER =
  '{"id":"3000000000000000017","orderId":"3000000000000000017","totalPrice":20.0,"status":"unprocessed"}';
const TAKEN = '{"orderId":"3000000000000000017","state":"valid","shopId":500000001,"updateTime":1700000005,"role":3}';
const CANCEL_ASKED =
  '{"orderId":"3000000000000000018","refundStatus":"applied","reason":"不想要了","shopId":500000001,"updateTime":1700000009}';

const first = { requestId: '200000000000000001', timestamp: '1700000000123', userId: '98500000000000001' };
const second = { requestId: '200000000000000002', timestamp: '1700000005456', userId: '62000001' };
const third = { requestId: '200000000000000003', timestamp: '1700000009789', userId: '"5486000000000000001"' };
const signed = {
  first: { ...first, signature: 'FB1195CFDCE4E0A59282774A1ED9E92D' },
  second: { ...second, signature: 'CB7588B643E57A2F49E36ADB9C1EC374' },
  third: { ...third, signature: '9434E3A1DC7672AF4B919EF3629DA12E' },
};
/** The form of before 2017-05, which some copies still follow: texts in JSON quotes. */
const quotedSignature = (type: string, message: string, { requestId, timestamp, userId }: typeof first): string =>
  signPush(
    new Map<string, Lossless>([
      ['requestId', `"${requestId}"`],
      ['type', type],
      ['appId', '60000001'],
      ['message', JSON.stringify(message)],
      ['shopId', '500000001'],
      ['timestamp', timestamp],
      ['userId', userId],
    ]),
    SECRET,
  );

const vector = (name: string, body: string, expect: SignatureVector['expect'] = 'accepted'): SignatureVector => ({
  name,
  account: ACCOUNT,
  request: { body },
  expect,
});

const VECTORS: readonly SignatureVector[] = [
  vector('a new order, userId a number above 2^53', push('10', NEW_ORDER, signed.first)),
  vector('taken', push('12', TAKEN, signed.second)),
  vector('a cancel request, userId a text', push('20', CANCEL_ASKED, signed.third)),
  vector('the type as a text', push('"12"', TAKEN, signed.second)),
  vector(
    'the signature in lower case',
    push('12', TAKEN, { ...signed.second, signature: signed.second.signature.toLowerCase() }),
  ),
  vector(
    'userId rounded as a double',
    push('10', NEW_ORDER, { ...first, signature: '49227D320FBAEE7C4C3CEA6225497C31' }),
    'wrong_signature',
  ),
  vector(
    'texts in quotes',
    push('12', TAKEN, { ...second, signature: quotedSignature('12', TAKEN, second) }),
    'wrong_signature',
  ),
  vector(
    'without the secret',
    push('12', TAKEN, { ...second, signature: signPush(objectOf(push('12', TAKEN, signed.second)), '') }),
    'wrong_signature',
  ),
  vector(
    'message as an object, which has two spellings',
    push('12', TAKEN, signed.second).replace(JSON.stringify(TAKEN), TAKEN),
    'unreadable',
  ),
  vector('no signature', '{"type":12}', 'missing_signature'),
];

/** The row of the type table that a push falls on; a refund by its kind too. */
function rowOf(request: CallbackRequest): string | undefined {
  const body = parseLossless(Buffer.from(request.body).toString());
  if (!isLosslessObject(body)) return undefined;
  const type = scalarText(body.get('type'));
  const message = parseLossless(scalarText(body.get('message')) ?? '');
  const refundType = isLosslessObject(message) ? scalarText(message.get('refundType')) : undefined;
  return type === '33' || type === '35' ? `${type} ${refundType ?? 'unsaid'}` : type;
}

const ROWS = Object.keys(TYPES).flatMap((type) =>
  type === '33' || type === '35' ? [`${type} normal`, `${type} part`, `${type} unsaid`] : [type],
);

connectorSuite(eleme, {
  fixtures: new URL('./fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', status: 200, contentType: 'application/json; charset=utf-8', body: '{"message":"ok"}' },
    {
      outcome: 'rejected',
      status: 500,
      contentType: 'application/json; charset=utf-8',
      body: '{"message":"signature"}',
    },
  ],
  statuses: { all: ROWS, of: rowOf },
  vectors: VECTORS,
  resign(request, account) {
    const body = parseLossless(Buffer.from(request.body).toString());
    if (!isLosslessObject(body) || pushText(body) === undefined) return undefined;
    const fields = new Map(body).set('signature', signPush(body, account.secrets('appSecret')[0]!.value));
    return { ...request, body: Buffer.from(stringifyLossless(fields)) };
  },
});

describe('eleme: the signature of our own calls', () => {
  const sign = (action: string, params: string, timestamp: string): string =>
    signRequest(action, TOKEN, objectOf(`{"app_key":"${KEY}","timestamp":${timestamp}}`), objectOf(params), SECRET);

  const CALLS: readonly (readonly [string, string, string, string])[] = [
    [
      'eleme.order.confirmOrderLite',
      '{"orderId":"3000000000000000017"}',
      '1700000000',
      '962B8808F961F5EAB7348EF487D45270',
    ],
    [
      'eleme.order.cancelOrderLite',
      String.raw`{"orderId":"3000000000000000018","type":"foodSoldOut","remark":"缺货/\"加料\"已停"}`,
      '1700000000123',
      'E50A8160887D17152616C820C8D5330F',
    ],
    [
      'eleme.order.mgetOrders',
      '{"orderIds":["3000000000000000019","3000000000000000020"]}',
      '1700000001',
      'DF13EB32943A5CCA5700644D1C0F9BA4',
    ],
    ['eleme.order.getUnprocessOrders', '{"shopId":500000001}', '1700000002', '6DC204C17C81C8A691DA90C4388E240E'],
    ['eleme.user.getUser', '{}', '1700000003', '44E6A4071F7CF4819A6BFF4E87CBF156'],
  ];

  for (const [action, params, timestamp, signature] of CALLS) {
    test(`${action} is signed as the vector has it`, () => {
      assert.equal(sign(action, params, timestamp), signature);
    });
  }

  test('without the quotes of a push the signature is another one', () => {
    const [action, , timestamp, signature] = CALLS[0]!;
    assert.notEqual(
      signPush(
        objectOf(`{"app_key":"${KEY}","orderId":"3000000000000000017","timestamp":${timestamp}}`),
        `${action}${SECRET}`,
      ),
      signature,
    );
  });
});

/** A push of this type and message under a genuine signature. */
function genuine(type: string, message: string, more: Readonly<Record<string, Lossless>> = {}): CallbackRequest {
  const fields = new Map<string, Lossless>([
    ...objectOf(
      `{"requestId":"1","type":${type},"appId":60000001,"shopId":500000001,"timestamp":1700000100123,"userId":62000001}`,
    ),
    ['message', message],
    ...Object.entries(more),
  ]);
  fields.set('signature', signPush(fields, SECRET));
  return callbackRequest({ body: stringifyLossless(fields) });
}

const account = accountView(eleme, ACCOUNT);

function hear(request: CallbackRequest, view: AccountView = account): Parsed {
  const verified = eleme.verify(request, view);
  assert.ok(verified.ok, JSON.stringify(verified));
  return eleme.parse(verified.accepted, view);
}

const storesOf = (parsed: Parsed): unknown => (parsed.kind === 'reports' ? parsed.stores : parsed);

/** Texts that PostgreSQL can hold and numbers that JSON can, at any depth. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([name, item]) => isStorableText(name) && isStorable(item));
}

function orderAfter(...pushes: readonly Parsed[]): ReturnType<OrderModel['order']> {
  const model = new OrderModel(eleme);
  for (const parsed of pushes) {
    assert.ok(parsed.kind === 'reports', JSON.stringify(parsed));
    for (const report of parsed.reports) model.take(report);
  }
  return model.order('3000000000000000017');
}

describe('eleme: what its pushes say beside orders', () => {
  test('a GET at the push address is answered like a stored push', () => {
    assert.deepEqual(eleme.answerGet?.(callbackRequest({ method: 'GET', body: '' }), account).body, '{"message":"ok"}');
  });

  test('a removed authorisation releases the shop at its Beijing time', () => {
    const message = '{"shopId":152128506,"appId":23388475,"appName":"demo","relieveOAuthTime":"2017-10-18T18:48:14"}';
    const at = Date.UTC(2017, 9, 18, 10, 48, 14);
    assert.deepEqual(storesOf(hear(genuine('100', message))), [{ kind: 'released', store: '152128506', at }]);
  });

  test('an opening state with a word is a state, one without is a notice', () => {
    const at = 1_700_000_050_000;
    assert.deepEqual(storesOf(hear(genuine('91', '{"shopId":500000001,"state":"resting","updateTime":1700000050}'))), [
      { kind: 'state', store: '500000001', state: 'resting', at },
    ]);
    assert.deepEqual(storesOf(hear(genuine('91', '{"isOpen":0,"updateTime":1700000050}'))), [
      { kind: 'notice', store: '500000001', topic: 'shop-state', data: { isOpen: '0', updateTime: '1700000050' }, at },
    ]);
  });

  test('audits keep the word of the platform, whichever of its two spellings', () => {
    const message = '{"applyId":123,"auditStatus":"PASS","auditTime":"2023-05-09 10:00:00"}';
    assert.deepEqual(storesOf(hear(genuine('222', message))), [
      {
        kind: 'notice',
        store: '500000001',
        topic: 'shop-audit',
        data: { applyId: '123', auditStatus: 'PASS', auditTime: '2023-05-09 10:00:00' },
        at: Date.UTC(2023, 4, 9, 2),
      },
    ]);
  });
});

describe('eleme: orders', () => {
  const content = (more: string): string =>
    `{"id":"3000000000000000017","orderId":"3000000000000000017","shopId":500000001,"openId":"8859","onlinePaid":true,"createdAt":"2023-11-15T06:13:10","activeAt":"2023-11-15T06:13:20","totalPrice":20.0,${more}}`;
  const waybill = (updateAt: number): string =>
    `{"orderId":"3000000000000000017","shopId":500000001,"updateAt":${updateAt}}`;
  const changed = (updateTime: number): string => `{"orderId":"3000000000000000017","updateTime":${updateTime}}`;

  test('the shop of an order is its number at Ele.me, or our own code where the account says so', () => {
    const request = genuine('10', content('"shopName":"店"'));
    const own = accountView(eleme, { ...ACCOUNT, settings: { storeRef: 'openId' } });
    assert.equal(orderAfter(hear(request))?.store, '500000001');
    assert.equal(orderAfter(hear(request, own), hear(genuine('12', TAKEN), own))?.store, '8859');
    assert.equal(orderAfter(hear(genuine('12', TAKEN), own), hear(request, own))?.store, '8859');
  });

  test('an order of which only the end was heard has its shop', () => {
    assert.equal(orderAfter(hear(genuine('15', changed(1_700_000_020))))?.store, '500000001');
  });

  test('sums that are doubles are rounded by their digits', () => {
    const order = orderAfter(hear(genuine('10', content('"originalPrice":23.799999999999997,"income":13.005'))));
    assert.equal(order?.amounts.original, 2380);
    assert.equal(order?.amounts.income, 1301);
  });

  test('a downgraded push shows no zero as a sum, and never overwrites sums that were read', () => {
    const downgraded = hear(genuine('10', content('"downgraded":true,"originalPrice":0,"income":0.0')));
    const whole = hear(genuine('217', content('"downgraded":false,"originalPrice":25,"income":15.5')));
    assert.ok(downgraded.kind === 'reports');
    assert.equal(downgraded.reports[0]?.doubt, 'money');
    const before = orderAfter(downgraded);
    assert.deepEqual([before?.amounts.total, before?.amounts.original, before?.amounts.income], [2000, null, null]);
    assert.deepEqual(before?.flags, ['provisional_money']);
    for (const history of [
      [downgraded, whole, downgraded],
      [whole, downgraded],
    ]) {
      const after = orderAfter(...history);
      assert.deepEqual([after?.amounts.original, after?.amounts.income, after?.flags], [2500, 1550, []]);
    }
  });

  test('messages of one second end alike in any order', () => {
    const asked = hear(genuine('20', changed(1_700_000_009)));
    const refused = hear(genuine('22', changed(1_700_000_009)));
    const coming = hear(genuine('54', waybill(1_700_000_009_000)));
    const leaving = hear(genuine('55', waybill(1_700_000_009_000)));
    for (const history of [
      [asked, refused, coming, leaving],
      [leaving, refused, coming, asked],
    ]) {
      const order = orderAfter(...history);
      assert.deepEqual([order?.fulfilment, order?.flags], ['delivering', []]);
    }
  });

  test('a delivery cancelled after the order ended is no trouble any more', () => {
    const ended = hear(genuine('15', changed(1_700_000_009)));
    const late = hear(genuine('58', waybill(1_700_000_019_000)));
    assert.deepEqual(orderAfter(late)?.flags, ['delivery_trouble']);
    for (const history of [
      [ended, late],
      [late, ended],
    ])
      assert.deepEqual(orderAfter(...history)?.flags, []);
  });

  test('a request without its time raises a doubt about the order', () => {
    const asked = hear(genuine('20', '{"orderId":"3000000000000000017"}'));
    assert.ok(asked.kind === 'reports');
    assert.deepEqual(
      asked.reports.map(({ doubt }) => doubt),
      ['cancel'],
    );
    assert.deepEqual(orderAfter(asked)?.flags, ['cancel_requested', 'doubt']);
  });

  test('type 217 with nothing of an order is kept, and not guessed at', () => {
    const parsed = hear(genuine('217', changed(1_700_000_009)));
    assert.deepEqual(parsed, { kind: 'unrecognised', reason: 'type 217 without the fields of an order is not known' });
  });

  test('odd values inside a message name the field, deep ones by their path', () => {
    const odd = hear(genuine('10', content('"groups":[{"type":"normal","items":[{"price":"1e9"}]}]')));
    assert.deepEqual(odd, { kind: 'unrecognised', reason: 'groups[0].items[0].price is not an amount in yuan' });
    for (const [type, message, reason] of [
      ['12', '{"orderId":"1","updateTime":1}', 'updateTime is not a time between the years 2000 and 2200'],
      ['12', '{"updateTime":1700000005}', 'orderId is missing'],
      ['12', '[]', 'message is not the JSON text of an object'],
      ['10', '{"orderId":"1","status":"odd"}', 'status "odd" is not known'],
      ['10', '{"orderId":"1","totalPrice":-1}', 'totalPrice is not an amount in yuan'],
      ['33', '{"orderId":"1","refundType":"half"}', 'type 33 with refundType "half" is not known'],
      ['77', '{"orderId":"1"}', 'type "77" is not known'],
    ] as const) {
      assert.deepEqual(hear(genuine(type, message)), { kind: 'unrecognised', reason });
    }
  });

  test('odd values anywhere inside a message become storable reports or are named', () => {
    const samples = [0.01, 0.3, 0.55, 0.7, 0.9].flatMap((draw, number) =>
      eleme.sandbox
        .tell(() => draw, number, 1_700_000_000_000)
        .steps.map((step) => objectOf(step.callback(1_700_000_000_000, account).body)),
    );
    let odd = 0;
    fc.assert(
      fc.property(fc.constantFrom(...samples), valueMutation, (fields, mutate) => {
        const message = mutate(scalarText(fields.get('message')) ?? '');
        const parsed = hear(genuine(scalarText(fields.get('type')) ?? '', message));
        if (parsed.kind === 'unrecognised') odd += 1;
        for (const report of parsed.kind === 'reports' ? parsed.reports : []) {
          assert.ok(isStorable(report), JSON.stringify(report));
          assert.doesNotThrow(() => orderAfter({ kind: 'reports', reports: [report] }));
        }
      }),
      { seed: 20_261_101, numRuns: 2_000 },
    );
    assert.ok(odd > 0);
  });

  test('nothing personal is among the fields of the platform or the items', () => {
    for (const story of [1, 2, 3].map((number) => eleme.sandbox.tell(() => 0, number, 1_700_000_000_000))) {
      const { body } = story.steps[0]!.callback(1_700_000_000_000, account);
      const parsed = hear(callbackRequest({ body }));
      assert.ok(parsed.kind === 'reports');
      const facts = parsed.reports.flatMap((report) => report.facts);
      const open = facts.filter(({ register }) => !['customer', 'note', 'rider', 'invoice'].includes(register));
      assert.doesNotMatch(JSON.stringify(open), /1380000|学正街|张三|李女士|欧阳|王小明|120\.35/u);
      assert.ok(facts.some(({ register }) => register === 'customer'));
    }
  });
});
