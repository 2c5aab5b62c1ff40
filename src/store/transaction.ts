import { setTimeout as sleep } from 'node:timers/promises';
import { breaksConnection, classifyPgError } from './pg-errors.ts';
import type { Pool, Queryable } from './pool.ts';

export { classifyPgError, type PgErrorClass } from './pg-errors.ts';

declare const insideTransaction: unique symbol;

/** A connection inside `transaction()`. The mark keeps a pool from being passed where one transaction is meant. */
export type Tx = Queryable & { readonly [insideTransaction]: true };

export type TransactionOptions = {
  /** How often the work is done again after a deadlock or a serialization failure. Default 3. */
  readonly retries?: number;
  /** 0 ≤ random() < 1, for the jitter between tries. */
  readonly random?: () => number;
};

/** The first gap between tries; it doubles, and the jitter takes up to all of it. */
const firstRetryGapMs = 10;

/**
 * Runs `work` in one transaction and commits it. Any error rolls back and is thrown on as it came (see
 * `classifyPgError`); only 40P01 and 40001 run `work` again, so it must have no effect outside `tx`.
 *
 * When the connection breaks during the commit itself the outcome is unknown, and the error says so by being
 * `unavailable` like any other broken connection: the caller may only treat its work as not stored, and must be able to
 * repeat it.
 */
export async function transaction<T>(
  pool: Pool,
  work: (tx: Tx) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const retries = options.retries ?? 3;
  const random = options.random ?? Math.random;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (attempt >= retries || classifyPgError(error) !== 'retry') throw error;
    }
    await sleep(firstRetryGapMs * 2 ** attempt * random());
  }
}

const deferredStatements = new WeakMap<Tx, Promise<unknown>[]>();

/**
 * Leaves the outcome of a statement to the end of the transaction: `work` need not wait for it, it travels together with
 * the commit, and its failure fails the transaction as any other.
 */
export function defer(tx: Tx, statement: Promise<unknown>): void {
  // Heard at the end; until then a failure must not count as unhandled.
  statement.catch(() => {});
  deferredStatements.get(tx)?.push(statement);
}

/** Runs `work` in the transaction that is given, which its owner commits, or in one of its own. */
export function joinTransaction<T>(pool: Pool, tx: Tx | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
  return tx === undefined ? transaction(pool, work) : work(tx);
}

async function once<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    // The one place that makes a Tx: this statement is what the mark stands for.
    const tx = client as unknown as Tx;
    const deferred: Promise<unknown>[] = [];
    deferredStatements.set(tx, deferred);
    defer(tx, client.query('begin'));
    const result = await work(tx);
    const committing = client.query('commit');
    committing.catch(() => {});
    for (const statement of deferred) await statement;
    const commit = await committing;
    // After a failed statement whose error `work` swallowed, PostgreSQL answers COMMIT with ROLLBACK and no error.
    if (commit.command !== 'COMMIT')
      throw new Error('the transaction was rolled back because an error inside it was swallowed');
    return result;
  } catch (error) {
    broken = breaksConnection(error);
    if (!broken) {
      try {
        await client.query('rollback');
      } catch {
        broken = true;
      }
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
