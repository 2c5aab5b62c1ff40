import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const rootDir = join(import.meta.dirname, '..');

/** Makes the launcher, and only it, believe that it runs under Node 20. */
const pretendOldNode = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
)}`;

const program = `
export async function main(argv: readonly string[]): Promise<void> {
  const [command, value] = argv;
  const marks = Object.keys(process.env).filter((name) => name === 'LAUNCHED_BY_PID');
  if (command === 'wait') stopOnSignal();
  // After that: who reads it may send signals.
  console.log(JSON.stringify({ pid: process.pid, argv, marks }));
  if (command === 'exit') process.exitCode = Number(value);
  if (command === 'die') process.kill(process.pid, value as NodeJS.Signals);
  if (command === 'fail') throw new Error('the program failed');
}

function stopOnSignal(): void {
  const timer = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      console.log(signal);
      setTimeout(() => { clearInterval(timer); process.exitCode = 7; }, 600);
    });
  }
}
`;

suite('launcher', () => {
  test('under a new enough Node the program runs in the same process', async (t) => {
    const run = start(packageWith(t), ['a', '--b=c']);
    const { code, told } = await finish(run);
    assert.deepEqual(told, { pid: run.pid, argv: ['a', '--b=c'], marks: [] });
    assert.equal(code, 0);
  });

  test('under an older Node the program runs under the pinned one and passes on its exit code', async (t) => {
    const run = start(packageWith(t), ['exit', '5'], { old: true });
    const { code, told } = await finish(run);
    assert.notEqual(told.pid, run.pid);
    assert.deepEqual(told.argv, ['exit', '5']);
    assert.deepEqual(told.marks, []);
    assert.equal(code, 5);
  });

  test('a program that dies by a signal makes the launcher die by the same', async (t) => {
    const { code, signal } = await finish(start(packageWith(t), ['die', 'SIGKILL'], { old: true }));
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' });
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} reaches the program once, which then stops in its own time`, async (t) => {
      const run = start(packageWith(t), ['wait'], { old: true });
      await toldBy(run);
      run.kill(signal);
      await sleep(50);
      run.kill(signal); // npm's echo of a Ctrl-C
      const { code, lines } = await finish(run);
      assert.deepEqual(lines.slice(1), [signal]);
      assert.equal(code, 7);
    });
  }

  test('the program stops when its launcher is killed', async (t) => {
    const run = start(packageWith(t), ['wait'], { old: true });
    const { pid } = await toldBy(run);
    run.kill('SIGKILL');
    const { lines } = await finish(run);
    assert.deepEqual(lines.slice(1), ['SIGTERM']);
    await gone(pid);
  });

  test('a failure of the program is shown, and the exit code is 1', async (t) => {
    for (const old of [false, true]) {
      const { code, errors } = await finish(start(packageWith(t), ['fail'], { old }));
      assert.match(errors, /the program failed/);
      assert.equal(code, 1);
    }
  });

  test('without its packages it says what to run', async (t) => {
    const dir = packageWith(t, { modules: false });
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    const { code, errors } = await finish(start(dir, [], { old: true }));
    assert.match(errors, /npm ci/);
    assert.equal(code, 1);

    writeFileSync(join(dir, 'src', 'cli', 'main.ts'), "import 'pg';\n");
    const underNewNode = await finish(start(dir, []));
    assert.match(underNewNode.errors, /'pg'[^]*npm ci/);
    assert.equal(underNewNode.code, 1);
  });

  test('a link to it works, and so does a copy installed as a dependency', async (t) => {
    const userDir = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-')));
    t.after(() => rmSync(userDir, { recursive: true, force: true }));
    const installedDir = join(userDir, 'node_modules', 'huidan');
    fillPackage(installedDir);
    mkdirSync(join(userDir, 'node_modules', '.bin'));
    symlinkSync('../huidan/bin/huidan.js', join(userDir, 'node_modules', '.bin', 'huidan'));
    symlinkSync(join(rootDir, 'node_modules', 'node'), join(userDir, 'node_modules', 'node'));
    for (const old of [false, true]) {
      const { code, errors, told } = await finish(
        start(userDir, ['exit', '3'], { old, script: 'node_modules/.bin/huidan' }),
      );
      assert.deepEqual(told.argv, ['exit', '3']);
      assert.equal(errors, '');
      assert.equal(code, 3);
    }
  });
});

interface Told {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly marks: readonly string[];
}

function packageWith(t: TestContext, { modules = true } = {}): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-')));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  fillPackage(dir);
  if (modules) symlinkSync(join(rootDir, 'node_modules'), join(dir, 'node_modules'));
  return dir;
}

function fillPackage(dir: string): void {
  mkdirSync(join(dir, 'src', 'cli'), { recursive: true });
  cpSync(join(rootDir, 'bin'), join(dir, 'bin'), { recursive: true });
  cpSync(join(rootDir, 'package.json'), join(dir, 'package.json'));
  writeFileSync(join(dir, 'src', 'cli', 'main.ts'), program);
}

const output = new WeakMap<ChildProcess, { text: string; errors: string }>();

function start(dir: string, args: readonly string[], { old = false, script = 'bin/huidan.js' } = {}): ChildProcess {
  const options = old ? ['--import', pretendOldNode] : [];
  const run = spawn(process.execPath, [...options, script, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { text: '', errors: '' };
  output.set(run, seen);
  run.stdout.on('data', (chunk: Buffer) => (seen.text += chunk.toString()));
  run.stderr.on('data', (chunk: Buffer) => (seen.errors += chunk.toString()));
  return run;
}

async function toldBy(run: ChildProcess): Promise<Told> {
  while (output.get(run)?.text.includes('\n') !== true) await once(run.stdout!, 'data');
  return JSON.parse(output.get(run)!.text.split('\n')[0]!) as Told;
}

/** Waits until the pipes are closed too: a program that outlives its launcher holds them open. */
async function finish(run: ChildProcess) {
  const [code, signal] = (await once(run, 'close')) as [number | null, NodeJS.Signals | null];
  const { text, errors } = output.get(run)!;
  const lines = text.trim().split('\n');
  const told = (lines[0] === '' ? {} : JSON.parse(lines[0]!)) as Told;
  return { code, signal, lines, told, errors };
}

async function gone(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 50) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
  assert.fail(`process ${pid} is still there`);
}
