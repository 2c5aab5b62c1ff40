import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';
import { writeForm } from '../../core/form.ts';
import { sign } from './signature.ts';

const KEY = 'demoSignKey00001';
let api: TestApi;

before(async () => {
  api = await createTestApi();
  const body = {
    ...{ id: 'wm', platform: 'meituan-waimai', name: 'wm' },
    credentials: { developerId: '100999', signKey: KEY },
  };
  assert.equal((await api.call('POST', '/api/v1/accounts', { body })).status, 201);
});
after(() => api.close());

async function send(topic: string, fields: readonly (readonly [string, string])[], key = KEY): Promise<string> {
  const signed = fields.length === 0 ? [] : [...fields, ['sign', sign(fields, key)] as const];
  const answer = await api.app.inject({
    method: 'POST',
    url: `/callbacks/meituan-waimai/wm/${topic}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: writeForm(signed),
  });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.body;
}

const kept = async (verdict: string): Promise<readonly string[]> => {
  const { data } = (await api.call('GET', `/api/v1/callbacks?account=wm&verdict=${verdict}`)).body;
  return data.map(({ topic, reason }: { topic: string; reason: string | null }) => `${topic}: ${reason ?? ''}`);
};

const MESSAGE = [
  ['developerId', '100999'],
  ['ePoiId', '8859'],
  ['message', '{"chatId":1}'],
] as const;

test('an event of a kind that nobody knew, at an address made for it, is answered and kept', async () => {
  assert.equal(await send('im-message', MESSAGE), '{"data":"OK"}');
  assert.deepEqual(await kept('unrecognised'), ['im-message: it has no field of a known event']);
  assert.equal(await send('im-message', MESSAGE, 'another key altogether'), '{"data":"error"}');
  assert.equal((await kept('rejected')).length, 1);
  assert.equal(await send('im-message', []), '{"data":"OK"}');
});

test('an order at an address that nobody knew is an order all the same', async () => {
  const order = '{"orderId":5301890193521352344,"reason":"超时取消","reasonCode":"1001"}';
  const fields = [
    ['developerId', '100999'],
    ['ePoiId', '8859'],
    ['orderCancel', order],
  ] as const;
  assert.equal(await send('order-cancelled-v2', fields), '{"data":"OK"}');
  const { data } = (await api.call('GET', '/api/v1/orders?platformOrderId=5301890193521352344')).body;
  assert.deepEqual(
    data.map(({ status }: { status: string }) => status),
    ['cancelled'],
  );
});

test('an address of an odd form is none', async () => {
  for (const topic of ['%00', 'a%20b', '%2e%2e', 'x'.repeat(101)]) {
    const answer = await api.app.inject({ method: 'POST', url: `/callbacks/meituan-waimai/wm/${topic}`, payload: '' });
    assert.equal(answer.statusCode, 404, topic);
  }
});
