import type { Queryable } from './pool.ts';

/** The answer that a key was given before. */
export interface StoredAnswer {
  readonly requestHash: Buffer;
  readonly status: number;
  readonly sealedBody: Buffer;
}

/**
 * Takes the key for the rest of the transaction; false when another transaction has it. An advisory lock and not a row:
 * a row of a request under way would outlive a process that died, and nobody could tell it from a slow one.
 */
export async function tryLockKey(tx: Queryable, apiKeyId: string, key: string): Promise<boolean> {
  const found = await tx.query<{ taken: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 20)) as taken',
    [`idempotency ${apiKeyId} ${key}`],
  );
  return found.rows[0]?.taken === true;
}

export async function readAnswer(tx: Queryable, apiKeyId: string, key: string): Promise<StoredAnswer | undefined> {
  const found = await tx.query<{ request_hash: Buffer; status: number; sealed_body: Buffer }>(
    'select request_hash, status, sealed_body from idempotency_keys where api_key_id = $1 and key = $2',
    [apiKeyId, key],
  );
  const [row] = found.rows;
  return row === undefined
    ? undefined
    : { requestHash: row.request_hash, status: row.status, sealedBody: row.sealed_body };
}

export async function writeAnswer(
  tx: Queryable,
  apiKeyId: string,
  key: string,
  answer: StoredAnswer & { readonly createdAt: Date },
): Promise<void> {
  await tx.query(
    `insert into idempotency_keys (api_key_id, key, request_hash, status, sealed_body, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [apiKeyId, key, answer.requestHash, answer.status, answer.sealedBody, answer.createdAt],
  );
}
