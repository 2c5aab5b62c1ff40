import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AT,
  bodyOf,
  faultsOf,
  prepared,
  requestFor,
  textOf,
  tradeView,
  view,
  WISH,
} from '../../../test/kit/douyin-actions.ts';
import type { Params } from '../../../test/kit/douyin-actions.ts';
import { orderAfter } from '../../../test/kit/played-action.ts';
import type { Planned } from '../../core/creation.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import { MILESTONES } from '../../core/lives/order-centre.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { accessTokens, fetchToken } from './client.ts';
import { creation } from './creation.ts';
import { douyin } from './index.ts';

const { validSeconds: _seconds, ...FIELDS } = WISH;
const ITEM = { code: 'A1', title: '会员月卡', image: 'https://i/a.png', price: 6400, quantity: 2 };

const plan = (fields: Params, account = view(), holdMs: number | null = null, number = 'HUB3'): Planned =>
  creation.plan(account, { merchantOrderId: number, fields, at: AT, holdMs });
const faultsOfPlan = (planned: Planned): readonly string[] =>
  planned.ok ? [] : planned.faults.map(({ field }) => field);
const planned = (made: Planned): { readonly report: Report; readonly params: Params; readonly order: OrderJson } => {
  assert.ok(made.ok, JSON.stringify(made));
  return { ...made.order, order: orderAfter(douyin, 'HUB3', [made.order.report]) as OrderJson };
};

describe('douyin: payments that are to be made', () => {
  test('a wish becomes an unpaid order with its goods, and the params of the call that makes it', () => {
    const { report, params, order } = planned(
      plan({ ...FIELDS, openId: '_000u', items: [ITEM], detailUrl: 'p/o?id={orderId}' }, view(), 1_200_000),
    );
    assert.deepEqual(report.aliases, [{ kind: 'merchant', value: 'HUB3' }]);
    assert.deepEqual(
      [order.status, order.payment, order.amounts.total, order.amounts.paid],
      ['pending', 'unpaid', 12_800, 0],
    );
    assert.equal(order.expiresAt, new Date(AT + 1_200_000).toISOString());
    assert.deepEqual(order.items[0], {
      line: '1',
      sku: 'A1',
      name: '会员月卡',
      quantity: 2,
      price: 6400,
      total: 12_800,
      note: null,
    });
    assert.deepEqual(order.platformFields, {
      generation: 'ecpay',
      item_images: ['https://i/a.png'],
      detail_url: 'p/o?id=HUB3',
    });
    assert.equal(JSON.stringify(order).includes('_000u'), false, 'the user’s number is personal');
    assert.equal(params['validSeconds'], 1200);
    assert.deepEqual(faultsOf('create', params), []);
  });

  test('the payment is open as long as the goods are held, but for the platform never shorter than 300 s', () => {
    const secondsOf = (holdMs: number | null, more: Params = {}): readonly unknown[] => {
      const { params, order } = planned(plan({ ...FIELDS, ...more }, view(), holdMs));
      return [params['validSeconds'], (Date.parse(order.expiresAt ?? '') - AT) / 1000];
    };
    assert.deepEqual(secondsOf(1_200_000), [1200, 1200]);
    assert.deepEqual(secondsOf(60_000), [300, 60]);
    assert.deepEqual(secondsOf(300_001), [301, 300.001]);
    assert.deepEqual(secondsOf(172_801_000), [172_800, 172_801]);
    assert.deepEqual(secondsOf(null), [300, 300]);
    assert.deepEqual(secondsOf(60_000, { validSeconds: 900 }), [900, 900]);
  });

  test('each limit of the wish holds at its value and not past it', () => {
    const item = (more: Params): Params => ({ ...FIELDS, items: [{ ...ITEM, ...more }] });
    const cases: readonly (readonly [Params, readonly string[]])[] = [
      [item({ code: 'c'.repeat(64) }), []],
      [item({ code: 'c'.repeat(65) }), ['items[0].code']],
      [item({ title: '字'.repeat(256) }), []],
      [item({ title: '字'.repeat(257) }), ['items[0].title']],
      [item({ image: `https://i/${'x'.repeat(502)}` }), []],
      [item({ image: `https://i/${'x'.repeat(503)}` }), ['items[0].image']],
      [item({ image: null }), []],
      [item({ price: -1 }), ['items[0].price']],
      [item({ price: 0 }), []],
      [item({ quantity: 0 }), ['items[0].quantity']],
      [item({ sku: 1 }), ['items[0].sku']],
      [{ ...FIELDS, items: [] }, ['items']],
      [{ ...FIELDS, items: 'x' }, ['items']],
      [{ ...FIELDS, items: Array.from({ length: 100 }, () => ITEM) }, []],
      [{ ...FIELDS, items: Array.from({ length: 101 }, () => ITEM) }, ['items']],
      [{ ...FIELDS, detailUrl: 'x'.repeat(1024) }, []],
      [{ ...FIELDS, detailUrl: 'x'.repeat(1025) }, ['detailUrl']],
      [{ ...FIELDS, detailUrl: 'https://example.com/x' }, ['detailUrl']],
      [{ ...FIELDS, openId: 'x'.repeat(128) }, []],
      [{ ...FIELDS, openId: 'x'.repeat(129) }, ['openId']],
      [{ ...FIELDS, subject: '😀'.repeat(33) }, ['subject']],
      [{ subject: 'x' }, ['amount']],
      [{ amount: 1 }, ['subject']],
    ];
    for (const [fields, wanted] of cases)
      assert.deepEqual(faultsOfPlan(plan(fields)), wanted, JSON.stringify(fields).slice(0, 90));
    assert.deepEqual(faultsOfPlan(plan(FIELDS, view(), null, 'A_b-c*9')), []);
    for (const number of ['', 'a b', '订单', 'H'.repeat(65)])
      assert.deepEqual(faultsOfPlan(plan(FIELDS, view(), null, number)), ['merchantOrderId'], number);
  });

  test('an order of the trade system needs a rule tag group, of the order or of the account', () => {
    assert.deepEqual(faultsOfPlan(plan(FIELDS, tradeView({ tagGroupId: '' }))), ['tagGroupId']);
    assert.equal(planned(plan({ ...FIELDS, tagGroupId: 'own' }, tradeView())).params['tagGroupId'], 'own');
    assert.equal(planned(plan(FIELDS, tradeView())).order.platformFields['generation'], 'trade');
  });

  test('what the platform tells of the total replaces what was planned, however close the two times are', () => {
    const { report } = planned(plan(FIELDS));
    const told: Report = {
      aliases: [{ kind: 'merchant', value: 'HUB3' }],
      kind: 'payment',
      at: AT - 500,
      facts: [
        { line: '', register: 'payment', value: 'paid' },
        { line: '', register: 'money.total', value: 12_000 },
        { line: '', register: 'money.paid', value: 12_000 },
      ],
    };
    for (const reports of [
      [report, told],
      [told, report],
    ]) {
      const order = orderAfter(douyin, 'HUB3', reports) as OrderJson;
      assert.deepEqual([order.amounts.total, order.amounts.paid, order.status], [12_000, 12_000, 'paid']);
    }
  });

  test('an order of the merchant’s own system is taken in so that it can be pushed', () => {
    const adopt = (fields: Params): Planned =>
      creation.planAdopted?.(view(), { merchantOrderId: 'HUB3', fields, at: AT, holdMs: null }) ?? {
        ok: false,
        faults: [],
      };
    const made = planned(adopt({ amount: 500, subject: '旧订单', openId: '_000u', orderId: 'N7' }));
    assert.deepEqual(made.report.aliases, [
      { kind: 'merchant', value: 'HUB3' },
      { kind: 'platform', value: 'N7' },
    ]);
    assert.deepEqual(
      [made.order.items[0]?.name, made.order.amounts.total, made.order.expiresAt],
      ['旧订单', 500, null],
    );
    assert.deepEqual(faultsOfPlan(adopt({ subject: 'x' })), ['amount']);
    assert.deepEqual(faultsOfPlan(adopt({ amount: 1, validSeconds: 900 })), ['validSeconds']);
  });
});

describe('douyin: the order centre', () => {
  const ordered = (items: Json, more: Params = {}, account = view()): Report => {
    const made = plan({ ...FIELDS, items, ...more }, account);
    assert.ok(made.ok, JSON.stringify(made));
    return made.order.report;
  };
  const pushed = (items: Json, params: Params = {}, account = view()) => {
    const { facts } = ordered(items);
    return bodyOf(prepared(requestFor('push', params, { facts }), account));
  };
  const detailOf = (body: Record<string, Json>): Record<string, Json> =>
    JSON.parse(textOf(body['order_detail'])) as Record<string, Json>;

  test('a push tells the whole order: token in the body, times in ms, the merchant’s own number', () => {
    const body = pushed([ITEM]);
    const { order_detail: _detail, ...others } = body;
    assert.deepEqual(others, {
      access_token: 'tok',
      app_name: 'douyin',
      open_id: '_000user',
      order_type: 0,
      order_status: 0,
      update_time: AT,
    });
    assert.equal(typeof body['order_detail'], 'string');
    assert.deepEqual(detailOf(body), {
      order_id: 'HUB3',
      create_time: AT,
      status: '待支付',
      amount: 2,
      total_price: 12_800,
      detail_url: 'pages/order/detail?id=HUB3',
      item_list: [{ item_code: 'A1', img: 'https://i/a.png', title: '会员月卡', amount: 2, price: 12_800 }],
    });
    assert.equal('sign' in body, false);
  });

  test('settings say the form of item_list, of its price, and what goods without a picture show', () => {
    const asText = detailOf(pushed([ITEM], {}, view({ itemListForm: 'string' })))['item_list'];
    assert.equal(asText, '[{"item_code":"A1","img":"https://i/a.png","title":"会员月卡","amount":2,"price":12800}]');
    const piece = detailOf(pushed([ITEM], {}, view({ itemPrice: 'piece' })))['item_list'] as readonly Params[];
    assert.equal(piece[0]?.['price'], 6400);
    const bare = [{ ...ITEM, image: null }];
    const fallback = detailOf(pushed(bare))['item_list'] as readonly Params[];
    assert.equal(fallback[0]?.['img'], 'https://example.com/a.png');
    const { facts } = ordered(bare);
    const without = view({ defaultImage: '' });
    assert.deepEqual(faultsOf('push', {}, without, requestFor('push', {}, { facts })), ['account.defaultImage']);
  });

  test('number and text of each milestone agree', () => {
    const told = MILESTONES.map((milestone) => {
      const body = pushed([ITEM], { milestone });
      return [milestone, body['order_status'], detailOf(body)['status']];
    });
    assert.deepEqual(told, [
      ['created', 0, '待支付'],
      ['cancelled', 2, '已取消'],
      ['paid', 1, '已支付'],
      ['done', 4, '已核销'],
      ['refunding', 5, '退款中'],
      ['refunded', 6, '已退款'],
      ['refund_failed', 8, '退款失败'],
    ]);
    const facts = [...ordered([ITEM]).facts, { line: '', register: 'lifecycle', value: 'expired' } as const];
    const expired = bodyOf(prepared(requestFor('push', {}, { facts })));
    assert.deepEqual([expired['order_status'], detailOf(expired)['status']], [2, '已超时']);
  });

  test('an order_detail of 2048 bytes or more is told with its goods in one line', () => {
    const items = (count: number): Json =>
      Array.from({ length: count }, (_, index) => ({ ...ITEM, code: `C${index}` }));
    const detail = detailOf(pushed(items(60)));
    assert.ok(Buffer.byteLength(JSON.stringify(detail)) < 2048);
    assert.deepEqual((detail['item_list'] as readonly Params[]).length, 1);
    assert.deepEqual([detail['amount'], detail['total_price']], [120, 12_800]);
    const sizes = Array.from({ length: 40 }, (_, index) => {
      const text = textOf(pushed(items(index + 1))['order_detail']);
      return [
        Buffer.byteLength(text),
        (detailOf({ order_detail: text })['item_list'] as readonly Json[]).length,
      ] as const;
    });
    const longest = sizes.findLast(([, count]) => count > 1);
    assert.ok(longest !== undefined && longest[0] > 1950, 'as many lines as fit');
    assert.ok(sizes.every(([bytes]) => bytes < 2048));
  });

  test('without open id, number or total nothing is pushed', () => {
    const { facts } = ordered([ITEM]);
    assert.deepEqual(faultsOf('push', {}, view(), requestFor('push', {}, { facts, buyer: '' })), ['order']);
    const aliases = [{ kind: 'platform', value: 'N7' }] as const;
    assert.deepEqual(faultsOf('push', {}, view(), requestFor('push', {}, { facts, aliases })), ['order']);
  });
});

describe('douyin: access tokens for calls', () => {
  test('an account of the trade system buys client tokens at the other host', async () => {
    const sent: string[] = [];
    const fetched = await fetchToken(tradeView(), async ({ url, body = '' }) => {
      sent.push(`${url} ${body}`);
      const data = '{"access_token":"clt.1","expires_in":7200,"error_code":0}';
      return { status: 200, headers: {}, body: `{"data":${data},"message":"success"}` };
    });
    assert.deepEqual(fetched, { ok: true, value: { token: 'clt.1', expiresIn: 7200 } });
    assert.deepEqual(sent, [
      'https://open.douyin.com/oauth/client_token/ {"client_key":"tt0000000000000001","client_secret":"app-secret","grant_type":"client_credential"}',
    ]);
    const refused = await fetchToken(tradeView(), async () => ({
      status: 200,
      headers: {},
      body: '{"data":{"error_code":10003,"description":"bad"},"message":"error"}',
    }));
    assert.deepEqual(!refused.ok && [refused.refusal.class, refused.refusal.code], ['alert', '10003']);
  });

  test('a token ends when the platform says, and is replaced ten minutes before', async () => {
    const answer = { status: 200, headers: {}, body: '{"err_no":0,"data":{"access_token":"t","expires_in":7200}}' };
    const fetched = await accessTokens.fetch(view(), async () => answer, AT);
    assert.deepEqual(fetched, { ok: true, value: { token: 't', expiresAt: AT + 7_200_000 } });
    assert.equal(accessTokens.refreshEarlyMs, 600_000);
  });
});
