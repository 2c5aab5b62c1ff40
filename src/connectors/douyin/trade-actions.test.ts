import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AT,
  BASE,
  WISH,
  actions,
  bodyOf,
  faultsOf,
  keys,
  prepared,
  requestFor,
  response,
  textOf,
  tradeView,
  view,
} from '../../../test/kit/douyin-actions.ts';
import type { Params } from '../../../test/kit/douyin-actions.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import { verifyRsaSha256 } from '../../core/rsa.ts';
import { tradeRequestText } from './request-signature.ts';

describe('douyin: the trade system', () => {
  const bareAliases = [{ kind: 'merchant', value: 'HUB20240101000002' }] as const;
  const doAtOnce = (params: Params, account = tradeView()) =>
    actions.doAtOnce?.(account, requestFor('create', params, { aliases: bareAliases }));

  test('an order is signed for the customer’s app over the very bytes that it hands on', () => {
    const spec = actions.specs.find(({ name }) => name === 'create');
    assert.ok(typeof spec?.atOnce === 'function');
    assert.deepEqual([spec.atOnce(tradeView()), spec.atOnce(view())], [true, false]);
    const done = doAtOnce({
      ...WISH,
      items: [{ code: 'A', title: '月卡', price: 6400, quantity: 2, image: 'https://i/1' }],
    });
    assert.ok(done?.ok === true);
    const { data, byteAuthorization } = done.handOver as { readonly data: string; readonly byteAuthorization: string };
    const [, nonce = '', timestamp = '', version, signature = ''] =
      /^SHA256-RSA2048 appid=tt0000000000000001,nonce_str=([0-9a-f]{32}),timestamp=(\d{10}),key_version=(\d+),signature=(.+)$/u.exec(
        byteAuthorization,
      ) ?? [];
    assert.deepEqual([timestamp, version], ['1700000000', '2']);
    const text = tradeRequestText('POST', '/requestOrder', timestamp, nonce, data);
    assert.ok(verifyRsaSha256(keys.publicKey, text, signature));
    assert.deepEqual(JSON.parse(data), {
      skuList: [
        {
          skuId: 'A',
          price: 6400,
          quantity: 2,
          title: '月卡',
          imageList: ['https://i/1'],
          type: 401,
          tagGroupId: 'tag1',
          entrySchema: { path: 'pages/order/detail', params: '{"out_order_no":"HUB20240101000002"}' },
        },
      ],
      outOrderNo: 'HUB20240101000002',
      totalAmount: 12_800,
      payExpireSeconds: 900,
      payNotifyUrl: BASE,
      orderEntrySchema: { path: 'pages/order/detail', params: '{"out_order_no":"HUB20240101000002"}' },
    });
  });

  test('goods that are several or do not add up go as one of the order’s title; keys and tags must be there', () => {
    const several = doAtOnce({ ...WISH, items: [goods('A', 1), goods('B', 2)] });
    assert.ok(several?.ok === true);
    const [sku] = (JSON.parse(textOf(several.handOver?.['data'])) as { readonly skuList: readonly Json[] }).skuList;
    assert.deepEqual(
      { ...(sku as object), entrySchema: 0 },
      {
        skuId: 'HUB20240101000002',
        price: 12_800,
        quantity: 1,
        title: '测试商品 红色',
        imageList: ['https://example.com/a.png'],
        type: 401,
        tagGroupId: 'tag1',
        entrySchema: 0,
      },
    );
    const keyless = doAtOnce(WISH, view({ generation: 'trade' }));
    assert.deepEqual(keyless?.ok === false && keyless.faults.map(({ field }) => field), [
      'account',
      'account',
      'tagGroupId',
    ]);
    const unreadable = doAtOnce(
      WISH,
      view({ generation: 'trade', tagGroupId: 't' }, { privateKey: 'x', keyVersion: '1' }),
    );
    assert.deepEqual(unreadable?.ok === false && unreadable.faults.map(({ field }) => field), ['account']);
  });

  const told = { aliases: [{ kind: 'platform', value: 'ots7' }, bareAliases[0]] } as const;

  test('query, refund and settle carry the token in a header and no signature', () => {
    const query = prepared(requestFor('query', {}, told), tradeView());
    assert.equal(query.url, 'https://open.douyin.com/api/trade_basic/v1/developer/order_query/');
    assert.deepEqual([query.headers['access-token'], query.body], ['tok', '{"order_id":"ots7"}']);
    const refund = bodyOf(prepared(requestFor('refund', { amount: 5, reason: '不要' }, told), tradeView()));
    assert.deepEqual(refund, {
      order_id: 'ots7',
      out_refund_no: '170000000000012345678901',
      refund_total_amount: 5,
      refund_reason: [{ code: 999, text: '不要' }],
      order_entry_schema: {
        path: 'pages/order/detail',
        params: '{"order_id":"ots7","out_order_no":"HUB20240101000002","out_refund_no":"170000000000012345678901"}',
      },
      notify_url: BASE,
    });
    const settle = bodyOf(prepared(requestFor('settle', { description: 'x' }, told), tradeView()));
    assert.equal(settle['out_settle_no'], '170000000000012345678901');
    assert.deepEqual(faultsOf('push', {}, tradeView(), requestFor('push', {}, told)), ['action']);
  });

  test('which generation an order is of is seen from the order, whatever new ones are made in', () => {
    const wants = (action: string, request: ActionRequest, account: AccountView): boolean => {
      const needs = actions.specs.find(({ name }) => name === action)?.needsAccessToken;
      return typeof needs === 'function' ? needs(account, request.order.json) : needs === true;
    };
    const old = requestFor(
      'refund',
      {},
      {
        facts: [{ line: '', register: 'platformFields', value: { way: '1' } }],
      },
    );
    assert.equal(wants('refund', old, tradeView()), false);
    assert.ok(prepared({ ...old, params: { amount: 1, reason: 'x' } }, tradeView()).url.includes('/ecpay/'));
    assert.equal(wants('refund', requestFor('refund', {}, told), view()), true);
    assert.equal(wants('push', old, view()), true);
  });

  test('a query of it tells what was paid less the discount', () => {
    const answer = {
      err_no: 0,
      data: {
        pay_status: 'SUCCESS',
        pay_time: AT,
        total_amount: 1000,
        discount_amount: 100,
        out_order_no: 'HUB20240101000002',
      },
    };
    const outcome = actions.conclude(tradeView(), requestFor('query', {}, told), response(answer));
    assert.ok(outcome.state === 'succeeded');
    const paid = outcome.reports[0]?.facts.find(({ register }) => register === 'money.paid');
    assert.equal(paid?.value, 900);
  });
});

const goods = (code: string, price: number): Json => ({ code, title: `商品${code}`, price, quantity: 1 });
