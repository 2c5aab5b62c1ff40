import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterOf } from './folders.ts';
import type { GuardPlan } from './guard-messages.ts';
import { plainEnvironment } from './run-command.ts';
import { followServerLog, type LogLevel } from './server-log.ts';
import { readPostmasterPid } from './server-processes.ts';
import { serverArguments } from './settings.ts';

export type Postmaster = {
  readonly pid: number;
  /**
   * True once it takes connections, false when it ended before. May take long: recovery reads all of the log since the
   * last checkpoint.
   */
  readonly ready: Promise<boolean>;
  /** How it ended; the server's last lines are in it. */
  readonly ended: Promise<string>;
};

/**
 * Ends the server when the guard is killed so hard that it cannot do so itself: a shell that waits for a line on its
 * standard input. A line means that all is well; the end of the input without one means that the guard is gone. Linux
 * could signal the death of a parent, but clears that request when the child changes its user, and macOS cannot.
 */
const leashScript = `
read -r _ && exit 0
kill -INT "$1" 2>/dev/null || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$1" 2>/dev/null || exit 0; done
kill -QUIT "$1" 2>/dev/null
`;

const lastLinesMs = 100;

/** Starts the server process. Throws nothing: a program that cannot be started has simply ended. */
export function startPostmaster(
  plan: GuardPlan,
  socketDir: string,
  tell: (level: LogLevel, message: string) => void,
): Postmaster | null {
  const cluster = clusterOf(plan.home);
  const args = serverArguments({ ...plan, cluster, socketDir });
  const child = spawn(join(plan.binDir, 'postgres'), args, {
    cwd: '/',
    env: plainEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(plan.user === null ? {} : { uid: plan.user.uid, gid: plan.user.gid }),
  });
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', (error) => tell('error', `PostgreSQL could not be started: ${error.message}`));
    return null;
  }
  const log = followServerLog(child.stderr, tell);
  const leash = startLeash(pid);
  let over = false;
  child.on('error', () => {});
  const exit = new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => {
      over = true;
      leash.stdin?.end('over\n');
      resolve(signal === null ? `with code ${code}` : `by ${signal}`);
    });
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const end = async (): Promise<string> => {
    const how = await exit;
    // The last lines may still be in the pipe, but a child that outlives its postmaster holds the pipe open.
    await Promise.race([closed, sleep(lastLinesMs)]);
    return `it ended ${how}. ${log.lastLines()}`.trim();
  };
  return { pid, ready: becomesReady(cluster, pid, () => over), ended: end() };
}

function startLeash(postmasterPid: number): ChildProcess {
  const leash = spawn('/bin/sh', ['-c', leashScript, 'huidan-leash', String(postmasterPid)], {
    cwd: '/',
    env: plainEnvironment,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell the guard still works; only its own sudden death is not covered then.
  leash.on('error', () => {});
  leash.stdin?.on('error', () => {});
  return leash;
}

async function becomesReady(cluster: string, pid: number, isOver: () => boolean): Promise<boolean> {
  while (!isOver()) {
    const noted = await readPostmasterPid(cluster);
    if (noted?.pid === pid && noted.ready) return true;
    await sleep(15);
  }
  return false;
}
