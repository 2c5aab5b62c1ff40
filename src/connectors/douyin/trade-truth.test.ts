import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT, tradeView, view } from '../../../test/kit/douyin-actions.ts';
import type { OrderToRead } from '../../core/connector.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { CallPlatform, OutgoingRequest } from '../../core/outgoing.ts';
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

function answering(answer: object): { readonly call: CallPlatform; readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    call: async (request) => {
      sent.push(request);
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    },
  };
}

test('the trade system is asked about a payment with the account’s access token', async () => {
  const data = { pay_status: 'SUCCESS', total_amount: 6400, pay_time: AT - 60_000, order_id: 'ots7300000000000000001' };
  const { call, sent } = answering({ err_no: 0, err_msg: '', data });
  const truth = await readTruth(tradeView(), call, order, AT);
  assert.ok(truth.ok, JSON.stringify(truth));
  const facts = truth.value.flatMap((report) => report.facts);
  assert.equal(facts.find(({ register }) => register === 'payment')?.value, 'paid');
  assert.equal(facts.find(({ register }) => register === 'money.paid')?.value, 6400);
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.headers['access-token'], 'clt.token');
  assert.match(sent[0].body ?? '', /ots7300000000000000001/u);
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

test('an unpaid order of the trade system rests as long as any, a paid one for good', () => {
  const json = {
    platformOrderId: 'ots7300000000000000001',
    merchantOrderId: 'HUB20240101000002',
    platformFields: { generation: 'trade' },
    payment: 'unpaid',
    lifecycle: 'open',
    flags: [],
    expiresAt: null,
    settlement: 'none',
    updatedAt: new Date(AT).toISOString(),
  } as unknown as OrderJson;
  assert.equal(
    restMs(json, tradeView()),
    restMs({ ...json, platformFields: { generation: 'ecpay', way: '1' } }, view()),
  );
  assert.equal(restMs({ ...json, payment: 'paid' }, tradeView()), undefined);
});
