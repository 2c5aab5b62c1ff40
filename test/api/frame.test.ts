import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { createPool } from '../../src/store/pool.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';

let api: TestApi;
const logged: { level: string; fields: Readonly<Record<string, unknown>> }[] = [];
const note =
  (level: string) =>
  (fields: Readonly<Record<string, unknown>>): void => {
    logged.push({ level, fields });
  };

before(async () => {
  api = await createTestApi({
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
  });
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

test('without a valid key nothing of the API answers', async () => {
  const revoked = await api.call('POST', '/api/v1/keys', { body: { name: 'x', right: 'read' } });
  await api.call('DELETE', `/api/v1/keys/${revoked.body.id}`);
  const headers = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Basic aGRrOng=',
    `Bearer ${revoked.body.key}`,
    'Bearer hdk_the-admin-key-of-tests ',
    'hdk_the-admin-key-of-tests',
    `Bearer ${'x'.repeat(5000)}`,
  ];
  for (const authorization of headers.slice(0, -3)) {
    for (const [method, path] of [
      ['GET', '/api/v1/orders'],
      ['POST', '/api/v1/accounts'],
      ['GET', '/api/v1/keys'],
      ['GET', '/api/v1/events'],
    ] as const) {
      const answer = await api.call(method, path, {
        key: null,
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      });
      assert.deepEqual(codeOf(answer), [401, 'unauthorized'], `${method} ${path} ${authorization}`);
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="huidan"');
    }
  }
  for (const authorization of headers.slice(-2)) {
    const answer = await api.call('GET', '/api/v1/orders', {
      key: null,
      headers: { authorization: authorization ?? '' },
    });
    assert.equal(answer.status, 401);
  }
});

test('the word Bearer may be written in any case', async () => {
  const answer = await api.call('GET', '/api/v1/orders', {
    key: null,
    headers: { authorization: 'bearer hdk_the-admin-key-of-tests' },
  });
  assert.equal(answer.status, 200);
});

test('every route of the API refuses a key without its right', async () => {
  const reader = await api.key({ right: 'read' });
  const writer = await api.key({ right: 'write' });
  const document = (await api.call('GET', '/api/openapi.json', { key: null })).body;
  let checked = 0;
  for (const [path, methods] of Object.entries<Record<string, { description: string }>>(document.paths)) {
    for (const [method, { description }] of Object.entries(methods)) {
      const right = /Right: (\w+)\.$/u.exec(description)?.[1];
      assert.ok(right !== undefined, `${method} ${path}`);
      const url = path.replaceAll(/\{\w+\}/gu, 'x');
      const tries = right === 'admin' ? [reader, writer] : right === 'write' ? [reader] : [];
      for (const key of tries) {
        checked += 1;
        assert.deepEqual(
          codeOf(await api.call(method.toUpperCase(), url, { key })),
          [403, 'forbidden'],
          `${method} ${path}`,
        );
      }
    }
  }
  assert.ok(checked > 15, `${checked} checked`);
});

test('problems have the documented form and a request id that the headers carry too', async () => {
  const answer = await api.call('GET', '/api/v1/accounts/nobody');
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.deepEqual(answer.body, {
    type: 'urn:huidan:error:account_not_found',
    title: 'Not Found',
    status: 404,
    code: 'account_not_found',
    detail: 'There is no such account.',
    requestId: answer.headers['x-request-id'],
  });
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('unknown addresses are not found, and known ones name the methods that they take', async () => {
  for (const path of ['/api/v1/nothing', '/api/v2/orders', '/nothing', '/api', '/callbacks', '/api/v1/orders/x/y/z']) {
    assert.deepEqual(codeOf(await api.call('GET', path)), [404, 'not_found'], path);
  }
  for (const [method, path] of [
    ['PUT', '/api/v1/orders'],
    ['DELETE', '/api/v1/accounts'],
    ['POST', '/api/v1/orders/x/timeline'],
    ['DELETE', '/healthz'],
  ] as const) {
    assert.deepEqual(codeOf(await api.call(method, path)), [405, 'method_not_allowed'], `${method} ${path}`);
  }
});

test('a body that is no JSON, or no object of ours, is malformed', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"id":', 'malformed_json'],
    ['not json', 'malformed_json'],
    ['{"id":"x"}{"id":"y"}', 'malformed_json'],
    ['{"__proto__":{"admin":true}}', 'malformed_json'],
    ['{"constructor":{"prototype":{}}}', 'malformed_json'],
    ['', 'malformed_request'],
    ['null', 'malformed_request'],
    ['[]', 'malformed_request'],
    ['"text"', 'malformed_request'],
    ['{"id":"x","name":"\\u0000","platform":"meituan-union"}', 'malformed_request'],
    ['{"id":"x","name":"\\ud800","platform":"meituan-union"}', 'malformed_request'],
    [
      `{"id":"x","name":"x","platform":"meituan-union","settings":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
      'malformed_request',
    ],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'malformed_request'],
  ];
  for (const [body, code] of cases) {
    const answer = await api.call('POST', '/api/v1/accounts', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual(codeOf(answer), [400, code], body.slice(0, 60));
  }
});

test('bytes that are not UTF-8 are malformed', async () => {
  const response = await api.app.inject({
    method: 'POST',
    url: '/api/v1/accounts',
    headers: { authorization: 'Bearer hdk_the-admin-key-of-tests', 'content-type': 'application/json' },
    payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  });
  assert.deepEqual([response.statusCode, response.json().code], [400, 'malformed_json']);
});

test('another content type is refused, and a body beyond the limit too', async () => {
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
    const answer = await api.call('POST', '/api/v1/accounts', { body: 'id=x', headers: { 'content-type': type } });
    assert.deepEqual(codeOf(answer), [415, 'unsupported_media_type'], type);
  }
  const charset = await api.call('POST', '/api/v1/accounts', {
    body: account('charset'),
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
  assert.equal(charset.status, 201);
  const answer = await api.call('POST', '/api/v1/accounts', {
    body: { ...account('big'), name: 'x'.repeat(1_048_576) },
  });
  assert.deepEqual(codeOf(answer), [413, 'body_too_large']);
});

test('who has no key does not get a body read', async () => {
  const answer = await api.call('POST', '/api/v1/accounts', { key: null, body: '{"id":' });
  assert.equal(answer.status, 401);
});

test('API keys are shown once, listed without themselves, and end when they are revoked', async () => {
  const { status, body, text } = await api.call('POST', '/api/v1/keys', {
    body: { name: 'shop tablet', right: 'write', accounts: ['a-1'], merchants: null },
  });
  assert.equal(status, 201);
  assert.match(body.key, /^hdk_[\w-]{43}$/u);
  const read = await api.call('GET', `/api/v1/keys/${body.id}`);
  const { key, ...rest } = JSON.parse(text);
  assert.deepEqual(read.body, rest);
  assert.equal((await api.call('GET', '/api/v1/orders', { key })).status, 200);
  const { rows } = await api.hub.ctx.pool.query('select hash from api_keys where id = $1', [body.id]);
  assert.equal(rows[0].hash.length, 32);
  assert.equal((await api.call('DELETE', `/api/v1/keys/${body.id}`)).status, 204);
  assert.equal((await api.call('GET', '/api/v1/orders', { key })).status, 401);
  assert.ok((await api.call('GET', `/api/v1/keys/${body.id}`)).body.revokedAt !== null);
  for (const method of ['GET', 'DELETE']) {
    assert.deepEqual(codeOf(await api.call(method, '/api/v1/keys/key_none')), [404, 'key_not_found']);
  }
});

test('keys are managed only by admins without limits, and nobody gives a right that he lacks', async () => {
  const limited = await api.key({ right: 'admin', accounts: ['a-1'] });
  for (const [method, path] of [
    ['POST', '/api/v1/keys'],
    ['GET', '/api/v1/keys'],
    ['GET', '/api/v1/keys/key_x'],
    ['DELETE', '/api/v1/keys/key_x'],
    ['GET', '/api/v1/audit'],
  ] as const) {
    const answer = await api.call(method, path, {
      key: limited,
      ...(method === 'POST' ? { body: { name: 'x', right: 'read' } } : {}),
    });
    assert.deepEqual(codeOf(answer), [403, 'forbidden'], `${method} ${path}`);
  }
  const blind = await api.key({ right: 'admin' });
  const answer = await api.call('POST', '/api/v1/keys', {
    key: blind,
    body: { name: 'x', right: 'read', reveal: true },
  });
  assert.deepEqual(codeOf(answer), [403, 'forbidden']);
  assert.equal(
    (await api.call('POST', '/api/v1/keys', { key: blind, body: { name: 'x', right: 'admin' } })).status,
    201,
  );
});

test('bad key requests are malformed', async () => {
  for (const body of [
    { name: 'x' },
    { name: '', right: 'read' },
    { name: 'x', right: 'root' },
    { name: 'x', right: 'read', accounts: [] },
    { name: 'x', right: 'read', accounts: ['Not An Id'] },
    { name: 'x', right: 'read', key: 'mine' },
  ]) {
    assert.equal((await api.call('POST', '/api/v1/keys', { body })).status, 400, JSON.stringify(body));
  }
});

test('lists of keys and of the audit log go on page by page', async () => {
  for (const path of ['/api/v1/keys', '/api/v1/audit']) {
    const all = (await api.call('GET', `${path}?limit=500`)).body.data.map(({ id }: { id: string }) => id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: Answer = await api.call('GET', `${path}?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(seen, all);
    assert.ok(all.length > 6);
  }
});

test('an unforeseen error shows nothing of itself and is logged with its request id', async () => {
  const { pool } = api.hub.ctx;
  const retried = { body: { name: 'retried', right: 'read' }, headers: { 'idempotency-key': 'retried' } };
  await pool.query('alter table audit_log rename to audit_log_away');
  try {
    const answer = await api.call('GET', '/api/v1/audit');
    assert.deepEqual(codeOf(answer), [500, 'internal']);
    assert.ok(!answer.text.includes('audit_log'));
    // It fails after the key was stored: nothing of it may stay, and the Idempotency-Key is free again.
    assert.equal((await api.call('POST', '/api/v1/keys', retried)).status, 500);
    const entry = logged.find(
      ({ level, fields }) => level === 'error' && fields['requestId'] === answer.body.requestId,
    );
    assert.ok(entry !== undefined);
    assert.match((entry.fields['err'] as Error).message, /audit_log/u);
  } finally {
    await pool.query('alter table audit_log_away rename to audit_log');
  }
  assert.equal((await api.call('POST', '/api/v1/keys', retried)).status, 201);
  const { rows } = await pool.query("select 1 from api_keys where name = 'retried'");
  assert.equal(rows.length, 1);
});

test('the health doors need no key and tell stopping and a missing migration apart', async () => {
  assert.deepEqual((await api.call('GET', '/healthz', { key: null })).body, { status: 'ok' });
  assert.deepEqual((await api.call('GET', '/readyz', { key: null })).body, { status: 'ready' });
  api.stopping = true;
  const stopping = await api.call('GET', '/readyz', { key: null });
  api.stopping = false;
  assert.deepEqual([stopping.status, stopping.body], [503, { status: 'stopping' }]);
  const { pool } = api.hub.ctx;
  const { rows } = await pool.query('delete from schema_migrations returning *');
  assert.deepEqual((await api.call('GET', '/readyz', { key: null })).body, { status: 'migrations_missing' });
  for (const { number, name, checksum, applied_at: at } of rows) {
    await pool.query('insert into schema_migrations values ($1, $2, $3, $4)', [number, name, checksum, at]);
  }
  assert.equal((await api.call('GET', '/readyz', { key: null })).status, 200);
});

test('while the database is away, that is what every door says', async () => {
  const dead = createPool({ url: 'postgres://nobody@127.0.0.1:1/nothing', allowExitOnIdle: true });
  const away = await createTestApi({ pool: dead });
  const answer = await away.call('GET', '/api/v1/orders');
  assert.deepEqual(codeOf(answer), [503, 'database_unavailable']);
  assert.equal(answer.headers['retry-after'], '1');
  const limited = await away.call('POST', '/api/v1/accounts', { key: 'hdk_other', body: account('x') });
  assert.deepEqual(codeOf(limited), [503, 'database_unavailable']);
  const write = await away.call('POST', '/api/v1/accounts', {
    body: account('x'),
    headers: { 'idempotency-key': 'x' },
  });
  assert.deepEqual(codeOf(write), [503, 'database_unavailable']);
  assert.deepEqual((await away.call('GET', '/healthz', { key: null })).status, 200);
  const ready = await away.call('GET', '/readyz', { key: null });
  assert.deepEqual([ready.status, ready.body], [503, { status: 'database_unavailable' }]);
  assert.match((await away.call('GET', '/metrics', { key: null })).text, /^huidan_database_up 0$/mu);
  assert.match((await away.call('GET', '/', { key: null })).text, /The database does not answer/u);
  await away.close();
  await dead.end();
});

test('metrics name no account', async () => {
  await api.call('POST', '/api/v1/accounts', {
    body: { ...account('secret-name'), credentials: { appkey: 'a', secret: 'b', callbackSecret: 'c' } },
  });
  await api.call('POST', '/callbacks/meituan-union/secret-name', { key: null, body: '{}' });
  const { status, text, headers } = await api.call('GET', '/metrics', { key: null });
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain/u);
  assert.match(text, /huidan_callbacks_total\{platform="meituan-union",verdict="rejected"\} 1/u);
  assert.match(text, /^huidan_deliveries_waiting 0$/mu);
  assert.match(text, /^huidan_database_up 1$/mu);
  assert.ok(!text.includes('secret-name'));
});

test('the status page counts and links, and shows nothing of anybody', async () => {
  const { status, text, headers } = await api.call('GET', '/', { key: null });
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/html/u);
  assert.match(text, /href="\/api\/docs"/u);
  assert.ok(!text.includes('secret-name'));
});

test('the API describes itself in OpenAPI 3.1, and the page about it is served from here', async () => {
  const { body } = await api.call('GET', '/api/openapi.json', { key: null });
  assert.equal(body.openapi, '3.1.0');
  const paths = Object.keys(body.paths);
  for (const path of [
    '/api/v1/accounts',
    '/api/v1/orders/{id}/timeline',
    '/api/v1/callbacks/{id}/redrive',
    '/api/v1/endpoints',
    '/api/v1/deliveries',
    '/api/v1/events',
  ]) {
    assert.ok(paths.includes(path), path);
  }
  assert.ok(paths.every((path) => path.startsWith('/api/v1/')));
  for (const [path, methods] of Object.entries<Record<string, { summary?: string; security?: unknown }>>(body.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      assert.ok(operation.summary !== undefined && operation.security !== undefined, `${method} ${path}`);
    }
  }
  const page = await api.app.inject({ method: 'GET', url: '/api/docs/' });
  assert.equal(page.statusCode, 200);
  for (const [, source = ''] of page.body.matchAll(/(?:src|href)="([^"]+)"/gu)) {
    assert.ok(!/^https?:/u.test(source), source);
    const asset = await api.app.inject({ method: 'GET', url: new URL(source, 'http://hub.test/api/docs/').pathname });
    assert.equal(asset.statusCode, 200, source);
  }
});

test('a request whose head never ends does not hold the hub', async () => {
  const address = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const slow = httpRequest(`${address}/api/v1/accounts`, {
    method: 'POST',
    headers: { 'content-length': '100', 'content-type': 'application/json' },
  });
  slow.on('error', () => {});
  slow.write('{');
  const response = await fetch(`${address}/healthz`);
  assert.equal(response.status, 200);
  await response.text();
  slow.destroy();
});
