import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connectors } from '../../src/connectors/registry.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { takeawayPlatform } from '../kit/takeaway-platform.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

let api: TestApi;
let nowMs = Date.UTC(2026, 5, 1);
before(async () => {
  api = await createTestApi({ clock: () => nowMs, registry: createRegistry([...connectors, takeawayPlatform]) });
});
after(async () => {
  await api.close();
});

const CREDENTIALS = { appkey: 'key-1', secret: 's3cr3t-api', callbackSecret: 's3cr3t-callback' };
const union = (id: string, more: object = {}): object => ({
  id,
  platform: 'meituan-union',
  name: `Union ${id}`,
  credentials: CREDENTIALS,
  settings: {},
  ...more,
});
const add = async (id: string, more: object = {}): Promise<Answer> => {
  const made = await api.call('POST', '/api/v1/accounts', { body: union(id, more) });
  assert.equal(made.status, 201, made.text);
  return made;
};
const push = (id: string, order: string, secret: string, status = '1'): Promise<Answer> =>
  api.call('POST', `/callbacks/meituan-union/${id}`, { key: null, body: unionPush(unionOrder(order, status), secret) });
const taken = '{"errcode":"0","errmsg":"ok"}';

test('an account is added with its callback address and never gives its credentials back', async () => {
  const made = await add('mtu-main', { merchant: 'm-1' });
  assert.equal(made.body.mode, 'live');
  assert.equal(made.body.merchant, 'm-1');
  assert.deepEqual(made.body.callbacks, [{ topic: '', url: 'http://hub.test/callbacks/meituan-union/mtu-main' }]);
  assert.equal(made.body.settings.generation, 'g2');
  const read = await api.call('GET', '/api/v1/accounts/mtu-main');
  assert.equal(read.status, 200);
  assert.deepEqual(read.body, made.body);
  assert.deepEqual(read.body.secrets.map((secret: { field: string }) => secret.field).sort(), [
    'appkey',
    'callbackSecret',
    'secret',
  ]);
  assert.ok(!read.text.includes('s3cr3t'));
});

test('an account of a platform with topics has an address for each', async () => {
  const made = await api.call('POST', '/api/v1/accounts', {
    body: { id: 'tk-1', platform: 'test-takeaway', name: 'T', credentials: { developerId: '12', signKey: 'x' } },
  });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body.callbacks, [
    { topic: 'order', url: 'http://hub.test/callbacks/test-takeaway/tk-1/order' },
    { topic: 'refund', url: 'http://hub.test/callbacks/test-takeaway/tk-1/refund' },
  ]);
  assert.deepEqual(made.body.settings, { baseUrl: 'https://api.example.com', minutes: 5, loud: false });
});

test('the platforms are listed with the fields of their accounts', async () => {
  const { status, body } = await api.call('GET', '/api/v1/platforms');
  assert.equal(status, 200);
  const platform = body.data.find(({ id }: { id: string }) => id === 'meituan-union');
  assert.deepEqual(
    platform.credentials.map(({ name, required }: { name: string; required: boolean }) => [name, required]),
    [
      ['appkey', true],
      ['secret', true],
      ['callbackSecret', false],
    ],
  );
  assert.deepEqual(platform.credentialsSchema.required, ['appkey', 'secret']);
  assert.equal(platform.settingsSchema.additionalProperties, false);
});

test('a body of the wrong shape is malformed, and every fault is named', async () => {
  const answer = await api.call('POST', '/api/v1/accounts', {
    body: { id: 'Wrong_Id', name: '', credentials: [], mode: 'sleeping', colour: 'red' },
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.code, 'malformed_request');
  const fields = answer.body.fields.map((fault: { field: string }) => fault.field);
  assert.deepEqual(fields.sort(), ['colour', 'credentials', 'id', 'mode', 'name', 'platform']);
});

test('ids are 1 to 63 lower-case letters, digits and dashes', async () => {
  for (const id of ['a', '0', `x${'-y'.repeat(31)}`]) await add(id);
  for (const id of ['', '-a', 'A', 'a_b', 'a.b', 'a/b', 'é', 'x'.repeat(64), 'a\n']) {
    const answer = await api.call('POST', '/api/v1/accounts', { body: union(id) });
    assert.equal(answer.status, 400, JSON.stringify(id));
  }
});

test('a platform that no connector serves is refused', async () => {
  const answer = await api.call('POST', '/api/v1/accounts', { body: union('mtu-x', { platform: 'ebay' }) });
  assert.deepEqual([answer.status, answer.body.code], [422, 'platform_unknown']);
});

test('credentials and settings that do not fit are refused field by field, and no message repeats a value', async () => {
  const answer = await api.call('POST', '/api/v1/accounts', {
    body: union('mtu-x', { credentials: { appkey: 7, callbackSecret: '', sekret: 'hunter2' } }),
  });
  assert.deepEqual([answer.status, answer.body.code], [422, 'credentials_invalid']);
  const fields = answer.body.fields.map((fault: { field: string }) => fault.field);
  assert.deepEqual(fields.sort(), [
    'credentials.appkey',
    'credentials.callbackSecret',
    'credentials.secret',
    'credentials.sekret',
  ]);
  assert.ok(!answer.text.includes('hunter2'));

  const settings = await api.call('POST', '/api/v1/accounts', {
    body: {
      id: 'tk-2',
      platform: 'test-takeaway',
      name: 'T',
      credentials: { developerId: '12', signKey: 'x' },
      settings: { baseUrl: 'ftp://files', minutes: 61, loud: 'yes', more: 1 },
    },
  });
  assert.deepEqual([settings.status, settings.body.code], [422, 'settings_invalid']);
  assert.equal(settings.body.fields.length, 4);
  assert.equal((await api.call('GET', '/api/v1/accounts/mtu-x')).status, 404);
});

test('a base URL may not point at a private address unless that is allowed', async () => {
  for (const baseUrl of [
    'http://127.0.0.1:9',
    'http://localhost/',
    'http://[::1]/',
    'http://169.254.169.254/',
    'http://10.0.0.1',
    'http://user:pw@example.com',
  ]) {
    const answer = await api.call('POST', '/api/v1/accounts', { body: union('mtu-x', { settings: { baseUrl } }) });
    assert.deepEqual([answer.status, answer.body.code], [422, 'settings_invalid'], baseUrl);
  }
});

test('an id is taken once and for all', async () => {
  await add('mtu-once');
  const again = await api.call('POST', '/api/v1/accounts', { body: union('mtu-once') });
  assert.deepEqual([again.status, again.body.code], [409, 'conflict']);
});

test('a change touches only what it names', async () => {
  const { body: made } = await add('mtu-change', { settings: { generation: 'cps_open', emptyInSignature: 'skip' } });
  nowMs += 1000;
  const { status, body: changed } = await api.call('PATCH', '/api/v1/accounts/mtu-change', {
    body: { name: 'New', merchant: 'm-9', settings: { generation: null, arrayForm: 'spaced' } },
  });
  assert.equal(status, 200);
  assert.deepEqual(changed, {
    ...made,
    name: 'New',
    merchant: 'm-9',
    settings: { ...made.settings, generation: 'g2', arrayForm: 'spaced' },
    updatedAt: new Date(nowMs).toISOString(),
  });
  assert.equal(changed.settings.emptyInSignature, 'skip');
});

test('id and platform cannot be changed, and nothing can be changed to what does not fit', async () => {
  await add('mtu-fixed');
  const fixed = await api.call('PATCH', '/api/v1/accounts/mtu-fixed', { body: { platform: 'douyin' } });
  assert.deepEqual([fixed.status, fixed.body.code], [400, 'malformed_request']);
  const wrong = await api.call('PATCH', '/api/v1/accounts/mtu-fixed', { body: { settings: { generation: 'g9' } } });
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'settings_invalid']);
  const removed = await api.call('PATCH', '/api/v1/accounts/mtu-fixed', { body: { credentials: { secret: null } } });
  assert.deepEqual([removed.status, removed.body.code], [422, 'credentials_invalid']);
  const unknown = await api.call('PATCH', '/api/v1/accounts/nobody', { body: { name: 'x' } });
  assert.deepEqual([unknown.status, unknown.body.code], [404, 'account_not_found']);
});

test('an optional credential can be removed, and then no callback verifies', async () => {
  await add('mtu-pull');
  assert.equal((await push('mtu-pull', 'P1', CREDENTIALS.callbackSecret)).text, taken);
  const { status } = await api.call('PATCH', '/api/v1/accounts/mtu-pull', {
    body: { credentials: { callbackSecret: null } },
  });
  assert.equal(status, 200);
  assert.notEqual((await push('mtu-pull', 'P2', CREDENTIALS.callbackSecret)).text, taken);
});

test('after a change the old callback secret verifies for seven days, and the new one at once', async () => {
  await add('mtu-rotate');
  const changed = await api.call('PATCH', '/api/v1/accounts/mtu-rotate', {
    body: { credentials: { callbackSecret: 'new-secret' } },
  });
  const values = changed.body.secrets.filter((secret: { field: string }) => secret.field === 'callbackSecret');
  assert.equal(values.length, 2);
  assert.equal(values[0].validUntil, null);
  assert.equal(values[1].validUntil, new Date(nowMs + 7 * 86_400_000).toISOString());
  assert.equal((await push('mtu-rotate', 'R1', 'new-secret')).text, taken);
  assert.equal((await push('mtu-rotate', 'R2', CREDENTIALS.callbackSecret)).text, taken);
  nowMs += 7 * 86_400_000;
  assert.equal((await push('mtu-rotate', 'R3', 'new-secret')).text, taken);
  assert.notEqual((await push('mtu-rotate', 'R4', CREDENTIALS.callbackSecret)).text, taken);
});

test('how long old secrets stay valid can be said, also "until removed"', async () => {
  await add('mtu-for-good');
  const path = '/api/v1/accounts/mtu-for-good';
  const change = (secret: string, oldSecretsValidSeconds: number | null): Promise<Answer> =>
    api.call('PATCH', path, { body: { credentials: { callbackSecret: secret }, oldSecretsValidSeconds } });
  await change('second', null);
  nowMs += 400 * 86_400_000;
  await ensurePartitions(api.hub.ctx.pool, nowMs);
  const { body } = await api.call('GET', path);
  const old = body.secrets.filter((secret: { field: string }) => secret.field === 'callbackSecret')[1];
  assert.equal(old.validUntil, null);
  const removed = await api.call('DELETE', `${path}/secrets/callbackSecret/${old.fingerprint}`);
  assert.equal(removed.status, 204);
  const again = await api.call('DELETE', `${path}/secrets/callbackSecret/${old.fingerprint}`);
  assert.deepEqual([again.status, again.body.code], [404, 'secret_not_found']);
  const { body: third } = await change('third', 0);
  const values = third.secrets.filter((secret: { field: string }) => secret.field === 'callbackSecret');
  assert.equal(values[1].validUntil, new Date(nowMs).toISOString());
});

test('the only value of a credential that is needed cannot be removed', async () => {
  const { body } = await add('mtu-needed');
  const secret = body.secrets.find(({ field }: { field: string }) => field === 'secret');
  const answer = await api.call('DELETE', `/api/v1/accounts/mtu-needed/secrets/secret/${secret.fingerprint}`);
  assert.deepEqual([answer.status, answer.body.code], [422, 'credentials_invalid']);
});

test('a deleted account loses its secrets and its address, keeps its orders and never frees its id', async () => {
  await add('mtu-gone');
  assert.equal((await push('mtu-gone', 'G1', CREDENTIALS.callbackSecret)).text, taken);
  assert.equal((await api.call('DELETE', '/api/v1/accounts/mtu-gone')).status, 204);
  assert.equal((await api.call('GET', '/api/v1/accounts/mtu-gone')).status, 404);
  assert.equal((await api.call('DELETE', '/api/v1/accounts/mtu-gone')).status, 404);
  assert.equal((await push('mtu-gone', 'G2', CREDENTIALS.callbackSecret)).status, 404);
  const orders = await api.call('GET', '/api/v1/orders?account=mtu-gone');
  assert.equal(orders.body.data.length, 1);
  assert.equal((await api.call('GET', `/api/v1/orders/${orders.body.data[0].id}`)).status, 200);
  const { rows } = await api.hub.ctx.pool.query("select 1 from account_secrets where account_id = 'mtu-gone'");
  assert.equal(rows.length, 0);
  const again = await api.call('POST', '/api/v1/accounts', { body: union('mtu-gone') });
  assert.deepEqual([again.status, again.body.code], [409, 'conflict']);
});

test('callbacks of a paused account wait and are applied once it is live', async () => {
  await add('mtu-paused', { mode: 'paused' });
  assert.equal((await push('mtu-paused', 'H1', CREDENTIALS.callbackSecret)).text, taken);
  const held = await api.call('GET', '/api/v1/callbacks?account=mtu-paused');
  assert.equal(held.body.data[0].verdict, 'held');
  assert.equal((await api.call('GET', '/api/v1/orders?account=mtu-paused')).body.data.length, 0);
  await api.call('PATCH', '/api/v1/accounts/mtu-paused', { body: { mode: 'live' } });
  for (let tries = 0; tries < 100; tries += 1) {
    const { body } = await api.call('GET', '/api/v1/orders?account=mtu-paused');
    if (body.data.length === 1) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('the held callback was not applied');
});

test('a platform whose credentials no call can prove yet says so', async () => {
  // Every call that EM has makes or changes something.
  const credentials = { appid: 'HUBAPP01', appSecret: 'HUBSECRET01' };
  const body = { id: 'em-check', platform: 'em', name: 'EM', credentials };
  assert.equal((await api.call('POST', '/api/v1/accounts', { body })).status, 201);
  const answer = await api.call('POST', '/api/v1/accounts/em-check/check');
  assert.deepEqual([answer.status, answer.body.code], [422, 'check_unsupported']);
  assert.equal((await api.call('POST', '/api/v1/accounts/nobody/check')).status, 404);
});

test('accounts are listed by id, page by page, by platform and merchant', async () => {
  for (const id of ['zz-1', 'zz-2', 'zz-3']) await add(id, { merchant: 'm-zz' });
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const { status, body, text }: Answer = await api.call(
      'GET',
      `/api/v1/accounts?merchant=m-zz&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    assert.equal(status, 200, text);
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ['zz-1', 'zz-2', 'zz-3']);
  const { body } = await api.call('GET', '/api/v1/accounts?platform=test-takeaway');
  assert.deepEqual(
    body.data.map(({ id }: { id: string }) => id),
    ['tk-1'],
  );
});

test('changing accounts needs the right for it', async () => {
  await add('mtu-rights');
  const [reader, writer] = [await api.key({ right: 'read' }), await api.key({ right: 'write' })];
  const path = '/api/v1/accounts/mtu-rights';
  const tries: readonly (readonly [string, string, unknown, string, number])[] = [
    ['GET', path, undefined, reader, 200],
    ['PATCH', path, { name: 'x' }, reader, 403],
    ['PATCH', path, { name: 'x', mode: 'observe' }, writer, 200],
    ['PATCH', path, { credentials: { secret: 'y' } }, writer, 403],
    ['PATCH', path, { settings: { baseUrl: 'https://evil.example' } }, writer, 403],
    ['PATCH', path, { merchant: null }, writer, 403],
    ['POST', '/api/v1/accounts', union('mtu-rights-2'), writer, 403],
    ['DELETE', path, undefined, writer, 403],
    ['DELETE', `${path}/secrets/callbackSecret/x`, undefined, writer, 403],
    ['POST', `${path}/check`, undefined, reader, 403],
  ];
  for (const [method, url, body, key, status] of tries) {
    const answer = await api.call(method, url, { key, ...(body === undefined ? {} : { body }) });
    assert.equal(answer.status, status, `${method} ${url} ${answer.text}`);
  }
});

test('a limited key sees and changes only its accounts', async () => {
  await add('lim-1', { merchant: 'm-lim' });
  await add('lim-2', { merchant: 'm-other' });
  const byAccount = await api.key({ right: 'admin', accounts: ['lim-1'] });
  const byMerchant = await api.key({ right: 'admin', merchants: ['m-lim'] });
  const byShop = await api.key({ right: 'admin', shops: ['s-1'] });
  for (const key of [byAccount, byMerchant]) {
    const { body } = await api.call('GET', '/api/v1/accounts', { key });
    assert.deepEqual(
      body.data.map(({ id }: { id: string }) => id),
      ['lim-1'],
    );
    assert.equal((await api.call('GET', '/api/v1/accounts/lim-1', { key })).status, 200);
    for (const method of ['GET', 'DELETE'])
      assert.equal((await api.call(method, '/api/v1/accounts/lim-2', { key })).status, 404);
    assert.equal((await api.call('PATCH', '/api/v1/accounts/lim-2', { key, body: { name: 'x' } })).status, 404);
    assert.equal((await api.call('POST', '/api/v1/accounts/lim-2/check', { key })).status, 404);
    const made = await api.call('POST', '/api/v1/accounts', { key, body: union('lim-3', { merchant: 'm-else' }) });
    assert.deepEqual([made.status, made.body.code], [403, 'forbidden']);
  }
  const moved = await api.call('PATCH', '/api/v1/accounts/lim-1', { key: byMerchant, body: { merchant: 'm-other' } });
  assert.equal(moved.status, 403);
  assert.deepEqual((await api.call('GET', '/api/v1/accounts', { key: byShop })).body.data, []);
  assert.equal((await api.call('GET', '/api/v1/accounts/lim-1', { key: byShop })).status, 404);
});

test('changes of accounts are in the audit log, without secrets', async () => {
  await add('mtu-audit');
  nowMs += 1;
  await api.call('PATCH', '/api/v1/accounts/mtu-audit', { body: { credentials: { secret: 'hunter2' } } });
  nowMs += 1;
  await api.call('DELETE', '/api/v1/accounts/mtu-audit');
  const { body, text } = await api.call('GET', '/api/v1/audit?subject=mtu-audit');
  assert.deepEqual(
    body.data.map(({ action }: { action: string }) => action),
    ['account.deleted', 'account.changed', 'account.created'],
  );
  assert.deepEqual(body.data[1].detail, { fields: ['credentials'], credentials: ['secret'] });
  assert.ok(!text.includes('hunter2'));
});
