import type { Json } from '../core/json.ts';
import type { StoredEvent } from './event-reads.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

export interface ReplayRow {
  readonly id: string;
  readonly endpointId: string;
  readonly request: Json;
  /** How many events it sends again. */
  readonly events: number;
  readonly createdAt: Date;
}

const COLUMNS = 'id, endpoint_id as "endpointId", request, events, created_at as "createdAt"';

export async function insertReplay(db: Queryable, row: ReplayRow): Promise<void> {
  await db.query('insert into replays (id, endpoint_id, request, events, created_at) values ($1, $2, $3, $4, $5)', [
    row.id,
    row.endpointId,
    JSON.stringify(row.request),
    row.events,
    row.createdAt,
  ]);
}

export async function setReplayEvents(db: Queryable, id: string, events: number): Promise<void> {
  await db.query('update replays set events = $2 where id = $1', [id, events]);
}

export async function readReplay(db: Queryable, id: string): Promise<ReplayRow | undefined> {
  const found = await db.query<ReplayRow>(sql('read_replay', `select ${COLUMNS} from replays where id = $1`)(id));
  return found.rows[0];
}

/** Replays before the id `before`, newest first; of one endpoint when it is given. */
export async function listReplayRows(
  db: Queryable,
  endpointId: string | null,
  before: string | null,
  limit: number,
): Promise<readonly ReplayRow[]> {
  const found = await db.query<ReplayRow>(
    `select ${COLUMNS} from replays
      where ($1::text is null or endpoint_id = $1) and ($2::text is null or id < $2)
      order by id desc limit $3`,
    [endpointId, before, limit],
  );
  return found.rows;
}

/** An event that may be sent again, with where the live lane of the endpoint stands. */
export interface ReplayCandidate extends Pick<
  StoredEvent,
  'account' | 'feed' | 'id' | 'subject' | 'sequence' | 'type' | 'merchant' | 'shop'
> {
  /** null: the live lane has never had anything of this subject. */
  readonly liveDone: number | null;
  readonly blocked: boolean | null;
}

const CANDIDATE_COLUMNS = `e.account_id as account, e.feed, e.id, e.subject, e.sequence, e.type, e.merchant, e.shop,
  h.done_sequence as "liveDone", h.blocked`;
const LIVE_HEAD = `left join delivery_heads h on h.account_id = e.account_id and h.endpoint_id = $2 and h.lane = 'live'
                                             and h.subject = e.subject`;

/** Events of a span of time after a feed number, in the order of the feed. `subject` null: all. */
export async function scanReplayEvents(
  db: Queryable,
  accountId: string,
  endpointId: string,
  span: { readonly from: Date; readonly to: Date; readonly subject: string | null },
  afterFeed: number,
  limit: number,
): Promise<readonly ReplayCandidate[]> {
  const found = await db.query<ReplayCandidate>(
    `select ${CANDIDATE_COLUMNS}
       from events e ${LIVE_HEAD}
      where e.account_id = $1 and e.feed > $3 and e.created_at >= $4 and e.created_at < $5
        ${span.subject === null ? '' : 'and e.subject = $7'}
      order by e.feed limit $6`,
    [accountId, endpointId, afterFeed, span.from, span.to, limit, ...(span.subject === null ? [] : [span.subject])],
  );
  return found.rows;
}

/** Events by their ids. They carry their time, so that only the partitions and pages of that time are read. */
export async function findReplayEvents(
  db: Queryable,
  accountId: string,
  endpointId: string,
  ids: readonly string[],
  span: { readonly from: Date; readonly to: Date },
): Promise<readonly ReplayCandidate[]> {
  const found = await db.query<ReplayCandidate>(
    `select ${CANDIDATE_COLUMNS}
       from events e ${LIVE_HEAD}
      where e.account_id = $1 and e.created_at >= $4 and e.created_at < $5 and e.id = any($3::text[])
      order by e.feed`,
    [accountId, endpointId, ids, span.from, span.to],
  );
  return found.rows;
}

const deadAmongStatement = sql(
  'dead_among',
  `select distinct a.event_id
     from unnest($3::text[], $4::int[]) as e (subject, sequence)
     join delivery_attempts a on a.account_id = $1 and a.subject = e.subject and a.sequence = e.sequence
    where a.endpoint_id = $2 and a.outcome = 'dead'
      and not exists (
        select from delivery_attempts d
         where d.account_id = $1 and d.subject = e.subject and d.sequence = e.sequence and d.endpoint_id = $2
           and d.outcome = 'delivered')`,
);

/** Which of the events were given up for the endpoint and never delivered. */
export async function deadAmong(
  db: Queryable,
  accountId: string,
  endpointId: string,
  events: readonly Pick<StoredEvent, 'subject' | 'sequence'>[],
): Promise<ReadonlySet<string>> {
  const found = await db.query<{ event_id: string }>(
    deadAmongStatement(
      accountId,
      endpointId,
      events.map((event) => event.subject),
      events.map((event) => event.sequence),
    ),
  );
  return new Set(found.rows.map((row) => row.event_id));
}

/** The part of a subject's events that a replay goes over. */
export interface ReplaySpan {
  readonly subject: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Adds rows to the lane of a replay, or lengthens those that are there. */
export async function addReplayHeads(
  db: Queryable,
  accountId: string,
  endpointId: string,
  replayId: string,
  spans: readonly ReplaySpan[],
  now: Date,
): Promise<void> {
  await db.query(
    `insert into delivery_heads (account_id, endpoint_id, lane, subject, done_sequence, marked_sequence, until_sequence,
                                 due_at)
     select $1, $2, $3, s.subject, s.first - 1, s.last, s.last, $7::timestamptz
       from unnest($4::text[], $5::int[], $6::int[]) as s (subject, first, last)
      order by s.subject collate "C"
     on conflict (account_id, endpoint_id, lane, subject) do update
        set marked_sequence = greatest(delivery_heads.marked_sequence, excluded.marked_sequence),
            until_sequence = greatest(delivery_heads.until_sequence, excluded.until_sequence),
            due_at = coalesce(delivery_heads.due_at, excluded.due_at)`,
    [
      accountId,
      endpointId,
      replayId,
      spans.map((span) => span.subject),
      spans.map((span) => span.firstSequence),
      spans.map((span) => span.lastSequence),
      now,
    ],
  );
}

/** Lets a strict endpoint's subjects go on with the event at which they stopped. */
export async function unblockHeads(
  db: Queryable,
  accountId: string,
  endpointId: string,
  subjects: readonly string[],
  now: Date,
): Promise<void> {
  await db.query(
    `update delivery_heads
        set blocked = false, attempts = 0, first_attempt_at = null, due_at = $4
      where account_id = $1 and endpoint_id = $2 and lane = 'live' and subject = any($3::text[]) and blocked`,
    [accountId, endpointId, subjects, now],
  );
}

/** Lets one subject of a strict endpoint go on behind the event at which it stopped. True when it was blocked. */
export async function skipBlockedHead(
  db: Queryable,
  accountId: string,
  endpointId: string,
  subject: string,
  now: Date,
): Promise<boolean> {
  const changed = await db.query(
    `update delivery_heads
        set blocked = false, attempts = 0, first_attempt_at = null, done_sequence = done_sequence + 1, due_at = $4
      where account_id = $1 and endpoint_id = $2 and lane = 'live' and subject = $3 and blocked`,
    [accountId, endpointId, subject, now],
  );
  return changed.rowCount === 1;
}

/** How many subjects a lane still has work for. */
export async function countLaneHeads(
  db: Queryable,
  accountIds: readonly string[],
  endpointId: string,
  lane: string,
): Promise<number> {
  const found = await db.query<{ count: number }>(
    `select count(*)::int as count from delivery_heads
      where account_id = any($1::text[]) and endpoint_id = $2 and lane = $3`,
    [accountIds, endpointId, lane],
  );
  return found.rows[0]?.count ?? 0;
}

/** Removes rows of an endpoint: of one lane, or of all when `lane` is null. At most `limit` at once; returns how many. */
export async function deleteHeads(
  db: Queryable,
  accountId: string,
  endpointId: string,
  lane: string | null,
  limit: number,
): Promise<number> {
  const deleted = await db.query(
    `delete from delivery_heads
      where account_id = $1 and endpoint_id = $2
        and (lane, subject) in (
          select lane, subject from delivery_heads
           where account_id = $1 and endpoint_id = $2 and ($3::text is null or lane = $3)
           order by lane collate "C", subject collate "C" limit $4 for update)`,
    [accountId, endpointId, lane, limit],
  );
  return deleted.rowCount ?? 0;
}
