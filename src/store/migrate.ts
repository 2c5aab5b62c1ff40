import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool, Queryable, StoreLog } from './pool.ts';

export type MigrationErrorCode =
  /** An applied migration differs from the file of its number. */
  | 'migration_changed'
  /** The database holds migrations that this release does not know. */
  | 'database_newer'
  /** A migration failed; nothing of it was kept. The error of PostgreSQL is the cause. */
  | 'migration_failed'
  /** The migration files are not numbered 1, 2, 3 … */
  | 'migration_files_wrong'
  /** The server is older than PostgreSQL 15. */
  | 'postgres_too_old'
  /** The database is not encoded in UTF-8. */
  | 'database_encoding';

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
};

export type MigrateOptions = {
  /** Folder of `0001_name.sql` files. Default: the ones that come with the code. */
  readonly directory?: string;
  readonly log?: StoreLog;
  /** Called before each migration that is about to run. */
  readonly onProgress?: (step: { number: number; name: string; of: number }) => void;
};

export const migrationsDirectory = fileURLToPath(new URL('./migrations', import.meta.url));

/** 'huidan' in ASCII: any number does, as long as every process of ours takes the same and nobody else does. */
const migrationLockKey = 0x68_75_69_64_61_6e;

/**
 * Overrides the pool's client-side time-out; `pg` reads 0 as "not given", and this is the longest that a timer can wait
 * (24 days).
 */
const patient = { query_timeout: 2_147_483_647 };

const oldestServerVersion = 150_000;

/**
 * Brings the database to the newest migration: each file in a transaction of its own, in the order of the numbers,
 * under an advisory lock, so of two processes at once the second waits and then finds nothing to do. Time-outs of the
 * pool do not count here.
 *
 * Throws a {@link MigrationError} and leaves the database as the last finished migration made it.
 */
export async function migrate(
  pool: Pool,
  options: MigrateOptions = {},
): Promise<{ applied: number[]; newest: number }> {
  const migrations = await readMigrations(options.directory ?? migrationsDirectory);
  const client = await pool.connect();
  try {
    await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = 0');
    await checkServer(client);
    await client.query({ text: 'select pg_advisory_lock($1)', values: [migrationLockKey], ...patient });
    await client.query(`
      create table if not exists schema_migrations (
        number     integer     primary key,
        name       text        not null,
        checksum   text        not null,
        applied_at timestamptz not null default now()
      )`);
    const pending = await findPending(client, migrations);
    for (const migration of pending) {
      options.onProgress?.({ number: migration.number, name: migration.name, of: migrations.length });
      options.log?.info({ number: migration.number, name: migration.name }, 'applying a migration');
      await apply(client, migration);
    }
    return { applied: pending.map((migration) => migration.number), newest: migrations.length };
  } finally {
    // Destroyed, not returned: that ends the advisory lock and the settings above, whatever happened.
    client.release(true);
  }
}

/**
 * Reads and checks the migration files of a folder, in order. Line ends do not count for the checksum: Git may change
 * them.
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
  const migrations: Migration[] = [];
  for (const [index, file] of files.entries()) {
    const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
    if (match?.[1] === undefined || match[2] === undefined || Number(match[1]) !== index + 1) {
      const expected = String(index + 1).padStart(4, '0');
      throw new MigrationError('migration_files_wrong', `the migration file ${file} is not ${expected}_<name>.sql`);
    }
    const text = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(text).digest('hex');
    migrations.push({ number: index + 1, name: match[2], text, checksum });
  }
  return migrations;
}

async function checkServer(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ version: number; version_text: string; encoding: string }>(`
    select current_setting('server_version_num')::int as version,
           current_setting('server_version') as version_text,
           current_setting('server_encoding') as encoding`);
  const server = rows[0];
  if (server === undefined || server.version < oldestServerVersion) {
    throw new MigrationError(
      'postgres_too_old',
      `PostgreSQL 15 or newer is needed; this server is ${server?.version_text}`,
    );
  }
  if (server.encoding !== 'UTF8') {
    throw new MigrationError(
      'database_encoding',
      `the database must be encoded in UTF8, not ${server.encoding}; create it with encoding 'UTF8'`,
    );
  }
}

async function findPending(client: Queryable, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows: applied } = await client.query<{ number: number; name: string; checksum: string }>(
    'select number, name, checksum from schema_migrations order by number',
  );
  for (const row of applied) {
    const migration = migrations[row.number - 1];
    if (migration === undefined) {
      throw new MigrationError(
        'database_newer',
        `the database was migrated to ${row.number} (${row.name}) by a newer release; this one knows ${migrations.length}. ` +
          'Run that release or a newer one: migrations only go forward',
      );
    }
    if (migration.checksum !== row.checksum) {
      throw new MigrationError(
        'migration_changed',
        `migration ${row.number} (${migration.name}) differs from the one that was applied to this database (${row.name}); ` +
          'restore the file, and put what is new into a migration of its own',
      );
    }
  }
  const done = new Set(applied.map((row) => row.number));
  return migrations.filter((migration) => !done.has(migration.number));
}

async function apply(client: Queryable, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query({ text: migration.text, ...patient });
    await client.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(
      'migration_failed',
      `migration ${migration.number} (${migration.name}) failed: ${reason}`,
      { cause: error },
    );
  }
}
