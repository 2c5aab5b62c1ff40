import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { CallPlatform, OutgoingRequest, PlatformResult } from '../../core/outgoing.ts';
import type { CallAnswer, PlatformMemory } from '../../core/sandbox.ts';
import { WHOLE } from '../../core/registers.ts';
import type { BindingRequest, StoreToken } from '../../core/store-binding.ts';
import { binding, check } from './binding.ts';
import { callAction } from './client.ts';
import { eleme } from './index.ts';
import { readTruth } from './truth.ts';

const AT = 1_700_000_000_123;
const SECRET = 'hubsecret0000000000000000000000000000001';
const RETURN_URL = 'https://hub.example/bindings/ele-main/return';
const view = (settings: Readonly<Record<string, string>> = {}, appSecret = SECRET): AccountView =>
  accountView(eleme, { credentials: { appKey: 'HUBKEY0001', appSecret }, settings });

const valueOf = <T>(result: PlatformResult<T>): T => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};
const codeOf = (result: PlatformResult<unknown>): string => (result.ok ? 'ok' : result.refusal.code);

/** Answers every call with one body and keeps what was asked. */
function answering(body: string, asked: OutgoingRequest[] = []): CallPlatform {
  return async (request) => {
    asked.push(request);
    return { status: 200, headers: {}, body };
  };
}

function browse(memory: PlatformMemory, account: AccountView, url: string): CallAnswer {
  const { pathname, search } = new URL(url);
  const call = { method: 'GET', path: pathname, query: search.slice(1), headers: {}, body: '', at: AT };
  const answer = eleme.sandbox.answer?.(call, account, memory);
  assert.ok(answer !== undefined);
  return answer;
}

/** What a merchant's browser does: opens the page, clicks, and is sent back. */
function click(memory: PlatformMemory, account: AccountView, choice: 'grant' | 'deny'): URL {
  const request: BindingRequest = {
    store: '8859',
    name: '望京店',
    state: 'st & te',
    returnUrl: RETURN_URL,
    callbackUrl: '',
    options: {},
    at: AT,
  };
  const url = binding.bindUrl(account, request);
  const page = browse(memory, account, url);
  assert.equal(page.status, 200);
  const link = new RegExp(`id="${choice}" href="([^"]+)"`, 'u').exec(page.body)?.[1]?.replaceAll('&amp;', '&');
  const back = browse(memory, account, new URL(link ?? '', url).href);
  assert.equal(back.status, 302);
  return new URL(back.location ?? '');
}

async function login(memory: PlatformMemory, account: AccountView): Promise<StoreToken> {
  const code = click(memory, account, 'grant').searchParams.get('code') ?? '';
  const call = playedCall(eleme, account, memory, AT);
  return valueOf((await binding.exchangeCode?.(account, call, code, RETURN_URL, AT))!);
}

describe('eleme: authorisation', () => {
  test('the address asks for a code and carries our state', () => {
    const url = new URL(
      binding.bindUrl(view({ baseUrl: 'https://open-api-sandbox.shop.ele.me/' }), {
        ...{ store: '8859', name: '', callbackUrl: '', options: {}, at: AT },
        state: 'a+b',
        returnUrl: RETURN_URL,
      }),
    );
    assert.equal(`${url.origin}${url.pathname}`, 'https://open-api-sandbox.shop.ele.me/authorize');
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      response_type: 'code',
      client_id: 'HUBKEY0001',
      redirect_uri: RETURN_URL,
      state: 'a+b',
      scope: 'all',
    });
    assert.deepEqual(
      binding.checkOptions({ netStore: '1' }).map(({ field }) => field),
      ['netStore'],
    );
  });

  test('a click brings back a code and the state, and the code becomes tokens once', async () => {
    const memory: PlatformMemory = {};
    const account = view();
    const back = click(memory, account, 'grant');
    assert.equal(back.searchParams.get('state'), 'st & te');
    const code = back.searchParams.get('code') ?? '';
    const call = playedCall(eleme, account, memory, AT);
    const token = valueOf((await binding.exchangeCode?.(account, call, code, RETURN_URL, AT))!);
    assert.equal(token.expiresAt, AT + 2_592_000_000);
    assert.notEqual(token.refreshToken, null);
    assert.equal(codeOf((await binding.exchangeCode?.(account, call, code, RETURN_URL, AT))!), 'invalid_grant');
  });

  test('a code is worth nothing with another return address, and a refusal is told in its words', async () => {
    const memory: PlatformMemory = {};
    const account = view();
    const code = click(memory, account, 'grant').searchParams.get('code') ?? '';
    const call = playedCall(eleme, account, memory, AT);
    const other = await binding.exchangeCode?.(account, call, code, 'https://other.example/', AT);
    assert.equal(codeOf(other!), 'invalid_grant');
    assert.equal(click(memory, account, 'deny').searchParams.get('error'), 'access_denied');
  });

  test('a token is proved by the shops that it covers', async () => {
    const memory: PlatformMemory = {};
    const account = view({ metasTimestamp: 'ms' });
    const token = await login(memory, account);
    const call = playedCall(eleme, account, memory, AT);
    const shops = valueOf(await binding.prove(account, call, '', token, AT));
    assert.deepEqual(shops[0], { platformStoreId: '500000001', name: '老王牛肉面（望京店）', open: null });
    assert.equal(shops.length, 3);
    const stranger = await binding.prove(account, call, '', { ...token, accessToken: 'x' }, AT);
    assert.deepEqual(stranger, {
      ok: false,
      refusal: { class: 'alert', kind: 'token', code: 'UNAUTHORIZED', message: 'the token is not valid' },
    });
    assert.equal(binding.tellsReleased?.({ class: 'alert', code: 'UNAUTHORIZED', message: '' }), true);
    assert.equal(binding.tellsReleased?.({ class: 'alert', code: 'INVALID_SIGNATURE', message: '' }), false);
  });

  test('a refresh gives new tokens, and the old refresh token works for half an hour more', async () => {
    const memory: PlatformMemory = {};
    const account = view();
    const token = await login(memory, account);
    const refreshAt = (at: number): Promise<PlatformResult<StoreToken>> =>
      binding.refresh?.(account, playedCall(eleme, account, memory, at), token, at) as Promise<
        PlatformResult<StoreToken>
      >;
    const fresh = valueOf(await refreshAt(AT + 1_000));
    assert.notEqual(fresh.accessToken, token.accessToken);
    assert.equal(codeOf(await refreshAt(AT + 1_000 + 29 * 60_000)), 'ok');
    assert.equal(codeOf(await refreshAt(AT + 1_000 + 31 * 60_000)), 'invalid_grant');
  });

  test('scope goes with a refresh token unless the account leaves it out', async () => {
    const asked: OutgoingRequest[] = [];
    const token = { accessToken: 'a', refreshToken: 'r', expiresAt: null };
    const call = answering('{"access_token":"b","expires_in":86400}', asked);
    await binding.refresh?.(view(), call, token, AT);
    await binding.refresh?.(view({ refreshScope: 'omit' }), call, token, AT);
    assert.deepEqual(
      asked.map(({ body }) => body),
      ['grant_type=refresh_token&refresh_token=r&scope=all', 'grant_type=refresh_token&refresh_token=r'],
    );
    assert.equal(asked[0]?.headers['authorization'], `Basic ${Buffer.from(`HUBKEY0001:${SECRET}`).toString('base64')}`);
    assert.match(asked[0]?.headers['content-type'] ?? '', /^application\/x-www-form-urlencoded/u);
  });

  test('key and secret are proved by a token of the app, or by being told that it may have none', async () => {
    const memory: PlatformMemory = {};
    const own = view({ appType: 'own' });
    assert.equal(codeOf(await check(own, playedCall(eleme, own, memory, AT), AT)), 'ok');
    assert.equal(codeOf(await check(view(), playedCall(eleme, view(), memory, AT), AT)), 'ok');
    for (const appType of ['own', 'isv']) {
      const wrong = view({ appType }, 'another secret, 1234567890');
      assert.equal(codeOf(await check(wrong, playedCall(eleme, view({ appType }), memory, AT), AT)), 'invalid_client');
    }
    assert.equal(codeOf(await check(own, answering('{"error":"unauthorized_client"}'), AT)), 'unauthorized_client');
  });
});

describe('eleme: calls', () => {
  test('a call has the documented shape, and its empty params are an object', async () => {
    const asked: OutgoingRequest[] = [];
    const request = { action: 'eleme.user.getUser', token: 't', params: new Map() };
    await callAction(view(), answering('{"id":"1","result":null,"error":null}', asked), request, AT);
    const { id, signature, ...body } = JSON.parse(asked[0]?.body ?? '') as Record<string, unknown>;
    assert.equal(asked[0]?.url, 'https://open-api.shop.ele.me/api/v1/');
    assert.match(String(id), /^[0-9A-F]{32}\|1700000000123$/u);
    assert.match(String(signature), /^[0-9A-F]{32}$/u);
    assert.deepEqual(body, {
      nop: '1.0.0',
      action: 'eleme.user.getUser',
      token: 't',
      metas: { app_key: 'HUBKEY0001', timestamp: 1_700_000_000 },
      params: {},
    });
  });

  test('refusals are told apart by who can help', async () => {
    const request = { action: 'eleme.user.getUser', token: 't', params: new Map() };
    const classOf = async (body: string): Promise<string> => {
      const result = await callAction(view(), answering(body), request, AT);
      return result.ok ? 'ok' : result.refusal.class;
    };
    assert.equal(await classOf('{"error":{"code":"EXCEED_LIMIT","message":"慢一点"}}'), 'retry');
    assert.equal(await classOf('{"error":{"code":"SERVER_ERROR"}}'), 'retry');
    assert.equal(await classOf('<html>502</html>'), 'retry');
    assert.equal(await classOf('{"error":{"code":"INVALID_SIGNATURE"}}'), 'alert');
    assert.equal(await classOf('{"error":{"code":"BIZ_ORDER_NOT_EXIST"}}'), 'final');
    assert.equal(await classOf('{"error":{"code":"constructor"}}'), 'final');
    assert.equal(await classOf('{"result":null,"error":null}'), 'ok');
  });

  test('the played platform refuses what is not signed with the secret', async () => {
    const memory: PlatformMemory = {};
    const token = await login(memory, view());
    const call = playedCall(eleme, view(), memory, AT);
    const request = { action: 'eleme.user.getUser', token: token.accessToken, params: new Map() };
    assert.equal(codeOf(await callAction(view(), call, request, AT)), 'ok');
    assert.equal(
      codeOf(await callAction(view({}, 'another secret, 1234567890'), call, request, AT)),
      'INVALID_SIGNATURE',
    );
  });
});

describe('eleme: reading an order again', () => {
  const NUMBER = '3000000000000000017';
  const token: StoreToken = { accessToken: 't', refreshToken: null, expiresAt: null };
  const toRead = (...doubts: readonly string[]): OrderToRead => ({
    aliases: [{ kind: 'platform', value: NUMBER }],
    kind: 'takeaway',
    store: '500000001',
    storeToken: token,
    doubts,
  });
  const answered = (result: string): string => `{"id":"1","result":${result},"error":null}`;
  const order = (more: string): string =>
    answered(`{"id":"${NUMBER}","shopId":500000001,"onlinePaid":true,"totalPrice":20.0,${more}}`);

  test('while it is downgraded it asks to be read again, and then no more', async () => {
    const still = valueOf(
      await readTruth(view(), answering(order('"downgraded":true,"income":0')), toRead('money'), AT),
    );
    assert.deepEqual(
      still.map(({ doubt }) => doubt),
      ['money', undefined],
    );
    const whole = valueOf(
      await readTruth(view(), answering(order('"downgraded":false,"income":15.5')), toRead('money'), AT),
    );
    assert.deepEqual(
      whole.map(({ doubt }) => doubt),
      [undefined],
    );
    for (const history of [
      [...still, ...whole],
      [...whole, ...still],
    ]) {
      const model = new OrderModel(eleme);
      for (const report of history) model.take(report);
      assert.deepEqual([model.order(NUMBER)?.amounts.income, model.order(NUMBER)?.flags], [1550, []]);
    }
  });

  test('an answer ends the doubt of a message of its own millisecond', async () => {
    const result = answered(`{"refundStatus":"rejected","refundType":"part","totalPrice":4.5}`);
    const reports = valueOf(await readTruth(view(), answering(result), toRead('refund'), AT));
    const facts = [{ line: WHOLE, register: 'flag.doubt', value: true }] as const;
    const model = new OrderModel(eleme);
    model.take({ aliases: [{ kind: 'platform', value: NUMBER }], kind: 'takeaway', at: AT, stage: 0, facts });
    assert.deepEqual(model.order(NUMBER)?.flags, ['doubt']);
    for (const report of reports) model.take(report);
    assert.deepEqual(model.order(NUMBER)?.flags, []);
  });

  test('a refund told without its amount gets it, in place of the notice', async () => {
    const refund = answered(`{"refundStatus":"successful","refundType":"part","totalPrice":4.5}`);
    const reports = valueOf(await readTruth(view(), answering(refund), toRead('refund:1700000009'), AT));
    const model = new OrderModel(eleme);
    for (const report of reports) model.take(report);
    assert.deepEqual(
      [model.order(NUMBER)?.payment, model.order(NUMBER)?.amounts.refunded],
      ['partially_refunded', 450],
    );
  });

  test('a cancel request without its time is settled by its status', async () => {
    for (const [status, flags] of [
      ['applied', ['cancel_requested']],
      ['rejected', []],
    ] as const) {
      const reports = valueOf(
        await readTruth(view(), answering(answered(`{"refundStatus":"${status}"}`)), toRead('cancel'), AT),
      );
      const model = new OrderModel(eleme);
      for (const report of reports) model.take(report);
      assert.deepEqual(model.order(NUMBER)?.flags, flags);
    }
  });

  test('an answer that is another order, or cannot be read, settles nothing', async () => {
    const reads = async (body: string, doubt = 'money'): Promise<string> =>
      codeOf(await readTruth(view(), answering(body), toRead(doubt), AT));
    assert.equal(await reads(answered('{"id":"1"}')), 'unreadable_reply');
    assert.equal(await reads(answered('null')), 'unreadable_reply');
    assert.equal(await reads(order('"income":"viel"')), 'unreadable_reply');
    assert.equal(await reads(answered('{"refundStatus":"odd"}'), 'refund'), 'unreadable_reply');
    assert.equal(await reads('{"error":{"code":"UNAUTHORIZED","message":""}}'), 'UNAUTHORIZED');
  });

  test('without a token of a shop only a merchant’s own app can ask', async () => {
    const unbound = { ...toRead('money'), storeToken: null };
    assert.equal(codeOf(await readTruth(view(), answering(order('"income":1')), unbound, AT)), 'no_token');
    const asked: OutgoingRequest[] = [];
    const own: CallPlatform = async (request) => {
      asked.push(request);
      const body = request.url.endsWith('/token') ? '{"access_token":"own","expires_in":86400}' : order('"income":1');
      return { status: 200, headers: {}, body };
    };
    assert.equal(codeOf(await readTruth(view({ appType: 'own' }), own, unbound, AT)), 'ok');
    assert.match(asked[1]?.body ?? '', /"token":"own"/u);
  });
});
