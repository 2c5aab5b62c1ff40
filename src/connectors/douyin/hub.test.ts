import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestApi } from '../../../test/kit/api.ts';
import type { Answer, TestApi } from '../../../test/kit/api.ts';
import type { Lossless } from '../../core/json.ts';
import { stringifyLossless } from '../../core/json.ts';
import { rsaKeysFromText } from '../../core/rsa.ts';
import { ensurePartitions } from '../../store/partitions.ts';
import { refundNumberFor } from './callback.ts';
import { callbackSignature, tradeCallbackHeaders } from './signature.ts';

const DAY_MS = 86_400_000;

describe('a Douyin account in a hub', () => {
  const platform = rsaKeysFromText('the platform of the tests');
  let nowMs = Date.UTC(2026, 10, 1);
  let api: TestApi;

  before(async () => {
    api = await createTestApi({ clock: () => nowMs });
    const credentials = {
      appId: 'tt0000000000000001',
      appSecret: 'app-secret',
      salt: 'the-salt',
      token: 'first-token',
      platformPublicKey: platform.publicKey,
    };
    const made = await api.call('POST', '/api/v1/accounts', {
      body: { id: 'dy', platform: 'douyin', name: 'Douyin', credentials },
    });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(made.body.callbacks, [{ topic: '', url: 'http://hub.test/callbacks/douyin/dy' }]);
  });
  after(() => api.close());

  async function send(type: string, msg: object, token: string): Promise<string> {
    const fields = new Map<string, Lossless>([
      ['timestamp', String(Math.floor(nowMs / 1000))],
      ['nonce', '7'],
      ['msg', JSON.stringify(msg)],
      ['type', type],
    ]);
    fields.set('msg_signature', callbackSignature(fields, token) ?? '');
    const answer = await api.call('POST', '/callbacks/douyin/dy', { key: null, body: stringifyLossless(fields) });
    assert.equal(answer.status, 200);
    return answer.text;
  }

  async function sendSigned(type: string, msg: object): Promise<string> {
    const body = JSON.stringify({ version: '3.0', type, msg: JSON.stringify(msg) });
    const headers = tradeCallbackHeaders(
      String(Math.floor(nowMs / 1000)),
      'nonce',
      Buffer.from(body),
      platform.privateKey,
    );
    const answer = await api.call('POST', '/callbacks/douyin/dy', { key: null, body, headers });
    assert.equal(answer.status, 200);
    return answer.text;
  }

  const orders = async (query: string): Promise<Answer['body']> =>
    (await api.call('GET', `/api/v1/orders?${query}`)).body.data;

  const STORED = '{"err_no":0,"err_tips":"success"}';
  const REJECTED = '{"err_no":400,"err_tips":"signature"}';
  const payment = (orderId: string, orderNo: string): object => ({
    cp_orderno: orderNo,
    order_id: orderId,
    status: 'SUCCESS',
    total_amount: 1000,
    paid_at: Math.floor(nowMs / 1000),
  });
  const refund = (orderId: string, number: string, amount: number): object => ({
    cp_refundno: number,
    order_id: orderId,
    status: 'SUCCESS',
    refund_amount: amount,
    refunded_at: Math.floor(nowMs / 1000),
  });

  test('a token that was replaced a year ago still signs the refund of an order that was paid under it', async () => {
    assert.equal(await send('payment', payment('7000000000000000001', 'HUB1'), 'first-token'), STORED);
    const changed = await api.call('PATCH', '/api/v1/accounts/dy', {
      body: { credentials: { token: 'second-token' } },
    });
    assert.equal(changed.status, 200, changed.text);
    nowMs += 364 * DAY_MS;
    await ensurePartitions(api.hub.database.pool, nowMs);
    assert.equal(await send('refund', refund('7000000000000000001', 'RF1', 300), 'first-token'), STORED);
    assert.equal(await send('refund', refund('7000000000000000001', 'RF2', 700), 'second-token'), STORED);
    assert.equal(await send('refund', refund('7000000000000000001', 'RF3', 1), 'the-salt'), REJECTED);
    const [order, ...others] = await orders('merchantOrderId=HUB1');
    assert.deepEqual(others, []);
    assert.deepEqual([order.status, order.amounts.refunded, order.kind], ['refunded', 1000, 'payment']);
  });

  test('a refund that comes before its payment is one order with it', async () => {
    assert.equal(await send('refund', refund('N7000000000000000002', 'RF1', 300), 'second-token'), STORED);
    const [early] = await orders('platformOrderId=N7000000000000000002');
    assert.deepEqual([early.merchantOrderId, early.amounts.total, early.amounts.refunded], [null, null, 300]);
    assert.equal(await send('payment', payment('N7000000000000000002', 'HUB2'), 'second-token'), STORED);
    const [order] = await orders('merchantOrderId=HUB2');
    assert.equal(order.id, early.id);
    assert.deepEqual([order.payment, order.amounts.paid, order.amounts.refunded], ['partially_refunded', 1000, 300]);
  });

  test('a refund request is answered with the number under which its result then comes', async () => {
    const paid = { out_order_no: 'HUB3', order_id: 'ots3', status: 'SUCCESS', total_amount: 1000, event_time: nowMs };
    assert.equal(await sendSigned('payment', paid), STORED);
    const request = {
      refund_id: '739',
      order_id: 'ots3',
      out_order_no: 'HUB3',
      refund_total_amount: 1000,
      create_refund_time: nowMs,
    };
    const answers = [await sendSigned('pre_create_refund', request), await sendSigned('pre_create_refund', request)];
    assert.equal(answers[0], answers[1]);
    const { data } = JSON.parse(answers[0] ?? '') as { readonly data: { readonly out_refund_no: string } };
    assert.equal(data.out_refund_no, refundNumberFor('739'));
    assert.deepEqual((await orders('merchantOrderId=HUB3'))[0].flags, ['refund_requested']);
    const done = { ...request, out_refund_no: data.out_refund_no, status: 'SUCCESS', event_time: nowMs };
    assert.equal(await sendSigned('refund', done), STORED);
    const [order] = await orders('merchantOrderId=HUB3');
    assert.deepEqual([order.status, order.flags, order.amounts.refunded], ['refunded', [], 1000]);
  });

  test('a paused account gives a refund request its number all the same', async () => {
    const mode = async (name: string): Promise<void> => {
      const changed = await api.call('PATCH', '/api/v1/accounts/dy', { body: { mode: name } });
      assert.equal(changed.status, 200, changed.text);
    };
    await mode('paused');
    const request = {
      refund_id: '740',
      order_id: 'ots3',
      out_order_no: 'HUB3',
      refund_total_amount: 5,
      create_refund_time: nowMs,
    };
    const answer = await sendSigned('pre_create_refund', request);
    const { data } = JSON.parse(answer) as { readonly data?: { readonly out_refund_no: string } };
    assert.equal(data?.out_refund_no, refundNumberFor('740'));
    assert.deepEqual((await orders('merchantOrderId=HUB3'))[0].flags, []);
    await mode('live');
  });

  test('a withdrawal makes no order, and a type that nobody knows is kept and shown', async () => {
    const withdrawal = {
      status: 'SUCCESS',
      withdraw_at: Math.floor(nowMs / 1000),
      order_id: '7999',
      out_order_id: 'W1',
    };
    assert.equal(await send('withdraw', withdrawal, 'second-token'), STORED);
    assert.deepEqual(await orders('platformOrderId=7999'), []);
    assert.equal(await send('transfer', { order_id: '7998', status: 'SUCCESS' }, 'second-token'), STORED);
    const { data } = (await api.call('GET', '/api/v1/callbacks?account=dy&verdict=unrecognised')).body;
    assert.deepEqual(
      data.map(({ reason }: { readonly reason: string }) => reason),
      ['type "transfer" is not known'],
    );
  });

  test('the console’s check of the address is answered', async () => {
    const signature = callbackSignature(
      new Map([
        ['timestamp', '1'],
        ['nonce', '2'],
      ]),
      'second-token',
    );
    const answer = await api.call('GET', `/callbacks/douyin/dy?timestamp=1&nonce=2&echostr=ok&signature=${signature}`, {
      key: null,
    });
    assert.deepEqual([answer.status, answer.text], [200, 'ok']);
  });
});
