import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ADMIN_KEY } from '../kit/api.ts';
import { createCommissionHub } from '../kit/commission.ts';
import type { CommissionHub } from '../kit/commission.ts';

let hub: CommissionHub;
before(async () => {
  hub = await createCommissionHub();
});
after(() => hub.api.close());

const fieldsOf = (body: { fields?: readonly { field: string }[] }): readonly string[] =>
  (body.fields ?? []).map(({ field }) => field);

test('shares above the whole, a third level and unknown accounts are refused by the name of the field', async () => {
  const plan = { name: 'p', shares: { self: 9000, inviter1: 900, inviter2: 101 } };
  assert.deepEqual(fieldsOf(await hub.post('/commission/plans', plan, 422)), ['shares']);
  const third = await hub.post('/commission/plans', { name: 'p', shares: { self: 1, inviter3: 1 } }, 400);
  assert.deepEqual(fieldsOf(third), ['shares.inviter3']);
  const none = await hub.post('/commission/plans', { name: 'p', account: 'none', shares: { self: 1 } }, 422);
  assert.deepEqual(fieldsOf(none), ['account']);
  assert.deepEqual((await hub.get('/commission/plans')).data, []);
});

test('overlapping plans are refused, a later version of the scope takes over', async () => {
  const shares = { self: 5000 };
  await hub.post('/commission/plans', { name: 'any', shares });
  const overlap = await hub.post('/commission/plans', { name: 'other', shares }, 409);
  assert.equal(overlap.code, 'plan_overlap');
  const next = await hub.post('/commission/plans', {
    name: 'any',
    from: '2026-07-01T00:00:00Z',
    shares: { self: 4000 },
  });
  assert.equal(next.version, 2);
  await hub.post('/commission/plans', { name: 'x', from: '2026-07-01T08:00:00+08:00', shares }, 409);
  await hub.post('/commission/plans', { name: 'act', actId: 33, shares });
  const { data } = await hub.get('/commission/plans');
  const until = (name: string, version: number): string | null =>
    data.find((one: { name: string; version: number }) => one.name === name && one.version === version).until;
  assert.deepEqual([until('any', 1), until('any', 2), until('act', 1)], ['2026-07-01T00:00:00.000Z', null, null]);
  await hub.post('/members', { id: 'previewed' });
  const preview = await hub.post('/commission/preview', { member: 'previewed', account: 'mtu', commission: 101 }, 200);
  assert.deepEqual([preview.shares[0].amount, preview.house], [50, 51]);
});

test('circles of inviters, unknown ones and sids of others are refused by the name of the field', async () => {
  await hub.post('/members', { id: 'a' });
  await hub.post('/members', { id: 'b', inviter: 'a' });
  await hub.post('/members', { id: 'c', inviter: 'b' });
  for (const inviter of ['c', 'b', 'a', 'nobody']) {
    const answer = await hub.api.call('PATCH', '/api/v1/members/a', { body: { inviter } });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(fieldsOf(answer.body), ['inviter']);
  }
  assert.deepEqual(fieldsOf(await hub.post('/members', { id: 'd', sids: ['d', 'a'] }, 422)), ['sids.1']);
  assert.deepEqual(fieldsOf(await hub.post('/members', { id: 'a' }, 409)), ['id']);
  assert.deepEqual(fieldsOf(await hub.post('/members', { id: 'e', sids: [' e'] }, 422)), ['sids.0']);
  assert.equal((await hub.api.call('GET', '/api/v1/members/d')).status, 404);
});

test('a member of any id has its link: the platform is called once, and a sid that it would refuse is named', async () => {
  const id = '5f6c1c1e-4e0c-4c43-9a2e-0d4b2f6f7a10';
  await hub.post('/members', { id });
  const wish = { account: 'mtu', actId: '33', linkType: 1 };
  const refused = await hub.post(`/members/${id}/links`, wish, 422);
  assert.equal(refused.code, 'sid_invalid');
  assert.deepEqual(fieldsOf(refused), ['sids.0']);
  await hub.api.call('PATCH', `/api/v1/members/${id}`, { body: { sids: ['u77'] } });
  const made = await hub.post(`/members/${id}/links`, wish);
  assert.equal(made.sid, 'u77');
  const calls = hub.calls.length;
  assert.equal((await hub.post(`/members/${id}/links`, wish)).link, made.link);
  assert.equal(hub.calls.length, calls);
  await hub.post(`/members/${id}/links`, { ...wish, account: 'none' }, 404);
});

test('CSV with a byte order mark is taken; a fault anywhere names its line and column, and nothing is imported', async () => {
  const added = await hub.post('/members/import', {
    csv: '\uFEFFid,name,sids,inviter\r\nm1,"王, 五",s1 s2,m2\r\nm2,,,\r\n',
  });
  assert.deepEqual(added, { added: 2 });
  assert.deepEqual((await hub.get('/members/m1')).sids.toSorted(), ['s1', 's2']);
  assert.equal((await hub.get('/members/m1')).inviter, 'm2');

  const faults = async (csv: string): Promise<readonly string[]> =>
    fieldsOf(await hub.post('/members/import', { csv }, 422));
  assert.deepEqual(await faults('name,sids\nx,y\n'), ['line 1']);
  assert.deepEqual(await faults('id,nmae\nx,y\n'), ['line 1']);
  assert.deepEqual(await faults('id\n'), ['csv']);
  assert.deepEqual(await faults('id,name\nx,"y\n'), ['csv']);
  assert.deepEqual(await faults('id,name\nx,\uFFFD\uFFFD\n'), ['csv']);
  assert.deepEqual(await faults('id,inviter\nn1,\nn2,nobody\nn1,\n,\n'), ['line 4, id', 'line 5, id']);
  assert.deepEqual(await faults('id,sids,inviter\nn1,s1,\nn2,,nobody\nm1,,\n'), [
    'line 2, sids.0',
    'line 4, id',
    'line 3, inviter',
  ]);
  assert.deepEqual(await faults('id,inviter\nn1,n2\nn2,n1\n'), ['line 3, inviter']);
  assert.equal((await hub.api.call('GET', '/api/v1/members/n1')).status, 404);
});

test('CSV may be the body itself, in the charset of Chinese spreadsheets too', async () => {
  // "id,name\ngb1,王" in GB18030.
  const bytes = Buffer.from('69642c6e616d650a6762312ccdf5', 'hex');
  const headers = { 'content-type': 'text/csv', authorization: `Bearer ${ADMIN_KEY}` };
  const url = '/api/v1/members/import';
  const made = await hub.api.app.inject({ method: 'POST', url, headers, payload: bytes });
  assert.deepEqual([made.statusCode, made.json()], [201, { added: 1 }], made.body);
  assert.equal((await hub.get('/members/gb1')).name, '王');
  const again = await hub.api.app.inject({ method: 'POST', url, headers, payload: bytes });
  assert.deepEqual([again.statusCode, fieldsOf(again.json())], [422, ['line 2, id']], again.body);
});

test('who may read may not write, and a key with limits sees no member', async () => {
  const reader = await hub.api.key({ right: 'read' });
  const limited = await hub.api.key({ right: 'write', accounts: ['mtu'] });
  const writer = await hub.api.key({ right: 'write' });
  const status = async (method: string, path: string, key: string, body?: unknown): Promise<number> =>
    (await hub.api.call(method, `/api/v1${path}`, { key, ...(body === undefined ? {} : { body }) })).status;
  assert.equal(await status('POST', '/members', reader, { id: 'z' }), 403);
  assert.equal(await status('GET', '/members', limited), 403);
  assert.equal(await status('POST', '/members', limited, { id: 'z' }), 403);
  assert.equal(await status('POST', '/commission/payouts', writer, {}), 403);
  assert.equal(await status('POST', '/commission/adjustments', writer, { member: 'a', amount: 1, reason: 'x' }), 403);
  assert.equal(await status('GET', '/members/a/balance', reader), 200);
  assert.equal(await status('GET', '/members/none/balance', reader), 404);
});
