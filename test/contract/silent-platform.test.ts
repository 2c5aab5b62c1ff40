import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PlatformUnreachable } from '../../src/core/outgoing.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

let api: TestApi;
before(async () => {
  const callPlatform = ({ call }: { readonly call: string }): Promise<never> =>
    Promise.reject(new PlatformUnreachable(`${call}: connection refused`, false));
  api = await createTestApi({ callPlatform });
  const credentials = { appkey: 'a', secret: 'b', callbackSecret: 'c' };
  await api.call('POST', '/api/v1/accounts', {
    body: { id: 'mtu', platform: 'meituan-union', name: 'mtu', credentials },
  });
  await api.call('POST', '/api/v1/members', { body: { id: 'u1' } });
});
after(() => api.close());

test('what a platform does not answer is to be tried again, not refused', async () => {
  const body = { account: 'mtu', actId: 33, linkType: 1 };
  const link = await api.call('POST', '/api/v1/members/u1/links', { body });
  assert.deepEqual([link.status, link.body.code], [503, 'platform_unreachable'], link.text);
  assert.ok(link.headers['retry-after'] !== undefined);
  const adopted = await api.call('POST', '/api/v1/orders/adopt', { body: { account: 'mtu', platformOrderId: '1' } });
  assert.deepEqual([adopted.status, adopted.body.code], [503, 'platform_unreachable'], adopted.text);
});
