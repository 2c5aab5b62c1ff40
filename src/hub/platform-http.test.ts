import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { silent } from '../../test/kit/context.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { OutgoingRequest } from '../core/outgoing.ts';
import { createPlatformHttp } from './platform-http.ts';
import type { PlatformHttpOptions } from './platform-http.ts';

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
});

async function platform(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function http(options: Partial<PlatformHttpOptions> = {}): ReturnType<typeof createPlatformHttp> {
  const made = createPlatformHttp({ allowPrivateTargets: true, clock: Date.now, log: silent, ...options });
  closing.unshift(() => made.close());
  return made;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const get = (url: string, rest: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  call: 'order.query',
  method: 'GET',
  url,
  headers: {},
  ...rest,
});

const failure = async (call: Promise<unknown>): Promise<PlatformUnreachable> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformUnreachable, String(error));
  return error;
};

test('sends the bytes that were signed, and gives back status, headers and body whole', async () => {
  const seen: unknown[] = [];
  const { url } = await platform((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push(request.method, request.url, request.headers['content-type'], body);
      response.writeHead(201, { 'X-Tt-Logid': '2026112010', 'set-cookie': ['a=1', 'b=2'] });
      response.end('{"状态":"好"}');
    });
  });
  const answer = await http().call({
    call: 'order.confirm',
    method: 'POST',
    url: `${url}/waimai/order/confirm?a=1%20b&c=%E5%A5%BD`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'biz=%7B%22orderId%22%3A1%7D&名=值',
  });
  assert.deepEqual(seen, [
    'POST',
    '/waimai/order/confirm?a=1%20b&c=%E5%A5%BD',
    'application/x-www-form-urlencoded',
    'biz=%7B%22orderId%22%3A1%7D&名=值',
  ]);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['x-tt-logid'], '2026112010');
  assert.equal(answer.headers['set-cookie'], 'a=1');
  assert.equal(answer.body, '{"状态":"好"}');
});

test('an error status of the platform is an answer, and a redirect is not followed', async () => {
  let calls = 0;
  const { url } = await platform((request, response) => {
    calls += 1;
    response.writeHead(request.url === '/moved' ? 302 : 500, { location: '/elsewhere' });
    response.end('no');
  });
  const { call } = http();
  assert.equal((await call(get(`${url}/moved`))).status, 302);
  assert.equal((await call(get(`${url}/broken`))).status, 500);
  assert.equal(calls, 2);
});

test('a refused connection says that nothing can have arrived', async () => {
  const { url, server } = await platform(() => {});
  await new Promise((resolve) => server.close(resolve));
  const error = await failure(http().call(get(`${url}/x?token=secret`)));
  assert.equal(error.mayHaveArrived, false);
  assert.equal(error.message, 'order.query: connection refused');
});

test('an answer that does not come in time leaves open whether the request arrived', async () => {
  const { url } = await platform(() => {});
  const startMs = Date.now();
  const error = await failure(http().call(get(`${url}/x?token=secret`, { timeoutMs: 60 })));
  assert.equal(error.mayHaveArrived, true);
  assert.match(error.message, /^order\.query: no complete answer within 60 ms$/u);
  assert.ok(Date.now() - startMs < 2000);
});

test('an answer that begins and does not end is cut off in time', async () => {
  const { url } = await platform((_request, response) => {
    response.write('{"data":');
  });
  const error = await failure(http().call(get(url, { timeoutMs: 80 })));
  assert.equal(error.mayHaveArrived, true);
});

test('a connection that is closed in the middle may have brought the request', async () => {
  const { url } = await platform((request) => {
    request.socket.destroy();
  });
  const error = await failure(http().call(get(url, { method: 'POST', body: 'x' })));
  assert.equal(error.mayHaveArrived, true);
});

test('an answer beyond the limit is given up', async () => {
  const { url } = await platform((_request, response) => {
    response.end('x'.repeat(70_000));
  });
  const error = await failure(http({ maxBodyBytes: 65_536 }).call(get(url)));
  assert.equal(error.message, 'order.query: the answer is longer than 65536 bytes');
  assert.equal((await http({ maxBodyBytes: 70_000 }).call(get(url))).body.length, 70_000);
});

test('a private address is refused before anything is sent, as text and as what a name resolves to', async () => {
  let calls = 0;
  const { url } = await platform((_request, response) => {
    calls += 1;
    response.end();
  });
  const guarded = http({
    allowPrivateTargets: false,
    resolve: (_host, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  for (const target of [
    url,
    url.replace('127.0.0.1', 'platform.example'),
    'ftp://x.example',
    'https://u:p@x.example',
    'x',
  ]) {
    const error = await failure(guarded.call(get(target)));
    assert.equal(error.mayHaveArrived, false, target);
    assert.ok(!error.message.includes('127.0.0.1'), error.message);
  }
  assert.equal(calls, 0);
});
