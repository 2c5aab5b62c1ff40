import type { Json } from '../core/json.ts';
import { joinJson, unnestJson } from './bulk-params.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** An event as it is stored. `body` never holds personal data in clear. */
export interface EventRow {
  readonly feed: number;
  readonly id: string;
  readonly subject: string;
  readonly sequence: number;
  readonly type: string;
  readonly previousStatus: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly receiptId: string | null;
  readonly body: Json | object;
}

const lockClockStatement = sql('lock_clock', 'select feed from account_clocks where account_id = $1 for update');

/**
 * Locks the account's clock and returns the last feed number given. Every transaction that writes an account's orders
 * begins with it, so feed numbers appear in commit order.
 */
export async function lockClock(db: Queryable, accountId: string): Promise<number> {
  const found = await db.query<{ feed: number }>(lockClockStatement(accountId));
  const [row] = found.rows;
  if (row === undefined) throw new Error(`account ${accountId} has no clock`);
  return row.feed;
}

/** Sets the last feed number given. */
export async function moveClock(db: Queryable, accountId: string, feed: number): Promise<void> {
  await db.query(sql('move_clock', 'update account_clocks set feed = $2 where account_id = $1')(accountId, feed));
}

const insertEventsStatement = sql(
  'insert_events',
  `insert into events (account_id, feed, id, subject, sequence, type, previous_status, merchant, shop, receipt_id, body,
                       created_at)
   select $1, unnest($2::bigint[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int[]), unnest($6::text[]),
          unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::text[]), ${unnestJson(11)},
          $12::timestamptz`,
);

export async function insertEvents(
  db: Queryable,
  accountId: string,
  rows: readonly EventRow[],
  createdAt: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    insertEventsStatement(
      accountId,
      rows.map((row) => row.feed),
      rows.map((row) => row.id),
      rows.map((row) => row.subject),
      rows.map((row) => row.sequence),
      rows.map((row) => row.type),
      rows.map((row) => row.previousStatus),
      rows.map((row) => row.merchant),
      rows.map((row) => row.shop),
      rows.map((row) => row.receiptId),
      joinJson(rows.map((row) => row.body)),
      createdAt,
    ),
  );
}
