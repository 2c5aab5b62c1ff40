import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import { createAttention } from '../../src/hub/attention.ts';
import { actingPlatform } from '../kit/acting-platform.ts';
import type { TestApi } from '../kit/api.ts';
import { AttentionStage } from '../kit/attention-stage.ts';

const stage = new AttentionStage();
const { account, action, db, events, kinds, list, order, receipt, sweep } = stage;
let api: TestApi;

before(async () => {
  api = await stage.open();
});
after(stage.close);
beforeEach(() => {
  stage.now += 3_600_000;
});

test('an item that was dismissed stays away as long as its cause lasts, and a new cause opens a new one', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  await action(id, orderId, { state: 'unknown' });
  await sweep(id);
  const [item] = await list(id);
  assert.ok(item);
  const url = `/api/v1/attention/${item.id}`;
  assert.equal((await api.call('POST', `${url}/dismiss`, { body: { reason: ' ' } })).status, 400);
  const dismissed = await api.call('POST', `${url}/dismiss`, { body: { reason: '已电话确认' } });
  assert.equal(dismissed.body.state, 'dismissed');
  assert.equal(dismissed.body.dismissed.reason, '已电话确认');
  assert.equal(dismissed.body.dismissed.by, 'key_admin');
  assert.equal(dismissed.body.dismissed.byName, ADMIN_PRINCIPAL.name);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  assert.deepEqual(await kinds(id, '&state=dismissed'), ['action_unknown']);
  await db().query(`update actions set state = 'succeeded' where account_id = $1`, [id]);
  await sweep(id);
  assert.equal((await api.call('GET', url)).body.state, 'closed');
  assert.deepEqual(
    await events(id),
    ['attention.opened', 'attention.closed'],
    'its end was told when it was dismissed',
  );
  assert.equal((await api.call('POST', `${url}/dismiss`, { body: { reason: 'again' } })).body.state, 'closed');
  await db().query(`update actions set state = 'unknown' where account_id = $1`, [id]);
  await sweep(id);
  assert.notEqual((await list(id))[0]?.id, item.id);
});

test('who dismissed an item is named, also after the key was revoked', async () => {
  const id = await account(actingPlatform.id);
  await action(id, await order(id, '1'), { state: 'unknown' });
  await sweep(id);
  const [item] = await list(id);
  assert.ok(item);
  const key = await api.key({ name: '夜班', right: 'write' });
  const url = `/api/v1/attention/${item.id}`;
  const dismissed = await api.call('POST', `${url}/dismiss`, { key, body: { reason: 'called' } });
  assert.deepEqual([dismissed.status, dismissed.body.dismissed.byName], [200, '夜班'], dismissed.text);
  await db().query(`update api_keys set revoked_at = now() where name = '夜班'`);
  const [listed] = (await api.call('GET', `/api/v1/attention?account=${id}&state=dismissed`)).body.data;
  assert.equal(listed.dismissed.byName, '夜班');
  assert.equal(listed.dismissed.by, dismissed.body.dismissed.by);
});

test('the list is counted by kind, paged, and shows only what the key may see', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  for (let nth = 0; nth < 3; nth += 1) await action(id, orderId, { state: 'unknown' });
  await receipt(id, 'unrecognised', 'odd');
  await sweep(id);
  const first = await api.call('GET', `/api/v1/attention?account=${id}&limit=3`);
  assert.deepEqual(first.body.counts, [
    { kind: 'action_unknown', count: 3 },
    { kind: 'unrecognised_callback', count: 1 },
  ]);
  const second = await api.call('GET', `/api/v1/attention?account=${id}&limit=3&cursor=${first.body.nextCursor}`);
  assert.equal(first.body.data.length + second.body.data.length, 4);
  assert.deepEqual(await kinds(id, '&kind=unrecognised_callback'), ['unrecognised_callback']);
  assert.equal((await list(id, `&order=${orderId}`)).length, 3);
  const key = await api.key({ right: 'write', accounts: ['another'] });
  const hidden = await api.call('GET', '/api/v1/attention', { key });
  assert.deepEqual([hidden.body.data, hidden.body.counts], [[], []]);
  const [item] = first.body.data;
  assert.equal((await api.call('GET', `/api/v1/attention/${item.id}`, { key })).body.code, 'attention_not_found');
  const dismissed = await api.call('POST', `/api/v1/attention/${item.id}/dismiss`, { key, body: { reason: 'x' } });
  assert.equal(dismissed.body.code, 'attention_not_found');
});

test('a flood of one kind is cut, and what lies beyond the cut is not taken for gone', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  for (let nth = 0; nth < 205; nth += 1) await action(id, orderId, { state: 'unknown' });
  await sweep(id);
  const open = async (): Promise<number> =>
    (await db().query(`select from attention_items where account_id = $1 and state = 'open'`, [id])).rowCount ?? 0;
  assert.equal(await open(), 200);
  // The first ten are settled: ten others come into sight, and none of those that were open is closed by mistake.
  await db().query(
    `update actions set state = 'succeeded' where id in (select id from actions where account_id = $1 order by id limit 10)`,
    [id],
  );
  await sweep(id);
  assert.equal(await open(), 195);
});

test('a change wakes the look at its account, others are looked at every half a minute, and two processes do not both look', async () => {
  const id = await account(actingPlatform.id);
  const one = createAttention(api.hub.ctx);
  const two = createAttention(api.hub.ctx);
  while ((await one.run()) > 0);
  const orderId = await order(id, '1');
  await action(id, orderId, { state: 'unknown' });
  await one.run();
  assert.deepEqual(await kinds(id), [], 'a burst makes one look');
  stage.now += 2000;
  const both = await Promise.all([one.run(), two.run()]);
  assert.equal(both[0] + both[1], 1);
  assert.deepEqual(await kinds(id), ['action_unknown']);
  await db().query(`update actions set state = 'succeeded' where account_id = $1`, [id]);
  stage.now += 29_000;
  await one.run();
  stage.now += 3000;
  while ((await one.run()) > 0);
  assert.deepEqual(await kinds(id), [], 'nobody told of it, and half a minute was over');
  one.stop();
  two.stop();
});

test('the queue of an account that was deleted is closed', async () => {
  const id = await account(actingPlatform.id);
  await action(id, await order(id, '1'), { state: 'unknown' });
  await sweep(id);
  await db().query('update accounts set deleted_at = now() where id = $1', [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id, '&state=closed'), ['action_unknown']);
});
