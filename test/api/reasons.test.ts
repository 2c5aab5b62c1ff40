import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestApi } from '../kit/api.ts';
import { ToldOrders } from '../kit/told-orders.ts';

const told = new ToldOrders();
let api: TestApi;

before(async () => {
  api = await told.open();
  await told.union('mtu', 'R1', '77');
});
after(told.close);

const reasonIn = async (language?: string): Promise<string> => {
  const headers: Record<string, string> = language === undefined ? {} : { 'accept-language': language };
  const { body } = await api.call('GET', '/api/v1/callbacks?account=mtu&verdict=unrecognised', { headers });
  return body.data[0].reason;
};

test('a reason is told in English unless Chinese is asked for first', async () => {
  assert.equal(await reasonIn(), 'status "77" is not known');
  assert.equal(await reasonIn('en-US,zh;q=0.8'), 'status "77" is not known');
  assert.equal(await reasonIn('zh-CN,zh;q=0.9,en;q=0.8'), '状态 "77" 不认识');
});

test('so are the details of a refusal', async () => {
  const refusal = async (language: string): Promise<string> => {
    const headers = { 'accept-language': language };
    const body = { id: 'm-circle', name: 'Li', inviter: 'm-circle' };
    const { text } = await api.call('POST', '/api/v1/members', { headers, body });
    return text;
  };
  assert.match(await refusal('en'), /is the member itself/u);
  assert.match(await refusal('zh'), /是会员自己/u);
});
