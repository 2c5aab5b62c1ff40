import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

export type HistorySource = 'callback' | 'query' | 'import' | 'user';

/** Something that happened to a store. */
export interface HistoryRow {
  readonly account: string;
  /** '' for a notice that names no store. */
  readonly store: string;
  /** Says what was told: of two rows with one key the second is a repeat. */
  readonly key: string;
  readonly at: Date;
  readonly saidAt: Date | null;
  readonly kind: string;
  readonly source: HistorySource;
  readonly receiptId: string | null;
  /** Never holds a token. */
  readonly detail: { readonly [name: string]: Json };
}

/** Writes a row down. False when it was there already. */
export async function insertHistory(tx: Queryable, row: HistoryRow): Promise<boolean> {
  const written = await tx.query(
    `insert into store_history (account_id, store, key, at, said_at, kind, source, receipt_id, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (account_id, store, key) do nothing`,
    [
      row.account,
      row.store,
      row.key,
      row.at,
      row.saidAt,
      row.kind,
      row.source,
      row.receiptId,
      JSON.stringify(row.detail),
    ],
  );
  return written.rowCount === 1;
}

/** What happened to a store, the youngest first, before a place. */
export async function readHistory(
  db: Queryable,
  accountId: string,
  store: string,
  page: { readonly before: { readonly atMs: number; readonly key: string } | null; readonly limit: number },
): Promise<readonly HistoryRow[]> {
  const found = await db.query<HistoryRow>(
    `select account_id as account, store, key, at, said_at as "saidAt", kind, source, receipt_id as "receiptId", detail
       from store_history
      where account_id = $1 and store = $2 and ($3::timestamptz is null or (at, key) < ($3, $4))
      order by at desc, key desc
      limit $5`,
    [accountId, store, page.before === null ? null : new Date(page.before.atMs), page.before?.key ?? null, page.limit],
  );
  return found.rows;
}
