import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stands in for npm: removes and fills node_modules like `npm ci`, slowly, and counts how often. */
const npm = `
const { appendFileSync, mkdirSync, rmSync, symlinkSync, existsSync } = require('node:fs');
appendFileSync('calls', process.argv[2] + '\\n');
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules/node/bin', { recursive: true });
setTimeout(() => {
  if (existsSync('broken')) process.exit(3);
  if (!existsSync('without-node')) symlinkSync(process.execPath, 'node_modules/node/bin/node');
}, 300);
`;

suite('install when needed', () => {
  test('a fresh clone is installed by npm ci, and the second time nothing happens', async (t) => {
    const dir = cloneWith(t);
    assert.equal((await install(dir)).code, 0);
    const again = await install(dir);
    assert.deepEqual(again, { code: 0, said: '' });
    assert.deepEqual(calls(dir), ['ci']);
  });

  test('a changed lockfile is installed, a changed package.json alone is not', async (t) => {
    const dir = cloneWith(t);
    await install(dir);
    writeFileSync(join(dir, 'package.json'), '{"name":"x","scripts":{"new":"one"}}');
    await install(dir);
    assert.equal(calls(dir).length, 1);
    writeFileSync(join(dir, 'package-lock.json'), '{"changed":true}');
    await install(dir);
    assert.equal(calls(dir).length, 2);
  });

  test('without a lockfile npm install is used', async (t) => {
    const dir = cloneWith(t);
    rmSync(join(dir, 'package-lock.json'));
    await install(dir);
    assert.deepEqual(calls(dir), ['install']);
  });

  test('several at once install once, and all of them wait for it', async (t) => {
    const dir = cloneWith(t);
    const results = await Promise.all([install(dir), install(dir), install(dir)]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.deepEqual(calls(dir), ['ci']);
    assert.equal(existsSync(join(dir, '.installing')), false);
  });

  test('an install that failed is told and done again', async (t) => {
    const dir = cloneWith(t);
    writeFileSync(join(dir, 'broken'), '');
    const failed = await install(dir);
    assert.equal(failed.code, 3);
    assert.match(failed.said, /npm ci failed/);
    rmSync(join(dir, 'broken'));
    assert.equal((await install(dir)).code, 0);
    assert.equal(calls(dir).length, 2);
  });

  test('an install that was killed half-way is done again, its lock taken over', async (t) => {
    const dir = cloneWith(t);
    const killed = begin(dir);
    while (!existsSync(join(dir, 'calls'))) await sleep(20);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    assert.equal(existsSync(join(dir, '.installing')), true);
    await sleep(500); // the orphaned npm ends by itself
    assert.equal((await install(dir)).code, 0);
    assert.equal(calls(dir).length, 2);
  });

  test('a pinned Node that does not run is told', async (t) => {
    const dir = cloneWith(t);
    writeFileSync(join(dir, 'without-node'), '');
    const { code, said } = await install(dir);
    assert.equal(code, 1);
    assert.match(said, /allowed to run the install script/);
  });

  test('an install by hand counts, unless it left the tools out', async (t) => {
    const dir = cloneWith(t);
    const prepare = (omit: string) => finish(begin(dir, ['--stamp'], { npm_config_omit: omit }));
    await install(dir);
    writeFileSync(join(dir, 'package-lock.json'), '{"changed":true}');
    await prepare('dev');
    await install(dir);
    assert.equal(calls(dir).length, 2);
    writeFileSync(join(dir, 'package-lock.json'), '{"changed":"again"}');
    await prepare('');
    await install(dir);
    assert.equal(calls(dir).length, 2);
  });
});

function cloneWith(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'install-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'scripts'));
  cpSync(join(import.meta.dirname, 'install-when-needed.js'), join(dir, 'scripts', 'install-when-needed.js'));
  writeFileSync(join(dir, 'package.json'), '{"name":"x","type":"module"}');
  writeFileSync(join(dir, 'package-lock.json'), '{}');
  mkdirSync(join(dir, 'npm'));
  writeFileSync(join(dir, 'npm', 'package.json'), '{"type":"commonjs"}');
  writeFileSync(join(dir, 'npm', 'npm-cli.js'), npm);
  return dir;
}

function begin(dir: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [join(dir, 'scripts', 'install-when-needed.js'), ...args], {
    cwd: dir,
    env: {
      ...process.env,
      NODE_ENV: undefined,
      npm_config_omit: undefined,
      npm_execpath: join(dir, 'npm', 'npm-cli.js'),
      npm_node_execpath: process.execPath,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function finish(run: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = '';
  run.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(run, 'close')) as [number | null];
  return { code, said };
}

async function install(dir: string): Promise<{ code: number | null; said: string }> {
  return finish(begin(dir));
}

function calls(dir: string): string[] {
  return readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
}
