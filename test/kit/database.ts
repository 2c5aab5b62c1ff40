import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate, migrationsDirectory, readMigrations } from '../../src/store/migrate.ts';
import { createPool, type Pool } from '../../src/store/pool.ts';
import { processStart, type ServerInfo } from './run-owner.ts';

export type TestDatabase = {
  readonly pool: Pool;
  /** For a process of its own (a hub under test) on the same database. */
  readonly url: string;
  /** Ends the pool and removes the database. */
  drop(): Promise<void>;
};

export type TestDatabaseOptions = {
  /** Most connections of the pool. Default 10. */
  readonly max?: number;
  /** False gives an empty database. Default true: all migrations are applied. */
  readonly migrated?: boolean;
};

/** Any number that all test files agree on. */
const templateLockKey = 0x74_65_73_74;
const serverStartLimitMs = 60_000;

/**
 * Makes a database for one test file, as a copy of a migrated template: tens of milliseconds. The server is shared by
 * all test files of a run, is started by the first that asks, and ends with the run; TEST_DATABASE_URL names another
 * one to use instead (its role must be allowed to create databases).
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = await testServerUrl();
  const name = `huidan_test_${randomBytes(6).toString('hex')}`;
  await withAdmin(serverUrl, async (admin) => {
    const template = options.migrated === false ? null : await ensureTemplate(admin, serverUrl);
    await admin.query(
      template === null
        ? `create database ${name} template template0 encoding 'UTF8'`
        : `create database ${name} template ${template}`,
    );
  });
  const url = withDatabase(serverUrl, name);
  const pool = createPool({ url, max: options.max ?? 10, allowExitOnIdle: true });
  return {
    pool,
    url,
    drop: async () => {
      if (!pool.ended) await pool.end();
      await withAdmin(serverUrl, (admin) => dropWhenFree(admin, name));
    },
  };
}

/** `force` may not end a worker of autovacuum, which is the server's own; it is gone in a moment. */
async function dropWhenFree(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await admin.query(`drop database if exists ${name} with (force)`);
      return;
    } catch (error) {
      if (tries === 50 || (error as { code?: string }).code !== '42501') throw error;
      await sleep(100);
    }
  }
}

/** The address of the shared server, which is started when no other test file of the run has done so. */
export async function testServerUrl(): Promise<string> {
  return process.env['TEST_DATABASE_URL'] || (await sharedServer()).url;
}

/** The migrated template, made once per server and set of migrations. */
async function ensureTemplate(admin: pg.Client, serverUrl: string): Promise<string> {
  const migrations = await readMigrations(migrationsDirectory);
  const hash = createHash('sha256')
    .update(migrations.map((migration) => migration.checksum).join())
    .digest('hex')
    .slice(0, 12);
  const name = `huidan_template_${hash}`;
  await admin.query('select pg_advisory_lock($1)', [templateLockKey]);
  try {
    const found = await admin.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 1) return name;
    // Made under another name first: one that exists under the right name is whole.
    const unfinished = `${name}_unfinished`;
    await admin.query(`drop database if exists ${unfinished} with (force)`);
    await admin.query(`create database ${unfinished} template template0 encoding 'UTF8'`);
    const pool = createPool({ url: withDatabase(serverUrl, unfinished), max: 1 });
    try {
      await migrate(pool);
    } finally {
      await pool.end();
    }
    await renameWhenFree(admin, unfinished, name);
    return name;
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLockKey]);
  }
}

/** The server notices a moment late that the connections of the ended pool are gone. */
async function renameWhenFree(admin: pg.Client, from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await admin.query(`alter database ${from} rename to ${to}`);
      return;
    } catch (error) {
      const inUse = error instanceof pg.DatabaseError && error.code === '55006';
      if (!inUse || tries === 100) throw error;
    }
    await sleep(20);
  }
}

async function withAdmin<T>(serverUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/**
 * The run is the test runner that started this file, or the file itself when it was started by hand. Its process number
 * and start time (TEST_RUN_PID instead, for a script that runs several test runners) name a folder; whoever makes that
 * folder starts the server, in a process that outlives this file and ends with the run.
 */
async function sharedServer(): Promise<ServerInfo> {
  const owner = process.env['NODE_TEST_CONTEXT'] === undefined ? process.pid : process.ppid;
  const run = process.env['TEST_RUN_PID'] ?? String(owner);
  const start = await processStart(Number(run));
  const folder = join(tmpdir(), `huidan-test-${process.getuid?.() ?? 0}-${run}-${start}`);
  const mine = await mkdir(folder).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (mine) {
    await chmod(folder, 0o755); // whatever the umask is: the database user must get in
    const host = spawn(
      process.execPath,
      [fileURLToPath(new URL('./database-host.ts', import.meta.url)), folder, run, start],
      {
        detached: true,
        stdio: 'ignore',
        cwd: '/',
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined },
      },
    );
    host.unref();
  }
  for (let waitedMs = 0; waitedMs < serverStartLimitMs; waitedMs += 25) {
    const text = await readFile(join(folder, 'server.json'), 'utf8').catch(() => null);
    if (text !== null) {
      const info = JSON.parse(text) as ServerInfo | { error: string };
      if ('error' in info) throw new Error(`the test database server did not start: ${info.error}`);
      return info;
    }
    await sleep(25);
  }
  throw new Error(`the test database server did not start within ${serverStartLimitMs / 1_000} s`);
}
