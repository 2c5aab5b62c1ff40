import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

let api: TestApi;
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'huidan-console-'));
  api = await createTestApi({}, { consoleDir: join(dir, 'dist') });
});
after(async () => {
  await api.close();
  await rm(dir, { recursive: true });
});

async function build(): Promise<void> {
  await mkdir(join(dir, 'dist/assets'), { recursive: true });
  await writeFile(join(dir, 'secret.txt'), 'secret');
  await writeFile(join(dir, 'dist/.env'), 'secret');
  await writeFile(join(dir, 'dist/index.html'), '<!doctype html><title>console</title>');
  await writeFile(join(dir, 'dist/favicon.svg'), '<svg/>');
  await writeFile(join(dir, 'dist/assets/board-Bx3_9zQ-.js'), 'export {};');
}
const get = (url: string) => api.app.inject({ method: 'GET', url });

test('without a build / is the status page and there is no console; a build that comes later shows at once', async () => {
  assert.equal((await get('/')).statusCode, 200);
  assert.match((await get('/')).body, /Running/u);
  assert.equal((await get('/console/')).statusCode, 404);
  await build();
  const root = await get('/');
  assert.deepEqual([root.statusCode, root.headers.location], [302, '/console/']);
  assert.equal((await get('/console/')).statusCode, 200);
});

test('every address of the console that is no file gets its page, never kept; hashed files are kept for good', async () => {
  await build();
  for (const path of [
    '/console/',
    '/console/orders',
    '/console/orders/ord_1?tab=facts',
    '/console/welcome',
    '/console/a/b/',
  ]) {
    const page = await get(path);
    assert.equal(page.statusCode, 200, path);
    assert.match(page.body, /<title>console/u);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
  }
  assert.equal((await get('/console')).headers.location, '/console/');
  const asset = await get('/console/assets/board-Bx3_9zQ-.js');
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.match(String(asset.headers['content-type']), /javascript/u);
  assert.equal((await get('/console/favicon.svg')).headers['cache-control'], 'no-cache');
  for (const path of ['/console/assets/gone-12345678.js', '/console/nothing.js']) {
    assert.equal((await get(path)).statusCode, 404, path);
  }
});

test('pages run no script from elsewhere, sit in nobody’s frame and tell nobody where they were', async () => {
  await build();
  for (const path of ['/console/', '/console/assets/board-Bx3_9zQ-.js']) {
    const { headers } = await get(path);
    const policy = String(headers['content-security-policy']);
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split('; ').includes(part), part);
    }
    assert.ok(!/script-src[^;]*unsafe/u.test(policy));
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
});

test('nothing outside of the build is sent', async () => {
  await build();
  for (const path of [
    '/console/../secret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e%2fsecret.txt',
    '/console/assets/..%5c..%5csecret.txt',
    '/console/.env',
    '/console/%2eenv',
    '/console//etc/passwd.txt',
    '/console/%00.txt',
  ]) {
    const answer = await get(path);
    assert.ok(answer.statusCode === 404 || answer.statusCode === 400, `${path}: ${answer.statusCode}`);
    assert.ok(!answer.body.includes('secret'), path);
  }
});
