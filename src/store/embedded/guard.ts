/**
 * The process between the hub and its PostgreSQL. It is the server's parent, in a session of its own, so that Ctrl-C in
 * a terminal reaches the server only through the hub. It starts the server again when that dies, and shuts it down when
 * the hub says so or is gone, which it sees by the closing of the channel between them, even after kill -9.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareCluster } from './cluster.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { clusterOf, makeSocketDirectory } from './folders.ts';
import type { FromGuard, FromHub, GuardPlan } from './guard-messages.ts';
import { lockFolder, type FolderLock } from './lock.ts';
import { startPostmaster, type Postmaster } from './postmaster.ts';
import { clearRemains, endPostmaster } from './server-processes.ts';

/**
 * Gaps between tries to bring a dead server back: at once first, since a crash is over in a moment, then slower (a full
 * disk).
 */
const firstRestartGapMs = 50;
const longestRestartGapMs = 5_000;
/** A server that lived this long was well: the gaps begin anew. */
const healthyMs = 10_000;
/** PostgreSQL's words when processes of the former server still hold its memory; they end within moments. */
const leftoverWords = /pre-existing shared memory block|lock file .* already exists/;
const firstStartTries = 5;

const stopping = new AbortController();
/**
 * Set by SIGTERM from outside, as when a service manager signals every process of the service: the hub is about to stop
 * us in order.
 */
let restartWanted = true;
let postmaster: Postmaster | null = null;
let lock: FolderLock | null = null;

function tell(message: FromGuard): void {
  if (process.connected) process.send?.(message, () => {});
}

function log(level: 'info' | 'warn' | 'error', message: string): void {
  tell({ type: 'log', level, message });
}

function stop(): void {
  if (stopping.signal.aborted) return;
  stopping.abort();
  void lock?.announceStopping().catch(() => {});
  if (postmaster !== null) void endPostmaster(postmaster.pid).catch((error: unknown) => log('error', String(error)));
}

async function guard(plan: GuardPlan): Promise<void> {
  lock = await lockFolder(plan.home, plan.hubPid);
  if (stopping.signal.aborted) return;
  const cluster = clusterOf(plan.home);
  await prepareCluster(plan, () => tell({ type: 'progress', step: 'creating' }), stopping.signal);
  const socketDir = await makeSocketDirectory(plan.home, plan.user);
  try {
    await superviseServer(plan, cluster, socketDir);
  } finally {
    // Also the one under the folder for temporary files.
    await rm(socketDir, { recursive: true, force: true });
  }
}

async function superviseServer(plan: GuardPlan, cluster: string, socketDir: string): Promise<void> {
  let wasReady = false;
  let gapMs = firstRestartGapMs;
  for (let tries = 1; !stopping.signal.aborted; tries += 1) {
    await clearRemains(cluster, socketDir, (message) => log('warn', message));
    if (stopping.signal.aborted) return;
    tell({ type: 'progress', step: 'starting' });
    const startedAt = performance.now();
    postmaster = startPostmaster(plan, socketDir, (level, message) => {
      if (message.includes('automatic recovery in progress')) tell({ type: 'progress', step: 'recovering' });
      log(level, `PostgreSQL: ${message}`);
    });
    const isReady = (await postmaster?.ready) ?? false;
    if (isReady && postmaster !== null) {
      wasReady = true;
      tell({ type: 'ready', socketDir, postmasterPid: postmaster.pid });
    }
    const how = (await postmaster?.ended) ?? 'it could not be started';
    postmaster = null;
    if (stopping.signal.aborted) return;
    if (!wasReady && (tries >= firstStartTries || !leftoverWords.test(how))) {
      throw new EmbeddedPostgresError('embedded_postgres_failed', `PostgreSQL does not start in ${plan.home}: ${how}`);
    }
    if (performance.now() - startedAt > healthyMs) gapMs = firstRestartGapMs;
    if (!restartWanted) {
      await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
      return;
    }
    log('error', `PostgreSQL is down and is started again: ${how}`);
    await sleep(gapMs, undefined, { signal: stopping.signal }).catch(() => {});
    gapMs = Math.min(gapMs * 2, longestRestartGapMs);
  }
}

// The hub decides; a guard that went before its hub would take the database away from under the hub's own orderly end.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => {
  restartWanted = false;
});
process.on('disconnect', stop);
process.on('message', (message: FromHub) => {
  if (message.type === 'stop') {
    stop();
    return;
  }
  guard(message.plan).then(
    () => process.exit(0),
    (error: unknown) => {
      const code = error instanceof EmbeddedPostgresError ? error.code : 'embedded_postgres_failed';
      const text = error instanceof Error ? error.message : String(error);
      if (!process.connected || stopping.signal.aborted) process.exit(0);
      process.send?.({ type: 'failed', code, message: text } satisfies FromGuard, () => process.exit(1));
    },
  );
});
