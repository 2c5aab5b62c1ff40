import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';

let api: TestApi;

before(async () => {
  api = await createTestApi();
});
after(async () => {
  await api.close();
});

const account = (id: string): object => ({
  id,
  platform: 'meituan-union',
  name: id,
  credentials: { appkey: 'a', secret: 'b' },
});
const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code];

test('a repeated write with the same key answers the same status and the same bytes', async () => {
  const headers = { 'idempotency-key': 'make-1' };
  const first = await api.call('POST', '/api/v1/keys', { body: { name: 'once', right: 'read' }, headers });
  const second = await api.call('POST', '/api/v1/keys', { body: { name: 'once', right: 'read' }, headers });
  assert.equal(first.status, 201);
  assert.equal(second.status, 201);
  assert.equal(second.text, first.text);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal(second.headers['idempotency-replayed'], 'true');
  const { body } = await api.call('GET', '/api/v1/keys?limit=500');
  assert.equal(body.data.filter(({ name }: { name: string }) => name === 'once').length, 1);
});

test('an answer that is kept for repeats does not lie in the database in clear', async () => {
  const made = await api.call('POST', '/api/v1/keys', {
    body: { name: 's', right: 'read' },
    headers: { 'idempotency-key': 'sealed' },
  });
  const { rows } = await api.hub.ctx.pool.query<{ sealed_body: Buffer }>(
    "select sealed_body from idempotency_keys where key = 'sealed'",
  );
  assert.equal(rows.length, 1);
  assert.ok(!rows[0]?.sealed_body.includes(made.body.key));
});

test('a refusal is repeated too, and so is an answer without a body', async () => {
  await api.call('POST', '/api/v1/accounts', { body: account('idem-1') });
  const headers = { 'idempotency-key': 'conflict-1' };
  const first = await api.call('POST', '/api/v1/accounts', { body: account('idem-1'), headers });
  assert.equal(first.status, 409);
  await api.call('DELETE', '/api/v1/accounts/idem-1', { headers: { 'idempotency-key': 'delete-1' } });
  const second = await api.call('POST', '/api/v1/accounts', { body: account('idem-1'), headers });
  assert.equal(second.text, first.text);
  assert.equal(second.headers['content-type'], first.headers['content-type']);
  const deleted = await api.call('DELETE', '/api/v1/accounts/idem-1', { headers: { 'idempotency-key': 'delete-1' } });
  assert.deepEqual([deleted.status, deleted.text], [204, '']);
});

test('a key that was used for another request is a conflict, and belongs to the one who used it', async () => {
  const headers = { 'idempotency-key': 'mine' };
  const other = await api.key({ right: 'admin' });
  assert.equal((await api.call('POST', '/api/v1/accounts', { body: account('idem-2'), headers })).status, 201);
  const changed = await api.call('POST', '/api/v1/accounts', { body: account('idem-3'), headers });
  assert.deepEqual(codeOf(changed), [409, 'idempotency_conflict']);
  const elsewhere = await api.call('PATCH', '/api/v1/accounts/idem-2', { body: account('idem-2'), headers });
  assert.ok(elsewhere.status === 409 || elsewhere.status === 400);
  assert.equal(
    (await api.call('POST', '/api/v1/accounts', { body: account('idem-3'), headers, key: other })).status,
    201,
  );
});

test('repeats that come at the same time do the work once', async () => {
  const headers = { 'idempotency-key': 'rush' };
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      api.call('POST', '/api/v1/keys', { body: { name: 'rush', right: 'read' }, headers }),
    ),
  );
  for (const answer of answers) {
    assert.ok(answer.status === 201 || answer.body.code === 'idempotency_in_progress', answer.text);
  }
  assert.equal(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size, 1);
  const { body } = await api.call('GET', '/api/v1/keys?limit=500');
  assert.equal(body.data.filter(({ name }: { name: string }) => name === 'rush').length, 1);
});

test('an Idempotency-Key is 1 to 255 printable characters', async () => {
  for (const key of ['', 'x'.repeat(256), 'é']) {
    const answer = await api.call('POST', '/api/v1/accounts', {
      body: account('idem-9'),
      headers: { 'idempotency-key': key },
    });
    assert.equal(answer.status, 400, key.slice(0, 10));
  }
});
