/**
 * What an error of a query means for the one who asked:
 * - `data`: this input cannot be stored (classes 22 and 23); sending it again gives the same;
 * - `retry`: lost against another transaction; the same work may succeed at once;
 * - `unavailable`: the server is away, full or too slow; try again later;
 * - `bug`: everything else, above all our own wrong SQL.
 */
export type PgErrorClass = 'data' | 'retry' | 'unavailable' | 'bug';

/** By `statement_timeout`. */
export const QUERY_CANCELED = '57014';

const retryCodes = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

const unavailableCodes = new Set([
  '25006', // read_only_sql_transaction: the server became a standby
  '25P03', // idle_in_transaction_session_timeout: our own process stood still for too long
  '25P04', // transaction_timeout
  '55P03', // lock_not_available
  QUERY_CANCELED,
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT', // the Unix socket is gone
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMFILE',
  'ENFILE',
]);

/** Errors that `pg` and `pg-pool` throw without a code; their texts are the only mark. */
const unavailableMessages = [
  'Connection terminated', // also '… unexpectedly' and '… due to connection timeout'
  'Client has encountered a connection error',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client was closed',
];

/** The SQLSTATE or the system's code (`ECONNREFUSED`) of an error, else null. */
export function pgErrorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Sorts an error of a query; see {@link PgErrorClass}. */
export function classifyPgError(error: unknown): PgErrorClass {
  const code = pgErrorCode(error);
  if (code !== null) {
    if (retryCodes.has(code)) return 'retry';
    if (unavailableCodes.has(code)) return 'unavailable';
    const sqlClass = code.length === 5 ? code.slice(0, 2) : '';
    if (sqlClass === '22' || sqlClass === '23') return 'data';
    // 08 connection, 53 out of disk, memory or connections, 58 trouble outside PostgreSQL such as a failed read
    if (sqlClass === '08' || sqlClass === '53' || sqlClass === '58') return 'unavailable';
  }
  if (error instanceof AggregateError && error.errors.length > 0) return classifyPgError(error.errors[0]);
  if (error instanceof Error && unavailableMessages.some((text) => error.message.startsWith(text)))
    return 'unavailable';
  return 'bug';
}

/** True when the connection that gave this error must not be used again. */
export function breaksConnection(error: unknown): boolean {
  if (classifyPgError(error) !== 'unavailable') return false;
  const code = pgErrorCode(error);
  // These leave the connection open and in step; throwing it away would make a slow server slower.
  return code !== '57014' && code !== '55P03' && code !== '25006' && !(code?.startsWith('53') ?? false);
}
