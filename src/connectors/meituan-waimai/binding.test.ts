import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeForm } from '../../core/form.ts';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
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
  vectorAccount,
} from '../../../test/kit/waimai-shop.ts';
import { believable } from '../../core/connector.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import type { BindingRequest, StoreToken } from '../../core/store-binding.ts';
import { meituanWaimai } from './index.ts';
import { sign } from './signature.ts';

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
      value: [{ platformStoreId: null, name: '门店 shop-0028', open: true }],
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

  test('the page of the sandbox speaks the language of the link, and calls back where the link says', () => {
    const visit = (options: BindingRequest['options'], method: 'GET' | 'POST') => {
      const { pathname, search } = new URL(binding.bindUrl(demo, { ...request, options }));
      const call = { path: pathname, query: search.slice(1), headers: {}, body: '', at: AT };
      return meituanWaimai.sandbox.answer?.({ ...call, method }, demo, {});
    };
    assert.match(visit({ language: 'en-US' }, 'GET')?.body ?? '', /<html lang="en">[\s\S]*>Bind</u);
    assert.match(visit({ language: 'en' }, 'POST')?.body ?? '', /is bound to the number shop-0028/u);
    for (const options of [{}, { language: 'zh-CN' }]) {
      assert.match(visit(options, 'GET')?.body ?? '', /<html lang="zh-CN">[\s\S]*>绑定</u);
    }
    const [own] = visit({}, 'POST')?.callbacks ?? [];
    const [other] = visit({ callbackUrl: 'https://hub.example.com/elsewhere' }, 'POST')?.callbacks ?? [];
    assert.deepEqual([own?.url, other?.url], [undefined, 'https://hub.example.com/elsewhere']);
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
