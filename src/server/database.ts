import { HuidanError } from '../core/errors.ts';
import { MigrationError, migrate } from '../store/migrate.ts';
import { tellForsaken } from '../store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../store/embedded/start.ts';
import { ensurePartitions } from '../store/partitions.ts';
import { classifyPgError, pgErrorCode } from '../store/pg-errors.ts';
import { createPool } from '../store/pool.ts';
import type { Pool, StoreLog } from '../store/pool.ts';
import type { Clock } from '../core/time.ts';
import type { Config } from './config.ts';

/** What happens while a hub comes up; for the terminal. */
export type StartStep =
  | { readonly step: 'postgres'; readonly detail: 'copying' | 'creating' | 'starting' | 'recovering' | 'external' }
  | { readonly step: 'migration'; readonly number: number; readonly of: number };

export interface Database {
  readonly url: string;
  readonly pool: Pool;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/**
 * Starts or reaches the database and brings it to the newest migration. Errors: `database_refused` where the external one
 * cannot be reached or lets nobody in, and those of the embedded one and of the migrations.
 */
export async function openDatabase(
  config: Pick<Config, 'dataDir' | 'databaseUrl' | 'databaseConnections'>,
  deps: { readonly log: StoreLog; readonly clock: Clock; onProgress?(step: StartStep): void },
): Promise<Database> {
  const progress = deps.onProgress ?? (() => {});
  if (config.databaseUrl !== undefined) progress({ step: 'postgres', detail: 'external' });
  const server =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({
          dataDir: config.dataDir,
          log: deps.log,
          onProgress: (detail) => progress({ step: 'postgres', detail }),
        })
      : undefined;
  if (server !== undefined) {
    // Beside the start: it reads what may be a great many files.
    void tellForsaken(deps.log).catch((error: unknown) =>
      deps.log.info({ err: error }, 'the databases in the state folder could not be looked at'),
    );
  }
  const url = config.databaseUrl ?? server?.url ?? '';
  const pool = createPool({ url, max: config.databaseConnections, log: deps.log });
  const stop = async (): Promise<void> => {
    await pool.end();
    await server?.stop();
  };
  try {
    await migrate(pool, { log: deps.log, onProgress: ({ number, of }) => progress({ step: 'migration', number, of }) });
    await ensurePartitions(pool, deps.clock());
    return { url, pool, embedded: server !== undefined, stop };
  } catch (error) {
    await stop();
    throw config.databaseUrl === undefined ? error : refusalOf(config.databaseUrl, error);
  }
}

/** What whoever wrote DATABASE_URL can mend, in words; the password stays out. Everything else as it is. */
function refusalOf(databaseUrl: string, error: unknown): unknown {
  if (error instanceof MigrationError || error instanceof HuidanError) return error;
  const code = pgErrorCode(error) ?? '';
  const isTheirs =
    classifyPgError(error) === 'unavailable' || REFUSAL_CLASSES.has(code.slice(0, 2)) || code === NO_PRIVILEGE;
  if (!isTheirs) return error;
  const { username, host, pathname } = new URL(databaseUrl);
  const place = [username, host + decodeURIComponent(pathname)].filter((part) => part !== '').join('@');
  // A name with several addresses fails with one error each, and a text for none.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const why = first instanceof Error ? first.message : code;
  return new HuidanError('database_refused', `It is ${place}: ${why}`, { cause: error });
}

/** 28: user or password; 3D: no such database. */
const REFUSAL_CLASSES: ReadonlySet<string> = new Set(['28', '3D']);
const NO_PRIVILEGE = '42501';
