import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Pool } from 'undici';
import { checkTargetUrl, guardedConnector, guardedLookup, isPublicAddress } from './target-guard.ts';
import type { Resolve } from './target-guard.ts';

const strict = { allowPrivateTargets: false };
const open = { allowPrivateTargets: true };

for (const address of [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.19.255.255',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::a00:1',
  '64:ff9b::',
  '64:ff9b:1::808:808',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:db8::1',
  '2002:7f00:1::',
  'not an address',
]) {
  test(`${address} is not a public address`, () => assert.equal(isPublicAddress(address), false));
}

for (const address of [
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2400:3200::1',
  '64:ff9b::808:808',
]) {
  test(`${address} is a public address`, () => assert.equal(isPublicAddress(address), true));
}

for (const [url, fault] of [
  ['http://127.0.0.1/', 'private_address'],
  ['http://2130706433/', 'private_address'],
  ['http://0x7f000001/', 'private_address'],
  ['http://0177.0.0.1/', 'private_address'],
  ['http://127.1/', 'private_address'],
  ['http://0/', 'private_address'],
  ['http://[::1]:8080/', 'private_address'],
  ['http://[::ffff:169.254.169.254]/', 'private_address'],
  ['http://[0:0:0:0:0:ffff:7f00:1]/', 'private_address'],
  ['http://１２７.0.0.1/', 'private_address'],
  ['http://localhost:3000/', 'private_address'],
  ['http://LOCALHOST./', 'private_address'],
  ['http://api.localhost/', 'private_address'],
  ['https://user:pass@example.com/', 'has_userinfo'],
  ['https://user@example.com/', 'has_userinfo'],
  ['ftp://example.com/', 'not_http'],
  ['file:///etc/passwd', 'not_a_url'],
  ['javascript:alert(1)', 'not_a_url'],
  ['example.com/hook', 'not_a_url'],
  ['', 'not_a_url'],
] as const) {
  test(`the address "${url}" is refused as ${fault}`, () => assert.deepEqual(checkTargetUrl(url, strict), { fault }));
}

test('private addresses are taken where the policy allows them, userinfo never', () => {
  assert.ok('url' in checkTargetUrl('http://127.0.0.1:9/hook', open));
  assert.deepEqual(checkTargetUrl('http://a:b@127.0.0.1/', open), { fault: 'has_userinfo' });
  assert.ok('url' in checkTargetUrl('https://hooks.example.com/a?b=c', strict));
});

const resolveTo =
  (...addresses: readonly string[]): Resolve =>
  (_hostname, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

function lookUp(resolve: Resolve, all: boolean): Promise<unknown> {
  return new Promise((done, fail) => {
    guardedLookup(resolve)('name.example', { all }, (error, address) => (error === null ? done(address) : fail(error)));
  });
}

test('a name that resolves to one private address among public ones is refused', async () => {
  await assert.rejects(lookUp(resolveTo('8.8.8.8', '10.0.0.1'), true), { code: 'target_refused' });
  await assert.rejects(lookUp(resolveTo('::1'), false), { code: 'target_refused' });
  await assert.rejects(lookUp(resolveTo(), true), { code: 'target_refused' });
});

test('the addresses that were checked are the ones that are connected to', async () => {
  assert.deepEqual(await lookUp(resolveTo('8.8.8.8', '2606:4700::1'), true), [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1', family: 6 },
  ]);
  assert.equal(await lookUp(resolveTo('8.8.8.8'), false), '8.8.8.8');
});

async function request(origin: string, policy: typeof strict, resolve?: Resolve): Promise<number> {
  const connect = guardedConnector(policy, { connectTimeoutMs: 2000, ...(resolve === undefined ? {} : { resolve }) });
  const pool = new Pool(origin, { connect });
  try {
    const response = await pool.request({ path: '/', method: 'GET' });
    await response.body.dump();
    return response.statusCode;
  } finally {
    await pool.destroy();
  }
}

test('no connection is made to a loopback listener, by number or by a name that leads there', async () => {
  let connections = 0;
  const server = createServer((_request, response) => response.end('secret'));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  try {
    await assert.rejects(request(`http://127.0.0.1:${port}`, strict), { code: 'target_refused' });
    await assert.rejects(request(`http://rebind.example:${port}`, strict, resolveTo('127.0.0.1')), {
      code: 'target_refused',
    });
    await assert.rejects(request(`http://localhost:${port}`, strict), { code: 'target_refused' });
    assert.equal(connections, 0);
    assert.equal(await request(`http://127.0.0.1:${port}`, open), 200);
    assert.equal(connections, 1);
  } finally {
    server.close();
  }
});
