import pg from 'pg';
import { pgErrorCode } from './pg-errors.ts';

/**
 * Where a PostgreSQL is, field by field. `host` is a host name, or the folder of a Unix socket when it begins with `/`.
 */
export type PgConnection = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

/** The part of a logger that the store needs; a pino logger fits. */
export type StoreLog = {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
};

export const silentLog: StoreLog = {
  info() {},
  warn() {},
  error() {},
};

export type Pool = pg.Pool;

/** What can run one statement: the pool (a connection of its own for each statement), a client or a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

export type PoolOptions = {
  /** Exactly one of `connection` and `url`. */
  readonly connection?: PgConnection;
  readonly url?: string;
  /** Most connections at once. Default 10. */
  readonly max?: number;
  readonly log?: StoreLog;
  /** Server-side limit for one statement. Default 5 000; 0 turns it off (migrations, exports). */
  readonly statementTimeoutMs?: number;
  /** Server-side limit for a transaction that waits for us. Default 5 000; 0 turns it off. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Longest wait for a free or new connection. Default 5 000. */
  readonly connectTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. Default `huidan`. */
  readonly applicationName?: string;
  /** True lets the process end while idle connections are open. For tests and short commands. */
  readonly allowExitOnIdle?: boolean;
};

const defaultTimeoutMs = 5_000;

/**
 * The client gives up on a connection this long after the server should have ended the statement by itself. It is the
 * only way out when the server or the network between has frozen: then no error ever comes, and a pool of frozen
 * connections would stay full.
 */
const frozenServerGraceMs = 5_000;

/**
 * Opens a pool of connections. Nothing connects until the first query.
 *
 * Values come back as: `bigint` as a number, and a value beyond 2^53 makes the query fail rather than round (our
 * counters and feed numbers stay far below; ids of platforms are text); `timestamptz` as Date; `date`, `timestamp` and
 * `numeric` as their text, because a Date for a calendar day moves with the time zone of the process; `bytea` as
 * Buffer; `json` parsed.
 *
 * A connection that breaks while idle is dropped and logged; it never ends the process. The next query opens a new one,
 * so a restarted server is used again at once.
 */
export function createPool(options: PoolOptions): Pool {
  if ((options.connection === undefined) === (options.url === undefined)) {
    throw new TypeError('createPool wants exactly one of connection and url');
  }
  const log = options.log ?? silentLog;
  const statementTimeoutMs = options.statementTimeoutMs ?? defaultTimeoutMs;
  const idleInTransactionTimeoutMs = options.idleInTransactionTimeoutMs ?? defaultTimeoutMs;

  const pool = new pg.Pool({
    ...(options.url === undefined ? options.connection : { connectionString: options.url }),
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'huidan',
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    ...(statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + frozenServerGraceMs }),
    connectionTimeoutMillis: options.connectTimeoutMs ?? defaultTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    allowExitOnIdle: options.allowExitOnIdle ?? false,
    types: { getTypeParser },
    // Statements of one transaction that do not wait for each other travel together: under load a round trip costs a
    // turn of the event loop (2 to 5 ms), many times what the statement costs.
    pipeline: true,
  });

  // Both listeners are needed: pg-pool listens to a client only while that is idle, and a connection that breaks
  // between two statements of a transaction raises 'error' on the client itself, which nobody else hears. Unheard, it
  // would end the process.
  pool.on('error', (error) => {
    // `end` does not wait for the goodbyes of its connections; a server that stops right after may be quicker.
    if (pool.ending) return;
    log.warn({ code: pgErrorCode(error), message: error.message }, 'an idle database connection broke');
  });
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return pool;
}

const statementTexts = new Map<string, string>();

/**
 * A statement that PostgreSQL parses and plans once per connection; call it with the values and hand the result to
 * `query`.
 */
export type NamedStatement = (...values: readonly unknown[]) => { name: string; text: string; values: unknown[] };

/**
 * Names a statement of a hot path: `const lockOrders = sql('lock_orders', 'select … where id = any($1)')`, then
 * `tx.query(lockOrders(ids))`. Make it once, at the top of the file. Throws when the name is taken by another text, or
 * too long for PostgreSQL, which would cut it at 63 bytes and so mix up two statements.
 */
export function sql(name: string, text: string): NamedStatement {
  if (Buffer.byteLength(name) > 63) throw new RangeError(`the statement name ${name} is longer than 63 bytes`);
  const known = statementTexts.get(name);
  if (known !== undefined && known !== text) throw new Error(`two statements are named ${name}`);
  statementTexts.set(name, text);
  return (...values) => ({
    name,
    text,
    values: values.map((value) => (Array.isArray(value) ? (arrayText(value) ?? value) : value)),
  });
}

const needsEscape = /["\\]/u;

/**
 * An array of text, numbers, booleans and nulls as PostgreSQL reads it; `undefined` where it holds anything else. `pg`
 * adds its arrays up item by item: a sixth of all memory that a flood of callbacks took, and 4 µs each where this takes 2.
 */
function arrayText(items: readonly unknown[]): string | undefined {
  const parts: string[] = [];
  for (const item of items) {
    if (typeof item === 'string')
      parts.push(needsEscape.test(item) ? `"${item.replaceAll(/["\\]/gu, String.raw`\$&`)}"` : `"${item}"`);
    else if (item === null || item === undefined) parts.push('NULL');
    else if (typeof item === 'number' || typeof item === 'boolean') parts.push(String(item));
    else return undefined;
  }
  return `{${parts.join(',')}}`;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`the bigint ${text} does not fit a number; select it as text`);
  return value;
}

/** Enough for types whose text form holds neither comma nor quote. */
function parsePlainArray<T>(text: string, parseItem: (item: string) => T): (T | null)[] {
  const inside = text.slice(1, -1);
  return inside === '' ? [] : inside.split(',').map((item) => (item === 'NULL' ? null : parseItem(item)));
}

const asText = (text: string): string => text;

/** By type oid, for the types whose usual parser of `pg` is not wanted. */
const textParsers = new Map<number, (text: string) => unknown>([
  [20, parseInt8],
  [1016, (text) => parsePlainArray(text, parseInt8)],
  [1082, asText], // date
  [1182, (text) => parsePlainArray(text, asText)], // date[]
  [1114, asText], // timestamp
]);

const getTypeParser = (oid: number, format?: 'text' | 'binary'): ((text: string) => unknown) => {
  const own = format === 'binary' ? undefined : textParsers.get(oid);
  return own ?? (pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as (text: string) => unknown);
};
