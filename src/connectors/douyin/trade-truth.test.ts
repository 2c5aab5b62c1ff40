import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT, tradeView, view } from '../../../test/kit/douyin-actions.ts';
import type { OrderToRead } from '../../core/connector.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
import { refundNumberFor } from './callback.ts';
import { restMs } from './rest.ts';
import { readTruth } from './truth.ts';

const order: OrderToRead = {
  aliases: [
    { kind: 'platform', value: 'ots7300000000000000001' },
    { kind: 'merchant', value: 'HUB20240101000002' },
  ],
  kind: 'payment',
  store: null,
  storeToken: null,
  doubts: ['overdue'],
  platformFields: { generation: 'trade' },
  accessToken: async () => ({ ok: true, value: 'clt.token' }),
};

/** Answers one call after the other; the last answer stays. */
function answering(...answers: readonly object[]): { readonly call: CallPlatform; readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    call: async (request) => {
      sent.push(request);
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    },
  };
}

const PAID = { pay_status: 'SUCCESS', total_amount: 6400, pay_time: AT - 60_000, order_id: 'ots7300000000000000001' };
const NOTHING = { err_no: 28001007, err_msg: 'no such record' };
const fine = (data: unknown) => ({ err_no: 0, err_msg: '', data });

test('the trade system is asked about a payment with the account’s access token', async () => {
  const { call, sent } = answering(fine({ ...PAID, pay_status: 'PROCESS', pay_time: 0 }));
  const truth = await readTruth(tradeView(), call, order, AT);
  assert.ok(truth.ok, JSON.stringify(truth));
  const facts = truth.value.flatMap((report) => report.facts);
  assert.equal(facts.find(({ register }) => register === 'payment')?.value, 'unpaid');
  assert.equal(sent.length, 1, 'of what is not paid nothing can have gone back');
  assert.equal(sent[0]?.headers['access-token'], 'clt.token');
  assert.match(sent[0].body ?? '', /ots7300000000000000001/u);
});

test('of a paid order of the trade system all refunds and settlements are read, those too that no callback told', async () => {
  const refund = { out_refund_no: 'R1', refund_id: '81', refund_status: 'SUCCESS', refund_total_amount: 400 };
  const asked = { out_refund_no: '', refund_id: '82', refund_status: 'PROCESSING', refund_total_amount: 100 };
  const odd = { out_refund_no: 'R3', refund_id: '83', refund_status: 'DREAMING', refund_total_amount: 1 };
  const settled = { out_settle_no: 'S1', settle_id: '61', settle_status: 'SUCCESS', settle_amount: 5900 };
  const { call, sent } = answering(fine(PAID), fine({ refund_list: [refund, asked, odd] }), fine([settled]));
  const truth = await readTruth(tradeView(), call, order, AT);
  assert.ok(truth.ok, JSON.stringify(truth));
  assert.deepEqual(
    sent.map(({ url, body }) => [url.split('/').at(-2), JSON.parse(body ?? '')]),
    ['order_query', 'refund_query', 'settle_query'].map((name) => [name, { order_id: PAID.order_id }]),
  );
  const moves = truth.value[1];
  const refunds = moves?.facts.filter(({ register }) => register === 'refund');
  assert.deepEqual(
    refunds?.map(({ line, value }) => [line, value]),
    [
      ['refund:R1', { state: 'succeeded', amount: 400 }],
      [`refund:${refundNumberFor('82')}`, { state: 'requested', amount: 100 }],
    ],
  );
  assert.equal(moves?.facts.find(({ register }) => register === 'settlement')?.value, 'settled');
  assert.equal(moves?.doubt, 'result', 'one is under way');
});

test('a paid order of the trade system without refunds and settlements is told of all the same', async () => {
  const { call } = answering(fine(PAID), NOTHING, NOTHING);
  const truth = await readTruth(tradeView(), call, order, AT);
  assert.ok(truth.ok && truth.value.length === 1, JSON.stringify(truth));
  const away = answering(fine(PAID), { err_no: 28001005, err_msg: 'system' });
  const later = await readTruth(tradeView(), away.call, order, AT);
  assert.ok(!later.ok && later.refusal.class === 'retry', 'what nobody answered is asked for again');
});

test('without a token nothing is asked, and one that is not taken is told as such', async () => {
  const { call, sent } = answering({ err_no: 28001008, err_msg: 'access_token expired' });
  const none = await readTruth(tradeView(), call, { ...order, accessToken: undefined as never }, AT);
  assert.ok(!none.ok && none.refusal.code === 'no_token');
  const away = { ok: false, refusal: { class: 'retry', code: 'unreachable', message: 'away' } } as const;
  assert.deepEqual(await readTruth(tradeView(), call, { ...order, accessToken: async () => away }, AT), away);
  assert.equal(sent.length, 0);
  const expired = await readTruth(tradeView(), call, order, AT);
  assert.ok(!expired.ok && expired.refusal.kind === 'token', JSON.stringify(expired));
});

test('an order of the trade system rests as long as any', () => {
  const json = {
    platformOrderId: 'ots7300000000000000001',
    merchantOrderId: 'HUB20240101000002',
    platformFields: { generation: 'trade' },
    payment: 'unpaid',
    lifecycle: 'open',
    flags: [],
    expiresAt: null,
    settlement: 'none',
    amounts: { total: 100 },
    updatedAt: new Date(AT).toISOString(),
  } as unknown as OrderJson;
  const other = { ...json, platformFields: { generation: 'ecpay', way: '1' } };
  for (const changed of [{}, { payment: 'paid' }, { payment: 'paid', flags: ['refund_requested'] }] as const) {
    const rest = restMs({ ...json, ...changed }, tradeView());
    assert.ok(rest !== undefined && rest === restMs({ ...other, ...changed }, view()));
  }
  assert.equal(restMs({ ...json, payment: 'paid', settlement: 'settled' }, tradeView()), undefined);
  assert.equal(restMs({ ...json, payment: 'refunded' }, tradeView()), undefined);
  const nameless = { ...json, payment: 'paid', merchantOrderId: null } as OrderJson;
  assert.notEqual(restMs(nameless, tradeView()), undefined, 'its platform knows it by its own number');
  assert.equal(restMs({ ...other, payment: 'paid', merchantOrderId: null }, view()), undefined);
});

test('an order that is known by what came after its payment alone is asked about soon', () => {
  const json = {
    ...{ platformOrderId: 'ots7300000000000000001', merchantOrderId: null, platformFields: {}, lifecycle: 'open' },
    ...{ payment: 'paid', settlement: 'settled', flags: [], expiresAt: null, amounts: { total: null } },
    updatedAt: new Date(AT).toISOString(),
  } as unknown as OrderJson;
  assert.equal(restMs(json, tradeView()), 120_000);
});
