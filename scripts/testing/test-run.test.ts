import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, removeLeftDatabases } from './leftovers.ts';
import { runFile } from './run-file.ts';

const rootDir = join(import.meta.dirname, '..', '..');

suite('test run', () => {
  test('the last line counts all files together, and node:test adds no summary of its own', (t) => {
    const dir = filesIn(t, {
      'one.test.ts': `
        import { suite, test } from 'node:test';
        test('good', () => {});
        test('put off', { skip: 'no time' }, () => {});
        suite('group', () => { test('inner', () => {}); });`,
      'two.test.ts': `
        import { test } from 'node:test';
        import assert from 'node:assert/strict';
        console.log('99 passed, 0 failed');
        test('bad', () => assert.equal(1, 2));
        test('outer', async (t) => { await t.test('bad within', () => { throw new Error('inner trouble'); }); });`,
    });
    const { status, lines } = testRun(dir);
    assert.equal(lines.at(-1), '2 passed, 2 failed, 1 skipped');
    assert.equal(lines.filter((line) => /^\d+ passed, \d+ failed/.test(line)).length, 1);
    assert.equal(lines.filter((line) => /^(#|ℹ) (pass|tests)/.test(line)).length, 0);
    assert.equal(lines.filter((line) => line.includes('inner trouble')).length, 2);
    assert.equal(status, 1);
  });

  test('a run without failures ends with exit code 0', (t) => {
    const dir = filesIn(t, { 'one.test.ts': "import { test } from 'node:test'; test('good', () => {});" });
    const { status, lines } = testRun(dir);
    assert.equal(lines.at(-1), '1 passed, 0 failed');
    assert.equal(status, 0);
  });

  test('a file counts as failed when it cannot be loaded, has no tests, or fails beside its tests', (t) => {
    const dir = filesIn(t, {
      'no-load.test.ts': "throw new Error('cannot be loaded');",
      'no-tests.test.ts': 'export {};',
      'exit-code.test.ts': "import { test } from 'node:test'; test('good', () => {}); process.exitCode = 3;",
      'late.test.ts': `
        import { test } from 'node:test';
        test('good', () => { setTimeout(() => { throw new Error('late'); }, 20); });
        test('good too', async () => { await new Promise((resolve) => setTimeout(resolve, 100)); });`,
      'killed.test.ts': "import { test } from 'node:test'; test('dies', () => process.kill(process.pid, 'SIGKILL'));",
    });
    const { status, lines } = testRun(dir);
    assert.equal(lines.at(-1), '3 passed, 5 failed');
    assert.equal(status, 1);
  });

  test('a browser test that failed runs once more by itself, and the report says so; others do not', (t) => {
    const dir = filesIn(t, {});
    mkdirSync(join(dir, 'test', 'browser'), { recursive: true });
    const unsteady = (name: string): string => `
      import { existsSync, writeFileSync } from 'node:fs';
      import { test } from 'node:test';
      test('good', () => {});
      test('fails at first', () => {
        const was = existsSync(${JSON.stringify(join(dir, name))});
        writeFileSync(${JSON.stringify(join(dir, name))}, '');
        if (!was) throw new Error('trouble at first');
      });`;
    const bad =
      "import { test } from 'node:test'; test('good', () => {}); test('bad', () => { throw new Error('no'); });";
    writeFileSync(join(dir, 'plain.test.ts'), unsteady('plain'));
    writeFileSync(join(dir, 'test', 'browser', 'unsteady.test.ts'), unsteady('unsteady'));
    writeFileSync(join(dir, 'test', 'browser', 'bad.test.ts'), bad);
    const { status, lines } = testRun(dir);
    assert.equal(lines.at(-1), '4 passed, 2 failed');
    assert.equal(status, 1);
    const unsteadyAt = lines.findIndex((line) => line.startsWith('Failed at first and passed when run again'));
    assert.match(lines[unsteadyAt + 1] ?? '', /test\/browser\/unsteady\.test\.ts$/);
    assert.equal(lines[unsteadyAt + 2], '');
    // In place in the second run of the one that is bad for good, and among what failed.
    assert.equal(lines.filter((line) => line.startsWith('✖') && line.includes('bad.test.ts')).length, 1);
    assert.equal(lines.filter((line) => line.includes('trouble at first')).length, 3);
  });

  test('a path that names no test is a failure, not an empty success', () => {
    const { status, lines } = testRun('test/no-such-folder');
    assert.equal(lines.at(-1), '0 passed, 1 failed');
    assert.equal(status, 1);
  });

  test('a file that hangs is ended with what it started, and the report says where it hung', async (t) => {
    const dir = filesIn(t, {
      'hangs.test.ts': `
        import { spawn } from 'node:child_process';
        import { test } from 'node:test';
        test('waits for ever', async () => {
          const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
          console.log(child.pid);
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        });`,
    });
    const text: string[] = [];
    const fault = await runFile({
      rootDir,
      path: join(dir, 'hangs.test.ts'),
      env: process.env,
      timeoutMs: 6000,
      namePattern: null,
      signal: new AbortController().signal,
      onReport: () => {},
      onText: (line) => text.push(line),
    });
    assert.equal(fault, 'still running after 6 s: waits for ever');
    const pid = Number(text[0]);
    assert.ok(pid > 0);
    await gone(pid);
  });

  test(
    'a process that outlives the tests is found by its environment or its folder, and ended',
    { skip: process.platform === 'linux' ? false : 'only Linux tells' },
    async (t) => {
      const mark = `mark-${process.pid}-${Date.now()}`;
      const runDir = filesIn(t, {});
      const forever = ['--eval', 'setInterval(() => {}, 1000)'];
      const left = [
        spawn(process.execPath, forever, { env: { TEST_RUN_ID: mark }, cwd: '/' }),
        spawn(process.execPath, forever, { env: {}, cwd: runDir }),
        spawn(process.execPath, [...forever, runDir], { env: {}, cwd: '/' }),
      ];
      const stranger = spawn(process.execPath, forever, { env: {}, cwd: '/' });
      t.after(() => stranger.kill('SIGKILL'));
      const ended = left.map((child) => once(child, 'exit'));
      const found = await endLeftovers(mark, runDir, 400);
      assert.deepEqual(new Set(found.map((line) => Number(line.split(' ')[0]))), new Set(left.map(({ pid }) => pid)));
      await Promise.all(ended);
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
    },
  );

  test('a database that outlives the tests is found by the data folder that it was made for, and removed', (t) => {
    const runDir = filesIn(t, {});
    const stateDirectory = filesIn(t, {});
    const databaseOf = (name: string, dataDir: string): string => {
      mkdirSync(join(stateDirectory, name, 'cluster'), { recursive: true });
      writeFileSync(join(stateDirectory, name, 'belongs-to'), `${dataDir}/postgres\n`);
      return join(stateDirectory, name);
    };
    const ours = databaseOf('data-11111111-11111111', join(runDir, 'hub'));
    const others = databaseOf('data-22222222-22222222', `${runDir}-of-another-run/hub`);
    assert.deepEqual(removeLeftDatabases(runDir, stateDirectory), [
      `${ours} of ${join(runDir, 'hub', 'postgres')}: end with removeDataFolder()`,
    ]);
    assert.equal(existsSync(ours), false);
    assert.equal(existsSync(others), true);
    assert.deepEqual(removeLeftDatabases(runDir, join(stateDirectory, 'none')), []);
  });
});

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

function filesIn(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'run-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

function testRun(path: string): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [join(rootDir, 'scripts', 'test.ts'), path], {
    cwd: rootDir,
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}
