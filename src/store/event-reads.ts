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
