import type { Queryable } from './pool.ts';

/** One attempt to deliver an event, newest last. */
export interface AttemptRow {
  readonly account: string;
  readonly id: string;
  readonly at: Date;
  readonly endpointId: string;
  readonly lane: string;
  readonly subject: string;
  readonly sequence: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly attempt: number;
  readonly outcome: 'delivered' | 'failed' | 'dead';
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly response: string | null;
  readonly durationMs: number;
}

export interface AttemptFilter {
  readonly accounts: readonly string[];
  /** One attempt alone. */
  readonly id?: string;
  readonly endpointId: string | null;
  readonly subject: string | null;
  readonly eventId: string | null;
  readonly outcome: AttemptRow['outcome'] | null;
  /** Only what was given up and has not been delivered since. */
  readonly undelivered: boolean;
  /** Limits on the event's merchant and shop; null: all. */
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  /** Only attempts older than this id. */
  readonly beforeId: string | null;
  readonly limit: number;
}

/** Attempts of several accounts, the newest first. Each account is asked by itself: its index gives them in order. */
export async function listAttempts(db: Queryable, filter: AttemptFilter): Promise<readonly AttemptRow[]> {
  const values: unknown[] = [filter.accounts, filter.limit];
  const conditions = ['a.account_id = account.id'];
  const where = (value: unknown, condition: (place: string) => string): void => {
    if (value === null) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where(filter.id ?? null, (place) => `a.id = ${place}`);
  where(filter.endpointId, (place) => `a.endpoint_id = ${place}`);
  where(filter.subject, (place) => `a.subject = ${place}`);
  where(filter.eventId, (place) => `a.event_id = ${place}`);
  where(filter.beforeId, (place) => `a.id < ${place}`);
  where(filter.outcome, (place) => `a.outcome = ${place}`);
  // Said with a constant, so that the planner may take the index of what was not delivered.
  if (filter.outcome !== null && filter.outcome !== 'delivered') conditions.push(`a.outcome <> 'delivered'`);
  if (filter.undelivered) {
    conditions.push(`not exists (
      select from delivery_attempts d
       where d.account_id = a.account_id and d.subject = a.subject and d.sequence = a.sequence
         and d.endpoint_id = a.endpoint_id and d.outcome = 'delivered')`);
  }
  if (filter.merchants !== null || filter.shops !== null) {
    values.push(filter.merchants, filter.shops);
    const [merchants, shops] = [`$${values.length - 1}`, `$${values.length}`];
    conditions.push(`exists (
      select from events e
       where e.account_id = a.account_id and e.subject = a.subject and e.sequence = a.sequence
         and (${merchants}::text[] is null or e.merchant = any(${merchants}))
         and (${shops}::text[] is null or e.shop = any(${shops})))`);
  }
  const found = await db.query<AttemptRow>(
    `select found.*
       from unnest($1::text[]) as account (id)
      cross join lateral (
        select a.account_id as account, a.id, a.at, a.endpoint_id as "endpointId", a.lane, a.subject, a.sequence,
               a.event_id as "eventId", a.event_type as "eventType", a.attempt, a.outcome, a.status_code as "statusCode",
               a.error, a.response, a.duration_ms as "durationMs"
          from delivery_attempts a
         where ${conditions.join(' and ')}
         order by a.id desc
         limit $2
      ) found
      order by found.id desc
      limit $2`,
    values,
  );
  return found.rows;
}

/** How the queue of an endpoint stands. */
export interface EndpointQueueRow {
  /** Subjects with something still to be sent. */
  readonly waiting: number;
  /** Of these, subjects whose last attempt failed. */
  readonly failing: number;
  /** Subjects of a strict endpoint that stand still. */
  readonly blocked: number;
  /** When the one that has waited longest was or will be due. */
  readonly oldestDueAt: Date | null;
}

export async function readEndpointQueue(
  db: Queryable,
  accountIds: readonly string[],
  endpointId: string,
): Promise<EndpointQueueRow> {
  const found = await db.query<EndpointQueueRow>(
    `select count(*) filter (where due_at is not null)::int as waiting,
            count(*) filter (where due_at is not null and attempts > 0)::int as failing,
            count(*) filter (where blocked)::int as blocked,
            min(due_at) as "oldestDueAt"
       from delivery_heads
      where account_id = any($1::text[]) and endpoint_id = $2 and (due_at is not null or blocked)`,
    [accountIds, endpointId],
  );
  return found.rows[0] ?? { waiting: 0, failing: 0, blocked: 0, oldestDueAt: null };
}

/** Makes everything that waits for a retry due now. Returns how many. */
export async function hastenHeads(db: Queryable, accountId: string, endpointId: string, now: Date): Promise<number> {
  const changed = await db.query(
    `update delivery_heads set due_at = $3
      where (account_id, endpoint_id, lane, subject) in (
        select account_id, endpoint_id, lane, subject from delivery_heads
         where account_id = $1 and endpoint_id = $2 and due_at > $3 and lease_token is null
         order by lane collate "C", subject collate "C" for update)`,
    [accountId, endpointId, now],
  );
  return changed.rowCount ?? 0;
}
