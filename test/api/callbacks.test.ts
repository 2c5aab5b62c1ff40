import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestApi } from '../kit/api.ts';
import { ToldOrders, UNION_SECRET } from '../kit/told-orders.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const told = new ToldOrders();
const { idOf, list } = told;
let api: TestApi;

before(async () => {
  api = await told.open();
});
after(told.close);

test('callbacks are listed youngest first by account, verdict, order and time', async () => {
  const verdicts = async (query: string): Promise<string[]> => {
    const { status, body, text } = await api.call('GET', `/api/v1/callbacks?${query}`);
    assert.equal(status, 200, text);
    return body.data.map(({ verdict }: { verdict: string }) => verdict);
  };
  await told.union('mtu', 'A2', '8', { sid: 'u2' });
  assert.deepEqual(await verdicts(`order=${await idOf('A2')}`), ['duplicate', 'applied', 'applied']);
  assert.deepEqual(await verdicts('account=mtu&verdict=duplicate'), ['duplicate']);
  assert.deepEqual(await verdicts('account=mtu-2'), ['applied']);
  assert.deepEqual(await verdicts('platform=test-takeaway'), ['applied', 'applied']);
  assert.deepEqual(await verdicts(`account=mtu-2&to=${new Date(Date.UTC(2026, 5, 1)).toISOString()}`), []);
  assert.equal((await api.call('GET', '/api/v1/callbacks?verdict=fine')).status, 400);
});

test('a callback is read with its bytes, its headers and the exact reply', async () => {
  const { body: found } = await api.call('GET', '/api/v1/callbacks?account=mtu-2');
  const { status, body } = await api.call('GET', `/api/v1/callbacks/${found.data[0].id}`);
  assert.equal(status, 200);
  assert.equal(body.request.body, unionPush(unionOrder('B1', '9', { refundType: '3' }), UNION_SECRET));
  assert.equal(Buffer.from(body.request.bodyBase64, 'base64').toString(), body.request.body);
  assert.equal(body.request.headers['content-type'], 'application/json');
  assert.deepEqual(body.reply, { status: 200, body: '{"errcode":"0","errmsg":"ok"}' });
  assert.equal(body.evidence, 'signature');
  assert.match(body.secretFingerprint, /^[0-9a-f]{8}$/u);
  assert.equal((await api.call('GET', '/api/v1/callbacks/rcp_none')).body.code, 'callback_not_found');
});

test('the bytes of a platform with personal data are shown only when revealed', async () => {
  const { body: found } = await api.call('GET', '/api/v1/callbacks?account=tk');
  const path = `/api/v1/callbacks/${found.data[0].id}`;
  const hidden = await api.call('GET', path);
  assert.equal(hidden.body.request, null);
  assert.ok(!hidden.text.includes('13900005678'));
  const shown = await api.call('GET', `${path}?reveal=personal&reason=doctor`);
  assert.ok(shown.body.request.body.includes('13900005678'));
  const { body: log } = await api.call('GET', `/api/v1/audit?subject=${found.data[0].id}`);
  assert.equal(log.data[0].detail.reason, 'doctor');
  const key = await api.key({ right: 'admin' });
  assert.equal((await api.call('GET', `${path}?reveal=personal&reason=x`, { key })).status, 403);
});

test('callbacks outside the limits of a key are not there', async () => {
  const { body: found } = await api.call('GET', '/api/v1/callbacks?account=mtu-2');
  const path = `/api/v1/callbacks/${found.data[0].id}`;
  for (const limits of [{ accounts: ['mtu'] }, { merchants: ['m-1'] }, { shops: ['s-1'] }]) {
    const key = await api.key({ right: 'write', ...limits });
    const { body } = await api.call('GET', '/api/v1/callbacks?limit=500', { key });
    assert.ok(body.data.every(({ account }: { account: string }) => account !== 'mtu-2'));
    if ('shops' in limits) assert.equal(body.data.length, 0);
    assert.equal((await api.call('GET', path, { key })).status, 404);
    assert.equal((await api.call('POST', `${path}/redrive`, { key })).status, 404);
  }
});

test('a rejected callback is applied once its secret was put right', async () => {
  told.now += 10;
  const body = unionPush(unionOrder('R1', '1'), 'the-secret-we-did-not-know');
  await api.call('POST', '/callbacks/meituan-union/mtu', { key: null, body });
  const { body: found } = await api.call('GET', '/api/v1/callbacks?verdict=rejected');
  const path = `/api/v1/callbacks/${found.data[0].id}/redrive`;
  assert.match(found.data[0].reason, /^wrong_signature/u);
  const refused = await api.call('POST', path);
  assert.deepEqual([refused.status, refused.body.code], [422, 'redrive_refused']);
  await api.call('PATCH', '/api/v1/accounts/mtu', {
    body: { credentials: { callbackSecret: 'the-secret-we-did-not-know' } },
  });
  const reader = await api.key({ right: 'read' });
  assert.equal((await api.call('POST', path, { key: reader })).status, 403);
  const redriven = await api.call('POST', path, { headers: { 'idempotency-key': 'redrive-1' } });
  assert.deepEqual([redriven.status, redriven.body.verdict], [200, 'applied'], redriven.text);
  const again = await api.call('POST', path, { headers: { 'idempotency-key': 'redrive-1' } });
  assert.equal(again.text, redriven.text);
  assert.equal((await api.call('POST', path)).body.verdict, 'duplicate');
  assert.deepEqual(await list('?platformOrderId=R1'), ['R1']);
});
