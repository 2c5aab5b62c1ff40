import { createHash } from 'node:crypto';
import { socketPort } from './folders.ts';

/**
 * `full` survives a crash of the machine. `test` loses data then and is quicker: only for throw-away servers of tests.
 */
export type Durability = 'full' | 'test';

export type ServerSettings = {
  readonly cluster: string;
  readonly socketDir: string;
  readonly durability: Durability;
  /** Port on 127.0.0.1, or null for the Unix socket alone. */
  readonly tcpPort: number | null;
  /** What this process may use of the machine's memory. */
  readonly memoryBytes: number;
};

/** Shown in the title of every process of the server; that is how its leftovers are found after a crash. */
export function clusterName(cluster: string): string {
  return `huidan-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;
}

const megabyte = 2 ** 20;

/** Of a `full` server; PostgreSQL keeps 3 of them for its superuser. */
export const MAX_CONNECTIONS = 60;

/**
 * The arguments of `postgres`. On the command line and not in postgresql.conf, so that a new release brings its own and
 * nothing in the folder can turn fsync off. Who wants other settings wants a server of their own: DATABASE_URL.
 */
export function serverArguments(settings: ServerSettings): string[] {
  const sharedMegabytes = Math.floor(Math.min(Math.max(settings.memoryBytes / 8 / megabyte, 64), 512));
  const common: Record<string, string | number> = {
    port: settings.tcpPort ?? socketPort,
    listen_addresses: settings.tcpPort === null ? '' : '127.0.0.1',
    unix_socket_directories: settings.socketDir,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    cluster_name: clusterName(settings.cluster),
    timezone: 'UTC',
    // Every short statement would pay for the compiler.
    jit: 'off',
    random_page_cost: 1.1,
    // Queue-like tables are rewritten all the time; the default visits them once a minute and only when a fifth has
    // changed.
    autovacuum_naptime: '10s',
    autovacuum_vacuum_scale_factor: 0.05,
    autovacuum_vacuum_insert_scale_factor: 0.1,
    // Text of statements and details of errors hold personal data.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_line_prefix: '%b|',
    log_timezone: 'UTC',
  };
  const byDurability: Record<Durability, Record<string, string | number>> = {
    full: {
      shared_buffers: `${sharedMegabytes}MB`,
      max_connections: MAX_CONNECTIONS,
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      // Waiting callbacks are committed together by the hub itself; a wait in the server would only add to it.
      commit_delay: 0,
      wal_buffers: '16MB',
      // Bounds both the pages written twice after a checkpoint and the time that recovery takes.
      max_wal_size: '2GB',
      min_wal_size: '256MB',
      checkpoint_timeout: '10min',
    },
    test: {
      shared_buffers: '128MB',
      max_connections: 200,
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      wal_level: 'minimal',
      max_wal_senders: 0,
      max_wal_size: '1GB',
    },
  };
  const all = { ...common, ...byDurability[settings.durability] };
  return ['-D', settings.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
