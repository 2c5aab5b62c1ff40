import { readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Servers are allowed a moment to stop after the tests that used them. */
const PATIENCE_MS = 15_000;
const POLL_MS = 200;

/**
 * Finds processes that a test run left behind and ends them. They are known by a mark that every child inherits in its
 * environment, or by the run's own folder in their command line or as their working directory: PostgreSQL is started
 * with an empty environment. Only Linux tells; elsewhere the answer is always "none".
 * @returns one line of text for each
 */
export async function endLeftovers(mark: string, runDir: string, patienceMs = PATIENCE_MS): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  let found = findMarked(mark, runDir);
  for (let waitedMs = 0; found.length > 0 && waitedMs < patienceMs; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    found = findMarked(mark, runDir);
  }
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
  return found.map(({ pid, command }) => `${pid} ${command}`);
}

function findMarked(mark: string, runDir: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .map((pid) => ({ pid, command: text(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
    .filter(
      ({ pid, command }) =>
        // A zombie has no command line; it is gone but for its parent's interest.
        command !== '' &&
        (command.includes(runDir) || workingDir(pid).startsWith(runDir) || text(pid, 'environ').includes(mark)),
    );
}

function text(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function workingDir(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/**
 * Finds databases of root's hubs that a test run left in the system's state folder, and removes them. They are known by
 * the data folder that they were made for, which lay in the run's own folder.
 * @returns one line of text for each
 */
export function removeLeftDatabases(runDir: string, stateDirectory: string): string[] {
  const left = names(stateDirectory)
    .map((name) => ({ path: join(stateDirectory, name), home: firstLine(join(stateDirectory, name, 'belongs-to')) }))
    .filter(({ home }) => home.startsWith(`${runDir}/`));
  for (const { path } of left) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  return left.map(({ path, home }) => `${path} of ${home}: end with removeDataFolder()`);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
