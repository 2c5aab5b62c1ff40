import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** An event as it is read to be sent. */
export interface StoredEvent {
  readonly account: string;
  readonly feed: number;
  readonly id: string;
  readonly subject: string;
  readonly sequence: number;
  readonly type: string;
  readonly previousStatus: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly receiptId: string | null;
  /** JSON text of the stored body. */
  readonly bodyText: string;
  readonly createdAt: Date;
}

/** For `select … from events e`. */
export const EVENT_COLUMNS = `e.account_id as account, e.feed, e.id, e.subject, e.sequence, e.type,
  e.previous_status as "previousStatus", e.merchant, e.shop, e.receipt_id as "receiptId", e.body::text as "bodyText",
  e.created_at as "createdAt"`;

/** The events of one subject after a sequence, in order, however old. */
export async function readEventsOfSubject(
  db: Queryable,
  accountId: string,
  subject: string,
  afterSequence: number,
  untilSequence: number,
  limit: number,
): Promise<readonly StoredEvent[]> {
  const found = await db.query<StoredEvent>(
    sql(
      'read_events_of_subject',
      `select ${EVENT_COLUMNS} from events e
        where e.account_id = $1 and e.subject = $2 and e.sequence > $3 and e.sequence <= $4
        order by e.sequence limit $5`,
    )(accountId, subject, afterSequence, untilSequence, limit),
  );
  return found.rows;
}

export interface FeedRequest {
  /** Accounts with the feed number after which to read. */
  readonly positions: readonly { readonly account: string; readonly feed: number }[];
  /** Most events looked at in one account. */
  readonly accountLimit: number;
  /** Exact types and beginnings of types (`order.`) to take; null: all. */
  readonly types: readonly string[] | null;
  readonly typePrefixes: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/** A line of the feed. `event` is null for one that was not asked for: the reader only moves past it. */
export interface FeedLine {
  readonly account: string;
  readonly feed: number;
  readonly event: StoredEvent | null;
}

const readFeedStatement = sql(
  'read_feed',
  `select found.*
     from unnest($1::text[], $2::bigint[]) as p (account_id, feed)
    cross join lateral (
      select e.account_id as account, e.feed, e.subject, e.sequence, e.type, e.previous_status as "previousStatus",
             e.merchant, e.shop, e.receipt_id as "receiptId", e.created_at as "createdAt",
             case when m.wanted then e.id end as id, case when m.wanted then e.body::text end as "bodyText"
        from events e
       cross join lateral (
         select ($4::text[] is null or e.type = any($4) or exists (
                  select from unnest($5::text[]) prefix where starts_with(e.type, prefix)))
                and ($6::text[] is null or e.merchant = any($6))
                and ($7::text[] is null or e.shop = any($7)) as wanted) m
       where e.account_id = p.account_id and e.feed > p.feed
       order by e.feed
       limit $3
    ) found`,
);

/** Reads on in the feeds of accounts, each in its order. */
export async function readFeedLines(db: Queryable, request: FeedRequest): Promise<readonly FeedLine[]> {
  const found = await db.query<Omit<StoredEvent, 'id'> & { readonly id: string | null }>(
    readFeedStatement(
      request.positions.map((position) => position.account),
      request.positions.map((position) => position.feed),
      request.accountLimit,
      request.types,
      request.typePrefixes,
      request.merchants,
      request.shops,
    ),
  );
  return found.rows.map((row) => ({
    account: row.account,
    feed: row.feed,
    event: row.id === null ? null : { ...row, id: row.id },
  }));
}

/** How far the feed of each account has come. Accounts without a clock are left out. */
export async function readClocks(
  db: Queryable,
  accountIds: readonly string[] | null,
): Promise<ReadonlyMap<string, number>> {
  const found = await db.query<{ account_id: string; feed: number }>(
    sql(
      'read_clocks',
      'select account_id, feed from account_clocks where ($1::text[] is null or account_id = any($1)) order by account_id',
    )(accountIds),
  );
  return new Map(found.rows.map((row) => [row.account_id, row.feed]));
}

/** One event by its id, of whichever account, made within the time: that keeps the search to a partition or two. */
export async function findEvent(db: Queryable, id: string, from: Date, to: Date): Promise<StoredEvent | undefined> {
  const found = await db.query<StoredEvent>(
    `select ${EVENT_COLUMNS} from events e where e.created_at >= $2 and e.created_at < $3 and e.id = $1`,
    [id, from, to],
  );
  return found.rows[0];
}
