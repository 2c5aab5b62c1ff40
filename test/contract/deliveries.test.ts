import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDeliveries } from '../../src/hub/deliver.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { startReceiver } from '../kit/deliveries.ts';
import type { Receiver } from '../kit/deliveries.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const SECRET = 'callback-secret';

let api: TestApi;
let deliveries: ReturnType<typeof startDeliveries>;
let receiver: Receiver;

before(async () => {
  receiver = await startReceiver();
  api = await createTestApi({}, { allowPrivateTargets: true });
  deliveries = startDeliveries(api.hub.ctx, { allowPrivateTargets: true });
  const credentials = { appkey: 'a', secret: 'b', callbackSecret: SECRET };
  for (const id of ['mtu', 'other'])
    await api.call('POST', '/api/v1/accounts', { body: { id, platform: 'meituan-union', name: id, credentials } });
});
after(async () => {
  try {
    await deliveries.stop();
    await api.close();
  } finally {
    await receiver.close();
  }
});

async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 2400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  throw new Error('it did not come to that within a minute');
}

test('an attempt to deliver is read by its id, and sent again by it', async () => {
  const endpoint = await api.call('POST', '/api/v1/endpoints', {
    body: { url: `${receiver.url}/hook`, events: ['order.*'], accounts: ['mtu'] },
  });
  assert.equal(endpoint.status, 201, endpoint.text);
  const body = unionPush(unionOrder('1', '1'), SECRET);
  await api.call('POST', '/callbacks/meituan-union/mtu', { key: null, body });
  const attempt = await eventually(async () => {
    const { data } = (await api.call('GET', `/api/v1/deliveries?endpoint=${endpoint.body.id}`)).body;
    return data[0];
  });
  assert.deepEqual((await api.call('GET', `/api/v1/deliveries/${attempt.id}`)).body, attempt);

  const replay = await api.call('POST', `/api/v1/deliveries/${attempt.id}/replay`);
  assert.deepEqual([replay.status, replay.body.endpoint, replay.body.events], [201, endpoint.body.id, 1]);
  const again = await eventually(() => (receiver.received.length > 1 ? receiver.received[1] : undefined));
  assert.equal(again.headers['webhook-id'], attempt.event);

  const foreign = await api.key({ right: 'write', accounts: ['other'] });
  for (const [method, path] of [
    ['GET', attempt.id],
    ['GET', 'dlv_none'],
    ['POST', `${attempt.id}/replay`],
    ['POST', 'dlv_none/replay'],
  ] as const) {
    const answer = await api.call(method, `/api/v1/deliveries/${path}`, { key: foreign });
    assert.deepEqual([answer.status, answer.body.code], [404, 'delivery_not_found'], path);
  }
});
