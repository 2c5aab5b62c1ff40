import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
import { makeLink, mediaHeaders, sidFault } from './client.ts';
import { meituanUnion } from './index.ts';
import { readTruth } from './truth.ts';

const AT = 1_700_000_000_000;
const credentials = { appkey: 'demoappkey', secret: 'app_Secret_fedcba9876543210', callbackSecret: 'x' };
const account = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
  accountView(meituanUnion, { credentials, settings });

function playing(answer: unknown, status = 200): { readonly call: CallPlatform; readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return {
    sent,
    call: async (request) => {
      sent.push(request);
      return { status, headers: {}, body };
    },
  };
}

const order = {
  aliases: [{ kind: 'platform', value: '9000000000000000001' }],
  kind: 'cps',
  store: null,
  storeToken: null,
  doubts: ['commission'],
  platformFields: { actId: '33', businessLine: '2' },
} as const;

async function factsAfter(data: unknown, settings?: Readonly<Record<string, Json>>): Promise<Report['facts']> {
  const code = settings === undefined ? { status: 0 } : { code: 0 };
  const answer = await readTruth(account(settings), playing({ ...code, data }).call, order, AT);
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.value[0]?.facts ?? [];
}
const row = { orderId: '9000000000000000001', status: 8, payprice: '30.50', profit: '0.92', cpaProfit: '1' };
const commission = (facts: Report['facts']): readonly unknown[] =>
  facts.filter(({ register }) => register === 'commission').map(({ line, value }) => ({ line, ...(value as object) }));

test('the published vectors of cps_open are reproduced', () => {
  const vectors = [
    [
      'get_referral_link',
      '{"actId":"33","linkType":1,"sid":"u1001"}',
      'HArM+0CgGLj19HSV47US4w==',
      '3+CTAY+4lDNZh7aEL1kXIUBjaL0LZDiSaQZfg5WbLZM=',
    ],
    ['query_order', '{}', 'mZFLkyvTelC5g8XnyQrpOw==', 'ELcS9ctCDjHiJ9kkj2BVuHRaWewCQ/GRSH5kfgmrr7I='],
    [
      'query_coupon',
      '{"platform":2,"bizLine":1,"searchText":"火锅","longitude":116404000,"latitude":39928000,"pageNo":1,"pageSize":20}',
      '5YFj2NFg1IIp3ZVWwlaG6w==',
      'UrJXLfbcmV9aLRKIT4d6qJ3fTxgaDSUIbM2XC3iK2Ic=',
    ],
  ] as const;
  for (const [name, body, md5, signature] of vectors) {
    const headers = mediaHeaders(`/cps_open/common/api/v1/${name}`, body, {
      appkey: 'demo-app-01',
      secret: 'demo-secret-01',
      at: AT,
    });
    assert.equal(headers['content-md5'], md5);
    assert.equal(headers['s-ca-signature'], signature);
  }
});

test('the order is asked for by its activity, in full, signed with the API secret', async () => {
  const { call, sent } = playing({ status: 0, data: row });
  await readTruth(account(), call, order, AT);
  const url = new URL(sent[0]?.url ?? '');
  assert.equal(url.pathname, '/api/order');
  assert.equal(url.searchParams.get('full'), '1');
  assert.equal(url.searchParams.get('actId'), '33');
  assert.match(url.searchParams.get('sign') ?? '', /^[0-9a-f]{32}$/u);
  assert.ok(!url.href.includes(credentials.secret));
});

test('both rewards count, and those of vouchers apart', async () => {
  assert.deepEqual(commission(await factsAfter(row)), [
    { line: '', cps: 92, cpa: 100, refundedCps: 0, refundedCpa: 0, final: true },
  ]);
  const vouchers = [
    { ...row, couponCode: 'A' },
    { ...row, coupon_code: 'B', status: 1, refundprofit: '0.10' },
  ];
  assert.deepEqual(commission(await factsAfter(vouchers)), [
    { line: 'part:A', cps: 92, cpa: 100, refundedCps: 0, refundedCpa: 0, final: true },
    { line: 'part:B', cps: 92, cpa: 100, refundedCps: 10, refundedCpa: 0, final: false },
  ]);
});

test('the codes of the two generations are never mixed', async () => {
  const settings = { generation: 'cps_open' };
  const of = async (status: string): Promise<unknown> =>
    (await factsAfter({ dataList: [{ ...row, status }] }, settings)).find(({ register }) => register === 'payment')
      ?.value;
  assert.deepEqual(
    [await of('2'), await of('3'), await of('4'), await of('5'), await of('6')],
    ['paid', 'paid', 'refunded', 'refunded', 'paid'],
  );
  const unknown = await readTruth(account(), playing({ status: 0, data: { ...row, status: 3 } }).call, order, AT);
  assert.ok(!unknown.ok && unknown.refusal.class === 'retry');
});

test('what the platform refuses or does not know yet is asked again, and no answer shows the secret', async () => {
  for (const [answer, status] of [
    [{ status: 1, des: `no ${credentials.secret}` }, 200],
    ['<html>', 502],
    [{ status: 0, data: null }, 200],
    [{ status: 0, data: { ...row, orderId: 'another' } }, 200],
    [{ status: 0, data: { ...row, profit: 'much' } }, 200],
  ] as const) {
    const result = await readTruth(account(), playing(answer, status).call, order, AT);
    assert.ok(!result.ok && result.refusal.class === 'retry', JSON.stringify(result));
    assert.ok(!JSON.stringify(result).includes(credentials.secret));
  }
});

test('a link carries the sid, and a sid that the platform would not take is named before it is asked', async () => {
  const { call, sent } = playing({ status: 0, data: 'https://u.test/1' });
  const wish = { sid: 'u1001', actId: '33', linkType: '1' };
  assert.deepEqual(await makeLink(account(), call, wish, AT), { ok: true, value: 'https://u.test/1' });
  assert.equal(new URL(sent[0]?.url ?? '').searchParams.get('sid'), 'u1001');
  const media = account({ generation: 'cps_open' });
  assert.equal(sidFault('u1001', account()), undefined);
  assert.equal(sidFault('Shop_1', media), undefined);
  for (const view of [account(), media]) assert.equal(sidFault('x'.repeat(64), view), undefined);
  assert.ok(sidFault('x'.repeat(65), media));
  for (const sid of ['Shop1', 'a_b', 'a:b', 'a-b', '', 'x'.repeat(65)]) assert.ok(sidFault(sid, account()), sid);
  for (const sid of ['a:b', 'a-b', '']) assert.ok(sidFault(sid, media), sid);
});

test('a refund is in part or whole by its sums, whatever sums the platform gives', async () => {
  const refunded = { ...row, status: 9 };
  const of = async (more: object): Promise<unknown> =>
    (await factsAfter({ ...refunded, ...more })).find(({ register }) => register === 'payment')?.value;
  assert.equal(await of({}), 'refunded');
  assert.equal(await of({ refundprice: '30.50' }), 'refunded');
  assert.equal(await of({ refundprice: '10.00' }), 'partially_refunded');
  assert.equal(await of({ payprice: '', refundprofit: '0.30' }), 'partially_refunded');
  assert.equal(await of({ payprice: '', refundprofit: '0.92', cpaRefundProfit: '1.00' }), 'refunded');
  assert.equal(
    await of({
      refundInfoList: [
        { id: 1, refundPrice: '4.00' },
        { id: 2, refundPrice: '6.00' },
      ],
    }),
    'partially_refunded',
  );
  assert.equal(await of({ refundprice: '10.00', riskOrder: 1 }), 'refunded');
  const pushed = { ...order, platformFields: { ...order.platformFields, refundType: '2' } };
  const answer = await readTruth(account(), playing({ status: 0, data: refunded }).call, pushed, AT);
  assert.equal(answer.ok && answer.value[0]?.facts[0]?.value, 'partially_refunded');
});
