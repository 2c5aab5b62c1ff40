import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { markedBlock, readPage, rootDir } from '../docs/pages.ts';
import { createTestDatabase } from '../kit/database.ts';

const run = promisify(execFile);
const skip = spawnSync('curl', ['--version']).status === 0 ? false : 'there is no curl here';
const READY_MS = 60_000;

interface Guide {
  readonly name: string;
  /** What the block of the page prints, among other things. */
  readonly prints: readonly RegExp[];
}

const GUIDES: readonly Guide[] = [
  {
    name: 'cps',
    prints: [/^https:\/\/click\.meituan\.com\/t\?actId=33&sid=u1001&t=1$/mu],
  },
  {
    name: 'restaurant',
    prints: [/^act_\w+ {1,2}queued$/mu, /\/storemap\?\S*ePoiId=9001/u, /^state +pending$/mu],
  },
  // The second call goes on with the same trade.
  { name: 'supplier', prints: [/^id +(ord_\w+)$[^]*^id +\1$/mu, /^account +sandbox-em \(em\)$/mu] },
  {
    name: 'vending',
    prints: [/"orderToken":"/u, / {2}held {2}/u, /"platform":"vending".*"state":"made"/u],
  },
  { name: 'mini-program', prints: [/"orderToken":"/u, /^act_\w+ {1,2}queued$/mu] },
];

interface Demo {
  readonly folder: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly drop: () => Promise<void>;
}
let demo: Demo;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What `npm start -- --speed 1` runs, on a port and a folder of its own. */
before(async () => {
  if (skip !== false) return;
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'huidan-guide-'));
  const port = await freePort();
  // `npx huidan` as in a checkout, without npm, which takes a second each time.
  await mkdir(join(folder, 'bin'));
  const npx = `#!/bin/sh\n[ "$1" = huidan ] || exit 9\nshift\nexec '${process.execPath}' '${join(rootDir, 'bin/huidan.js')}' "$@"\n`;
  await writeFile(join(folder, 'bin', 'npx'), npx);
  await chmod(join(folder, 'bin', 'npx'), 0o755);
  const child = spawn(process.execPath, [join(rootDir, 'bin/huidan.js'), 'demo', '--speed', '1', '--rate', '10'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HUIDAN_PORT: String(port), DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  demo = { folder, port, child, drop: () => database.drop() };
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const deadlineMs = performance.now() + READY_MS;
  while (!printed.includes('Huidan is ready') || !(await hasPaidOrders())) {
    assert.ok(performance.now() < deadlineMs && child.exitCode === null, printed);
    await sleep(250);
  }
  // Enough for everybody; the processor is for the commands now.
  await ask('POST', '/sandbox', { rate: 1 });
});

after(async () => {
  if (skip !== false) return;
  demo.child.kill('SIGTERM');
  if (demo.child.exitCode === null) await once(demo.child, 'exit');
  await demo.drop();
  await rm(demo.folder, { recursive: true, force: true });
});

/** Some to accept and some to refund. */
async function hasPaidOrders(): Promise<boolean> {
  const counts = await Promise.all(
    ['meituan-waimai', 'douyin'].map(async (platform) => {
      const { data } = await ask<{ data: readonly unknown[] }>(
        'GET',
        `/orders?account=sandbox-${platform}&status=paid`,
      );
      return data.length;
    }),
  );
  return counts.every((count) => count >= 2);
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const key = await readFile(join(demo.folder, 'data', 'admin-key'), 'utf8');
  const response = await fetch(`http://127.0.0.1:${demo.port}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key.trim()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return (await response.json()) as T;
}

/** Runs lines of a shell as a reader would who stands in the folder of the demo. */
async function paste(script: string): Promise<string> {
  const { stdout } = await run('sh', ['-euc', script], {
    cwd: demo.folder,
    // Some twenty programs one after the other, beside all the other tests.
    timeout: 180_000,
    env: {
      PATH: [join(demo.folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
      HUIDAN_PORT: String(demo.port),
      NO_PROXY: '*',
      no_proxy: '*',
    },
  });
  return stdout;
}

for (const { name, prints } of GUIDES) {
  test(`the commands of the guide ${name} do what it says`, { skip }, async () => {
    const page = readPage(`docs/guide/en/${name}.md`);
    // Only the port differs from what a reader pastes: here others may be at work.
    const stdout = await paste(
      markedBlock(page, 'guide').replaceAll('http://127.0.0.1:8420', `http://127.0.0.1:${demo.port}`),
    );
    for (const pattern of prints) assert.match(stdout, pattern);
  });
}

test('every command beside a claim of the README shows something while the demo runs', { skip }, async () => {
  const table = /^## What it does for you$([^]*?)^In the browser/mu.exec(readPage('README.md').text)?.[1] ?? '';
  const commands = [...table.matchAll(/\| `(npx huidan [^`]+)` \|$/gmu)].map(([, command = '']) => command);
  assert.ok(commands.length >= 8);
  for (const command of commands) {
    // Followed for good it would not end; what is no list is said on the error output.
    const printed = await paste(`${command.replace(' --follow', ' --limit 5')} 2>&1`);
    assert.notEqual(printed.trim(), '', command);
  }
});
