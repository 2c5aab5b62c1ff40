import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectors } from '../../src/connectors/registry.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { startStandInHub } from '../kit/stand-in-hub.ts';
import type { StandInHub } from '../kit/stand-in-hub.ts';

// The command as a process of its own: its exit code and its memory are what counts here.
const LAUNCHER = fileURLToPath(new URL('../../bin/huidan.js', import.meta.url));
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

interface Started {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  kill(signal: NodeJS.Signals): void;
}

function start(args: readonly string[], dir: string): Started {
  const child = spawn(process.execPath, [LAUNCHER, 'sandbox', ...args], {
    env: { PATH: process.env['PATH'], HUIDAN_DATA_DIR: dir, HUIDAN_ADMIN_KEY: 'test-key' },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  return {
    pid: child.pid ?? 0,
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output }))),
    kill: (signal) => child.kill(signal),
  };
}

async function world() {
  const hub = await startStandInHub(connectors);
  const dir = await mkdtemp(join(tmpdir(), 'huidan-sandbox-command-'));
  cleanups.push(
    () => hub.stop(),
    () => rm(dir, { recursive: true, force: true }),
  );
  return { hub, dir, ledger: join(dir, 'sandbox', 'ledger.jsonl') };
}

/** Waits for so many callbacks. A run that ends before fails the test by name, and does not hang it. */
async function untilCallbacks(hub: StandInHub, count: number, run: Started): Promise<void> {
  let ended: string | undefined;
  run.ended.then(
    ({ stderr }) => (ended = stderr),
    () => undefined,
  );
  while (hub.counts.callbacks < count) {
    assert.equal(ended, undefined, 'the run ended early');
    await sleep(10);
  }
}

/** Those that tell of all their orders themselves: the stand-in hub makes none. */
const PLATFORMS = 'meituan-union,meituan-waimai,eleme,custom';
const PLAY = [
  '--platform',
  PLATFORMS,
  '--rate',
  '500',
  '--speed',
  '1000000',
  '--chaos',
  'duplicate=0.3,reorder=0.3,delay=0.2',
];

test('a run of so many orders ends by itself, and verify exits with 0 and one line', async () => {
  const { hub, dir } = await world();
  const played = await start(['--hub', hub.url, ...PLAY, '--orders', '40'], dir).ended;
  assert.equal(played.code, 0, played.stderr);
  assert.match(
    played.stdout,
    /^40 orders, \d+ callbacks \(0 dropped, all acknowledged\), \d+ events received, 0 errors\./mu,
  );
  const verified = await start(['verify'], dir).ended;
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /^verify: ok\. 40 orders agree .*\n$/u);
});

test('verify exits with 1 on a planted difference and names it', async () => {
  const { hub, dir } = await world();
  assert.equal((await start(['--hub', hub.url, ...PLAY, '--orders', '30'], dir).ended).code, 0);
  hub.faults.alter = (order) => ({ ...order, lifecycle: 'elsewhere' as OrderJson['lifecycle'] });
  const verified = await start(['verify'], dir).ended;
  assert.equal(verified.code, 1);
  assert.match(verified.stdout, /^verify: 30 differences in 30 orders/u);
  assert.match(verified.stdout, /lifecycle is "elsewhere", not "/u);
  assert.match(verified.stdout, /… and 10 more/u);
  assert.match(verified.stdout, /30 {2}order: fields of orders that differ/u);
});

test('kill -9 of the sandbox in full flow loses nothing', async () => {
  const { hub, dir, ledger } = await world();
  for (const _ of [1, 2, 3]) {
    const run = start(
      ['--hub', hub.url, '--rate', '300', '--speed', '20000', '--chaos', 'duplicate=0.3,reorder=0.3,delay=0.2'],
      dir,
    );
    const before = hub.counts.callbacks;
    await untilCallbacks(hub, before + 150, run);
    run.kill('SIGKILL');
    await run.ended;
    await appendFile(ledger, '{"line":"acknowledged","platform":"mei');
  }
  const verified = await start(['verify'], dir).ended;
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.ok(!(await readFile(ledger, 'utf8')).includes('"mei{'), 'torn lines were cut off');
});

test('Ctrl-C ends a run, and the next one goes on with its ledger', async () => {
  const { hub, dir } = await world();
  const run = start(['--hub', hub.url, '--rate', '50', '--speed', '1'], dir);
  await untilCallbacks(hub, 20, run);
  run.kill('SIGINT');
  const ended = await run.ended;
  assert.equal(ended.code, 0, ended.stderr);
  const first = Number(/^(\d+) orders/mu.exec(ended.stdout)?.[1]);
  const played = await start(['--hub', hub.url, ...PLAY, '--orders', '5'], dir).ended;
  assert.match(played.stdout, new RegExp(`^${first + 5} orders`, 'mu'));
  assert.equal((await start(['verify'], dir).ended).code, 0);
});

test('wrong options are named and end with 2, a refusal of the hub ends with 1', async () => {
  const { hub, dir } = await world();
  const usage: readonly (readonly [readonly string[], RegExp])[] = [
    [['--rate', 'many'], /--rate is a number/u],
    [['--platform', 'meituan-union,nobody'], /knows meituan-union.*not 'nobody'/u],
    [['--quickly'], /--quickly/u],
    [['--chaos', 'explode=1'], /--chaos.*'explode'/u],
    [['veryfy'], /what is 'veryfy'/u],
  ];
  for (const [args, said] of usage) {
    const { code, stderr } = await start(args, dir).ended;
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, said);
  }
  const refused = await start(['--hub', hub.url, '--key', 'wrong'], dir).ended;
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /401 unauthorized.*--key/u);
  const nothing = await start(['verify', '--ledger', join(dir, 'none')], dir).ended;
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /There is no ledger/u);
});

test('a running sandbox is asked for a customer and for a fault from another terminal', async () => {
  const { hub, dir } = await world();
  const ask = (...args: readonly string[]) => start(args, dir).ended;
  const early = await ask('shop', '--platform', 'em');
  assert.equal(early.code, 1);
  assert.match(early.stderr, /No sandbox runs on/u);

  const run = start(['--hub', hub.url, '--platform', 'em,meituan-union', '--rate', '50'], dir);
  await untilCallbacks(hub, 1, run);
  const shopped = await ask('shop', '--platform', 'em');
  assert.equal(shopped.code, 0, shopped.stderr);
  const customer = JSON.parse(shopped.stdout) as Readonly<Record<string, unknown>>;
  assert.equal(customer['platform'], 'em');
  assert.match(String(customer['merchantOrderId']), /^SUP\d{12}$/u);

  const faulty = await ask('fault', 'lost_answer', '--platform', 'em', '--times', '2');
  assert.deepEqual([faulty.code, JSON.parse(faulty.stdout)], [0, { ok: true }]);
  const nothing = await ask('shop', '--platform', 'meituan-union');
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /Nothing of meituan-union is ordered through the hub/u);
  const unknown = await ask('fault', 'bad_mood', '--platform', 'em');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /em knows the faults lost_request, .*refused.*not 'bad_mood'/u);

  run.kill('SIGTERM');
  assert.equal((await run.ended).code, 0);
});
