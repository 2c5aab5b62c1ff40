// npm test [-- [--name=pattern] path ...]   all checks and tests, or only the tests of the given files and folders
// npm run check                             the checks and what holds the docs in step with the code, in seconds
// npm run test:long                         test/long
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { buildConsole } from './console/build.ts';
import { checks, runCheck } from './testing/checks.ts';
import { ensureChromium } from './testing/ensure-chromium.ts';
import { expandPaths, findTestFiles } from './testing/find-files.ts';
import { systemStateDirectory } from '../src/store/embedded/folders.ts';
import { endLeftovers, removeLeftDatabases } from './testing/leftovers.ts';
import { Report, durationText } from './testing/report.ts';
import { runFile } from './testing/run-file.ts';
import { startRunKeeper } from './testing/run-keeper.ts';

const FILE_TIMEOUT_MS = 10 * 60_000;
const LONG_FILE_TIMEOUT_MS = 3 * 60 * 60_000;
const LONG_HEARTBEAT_MS = 60_000;
const BROWSER_TESTS = 'test/browser/';
/** Passed to every test and, unless they refuse it, to what they start. */
const MARK_VARIABLE = 'TEST_RUN_ID';

const rootDir = join(import.meta.dirname, '..');
const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: { checks: { type: 'boolean' }, long: { type: 'boolean' }, name: { type: 'string' } },
});

const report = new Report((text) => process.stdout.write(text));
const breakOff = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => breakOff.abort());

if (paths.length === 0 && options.long !== true) runChecks();
await runTests();
report.close();
process.exitCode = report.tally.failed > 0 || breakOff.signal.aborted ? 1 : 0;

function runChecks(): void {
  for (const check of checks) {
    const startedAt = performance.now();
    const fault = runCheck(check, rootDir);
    const time = styleText('gray', `(${durationText(performance.now() - startedAt)})`);
    if (fault === null) {
      report.pass();
      console.log(`${styleText('green', '✔')} ${check.name} ${time}`);
    } else {
      report.fail(check.name, fault);
      console.log(`${styleText('red', `✖ ${check.name}`)} ${time}`);
    }
  }
}

async function runTests(): Promise<void> {
  const files = chooseFiles();
  if (files.length === 0 || breakOff.signal.aborted) return;
  const mark = randomUUID();
  // Short, since Unix sockets below it may have paths of 107 bytes at most; open to the user that PostgreSQL runs as.
  const runDir = realpathSync(mkdtempSync(join(tmpdir(), 'ht-')));
  chmodSync(runDir, 0o755);
  const env = testEnvironment(mark, runDir);
  const keeper = await startRunKeeper();
  env['TEST_RUN_PID'] = String(keeper.pid);
  try {
    if (files.some((path) => path.startsWith(BROWSER_TESTS))) {
      env['CHROMIUM_PATH'] = ensureChromium(console.log);
      if (!(await buildConsole(rootDir, console.log))) throw new Error('The console could not be built.');
    }
    await runFiles(files, env);
  } catch (error) {
    report.fail('running the tests', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await keeper.end();
  const leftovers = await endLeftovers(mark, runDir);
  if (leftovers.length > 0) report.fail('no process outlives the tests', leftovers.join('\n'));
  const databases = removeLeftDatabases(runDir, systemStateDirectory);
  if (databases.length > 0) report.fail('no database outlives the tests', databases.join('\n'));
  rmSync(runDir, { recursive: true, force: true, maxRetries: 3 });
}

function chooseFiles(): string[] {
  if (paths.length > 0) {
    try {
      return expandPaths(rootDir, paths);
    } catch (error) {
      report.fail('choosing the files', (error as Error).message);
      return [];
    }
  }
  return findTestFiles(rootDir, options.checks === true ? 'quick' : options.long === true ? 'long' : 'ordinary');
}

/** Also when it is run alone, by its path. */
function isLong(path: string): boolean {
  return path.startsWith('test/long/');
}

async function runFiles(files: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const waiting = [...files];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined && !breakOff.signal.aborted; path = waiting.shift()) {
      const isBrowserTest = path.includes(BROWSER_TESTS);
      if ((await runOne(path, env, isBrowserTest)) && isBrowserTest) failed.push(path);
    }
  };
  // Long tests load the machine on purpose: two of them would measure each other.
  // The others wait for clocks more than they reckon: two at once used a third of two cores.
  const workers = options.long === true ? 1 : Math.max(2, availableParallelism()) + 1;
  await Promise.all(Array.from({ length: workers }, work));
  // A browser on a machine that is too busy misses a click now and then, which says little about the page; what is
  // broken fails twice. No other test has a second try: one of them that fails once in a while has found something.
  for (const path of failed) {
    if (!breakOff.signal.aborted && !(await runOne(path, env, false))) report.noteUnsteady(path);
  }
}

/** @returns whether it failed */
async function runOne(path: string, env: NodeJS.ProcessEnv, hasSecondRun: boolean): Promise<boolean> {
  const file = report.file(path);
  const fault = await runFile({
    rootDir,
    path,
    env,
    timeoutMs: isLong(path) ? LONG_FILE_TIMEOUT_MS : FILE_TIMEOUT_MS,
    namePattern: options.name ?? null,
    signal: breakOff.signal,
    ...(isLong(path) ? { heartbeatMs: LONG_HEARTBEAT_MS } : {}),
    onReport: (line) => file.add(line),
    onText: (line) => file.text(line),
  });
  return file.end(fault, hasSecondRun && !breakOff.signal.aborted);
}

/** The user's own settings stay outside: a test must never meet a real database. */
function testEnvironment(mark: string, runDir: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('HUIDAN_') && name !== 'DATABASE_URL');
  return { ...Object.fromEntries(own), [MARK_VARIABLE]: mark, TMPDIR: runDir, NODE_ENV: 'test' };
}
