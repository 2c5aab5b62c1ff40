import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import type { AccountView } from '../../core/connector.ts';
import { decodeUtf8, isLosslessObject, parseLossless, stringifyLossless } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { signingRules } from './account.ts';
import { STATUSES } from './callback.ts';
import { meituanUnion } from './index.ts';
import { sign, signedText } from './signature.ts';

const CALLBACK_SECRET = 'cb_Secret_0123456789abcdef';
const API_SECRET = 'app_Secret_fedcba9876543210';
const credentials = { appkey: 'demoappkey', secret: API_SECRET, callbackSecret: CALLBACK_SECRET };

const BODY_A =
  '{"orderid":"9000000000000000001","smstitle":"test order","quantity":"1","dealid":"0","paytime":"1700000000","ordertime":"1699999990","modTime":"1700000001","actId":"33","businessLine":"2","subBusinessLine":"1","sid":"u1001","appkey":"demoappkey","uid":"12345","status":"1","total":"35.80","payPrice":"30.50","direct":"30.50","ratio":"0.03"}';
const BODY_B =
  '{"smstitle":"美团外卖-老王牛肉面（望京店）🍜","orderid":"9000000000000000002","paytime":"1700000100","actId":"105","businessLine":"4","sid":"u1002_a","appkey":"demoappkey","status":"8","payPrice":"12.00","productName":"鸡蛋 30枚/盒 & 特价=9.9","tradeTypeList":[2,3]}';
const BODY_C =
  '{"orderid":9000000000000000003,"smstitle":"","dealid":"","sid":"u1003","status":9,"payPrice":20.00,"direct":20.10,"quantity":2,"refundType":1,"actId":33,"businessLine":2,"paytime":1700000200,"appkey":"demoappkey","uid":""}';
const BODY_D = '{"orderid":"1","refundType":null,"sid":"u1"}';

const signedWith = (body: string, given: string): string => `${body.slice(0, -1)},"sign":"${given}"}`;

const vector = (
  name: string,
  body: string,
  given: string,
  expect: SignatureVector['expect'],
  settings: Readonly<Record<string, Json>> = {},
): SignatureVector => ({
  name,
  account: { credentials, settings },
  request: { body: signedWith(body, given) },
  expect,
});

const A = '6bc94f67b58b01ee65d6981640c82a8f';
const vectors: readonly SignatureVector[] = [
  vector('A, all strings', BODY_A, A, 'accepted'),
  vector('A in upper case', BODY_A, A.toUpperCase(), 'wrong_signature'),
  vector('A with a blank behind', BODY_A, `${A} `, 'wrong_signature'),
  vector('B, an array as compact JSON', BODY_B, '89899af8ad8b210436609efcb3d72445', 'accepted'),
  vector('B, an array with blanks', BODY_B, 'c522025f8b039d8ea7ea3e11696414be', 'wrong_signature'),
  vector('B, an array with blanks, so set', BODY_B, 'c522025f8b039d8ea7ea3e11696414be', 'accepted', {
    arrayForm: 'spaced',
  }),
  vector('B, compact where blanks are set', BODY_B, '89899af8ad8b210436609efcb3d72445', 'wrong_signature', {
    arrayForm: 'spaced',
  }),
  vector('B, an array as 2,3', BODY_B, '691c4a9f98bf6e42b0bd4e9d997a43c0', 'wrong_signature'),
  vector('B, an array as the word Array', BODY_B, 'ff0ebec455c22a8b81bbd3558aeb1c53', 'wrong_signature'),
  vector('B, the array dropped', BODY_B, '9836bfb80e254aaf59e6a0f466900de1', 'wrong_signature'),
  vector('B, GB18030 bytes', BODY_B, '198379e77ed54aa701a50bb3466503c0', 'wrong_signature'),
  vector('B, URL-encoded values', BODY_B, '8bffbd5c0c938a82e2dee08368768490', 'wrong_signature'),
  vector('C, raw number tokens, empties included', BODY_C, 'a691a2a9318832cb25fceed9bd3dafb3', 'accepted'),
  vector('C, empties skipped', BODY_C, '32d2c7bf825b4cc8ca46a3088e403b01', 'wrong_signature'),
  vector('C, empties skipped, so set', BODY_C, '32d2c7bf825b4cc8ca46a3088e403b01', 'accepted', {
    emptyInSignature: 'skip',
  }),
  vector('C, empties included where skipping is set', BODY_C, 'a691a2a9318832cb25fceed9bd3dafb3', 'wrong_signature', {
    emptyInSignature: 'skip',
  }),
  vector(
    'C, numbers through a double, empties included',
    BODY_C,
    '937d718fe9227e88fa4d7af093b797ff',
    'wrong_signature',
  ),
  vector(
    'C, numbers through a double, empties skipped',
    BODY_C,
    '9b4195884f7f72add4aacb6f07166f51',
    'wrong_signature',
    { emptyInSignature: 'skip' },
  ),
  vector('D, null dropped', BODY_D, '0d3d8013be2e39e59953e8c794b8b6bd', 'accepted'),
  vector('D, null as empty text', BODY_D, '9ac4e6e34d37a5f72b8f0b5cccc23c0f', 'wrong_signature'),
  vector('D, null as empty text, so set', BODY_D, '9ac4e6e34d37a5f72b8f0b5cccc23c0f', 'accepted', {
    nullInSignature: 'empty',
  }),
  vector('D, null as the text null', BODY_D, 'bbc55c03e4b1198be2fa308441e0bb26', 'wrong_signature'),
  vector('D, null as the text null, so set', BODY_D, 'bbc55c03e4b1198be2fa308441e0bb26', 'accepted', {
    nullInSignature: 'text',
  }),
  vector('D, null dropped where text is set', BODY_D, '0d3d8013be2e39e59953e8c794b8b6bd', 'wrong_signature', {
    nullInSignature: 'text',
  }),
];

const jsonHeaders = { contentType: 'application/json; charset=utf-8', status: 200 };

connectorSuite(meituanUnion, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', ...jsonHeaders, body: '{"errcode":"0","errmsg":"ok"}' },
    { outcome: 'rejected', ...jsonHeaders, body: '{"errcode":"1","errmsg":"err"}' },
  ],
  statuses: {
    all: Object.keys(STATUSES),
    of: ({ body }) => {
      const fields = parseLossless(decodeUtf8(body) ?? '');
      if (!isLosslessObject(fields)) return undefined;
      const text = (name: string): string => {
        const value = fields.get(name);
        return typeof value === 'string'
          ? value
          : value === undefined || value === null
            ? ''
            : stringifyLossless(value);
      };
      return `${text('status')}/${text('refundType')}`;
    },
  },
  vectors,
  resign: (request, account) => {
    const fields = parseLossless(decodeUtf8(request.body) ?? '');
    const [secret] = account.secrets('callbackSecret');
    if (!isLosslessObject(fields) || secret === undefined) return undefined;
    const signed = new Map([...fields, ['sign', sign(fields, secret.value, signingRules(account))]]);
    return { ...request, body: Buffer.from(stringifyLossless(signed)) };
  },
});

describe('meituan-union: quirks of the platform', () => {
  const rules = signingRules({ settings: {} });
  const fieldsOf = (text: string): ReadonlyMap<string, never> => parseLossless(text) as ReadonlyMap<string, never>;
  const account = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
    accountView(meituanUnion, { credentials, settings });

  test('the text to sign of vector A is the published one', () => {
    assert.equal(
      CALLBACK_SECRET + signedText(fieldsOf(signedWith(BODY_A, A)), rules) + CALLBACK_SECRET,
      'cb_Secret_0123456789abcdefactId33appkeydemoappkeybusinessLine2dealid0direct30.50modTime1700000001orderid9000000000000000001ordertime1699999990payPrice30.50paytime1700000000quantity1ratio0.03sidu1001smstitletest orderstatus1subBusinessLine1total35.80uid12345cb_Secret_0123456789abcdef',
    );
  });

  test('vector E: the calls to the API are signed the same way with the API secret', () => {
    const call = {
      appkey: 'demoappkey',
      ts: '1700000000',
      businessLine: '2',
      startTime: '1699913600',
      endTime: '1700000000',
    };
    const fields = new Map(Object.entries({ ...call, page: '1', limit: '100', queryTimeType: '1' }));
    assert.equal(sign(fields, API_SECRET, rules), '4c63f790159efd2731ab08b2c52acb39');
  });

  test('vector F: names sort by byte, upper case before underscore before lower case', () => {
    const fields = new Map(Object.entries({ Zeta: '1', alpha: '2', actId: '33', ActId: 'x', _u: '5' }));
    assert.equal(signedText(fields, rules), 'ActIdxZeta1_u5actId33alpha2');
    assert.equal(sign(fields, 'k', rules), '87a509d938fc34f2afcbb9919df97c8f');
  });

  test('the API secret does not verify a push: the first mistake of public clients', () => {
    const body = signedWith(BODY_A, sign(fieldsOf(BODY_A), API_SECRET, rules));
    const verified = meituanUnion.verify(callbackRequest({ body }), account());
    assert.equal(verified.ok, false);
  });

  test('an account that only pulls refuses every push and says why', () => {
    const pullOnly = accountView(meituanUnion, { credentials: { appkey: 'demoappkey', secret: API_SECRET } });
    const verified = meituanUnion.verify(callbackRequest({ body: signedWith(BODY_A, A) }), pullOnly);
    assert.equal(!verified.ok && verified.refusal.reason, 'no_secret');
  });

  test('any content type is taken, since the bytes prove themselves', () => {
    const body = signedWith(BODY_A, A);
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json;charset=GBK', ''];
    for (const headers of [...types.map((type) => ({ 'content-type': type })), {}]) {
      assert.ok(meituanUnion.verify(callbackRequest({ body, headers }), account()).ok);
    }
  });

  test('bytes that are not UTF-8 are unreadable, not repaired', () => {
    const body = Buffer.concat([Buffer.from('{"smstitle":"'), Buffer.of(0xc3, 0x28), Buffer.from('","sign":"x"}')]);
    const verified = meituanUnion.verify({ ...callbackRequest({ body: '' }), body }, account());
    assert.equal(!verified.ok && verified.refusal.reason, 'unreadable');
  });

  test('white space, escapes and the order of fields do not matter to the signature', () => {
    const reordered = Object.entries(
      JSON.parse(signedWith(BODY_B, '89899af8ad8b210436609efcb3d72445')) as object,
    ).reverse();
    const body = JSON.stringify(Object.fromEntries(reordered), null, 2).replace('美', '\\u7f8e');
    assert.ok(meituanUnion.verify(callbackRequest({ body }), account()).ok);
  });

  test('of a repeated field the last one counts, for the signature and for the order alike', () => {
    const body = signedWith(BODY_A, A).replace('"status":"1"', '"status":"9","status":"1"');
    const verified = meituanUnion.verify(callbackRequest({ body }), account());
    assert.ok(verified.ok);
    const parsed = meituanUnion.parse(verified.accepted, account());
    assert.equal(parsed.kind === 'reports' && parsed.reports[0]?.facts[0]?.value, 'paid');
  });

  test('a name like __proto__ is signed as any other and reaches no prototype', () => {
    const leaf = `${BODY_A.slice(0, -1)},"__proto__":{"status":"9"}}`;
    const body = signedWith(leaf, sign(fieldsOf(leaf), CALLBACK_SECRET, rules));
    const verified = meituanUnion.verify(callbackRequest({ body }), account());
    assert.ok(verified.ok);
    assert.equal(meituanUnion.parse(verified.accepted, account()).kind, 'reports');
    assert.equal(({} as { status?: string }).status, undefined);
  });

  test('the same statement as text and as numbers is one report, so it counts once', () => {
    const keys = [BODY_A, BODY_A.replaceAll(/"(\d+(?:\.\d+)?)"/gu, '$1')].map((leaf) => {
      const body = signedWith(leaf, sign(fieldsOf(leaf), CALLBACK_SECRET, rules));
      const verified = meituanUnion.verify(callbackRequest({ body }), account());
      assert.ok(verified.ok);
      const parsed = meituanUnion.parse(verified.accepted, account());
      assert.ok(parsed.kind === 'reports');
      return parsed.reports;
    });
    assert.deepEqual(keys[0], keys[1]);
  });

  test('a push is received when errcode is 0, as text or as a number', () => {
    const { isReceived } = meituanUnion.sandbox;
    assert.ok(isReceived({ status: 200, body: '{"errcode":"0","errmsg":"ok"}' }));
    assert.ok(isReceived({ status: 200, body: '{"errcode":0}' }));
    for (const body of ['{"errcode":"1"}', '{"errcode":1}', '{}', 'ok', 'null', '[]', '"0"']) {
      assert.equal(isReceived({ status: 200, body }), false, body);
    }
    assert.equal(isReceived({ status: 503, body: '{"errcode":"0"}' }), false);
  });

  test('the sandbox tells every plot, with numbers of orders that no two share', () => {
    const plots = new Set<string>();
    const numbers = new Set<string>();
    for (let number = 1; number <= 400; number += 1) {
      const story = meituanUnion.sandbox.tell(seededRandom(`plots/${number}`), number, Date.UTC(2026, 10, 1));
      plots.add(story.plot);
      numbers.add(story.platformOrderId);
    }
    assert.equal(plots.size, 12);
    assert.equal(numbers.size, 400);
  });
});
