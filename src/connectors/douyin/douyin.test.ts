import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import type { RequestWords } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import { valueMutation } from '../../../test/kit/mutations.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Parsed } from '../../core/connector.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless, LosslessObject } from '../../core/json.ts';
import { rsaKeysFromText } from '../../core/rsa.ts';
import { sha256Hex } from '../../core/signing.ts';
import { PAYMENTS, refundNumberFor, REFUNDS, SETTLEMENTS, WITHDRAWALS } from './callback.ts';
import { douyin } from './index.ts';
import { callbackSignature, tradeCallbackHeaders, tradeCallbackText } from './signature.ts';

const TOKEN = 'invented-token-Z9';
const SALT = 'invented-salt-A1b2C3d4';
const credentials = { appId: 'tt0000000000000001', appSecret: 'app-secret-0123456789', token: TOKEN, salt: SALT };
const view = (
  more: Readonly<Record<string, string | readonly string[]>> = {},
  settings: Readonly<Record<string, Json>> = {},
): AccountView => accountView(douyin, { credentials: { ...credentials, ...more }, settings });

const C1_MSG =
  '{"appid":"tt0000000000000001","cp_orderno":"HUB20240101000002","cp_extra":"","way":"2","total_amount":12800,"status":"SUCCESS","paid_at":1699999990,"message":"","order_id":"7000000000000000001"}';
const C1 = 'dae591da7041db4bf315ec3424e4ad5bdc1083e3';
const C2_MSG =
  '{"appid":"tt0000000000000001","cp_refundno":"RF3","cp_extra":"备注：全额","status":"FAIL","refund_amount":100,"is_all_settled":false,"refunded_at":0,"message":"余额不足","order_id":"7000000000000000001","refund_no":"7000000000000000009"}';
const C2 = 'aee13b353cf4961917ad9fd85375b8b57a4fff61';

interface EnvelopeWords {
  readonly timestamp?: Json;
  readonly nonce?: Json;
  readonly msg?: Json;
  readonly type?: Json;
  readonly signature?: Json;
}
const c1 = (changes: EnvelopeWords = {}): RequestWords => {
  const { timestamp = '1700000000', nonce = '4821', msg = C1_MSG, type = 'payment', signature = C1 } = changes;
  return { body: JSON.stringify({ timestamp, nonce, msg, type, msg_signature: signature }) };
};
const reserialised = JSON.stringify({ ...(JSON.parse(C1_MSG) as object), cp_extra: '' }, null, 1);

const vector = (
  name: string,
  request: RequestWords,
  expect: SignatureVector['expect'],
  token: string | readonly string[] = TOKEN,
): SignatureVector => ({ name, account: { credentials: { ...credentials, token } }, request, expect });

/** An envelope of guaranteed payment, signed as the platform does. */
function signed(type: string, msg: string, token = TOKEN): RequestWords {
  const fields: LosslessObject = new Map<string, Lossless>([
    ['timestamp', '1700000000'],
    ['nonce', '77'],
    ['msg', msg],
    ['type', type],
  ]);
  return {
    body: stringifyLossless(new Map([...fields, ['msg_signature', callbackSignature(fields, token) ?? '']])),
  };
}

const platform = rsaKeysFromText('the platform of the tests');
/** A body of the trade system, signed as the platform does. */
function tradeSigned(body: string): RequestWords {
  const headers = tradeCallbackHeaders('1700000001', 'NONCE0002', Buffer.from(body), platform.privateKey);
  return { headers: { 'content-type': 'application/json', ...headers }, body };
}
const tradeView = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
  view({ platformPublicKey: platform.publicKey }, settings);
const tradeBody = (type: string, msg: Json): string =>
  JSON.stringify({ version: '3.0', type, msg: JSON.stringify(msg) });

function believe(request: RequestWords, account: AccountView): Parsed {
  const verified = douyin.verify(callbackRequest(request), account);
  assert.ok(verified.ok, JSON.stringify(verified));
  return douyin.parse(verified.accepted, account);
}

const TRADE_C =
  '{"version":"3.0","type":"payment","msg":"{\\"out_order_no\\":\\"HUB20240101000002\\",\\"status\\":\\"SUCCESS\\"}"}';

function envelopeOf(request: CallbackRequest): LosslessObject | undefined {
  const fields = parseLossless(Buffer.from(request.body).toString());
  return isLosslessObject(fields) ? fields : undefined;
}

const jsonHeaders = { contentType: 'application/json; charset=utf-8', status: 200 };

connectorSuite(douyin, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', ...jsonHeaders, body: '{"err_no":0,"err_tips":"success"}' },
    { outcome: 'rejected', ...jsonHeaders, body: '{"err_no":400,"err_tips":"signature"}' },
  ],
  statuses: {
    all: [
      ...Object.entries(PAYMENTS).flatMap(([generation, table]) =>
        Object.entries(table).flatMap(([status, { lifecycle }]) =>
          Object.keys(lifecycle ?? { '': '' }).map((message) => `${generation}/payment/${status}/${message}`),
        ),
      ),
      ...(['ecpay', 'trade'] as const).flatMap((generation) => [
        ...Object.keys(REFUNDS).map((status) => `${generation}/refund/${status}/`),
        ...Object.keys(SETTLEMENTS).map((status) => `${generation}/settle/${status}/`),
      ]),
      ...Object.keys(WITHDRAWALS).map((status) => `ecpay/withdraw/${status}/`),
      'trade/pre_create_refund//',
      'ecpay/settle_finish//',
      'ecpay/transfer//',
    ],
    of: (request) => {
      const fields = envelopeOf(request);
      const msg = fields?.get('msg');
      const said = typeof msg === 'string' ? parseLossless(msg) : msg;
      if (fields === undefined || !isLosslessObject(said)) return undefined;
      const [type, status, message] = [fields.get('type'), said.get('status'), said.get('message')].map(scalarText);
      const hasStatus = !['settle_finish', 'transfer', 'pre_create_refund'].includes(type ?? '');
      const isReason = status === 'CANCEL' && (message === 'USER_CANCEL' || message === 'TIME_OUT');
      return [fields.has('version') ? 'trade' : 'ecpay', type, hasStatus ? status : '', isReason ? message : ''].join(
        '/',
      );
    },
  },
  vectors: [
    vector('C1', c1(), 'accepted'),
    vector('C1 with the timestamp as a number', c1({ timestamp: 1_700_000_000 }), 'accepted'),
    vector(
      'C1 with an empty field more, which is not signed',
      { body: c1().body.replace('{', '{"extra":"",') },
      'accepted',
    ),
    vector('C1 in upper case', c1({ signature: C1.toUpperCase() }), 'wrong_signature'),
    vector('C1 with the message re-serialised', c1({ msg: reserialised }), 'wrong_signature'),
    vector('C1 with the message as an object', c1({ msg: JSON.parse(C1_MSG) as Json }), 'unreadable'),
    vector(
      'C1 with a field more, which is signed',
      { body: c1().body.replace('{', '{"extra":"1",') },
      'wrong_signature',
    ),
    vector('C1 without its nonce', { body: c1().body.replace('"nonce":"4821",', '') }, 'unreadable'),
    vector('C1 under another token', c1(), 'wrong_signature', 'another-token'),
    vector('C1 under the salt', c1(), 'wrong_signature', SALT),
    vector('C1 under a token replaced since', c1(), 'accepted', ['the-new-token', TOKEN]),
    vector('C2', c1({ timestamp: '1700000100', nonce: '7', type: 'refund', msg: C2_MSG, signature: C2 }), 'accepted'),
    vector('C2 with its type among what is signed', signedWithType(C2_MSG), 'wrong_signature'),
    vector(
      'a body with a version is never believed for a SHA-1',
      { body: c1().body.replace('{', '{"version":"",') },
      'no_secret',
    ),
  ],
  resign: (request, account) => {
    const fields = envelopeOf(request);
    if (fields === undefined) return undefined;
    if (fields.has('version')) {
      // The private half of the demo account's key is the sandbox's alone; the suite's own account has this one.
      return account.secrets('platformPublicKey')[0]?.value === platform.publicKey
        ? callbackRequest(tradeSigned(Buffer.from(request.body).toString()))
        : undefined;
    }
    const signature = callbackSignature(fields, account.secrets('token')[0]?.value ?? '');
    if (signature === undefined) return undefined;
    return { ...request, body: Buffer.from(stringifyLossless(new Map([...fields, ['msg_signature', signature]]))) };
  },
  signedPart: (request) => {
    const fields = envelopeOf(request);
    if (fields === undefined || fields.has('version')) return undefined;
    return stringifyLossless(
      new Map([...fields].filter(([name]) => name !== 'type').sort(([a], [b]) => (a < b ? -1 : 1))),
    );
  },
});

function signedWithType(msg: string): RequestWords {
  const fields = new Map<string, Lossless>([
    ['timestamp', '1700000100'],
    ['nonce', '7'],
    ['msg', msg],
    ['what', 'refund'],
  ]);
  const signature = callbackSignature(fields, TOKEN) ?? '';
  return c1({ timestamp: '1700000100', nonce: '7', type: 'refund', msg, signature });
}

describe('douyin: callbacks', () => {
  test('a published signature is reproduced, and the type is no part of it', () => {
    const fields = new Map<string, Lossless>([
      ['timestamp', '1700000000'],
      ['nonce', '4821'],
      ['msg', C1_MSG],
      ['type', 'payment'],
    ]);
    assert.equal(callbackSignature(fields, TOKEN), C1);
    assert.equal(callbackSignature(new Map([...fields, ['type', 'refund']]), TOKEN), C1);
  });

  test('the text that the trade system signs has the published digest, for the raw bytes alone', () => {
    const text = tradeCallbackText('1700000001', 'NONCE0002', Buffer.from(TRADE_C));
    assert.equal(sha256Hex(text), '21814bbfbf675f94ec975bfe0f5b9c87f26cc765228654ef762a82517c7f23da');
    const request = callbackRequest(tradeSigned(TRADE_C));
    assert.ok(douyin.verify(request, tradeView()).ok);
    const spaced = { ...request, body: Buffer.from(JSON.stringify(JSON.parse(TRADE_C), null, 1)) };
    const verified = douyin.verify(spaced, tradeView());
    assert.equal(!verified.ok && verified.refusal.reason, 'wrong_signature');
  });

  test('the generation is told apart per request, whatever the account is set to', () => {
    for (const generation of ['ecpay', 'trade', 'auto']) {
      assert.ok(douyin.verify(callbackRequest(c1()), tradeView({ generation })).ok);
      assert.ok(douyin.verify(callbackRequest(tradeSigned(TRADE_C)), tradeView({ generation })).ok);
    }
    const old = believe(signed('refund', C2_MSG), tradeView());
    assert.equal(old.kind, 'reports');
  });

  test('a message under another type than its own is not believed, since the type is not signed', () => {
    const settle =
      '{"cp_settle_no":"S1","out_order_no":"HUB1","order_id":"7000000000000000001","status":"SUCCESS","settled_at":1700000000}';
    const own = { payment: C1_MSG, refund: C2_MSG, settle };
    for (const [type, msg] of Object.entries(own)) {
      for (const other of ['payment', 'refund', 'settle', 'withdraw', 'pre_create_refund', 'transfer', '']) {
        assert.equal(
          believe(signed(other, msg), view()).kind,
          other === type ? 'reports' : 'unrecognised',
          `${type} as ${other}`,
        );
      }
    }
  });

  test('odd values inside a genuine msg become reports or are unrecognised with a reason', () => {
    const request =
      '{"app_id":"tt1","refund_id":"9","order_id":"7000000000000000001","out_order_no":"HUB1","out_refund_no":"","refund_total_amount":100,"create_refund_time":1700000000000}';
    const settle =
      '{"out_settle_no":"S1","order_id":"7000000000000000001","status":"SUCCESS","event_time":1700000000000,"rake":5,"is_auto_settle":true}';
    const samples = [
      ['payment', C1_MSG],
      ['refund', C2_MSG],
      ['settle', settle],
      ['pre_create_refund', request],
      ['withdraw', '{"status":"SUCCESS","withdraw_at":1700000000,"out_order_id":"W1"}'],
    ] as const;
    let odd = 0;
    fc.assert(
      fc.property(fc.constantFrom(...samples), valueMutation, fc.boolean(), ([type, msg], mutate, isTrade) => {
        const changed = mutate(msg);
        const parsed = isTrade
          ? believe(tradeSigned(JSON.stringify({ version: '3.0', type, msg: changed })), tradeView())
          : believe(signed(type, changed), view());
        if (parsed.kind === 'unrecognised') odd += 1;
        const text = JSON.stringify(parsed.kind === 'reports' ? [parsed.reports, parsed.stores ?? []] : parsed);
        JSON.parse(text, (_key, value: unknown) => {
          assert.ok(typeof value !== 'string' || isStorableText(value));
          return value;
        });
      }),
      { seed: 20_261_101, numRuns: 2_000 },
    );
    assert.ok(odd > 100);
  });

  test('the user’s wish for a refund is answered with one number of ours, however often it comes', () => {
    const msg = {
      app_id: 'tt1',
      refund_id: '7398108028895054107',
      order_id: 'ots7',
      out_order_no: 'HUB1',
      refund_total_amount: 100,
    };
    const parsed = believe(
      tradeSigned(tradeBody('pre_create_refund', msg)),
      tradeView({ orderEntryPath: 'pages/order/refund' }),
    );
    assert.ok(parsed.kind === 'reports');
    const number = refundNumberFor('7398108028895054107');
    assert.match(number, /^[A-Za-z0-9_*-]{1,64}$/u);
    const { body } = douyin.reply('stored', callbackRequest({ body: '' }), parsed.replyData);
    assert.equal(
      body,
      `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"${number}","order_entry_schema":{"path":"pages/order/refund","params":"{\\"order_id\\":\\"ots7\\",\\"out_order_no\\":\\"HUB1\\",\\"out_refund_no\\":\\"${number}\\"}"}}}`,
    );
    const again = believe(tradeSigned(tradeBody('pre_create_refund', { ...msg, need_refund_audit: 2 })), tradeView());
    assert.deepEqual(again.kind === 'reports' && again.replyData !== undefined && outRefundNo(again.replyData), number);
    const known = believe(tradeSigned(tradeBody('pre_create_refund', { ...msg, out_refund_no: 'RF7' })), tradeView());
    assert.equal(known.kind === 'reports' && outRefundNo(known.replyData), 'RF7');
    const odd = believe(
      tradeSigned(tradeBody('pre_create_refund', { ...msg, refund_total_amount: 'much' })),
      tradeView(),
    );
    assert.equal(odd.kind === 'unrecognised' && outRefundNo(odd.replyData), number);
  });

  test('a discount lowers what was paid, unless the account says otherwise', () => {
    const msg = {
      out_order_no: 'HUB1',
      order_id: '7',
      status: 'SUCCESS',
      total_amount: 1000,
      discount_amount: 150,
      event_time: 1_700_000_000_000,
    };
    const paid = (settings: Readonly<Record<string, Json>>): unknown => {
      const parsed = believe(tradeSigned(tradeBody('payment', msg)), tradeView(settings));
      return (
        parsed.kind === 'reports' && parsed.reports[0]?.facts.find(({ register }) => register === 'money.paid')?.value
      );
    };
    assert.equal(paid({}), 850);
    assert.equal(paid({ discountReducesPaid: false }), 1000);
  });

  test('numbers of guaranteed payment’s own sandbox, which are empty, join no two orders', () => {
    const empty = (orderNo: string): string =>
      JSON.stringify({
        ...(JSON.parse(C1_MSG) as object),
        cp_orderno: orderNo,
        order_id: `7${orderNo}`,
        channel_no: '',
        payment_order_no: '0',
      });
    const aliases = ['A1', 'A2'].flatMap((orderNo) => {
      const parsed = believe(signed('payment', empty(orderNo)), view());
      return parsed.kind === 'reports'
        ? (parsed.reports[0]?.aliases ?? []).map(({ kind, value }) => `${kind} ${value}`)
        : [];
    });
    assert.equal(new Set(aliases).size, 4);
  });
});

function outRefundNo(data: Json | undefined): unknown {
  return (data as { readonly out_refund_no?: string } | undefined)?.out_refund_no;
}

describe('douyin: the console’s check of the address', () => {
  const get = (query: string, settings: Readonly<Record<string, Json>> = {}): string =>
    douyin.answerGet?.(callbackRequest({ method: 'GET', query, body: '' }), view({}, settings)).body ?? '';
  const signatureOf = (fields: Readonly<Record<string, string>>): string =>
    callbackSignature(new Map(Object.entries(fields)), TOKEN) ?? '';
  const REJECTED = '{"err_no":400,"err_tips":"signature"}';

  test('a signed text is sent back, whichever of the likely forms the request has', () => {
    const time = { timestamp: '1700000000', nonce: '12' };
    const plain = signatureOf(time);
    const withMsg = signatureOf({ ...time, msg: 'hello' });
    const withEcho = signatureOf({ ...time, echostr: 'hello' });
    assert.equal(get(`timestamp=1700000000&nonce=12&signature=${plain}&echostr=hello`), 'hello');
    assert.equal(get(`timestamp=1700000000&nonce=12&msg_signature=${withMsg}&msg=hello`), 'hello');
    assert.equal(get(`timestamp=1700000000&nonce=12&msg_signature=${withEcho}&echostr=hello`), 'hello');
    assert.equal(get(`timestamp=1700000000&nonce=13&signature=${plain}&echostr=hello`), REJECTED);
    assert.equal(get('echostr=hello'), REJECTED);
  });

  test('a setting makes it echo unasked, or answer as to a callback', () => {
    assert.equal(get('echostr=%E4%BD%A0&x=1', { urlCheck: 'echo' }), '你');
    assert.equal(get('', { urlCheck: 'success' }), '{"err_no":0,"err_tips":"success"}');
  });

  test('the echo is plain text, so that no browser runs it', () => {
    const reply = douyin.answerGet?.(
      callbackRequest({ method: 'GET', query: 'echostr=%3Cscript%3E', body: '' }),
      view({}, { urlCheck: 'echo' }),
    );
    assert.deepEqual(reply, { status: 200, contentType: 'text/plain; charset=utf-8', body: '<script>' });
  });
});
