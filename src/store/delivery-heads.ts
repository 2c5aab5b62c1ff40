import { EVENT_COLUMNS } from './event-reads.ts';
import type { StoredEvent } from './event-reads.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** The lane of what happens now; a replay has a lane of its own, named by its id. */
export const LIVE_LANE = 'live';

/** Names the row of an endpoint and a subject. */
export interface HeadKey {
  readonly account: string;
  readonly endpointId: string;
  readonly lane: string;
  readonly subject: string;
}

/** A row as a worker holds it. */
export interface ClaimedHead extends HeadKey {
  readonly doneSequence: number;
  readonly markedSequence: number;
  readonly sentSequence: number | null;
  readonly attempts: number;
  readonly firstAttemptAt: Date | null;
  /** What comes after `doneSequence`: recent events only, up to `EVENTS_PER_CLAIM`. */
  readonly events: readonly StoredEvent[];
}

export interface ClaimRequest {
  readonly endpoints: readonly { readonly id: string; readonly limit: number }[];
  readonly accounts: readonly string[];
  /** Most rows of one endpoint in one account. */
  readonly accountLimit: number;
  readonly token: string;
  readonly now: Date;
  readonly leaseUntil: Date;
  /** Events before it are not looked for here, so that old partitions stay untouched. */
  readonly eventsSince: Date;
  readonly eventsUntil: Date;
}

/** Orders rarely change three times within a delivery; each one more costs every claim a bigger answer. */
export const EVENTS_PER_CLAIM = 3;

type ClaimSqlRow = Omit<ClaimedHead, 'account' | 'subject' | 'events'> & {
  readonly headAccount: string;
  readonly headSubject: string;
} & { [K in keyof StoredEvent]: StoredEvent[K] | null };

// Each account is asked by itself, so that one with a backlog cannot hide the others; `skip locked` lets several
// processes claim side by side. A row whose lease has run out lies in the same index: while it is held, due_at is the
// lease's end. The events come along in the same round trip: their snapshot may be older than the row that was locked,
// but then marked_sequence says that there is more, and the worker reads again before it lets go.
const claimStatement = sql(
  'claim_deliveries',
  `with due as materialized (
     select d.account_id, d.endpoint_id, d.lane, d.subject
       from unnest($1::text[], $2::int[]) as endpoint (id, free)
      cross join lateral (
        select h.account_id, h.endpoint_id, h.lane, h.subject
          from unnest($3::text[]) as account (id)
         cross join lateral (
           select account_id, endpoint_id, lane, subject
             from delivery_heads
            where account_id = account.id and endpoint_id = endpoint.id and due_at <= $5
            order by due_at
            limit $4
              for update skip locked
         ) h
         limit endpoint.free
      ) d
   ), claimed as (
     update delivery_heads h
        set lease_token = $6, lease_until = $7, due_at = $7
       from due d
      where h.account_id = d.account_id and h.endpoint_id = d.endpoint_id and h.lane = d.lane and h.subject = d.subject
     returning h.*
   )
   select c.account_id as "headAccount", c.endpoint_id as "endpointId", c.lane, c.subject as "headSubject",
          c.done_sequence as "doneSequence", c.marked_sequence as "markedSequence", c.sent_sequence as "sentSequence",
          c.attempts, c.first_attempt_at as "firstAttemptAt", next.*
     from claimed c
     left join lateral (
       select ${EVENT_COLUMNS}
         from events e
        where e.account_id = c.account_id and e.subject = c.subject
          and e.sequence > c.done_sequence and e.sequence <= c.marked_sequence
          and e.created_at >= $8 and e.created_at < $9
        order by e.sequence
        limit ${EVENTS_PER_CLAIM}
     ) next on true`,
);

/** Takes rows that are due for the time of a lease, with the events that are to be sent. */
export async function claimHeads(db: Queryable, request: ClaimRequest): Promise<readonly ClaimedHead[]> {
  const found = await db.query<ClaimSqlRow>(
    claimStatement(
      request.endpoints.map((endpoint) => endpoint.id),
      request.endpoints.map((endpoint) => endpoint.limit),
      request.accounts,
      request.accountLimit,
      request.now,
      request.token,
      request.leaseUntil,
      request.eventsSince,
      request.eventsUntil,
    ),
  );
  const heads = new Map<string, ClaimedHead & { readonly events: StoredEvent[] }>();
  for (const row of found.rows) {
    const key = `${row.headAccount}\n${row.endpointId}\n${row.lane}\n${row.headSubject}`;
    let head = heads.get(key);
    if (head === undefined) {
      head = {
        account: row.headAccount,
        endpointId: row.endpointId,
        lane: row.lane,
        subject: row.headSubject,
        doneSequence: row.doneSequence,
        markedSequence: row.markedSequence,
        sentSequence: row.sentSequence,
        attempts: row.attempts,
        firstAttemptAt: row.firstAttemptAt,
        events: [],
      };
      heads.set(key, head);
    }
    // Null columns: the row has no recent event.
    if (row.id !== null) head.events.push(row as unknown as StoredEvent);
  }
  return [...heads.values()];
}

/** What a worker says of a row that it holds. */
export interface HeadResult extends HeadKey {
  readonly token: string;
  readonly doneSequence: number;
  readonly sentSequence: number | null;
  readonly attempts: number;
  readonly firstAttemptAt: Date | null;
  /**
   * `go_on`: let go of the row unless more is due; `keep`: hold on to it; `wait`: let go, due again at `dueAt`;
   * `block`: let go, nothing is due until somebody says so.
   */
  readonly next: 'go_on' | 'keep' | 'wait' | 'block';
  readonly dueAt: Date | null;
  readonly attempt: AttemptFields | null;
}

/** An attempt to be recorded with the result; the rest of its row is the head's. */
export interface AttemptFields {
  readonly id: string;
  readonly at: Date;
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

/** What became of a row: lost when its lease was another's by then, and nothing was written. */
export interface HeadAfterResult {
  readonly fate: 'held' | 'released' | 'lost';
  readonly markedSequence: number;
}

// One statement, so one round trip and one commit for hundreds of results. Rows are locked in key order first, as
// `markDue` takes them too: two transactions over the same rows can wait for each other but never in a circle.
const writeResultsStatement = sql(
  'write_delivery_results',
  `with result as materialized (
     select *
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[],
                   $9::timestamptz[], $10::text[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::int[],
                   $15::text[], $16::text[], $17::int[], $18::text[], $19::int[], $20::text[], $21::text[], $22::int[])
         with ordinality as r (account_id, endpoint_id, lane, subject, token, done, sent, attempts, first_attempt_at, next,
                               due_at, attempt_id, at, sequence, event_id, event_type, attempt, outcome, status_code, error,
                               response, duration_ms, number)
   ), locked as materialized (
     select r.*, h.marked_sequence,
            r.next = 'keep' or (r.next = 'go_on' and h.marked_sequence > r.done) as holds
       from result r
       join delivery_heads h on h.account_id = r.account_id and h.endpoint_id = r.endpoint_id and h.lane = r.lane
                            and h.subject = r.subject
      where h.lease_token = r.token
      order by h.account_id collate "C", h.endpoint_id collate "C", h.lane collate "C", h.subject collate "C"
        for update of h
   ), written as (
     update delivery_heads h
        set done_sequence = l.done, sent_sequence = l.sent, attempts = l.attempts, first_attempt_at = l.first_attempt_at,
            blocked = l.next = 'block',
            lease_token = case when l.holds then l.token end,
            lease_until = case when l.holds then $23::timestamptz end,
            due_at = case when l.holds then $23::timestamptz else l.due_at end
       from locked l
      where h.account_id = l.account_id and h.endpoint_id = l.endpoint_id and h.lane = l.lane and h.subject = l.subject
        and (l.lane = '${LIVE_LANE}' or l.holds or l.next <> 'go_on')
   ), finished as (
     delete from delivery_heads h
      using locked l
      where h.account_id = l.account_id and h.endpoint_id = l.endpoint_id and h.lane = l.lane and h.subject = l.subject
        and not (l.lane = '${LIVE_LANE}' or l.holds or l.next <> 'go_on')
   ), recorded as (
     insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt,
                                    outcome, status_code, error, response, duration_ms)
     select account_id, attempt_id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome,
            status_code, error, response, duration_ms
       from locked where attempt_id is not null
   )
   select number, holds, marked_sequence as marked from locked`,
);

/**
 * Writes results and attempts under the leases' tokens, all or nothing. A row that a replay has finished with is removed.
 * Answers in the order of `results`.
 */
export async function writeResults(
  db: Queryable,
  results: readonly HeadResult[],
  leaseUntil: Date,
): Promise<readonly HeadAfterResult[]> {
  const found = await db.query<{ number: number; holds: boolean; marked: number }>(
    writeResultsStatement(
      results.map((result) => result.account),
      results.map((result) => result.endpointId),
      results.map((result) => result.lane),
      results.map((result) => result.subject),
      results.map((result) => result.token),
      results.map((result) => result.doneSequence),
      results.map((result) => result.sentSequence),
      results.map((result) => result.attempts),
      results.map((result) => result.firstAttemptAt?.toISOString() ?? null),
      results.map((result) => result.next),
      results.map((result) => result.dueAt?.toISOString() ?? null),
      results.map((result) => result.attempt?.id ?? null),
      results.map((result) => result.attempt?.at.toISOString() ?? null),
      results.map((result) => result.attempt?.sequence ?? null),
      results.map((result) => result.attempt?.eventId ?? null),
      results.map((result) => result.attempt?.eventType ?? null),
      results.map((result) => result.attempt?.attempt ?? null),
      results.map((result) => result.attempt?.outcome ?? null),
      results.map((result) => result.attempt?.statusCode ?? null),
      results.map((result) => result.attempt?.error ?? null),
      results.map((result) => result.attempt?.response ?? null),
      results.map((result) => result.attempt?.durationMs ?? null),
      leaseUntil,
    ),
  );
  const after: HeadAfterResult[] = results.map(() => ({ fate: 'lost', markedSequence: 0 }));
  for (const row of found.rows) {
    after[row.number - 1] = { fate: row.holds ? 'held' : 'released', markedSequence: row.marked };
  }
  return after;
}

const renewStatement = sql(
  'renew_leases',
  `with mine as materialized (
     select h.account_id, h.endpoint_id, h.lane, h.subject, r.number
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality
              as r (account_id, endpoint_id, lane, subject, token, number)
       join delivery_heads h on h.account_id = r.account_id and h.endpoint_id = r.endpoint_id and h.lane = r.lane
                            and h.subject = r.subject
      where h.lease_token = r.token
      order by h.account_id collate "C", h.endpoint_id collate "C", h.lane collate "C", h.subject collate "C"
        for update of h
   )
   update delivery_heads h
      set lease_until = $6, due_at = $6
     from mine m
    where h.account_id = m.account_id and h.endpoint_id = m.endpoint_id and h.lane = m.lane and h.subject = m.subject
   returning m.number`,
);

/** Prolongs leases. Returns which of them were still held, by their place in `held`. */
export async function renewLeases(
  db: Queryable,
  held: readonly (HeadKey & { readonly token: string })[],
  leaseUntil: Date,
): Promise<ReadonlySet<number>> {
  const found = await db.query<{ number: number }>(
    renewStatement(
      held.map((head) => head.account),
      held.map((head) => head.endpointId),
      held.map((head) => head.lane),
      held.map((head) => head.subject),
      held.map((head) => head.token),
      leaseUntil,
    ),
  );
  return new Set(found.rows.map((row) => row.number - 1));
}
