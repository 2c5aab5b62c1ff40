import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** An endpoint as far as it decides which events are due to it. */
export interface Subscription {
  readonly id: string;
  readonly events: readonly string[];
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/**
 * All subscriptions, disabled ones too: their events wait, so that nothing is lost by switching an endpoint off for an
 * hour. Read within the transaction that writes the events, so that no event slips past a new endpoint.
 */
export async function readSubscriptions(db: Queryable): Promise<readonly Subscription[]> {
  const found = await db.query<Subscription>(
    sql('read_subscriptions', 'select id, events, accounts, merchants, shops from endpoints')(),
  );
  return found.rows;
}

/** The first and the last event of this transaction that are due to an endpoint about a subject. */
export interface DueHead {
  readonly endpointId: string;
  readonly subject: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

const markDueStatement = sql(
  'mark_due',
  `insert into delivery_heads (account_id, endpoint_id, subject, done_sequence, marked_sequence, due_at)
   select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::int[]) - 1, unnest($5::int[]), $6::timestamptz
   on conflict (account_id, endpoint_id, lane, subject) do update
      set marked_sequence = excluded.marked_sequence,
          due_at = case when delivery_heads.blocked then delivery_heads.due_at
                        else coalesce(delivery_heads.due_at, excluded.due_at) end`,
);

/** Marks subjects as due. A head that waits for a retry keeps its time; one that a worker holds is looked at again by it. */
export async function markDue(db: Queryable, accountId: string, heads: readonly DueHead[], now: Date): Promise<void> {
  if (heads.length === 0) return;
  // In key order, as the delivery worker locks the same rows: neither can end up waiting for the other in a circle.
  const sorted = heads.toSorted((a, b) => compare(a.endpointId, b.endpointId) || compare(a.subject, b.subject));
  await db.query(
    markDueStatement(
      accountId,
      sorted.map((head) => head.endpointId),
      sorted.map((head) => head.subject),
      sorted.map((head) => head.firstSequence),
      sorted.map((head) => head.lastSequence),
      now,
    ),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
