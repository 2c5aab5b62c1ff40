import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const program = join(import.meta.dirname, '../../bin/huidan.js');

let database: TestDatabase;
let folder: string;
const started = new Set<ChildProcess>();

before(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'huidan-serve-'));
});
after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await database.drop();
  await rm(folder, { recursive: true });
});

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  /** Ends it as Ctrl-C would; gives the exit code. */
  stop(): Promise<number | null>;
}

function start(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [program, 'serve', '--data-dir', folder, ...argv], {
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: database.url, HUIDAN_LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  child.once('exit', () => started.delete(child));
  return { child, output: () => text };
}

async function serve(argv: readonly string[]): Promise<Served> {
  const { child, output } = start(['--port', '0', ...argv]);
  const url = await eventually(() => {
    assert.equal(child.exitCode, null, output());
    return /listens at (http:\S+)/u.exec(output())?.[1];
  });
  return {
    child,
    url,
    output,
    async stop() {
      const ended = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 2400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  return assert.fail('it did not happen');
}

async function call(
  url: string,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const account = (id: string): object => ({
  id,
  platform: 'meituan-union',
  name: id,
  credentials: { appkey: 'a', secret: 'b', callbackSecret: 'c' },
});

async function pushAndRead(url: string, key: string, id: string): Promise<void> {
  assert.equal((await call(url, key, 'POST', '/api/v1/accounts', account(id))).status, 201);
  const pushed = await fetch(`${url}/callbacks/meituan-union/${id}`, {
    method: 'POST',
    body: unionPush(unionOrder(`${id}-1`, '1'), 'c'),
  });
  assert.equal(await pushed.text(), '{"errcode":"0","errmsg":"ok"}');
  const { body } = await call(url, key, 'GET', `/api/v1/orders?account=${id}`);
  assert.equal((body['data'] as unknown[]).length, 1);
}

test('the hub alone: it makes its keys, says the admin key once, takes a callback and stops cleanly', async () => {
  const first = await serve([]);
  // Its line follows that of the address, and may come a moment later.
  const key = await eventually(() => /(hdk_\S+)\s/u.exec(first.output())?.[1]);
  assert.equal((await readFile(join(folder, 'admin-key'), 'utf8')).trim(), key);
  for (const file of ['admin-key', 'master-key']) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  await pushAndRead(first.url, key, 'one');
  assert.equal(await first.stop(), 0, first.output());

  const second = await serve([]);
  assert.ok(!second.output().includes('hdk_'));
  const { body } = await call(second.url, key, 'GET', '/api/v1/orders?account=one');
  assert.equal((body['data'] as unknown[]).length, 1);
  assert.equal(await second.stop(), 0);
});

// The children of a process are read from /proc.
const isLinux = process.platform === 'linux';

test('several processes take requests behind one port, and one that dies is replaced', { skip: !isLinux }, async () => {
  const hub = await serve(['--processes', '2']);
  const key = (await readFile(join(folder, 'admin-key'), 'utf8')).trim();
  await pushAndRead(hub.url, key, 'many');
  const workers = async (): Promise<number[]> => {
    const text = await readFile(`/proc/${hub.child.pid}/task/${hub.child.pid}/children`, 'utf8');
    return text.trim().split(' ').map(Number);
  };
  const forked = await workers();
  assert.equal(forked.length, 2);
  process.kill(forked[0] ?? 0, 'SIGKILL');
  const replaced = await eventually(async () => {
    const now = await workers();
    return now.length === 2 && !now.includes(forked[0] ?? 0) ? now : undefined;
  });
  assert.ok(replaced.includes(forked[1] ?? 0));
  await pushAndRead(hub.url, key, 'many-again');
  assert.equal(await hub.stop(), 0, hub.output());
  for (const pid of replaced) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test(
  'metrics are of all processes, whichever answers, and none of it is lost with one that dies',
  { skip: !isLinux },
  async () => {
    const hub = await serve(['--processes', '3']);
    const key = (await readFile(join(folder, 'admin-key'), 'utf8')).trim();
    await call(hub.url, key, 'POST', '/api/v1/accounts', account('metrics'));
    const push = async (count: number): Promise<void> => {
      for (let nth = 0; nth < count; nth += 1) {
        // A connection of its own each: they are dealt out to the processes in turn.
        const headers = { connection: 'close' };
        const body = unionPush(unionOrder(`metrics-${nth}`, '1'), 'c');
        await fetch(`${hub.url}/callbacks/meituan-union/metrics`, { method: 'POST', headers, body });
      }
    };
    const metric = async (pattern: RegExp): Promise<number> => {
      const text = await (await fetch(`${hub.url}/metrics`, { headers: { connection: 'close' } })).text();
      const found = [...text.matchAll(pattern)];
      assert.equal(text.match(/^huidan_deliveries_waiting /gmu)?.length, 1);
      // Deliveries are counted by the process that listens nowhere.
      assert.match(text, /^# TYPE huidan_delivery_duration_seconds histogram$/mu);
      return found.reduce((sum, match) => sum + Number(match[1]), 0);
    };
    const callbacks = /^huidan_callbacks_total\{[^}]*\} (\d+)/gmu;
    await push(6);
    for (let nth = 0; nth < 3; nth += 1) assert.equal(await metric(callbacks), 6);
    const text = await readFile(`/proc/${hub.child.pid}/task/${hub.child.pid}/children`, 'utf8');
    const [first = 0] = text.trim().split(' ').map(Number);
    process.kill(first, 'SIGKILL');
    await eventually(async () => {
      const now = await readFile(`/proc/${hub.child.pid}/task/${hub.child.pid}/children`, 'utf8');
      const pids = now.trim().split(' ').map(Number);
      return pids.length === 3 && !pids.includes(first) ? true : undefined;
    });
    await push(3);
    assert.equal(await metric(callbacks), 9);
    assert.equal(await hub.stop(), 0, hub.output());
  },
);

test('a port that is taken and a bad setting end the start with 1 and say why', async () => {
  const hub = await serve([]);
  const port = new URL(hub.url).port;
  const taken = start(['--port', port]);
  // Not 'exit': what was written last may still be on its way then.
  assert.deepEqual((await once(taken.child, 'close'))[0], 1);
  assert.match(taken.output(), /listens at this port already.*\[address_in_use\]/u);
  assert.equal(await hub.stop(), 0);
  const bad = start(['--port', '0'], { HUIDAN_PROT: '1', HUIDAN_TRUST_PROXY: 'true' });
  assert.deepEqual((await once(bad.child, 'close'))[0], 1);
  assert.match(bad.output(), /HUIDAN_PROT.*did you mean HUIDAN_PORT\?\n.*HUIDAN_TRUST_PROXY/u);
});

test('a database that cannot be opened is named, without its password and without a place in the code', async () => {
  const there = new URL(database.url);
  const wrongs = [
    ['postgres://shop:s3cret-word@127.0.0.1:1/orders', /It is shop@127\.0\.0\.1:1\/orders: .*ECONNREFUSED/u],
    [there.href.replace(there.pathname, '/no-such-database'), /\/no-such-database: .*does not exist/u],
  ] as const;
  for (const [url, reason] of wrongs) {
    const refused = start(['--port', '0'], { DATABASE_URL: url });
    const [code] = await once(refused.child, 'close');
    assert.equal(code, 1, refused.output());
    assert.match(refused.output(), /The database that DATABASE_URL names cannot be opened\..*\[database_refused\]/u);
    assert.match(refused.output(), reason);
    assert.doesNotMatch(refused.output(), /s3cret-word|\n {4}at /u);
  }
});
