import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

let api: TestApi;
before(async () => {
  api = await createTestApi();
});
after(() => api.close());

test('a read that takes too long is broken off and says so; the hub goes on', async () => {
  const blocker = await api.hub.ctx.pool.connect();
  try {
    await blocker.query('begin');
    await blocker.query('set local idle_in_transaction_session_timeout = 0');
    await blocker.query('lock table orders in access exclusive mode');
    const startedMs = performance.now();
    const [slow, quick] = await Promise.all([
      api.call('GET', '/api/v1/orders?status=failed'),
      api.call('GET', '/api/v1/accounts'),
    ]);
    assert.ok(performance.now() - startedMs < 30_000);
    assert.equal(slow.status, 503);
    assert.equal(slow.body.code, 'query_too_slow');
    assert.equal(slow.headers['retry-after'], '10');
    assert.equal(quick.status, 200);
  } finally {
    await blocker.query('rollback');
    blocker.release();
  }
  assert.equal((await api.call('GET', '/api/v1/orders?status=failed')).status, 200);
});
