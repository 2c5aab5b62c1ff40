import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
import { publicKeyOf, rsaKeysFromText, verifyRsaSha256 } from '../../core/rsa.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { sha256Hex } from '../../core/signing.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { generationOf } from './account.ts';
import { check, fetchToken } from './client.ts';
import { douyin } from './index.ts';
import { ecpaySign, ecpayText, tradeAuthorization, tradeRequestText } from './request-signature.ts';
import type { EcpayFields } from './request-signature.ts';
import { answer } from './sandbox-answers.ts';
import { livingTokens } from './sandbox-tokens.ts';

const SALT = 'invented-salt-A1b2C3d4';
const credentials = {
  appId: 'tt0000000000000001',
  appSecret: 'app-secret-0123456789',
  token: 'invented-token-Z9',
  salt: SALT,
};
const view = (
  more: Readonly<Record<string, string>> = {},
  settings: Readonly<Record<string, Json>> = {},
): AccountView => accountView(douyin, { credentials: { ...credentials, ...more }, settings });

const V2: EcpayFields = {
  app_id: 'tt0000000000000001',
  thirdparty_id: 'ttp000000000000001',
  out_order_no: 'HUB20240101000002',
  total_amount: 12_800,
  subject: '测试商品 红色',
  body: ' 测试商品 红色 ',
  valid_time: 900,
  cp_extra: '',
  notify_url: 'https://hub.example.com/cb/douyin',
  disable_msg: 0,
  msg_page: 'null',
  store_uid: '"70000000000000000001"',
  sign: 'IGNORED',
};
const V3: EcpayFields = {
  app_id: 'tt0000000000000001',
  out_order_no: 'HUB20240101000002',
  out_settle_no: 'ST20240108000001',
  settle_desc: '分账：作者',
  settle_params: '[{"merchant_uid":"70000000000000000002","amount":3000}]',
  cp_extra: '{"门店":"一号店"}',
  finish: 'true',
  other_settle_params: 'IGNORED',
};

describe('douyin: signatures of our own requests', () => {
  test('the published vectors of guaranteed payment are reproduced, text and MD5', () => {
    assert.equal(
      ecpaySign({ app_id: 'tt0000000000000001', out_order_no: 'HUB20240101000001' }, SALT),
      '941f2f8c3fe5748854d3a5d30fe90a87',
    );
    assert.equal(ecpaySign(V2, SALT), '39dbdc50382b13188ba9fa061050fced');
    assert.equal(
      ecpayText(V2, SALT),
      `0&12800&70000000000000000001&900&HUB20240101000002&https://hub.example.com/cb/douyin&${SALT}&测试商品 红色&测试商品 红色`,
    );
    assert.equal(ecpaySign(V3, SALT), 'bf66d04bd6819a8379beddabd86537a9');
    assert.equal(
      ecpayText(V3, SALT),
      `HUB20240101000002&ST20240108000001&[{"merchant_uid":"70000000000000000002","amount":3000}]&${SALT}&true&{"门店":"一号店"}&分账：作者`,
    );
    const V4 = {
      app_id: 'tt0000000000000001',
      out_order_no: 'HUB3',
      out_refund_no: 'RF3',
      reason: '不想要了',
      refund_amount: 100,
      all_settle: 1,
    };
    assert.equal(ecpaySign(V4, SALT), 'dc1602d2195c563f9f16a56b28e90680');
    assert.equal(
      ecpaySign({ out_order_no: 'HUB5', subject: '😀 emoji', body: '！fullwidth' }, SALT),
      '1e5d49f9ad57efb1ab02f65ef3a127fa',
    );
    assert.equal(
      ecpaySign({ out_order_no: 'HUB6', subject: '　全角空格　' }, SALT),
      '68a6f5cda176834b8bfb0d423046d2e6',
    );
  });

  test('every published wrong form is one of ours, and none equals the right one', () => {
    const wrong = {
      'quotes kept': [ecpaySign(V2, SALT, { quotes: 'none' }), '0e21a3436fd1e446c20712b13aa91064'],
      'one quote cut': [ecpaySign(V2, SALT, { quotes: 'first' }), '5e9ce44eb6ba0bd5b532b5b030763061'],
      'zero dropped': [ecpaySign(V2, SALT, { zero: 'drop' }), '362d7032ac4e4d5a6de9daadbbcb9323'],
    };
    for (const [name, [computed, published]] of Object.entries(wrong)) {
      assert.equal(computed, published, name);
      assert.notEqual(computed, ecpaySign(V2, SALT), name);
    }
    const emoji = { out_order_no: 'HUB5', subject: '😀 emoji', body: '！fullwidth' };
    assert.equal(ecpaySign(emoji, SALT, { order: 'utf16' }), 'fa25768107c3894e68f3a21e16d7769a');
    const wide = { out_order_no: 'HUB6', subject: '　全角空格　' };
    assert.equal(ecpaySign(wide, SALT, { blanks: 'ascii' }), '13efffc16b50134091cb541a0701a65d');
    assert.notEqual(ecpaySign(V2, SALT, { salt: 'last' }), ecpaySign(V2, SALT));
    assert.notEqual(ecpaySign(V2, SALT, { quotes: 'last' }), ecpaySign(V2, SALT, { quotes: 'first' }));
  });

  test('fields that say nothing are left out, and a number of 0 is not one of them', () => {
    const said = { out_order_no: 'HUB1', disable_msg: 0 };
    assert.equal(ecpayText({ ...said, cp_extra: undefined, body: null, msg_page: ' " " ' }, 'S'), '0&HUB1&S');
  });

  test('the trade system’s request text has the published digest, and the authorisation verifies under the public key', () => {
    const body = '{"outOrderNo":"HUB20240101000002","totalAmount":12800}';
    const text = tradeRequestText('POST', '/requestOrder', '1700000000', 'NONCE0001', body);
    assert.equal(sha256Hex(text), '9f0a7cd4146cc0b5b6df00f0827551dfbeb45440d33513064f791664f2b29720');
    const keys = rsaKeysFromText('an app');
    const signer = { appId: 'tt1', privateKey: keys.privateKey, keyVersion: '2', quotes: false };
    const request = { method: 'POST', path: '/requestOrder', body };
    const plain = tradeAuthorization(signer, request, '1700000000', 'NONCE0001');
    const [, signature = ''] =
      /^SHA256-RSA2048 appid=tt1,nonce_str=NONCE0001,timestamp=1700000000,key_version=2,signature=([A-Za-z0-9+/]+=*)$/u.exec(
        plain,
      ) ?? [];
    assert.ok(verifyRsaSha256(keys.publicKey, text, signature));
    assert.equal(
      tradeAuthorization({ ...signer, quotes: true }, request, '1700000000', 'NONCE0001'),
      `SHA256-RSA2048 appid="tt1",nonce_str="NONCE0001",timestamp="1700000000",key_version="2",signature="${signature}"`,
    );
  });
});

describe('douyin: the account', () => {
  test('new orders are made in the trade system once there is a private key', () => {
    assert.equal(generationOf(view()), 'ecpay');
    assert.equal(generationOf(view({ privateKey: 'x' })), 'trade');
    assert.equal(generationOf(view({}, { generation: 'trade' })), 'trade');
    assert.equal(generationOf(view({ privateKey: 'x' }, { generation: 'ecpay' })), 'ecpay');
  });

  test('old tokens and platform keys stay valid until someone removes them', () => {
    assert.deepEqual(douyin.account.callbackSecrets, ['token', 'platformPublicKey']);
    assert.equal(douyin.account.oldSecretsValidSeconds, null);
  });

  test('the demo account has a key pair of its own for the app, and the platform’s public key alone', () => {
    const { credentials: demo } = douyin.sandbox.demoAccount(seededRandom('keys'), 'http://platform.invalid');
    const again = douyin.sandbox.demoAccount(seededRandom('keys'), 'http://platform.invalid');
    assert.deepEqual(again.credentials, demo);
    assert.match(demo['privateKey'] ?? '', /BEGIN PRIVATE KEY/u);
    assert.match(demo['platformPublicKey'] ?? '', /BEGIN PUBLIC KEY/u);
    assert.notEqual(publicKeyOf(demo['privateKey'] ?? ''), demo['platformPublicKey']);
  });
});

describe('douyin: access tokens', () => {
  const demo = (): AccountView =>
    accountView(douyin, douyin.sandbox.demoAccount(seededRandom('token'), 'http://platform.invalid/'));
  const atMs = Date.UTC(2026, 10, 1);

  function playedBy(account: AccountView, memory: PlatformMemory, sent: OutgoingRequest[] = []): CallPlatform {
    return async (request) => {
      sent.push(request);
      const { pathname, search } = new URL(request.url);
      const call = {
        method: request.method,
        path: pathname,
        query: search.slice(1),
        headers: request.headers,
        body: request.body ?? '',
        at: atMs,
      };
      const answered = answer(call, account, memory);
      return { status: answered.status, headers: { 'content-type': answered.contentType }, body: answered.body };
    };
  }

  test('a check fetches a token with app id and secret', async () => {
    const sent: OutgoingRequest[] = [];
    const account = demo();
    const checked = await check(account, playedBy(account, {}, sent));
    assert.ok(checked.ok);
    assert.deepEqual(
      sent.map(({ method, url }) => `${method} ${url}`),
      ['POST http://platform.invalid/api/apps/v2/token'],
    );
    assert.equal(checked.value.includes(account.credential('appSecret') ?? ''), false);
  });

  test('wrong credentials are a person’s business, told by the platform’s number', async () => {
    const account = demo();
    const stranger = view();
    const foreignId = await check(stranger, playedBy(account, {}));
    assert.deepEqual(!foreignId.ok && [foreignId.refusal.class, foreignId.refusal.code], ['alert', '40015']);
    const wrongSecret = accountView(douyin, {
      credentials: { appId: account.credential('appId') ?? '', appSecret: 'wrong' },
    });
    const refused = await check(wrongSecret, playedBy(account, {}));
    assert.deepEqual(!refused.ok && [refused.refusal.class, refused.refusal.code], ['alert', '40017']);
  });

  test('an empty token, a fault of the platform and an answer that is no JSON are no tokens', async () => {
    const cases = [
      ['{"err_no":0,"data":{"access_token":"","expires_in":0}}', 200, 'retry'],
      ['{"err_no":-1,"err_tips":"system"}', 200, 'retry'],
      ['<html>', 502, 'retry'],
      ['{"err_no":0}', 200, 'retry'],
      ['null', 200, 'retry'],
      ['{"err_no":40020}', 200, 'final'],
    ] as const;
    for (const [body, status, refusalClass] of cases) {
      const fetched = await fetchToken(view(), async () => ({ status, headers: {}, body }));
      assert.equal(!fetched.ok && fetched.refusal.class, refusalClass, body);
    }
  });

  test('a new token of the played platform leaves the one before five minutes', async () => {
    const account = demo();
    const memory: PlatformMemory = {};
    const first = await fetchToken(account, playedBy(account, memory));
    const second = await fetchToken(account, playedBy(account, memory));
    assert.ok(first.ok && second.ok);
    assert.notEqual(first.value.token, second.value.token);
    assert.equal(second.value.expiresIn, 7200);
    const alive = (afterMs: number): readonly string[] => livingTokens(memory, atMs + afterMs).map(({ text }) => text);
    assert.deepEqual(alive(0), [first.value.token, second.value.token]);
    assert.deepEqual(alive(5 * 60_000), [second.value.token]);
    assert.deepEqual(alive(7_200_000), []);
  });
});
