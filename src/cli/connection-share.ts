import type { Config } from '../server/config.ts';
import { MAX_CONNECTIONS } from '../store/embedded/settings.ts';
import { UsageError } from './command.ts';

/**
 * PostgreSQL's superuser has 3, the chores 2, listening for work 1; what is left is for commands such as `huidan migrate`
 * beside the hub.
 */
const SET_ASIDE = 3 + 2 + 1 + 2;
/** What `HUIDAN_DATABASE_CONNECTIONS` takes at least: with fewer a process waits for itself. */
const LEAST = 4;

/**
 * How many connections each of `processes` that take requests, and the one beside them, may open. The embedded PostgreSQL
 * refuses what is over its limit: three processes of 16 each answered callbacks and orders with 503 as soon as they were
 * busy. Error: `UsageError` where it cannot carry so many processes.
 */
export function shareOfConnections(
  { databaseUrl, databaseConnections }: Pick<Config, 'databaseUrl' | 'databaseConnections'>,
  processes: number,
): number {
  if (databaseUrl !== undefined || processes === 1) return databaseConnections;
  const share = Math.floor((MAX_CONNECTIONS - SET_ASIDE) / (processes + 1));
  if (share < LEAST) {
    const most = Math.floor((MAX_CONNECTIONS - SET_ASIDE) / LEAST) - 1;
    throw new UsageError(`--processes is ${most} at most with the embedded PostgreSQL; more need a DATABASE_URL`);
  }
  return Math.min(databaseConnections, share);
}
