import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReportLine, ResultLine } from './event-reporter.ts';

/** From the polite signal to the one that cannot be refused. */
const KILL_GRACE_MS = 5000;

export interface FileRun {
  readonly rootDir: string;
  /** From the root, with `/`. */
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Runs only tests whose names match; null runs all. */
  readonly namePattern: string | null;
  /** Says so often what the file is busy with; left out: never. */
  readonly heartbeatMs?: number;
  /** Aborted when the whole run is broken off. */
  readonly signal: AbortSignal;
  onReport(line: ResultLine): void;
  /** Text that the tests themselves printed. */
  onText(line: string): void;
}

/**
 * Runs one test file in a process of its own, which is also the leader of a group of its own: a file that hangs is
 * stopped with everything that it started. (node:test's own `run()` puts its time limit on single tests only, and
 * waits for ever on a file that leaves a handle open.)
 * @returns why the file as a whole went wrong, or null
 */
export async function runFile(run: FileRun): Promise<string | null> {
  const args = [
    '--test-reporter',
    join(import.meta.dirname, 'event-reporter.ts'),
    ...(run.namePattern === null ? [] : ['--test-name-pattern', run.namePattern]),
    run.path,
  ];
  const child = spawn(process.execPath, args, {
    cwd: run.rootDir,
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });

  let fault: string | null = null;
  let tests = 0;
  let failures = 0;
  const busyWith: string[] = [];
  const stop = (why: string): void => {
    fault ??= why;
    kill(child.pid, 'SIGTERM');
    setTimeout(() => kill(child.pid, 'SIGKILL'), KILL_GRACE_MS).unref();
  };
  const timer = setTimeout(() => {
    const where = busyWith.length === 0 ? 'all its tests are over, something keeps it open' : busyWith.join(' › ');
    stop(`still running after ${run.timeoutMs / 1000} s: ${where}`);
  }, run.timeoutMs);
  const startedMs = performance.now();
  const heartbeat =
    run.heartbeatMs === undefined
      ? undefined
      : setInterval(() => {
          const minutes = Math.round((performance.now() - startedMs) / 60_000);
          run.onText(`after ${minutes} min: ${busyWith.join(' › ')}`);
        }, run.heartbeatMs);
  const onAbort = (): void => stop('broken off');
  run.signal.addEventListener('abort', onAbort, { once: true });

  const events = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  events.on('line', (text) => {
    const line = JSON.parse(text) as ReportLine;
    if (line.kind === 'begun') {
      busyWith.push(line.name);
    } else if (line.kind === 'done') {
      busyWith.splice(busyWith.lastIndexOf(line.name), 1);
    } else if (line.kind === 'note') {
      run.onText(line.text);
    } else {
      if (line.kind !== 'started') tests += 1;
      if (line.kind === 'failed') failures += 1;
      run.onReport(line);
    }
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (text) => run.onText(text));
  }

  const ended = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    // A grandchild that keeps the pipes open must not keep us waiting: 'close' is given a moment, not for ever.
    let late: NodeJS.Timeout | undefined;
    const result = (code: number | null, signal: NodeJS.Signals | null): string | null =>
      code === 0 ? null : signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    child.on('exit', (code, signal) => {
      late = setTimeout(() => resolve(result(code, signal)), KILL_GRACE_MS);
    });
    child.on('close', (code, signal) => {
      clearTimeout(late);
      resolve(result(code, signal));
    });
  });
  clearTimeout(timer);
  clearInterval(heartbeat);
  run.signal.removeEventListener('abort', onAbort);
  // What the file started and left behind in its group.
  kill(child.pid, 'SIGKILL');

  if (fault !== null) return fault;
  // Exit code 1 with failed tests is how they are told; anything else is the file's own fault.
  if (ended !== null && failures === 0) return ended;
  return tests === 0 && run.namePattern === null ? 'has no tests' : null;
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nobody there any more.
  }
}
