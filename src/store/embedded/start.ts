import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, totalmem } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { PgConnection, StoreLog } from '../pool.ts';
import { findBinaries } from './binaries.ts';
import { passwordFileOf } from './cluster.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { findHome, socketPort, systemStateDirectory } from './folders.ts';
import type { EmbeddedPostgresStep, FromGuard, FromHub, GuardPlan } from './guard-messages.ts';
import { plainEnvironment } from './run-command.ts';
import { findUnprivilegedUser } from './unprivileged-user.ts';
import type { Durability } from './settings.ts';

export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './errors.ts';
export type { EmbeddedPostgresStep } from './guard-messages.ts';

export type EmbeddedPostgres = {
  /** A role that owns its database and may create others, but is no superuser. */
  readonly connection: PgConnection;
  /** The same as one text, with the password in it. */
  readonly url: string;
  /** The folder with the cluster: `<dataDir>/postgres`, or where root had to put it. */
  readonly home: string;
  /** The server's process of this moment. It changes when the server comes back after a crash. */
  postmasterPid(): number;
  guardPid(): number | null;
  /** Shuts the server down, with a checkpoint, and waits until every process of it is gone. Close the pools first. */
  stop(): Promise<void>;
  /** Called when the server is lost for good, never for a crash that it comes back from by itself. */
  onExit(listener: (error: EmbeddedPostgresError) => void): void;
};

export type EmbeddedPostgresOptions = {
  /** The hub's data folder; made when absent. */
  readonly dataDir: string;
  readonly log: StoreLog;
  readonly onProgress?: (step: EmbeddedPostgresStep) => void;
  /** Default `full`. */
  readonly durability?: Durability;
  /** Listens on a free port of 127.0.0.1 too, and `connection` names that. Default false: the Unix socket alone. */
  readonly tcp?: boolean;
  /** Where root puts what the database user cannot reach. Default: the system's own place for it. */
  readonly stateDirectory?: string;
};

const databaseName = 'huidan';
const roleName = 'huidan';
const relaunchLimit = 5;
const relaunchGapMs = 500;

/**
 * Starts the PostgreSQL that comes with Huidan, making its database at the first start, and resolves when it takes
 * connections.
 *
 * It ends with this process, however that ends, and comes back by itself when it crashes: meanwhile queries fail as
 * `unavailable`. It does not keep this process alive. Throws an {@link EmbeddedPostgresError}.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options;
  const stateDirectory = options.stateDirectory ?? systemStateDirectory;
  const home = await findHome(options.dataDir, { stateDirectory, findUser: () => findUnprivilegedUser(log), log });
  const onCopy = (): void => options.onProgress?.('copying');
  const binaries = await findBinaries(home.user, { stateDirectory, log, onCopy });
  const plan: GuardPlan = {
    home: home.path,
    user: home.user,
    ...binaries,
    durability: options.durability ?? 'full',
    tcpPort: options.tcp === true ? await findFreePort() : null,
    memoryBytes: usableMemoryBytes(),
    hubPid: process.pid,
  };

  const listeners: ((error: EmbeddedPostgresError) => void)[] = [];
  const stopping = new AbortController();
  let current: RunningGuard = await launchGuard(plan, options);
  let relaunching: Promise<void> | null = null;

  /** A guard that was killed took its server along (see the leash); a new one starts it again. */
  const relaunch = async (): Promise<void> => {
    for (let tries = 1; !stopping.signal.aborted; tries += 1) {
      try {
        log.error({ try: tries }, 'the process that guards PostgreSQL was killed: starting it again');
        current = await launchGuard(plan, options);
        watch(current);
        return;
      } catch (error) {
        if (tries >= relaunchLimit && !stopping.signal.aborted) {
          const failure =
            error instanceof EmbeddedPostgresError
              ? error
              : new EmbeddedPostgresError('embedded_postgres_failed', String(error));
          for (const listener of listeners) listener(failure);
          return;
        }
      }
      await sleep(relaunchGapMs * tries);
    }
  };
  const watch = (guard: RunningGuard): void => {
    void guard.exited.then(() => {
      if (!stopping.signal.aborted) relaunching = relaunch();
    });
  };

  const stop = async (): Promise<void> => {
    stopping.abort();
    await current.stop();
    await relaunching;
    await current.stop();
  };

  watch(current);
  try {
    const password = (await readFile(passwordFileOf(home.path), 'utf8')).trim();
    const connection: PgConnection = {
      host: plan.tcpPort === null ? current.socketDir : '127.0.0.1',
      port: plan.tcpPort ?? socketPort,
      user: roleName,
      password,
      database: databaseName,
    };
    await provision(connection);
    return {
      connection,
      url: connectionUrl(connection),
      home: home.path,
      postmasterPid: () => current.postmasterPid(),
      guardPid: () => current.child.pid ?? null,
      stop,
      onExit: (listener) => listeners.push(listener),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A folder as host goes into the query part, where both `pg` and libpq read it. */
function connectionUrl(connection: PgConnection): string {
  const url = new URL(`postgresql://localhost/${connection.database}`);
  url.username = connection.user;
  url.password = connection.password;
  if (connection.host.startsWith('/')) {
    url.searchParams.set('host', connection.host);
    url.searchParams.set('port', String(connection.port));
  } else {
    url.hostname = connection.host;
    url.port = String(connection.port);
  }
  return url.href;
}

/** Makes the hub's role and database at the first start. In steps that may each have been done before a crash. */
async function provision(connection: PgConnection): Promise<void> {
  const own = new pg.Client({ ...connection });
  try {
    await own.connect();
    return;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // No such database; no such role, which SCRAM reports as a wrong password.
    if (code !== '3D000' && code !== '28P01' && code !== '28000') throw error;
  } finally {
    await own.end().catch(() => {});
  }
  const superuser = new pg.Client({ ...connection, user: 'postgres', database: 'postgres' });
  await superuser.connect();
  try {
    const role = await superuser.query('select from pg_roles where rolname = $1', [roleName]);
    if (role.rowCount === 0) {
      await superuser.query(
        `create role ${roleName} login createdb password ${superuser.escapeLiteral(connection.password)}`,
      );
    }
    const database = await superuser.query('select from pg_database where datname = $1', [databaseName]);
    if (database.rowCount === 0) await superuser.query(`create database ${databaseName} owner ${roleName}`);
  } finally {
    await superuser.end();
  }
}

type RunningGuard = {
  readonly child: ChildProcess;
  readonly socketDir: string;
  readonly exited: Promise<void>;
  postmasterPid(): number;
  stop(): Promise<void>;
};

/** Starts a guard and resolves when its server is ready. */
function launchGuard(plan: GuardPlan, options: EmbeddedPostgresOptions): Promise<RunningGuard> {
  const child = fork(fileURLToPath(new URL('./guard.ts', import.meta.url)), [], {
    detached: true,
    // Not the hub's own: its secrets are none of the guard's business, and options such as --inspect would clash.
    env: { ...plainEnvironment, TMPDIR: tmpdir() },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-2_000)));
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()).on('error', () => resolve()));
  let postmasterPid = 0;

  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    keepAlive(child, true);
    tellGuard(child, { type: 'stop' });
    await exited;
  };

  return new Promise((resolve, reject) => {
    const fail = (code: EmbeddedPostgresError['code'], message: string): void =>
      reject(new EmbeddedPostgresError(code, message));
    child.on('message', (message: FromGuard) => {
      if (message.type === 'progress') options.onProgress?.(message.step);
      else if (message.type === 'log') options.log[message.level]({}, message.message);
      else if (message.type === 'failed') fail(message.code, message.message);
      else {
        postmasterPid = message.postmasterPid;
        keepAlive(child, false);
        resolve({ child, socketDir: message.socketDir, exited, postmasterPid: () => postmasterPid, stop });
      }
    });
    child.on('error', (error) =>
      fail('embedded_postgres_failed', `the process that guards PostgreSQL did not start: ${error.message}`),
    );
    child.on('exit', () =>
      fail('embedded_postgres_failed', `the process that guards PostgreSQL ended: ${complaints.trim()}`),
    );
    tellGuard(child, { type: 'start', plan });
  });
}

function tellGuard(child: ChildProcess, message: FromHub): void {
  if (child.connected) child.send(message, () => {});
}

/** Whether this process waits for the guard before it ends by itself. */
function keepAlive(child: ChildProcess, wanted: boolean): void {
  // The pipe is a socket, which can be told not to keep the process; its type here is only the readable half.
  const pipe: (Readable & { ref?(): void; unref?(): void }) | null = child.stderr;
  for (const handle of [child, child.channel, pipe]) {
    if (wanted) handle?.ref?.();
    else handle?.unref?.();
  }
}

function usableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
