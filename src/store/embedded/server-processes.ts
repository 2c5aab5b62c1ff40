import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.ts';
import { socketPort } from './folders.ts';
import { runCommand } from './run-command.ts';
import { clusterName } from './settings.ts';

const fastShutdownMs = 10_000;
const immediateShutdownMs = 5_000;
/** Backends see the end of their postmaster within moments; one in the middle of a long computation may not. */
const leftoverPatienceMs = 2_000;

/** `postmaster.pid`, as far as we need it: line 1 is the process, line 8 its state. */
export async function readPostmasterPid(cluster: string): Promise<{ pid: number; ready: boolean } | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return Number.isSafeInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : null;
}

/** What PostgreSQL itself asks about a number. True for an ended process that nobody has collected yet. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** In a container whose first process collects no children, an ended process keeps its number for ever. */
async function isAlive(pid: number): Promise<boolean> {
  if (!isTaken(pid)) return false;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/^ ?[ZX]/.test(text.slice(text.lastIndexOf(')') + 1));
}

/** The command line of every process, by number. From /proc where there is one: small containers have no ps. */
export async function commandLines(): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  if (process.platform === 'linux') {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
      if (text) found.set(Number(name), text.replaceAll('\0', ' ').trim());
    }
    return found;
  }
  const { stdout } = await runCommand('ps', ['-A', '-ww', '-o', 'pid=,command=']);
  for (const line of stdout.split('\n')) {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) found.set(Number(match[1]), match[2]);
  }
  return found;
}

function isPostmasterOf(cluster: string, command: string | undefined): boolean {
  return command?.includes(`postgres -D ${cluster} `) ?? false;
}

async function waitForEnd(pid: number, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 25) {
    if (!(await isAlive(pid))) return true;
    await sleep(25);
  }
  return !(await isAlive(pid));
}

/** Ends a postmaster: fast (clients are cut off, a checkpoint is written), then at once, then by force. */
export async function endPostmaster(pid: number): Promise<void> {
  const steps = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
    ['SIGKILL', 2_000],
  ] as const;
  for (const [signal, limitMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch {
      if (!(await isAlive(pid))) return;
    }
    if (await waitForEnd(pid, limitMs)) return;
  }
  throw new EmbeddedPostgresError('embedded_postgres_failed', `the PostgreSQL process ${pid} does not end`);
}

/**
 * Clears what a former guard left when it was killed: a server that still runs is shut down, processes that outlived
 * their postmaster are ended, and files that name a process which is now somebody else's are put right. The caller
 * holds the folder's lock.
 */
export async function clearRemains(cluster: string, socketDir: string, log: (message: string) => void): Promise<void> {
  const noted = await readPostmasterPid(cluster);
  if (noted !== null && isTaken(noted.pid)) {
    const command = (await commandLines()).get(noted.pid);
    if (isPostmasterOf(cluster, command)) {
      log(`a PostgreSQL server (process ${noted.pid}) of an earlier run is still there: shutting it down`);
      await endPostmaster(noted.pid);
    }
    if (isTaken(noted.pid)) await disownPid(cluster);
  }
  await rm(join(socketDir, `.s.PGSQL.${socketPort}.lock`), { force: true });
  await endLeftovers(cluster);
}

/**
 * After a restart of the machine or the container, the number in postmaster.pid may belong to any process of the same
 * user, and PostgreSQL would wait for a person to delete the file. Deleting it would also delete its mark of the shared
 * memory, the guard against surviving backends; with the number of PostgreSQL's own parent in it, PostgreSQL takes it
 * for stale and still checks the mark.
 */
async function disownPid(cluster: string): Promise<void> {
  const path = join(cluster, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return;
  const [, ...rest] = text.split('\n');
  await writeFile(path, [String(process.pid), ...rest].join('\n'));
}

/** Waits for the children of a postmaster that was killed, then ends them: a new one refuses to start beside them. */
export async function endLeftovers(cluster: string): Promise<void> {
  const title = `postgres: ${clusterName(cluster)}:`;
  const find = async (): Promise<number[]> => {
    const lines = await commandLines();
    return [...lines].filter(([, command]) => command.startsWith(title)).map(([pid]) => pid);
  };
  let left = await find();
  for (let waitedMs = 0; left.length > 0 && waitedMs < leftoverPatienceMs; waitedMs += 50) {
    await sleep(50);
    left = await find();
  }
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended meanwhile
    }
  }
  for (const pid of left) await waitForEnd(pid, 2_000);
}
