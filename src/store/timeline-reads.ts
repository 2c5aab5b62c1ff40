import type { Json } from '../core/json.ts';
import { askerName } from './asker-name.ts';
import type { Queryable } from './pool.ts';
import { ofOrder } from './receipt-reads.ts';

/** Kinds of entries, in the order of cause and effect among those of one millisecond. */
export type TimelineKind = 'callback' | 'fact' | 'event' | 'delivery' | 'action';

export interface TimelineSqlRow {
  readonly kind: TimelineKind;
  readonly rank: number;
  readonly at: Date;
  readonly id: string;
  /** Columns of its table; none of them is personal data in clear. */
  readonly detail: { readonly [column: string]: Json };
  readonly sealed_personal: Buffer | null;
}

/** Where a page ended. */
export interface TimelinePlace {
  readonly atMs: number;
  readonly rank: number;
  readonly id: string;
}

/** What happened to an order, the oldest first, after `after`. */
export async function readTimeline(
  db: Queryable,
  accountId: string,
  orderId: string,
  after: TimelinePlace | null,
  limit: number,
): Promise<readonly TimelineSqlRow[]> {
  const found = await db.query<TimelineSqlRow>(
    `select case t.rank when 0 then 'callback' when 1 then 'fact' when 2 then 'event' when 3 then 'delivery' else 'action' end as kind,
            t.rank, t.at, t.id, t.detail, t.sealed_personal
       from (
         (select 0 as rank, r.received_at as at, r.id,
                 jsonb_build_object('topic', r.topic, 'verdict', r.verdict, 'reason', r.reason, 'evidence', r.evidence,
                                    'secretFingerprint', r.secret_fingerprint) as detail,
                 null::bytea as sealed_personal
            from receipts r
           where r.account_id = $1 and ${ofOrder('$1', '$2')})
         union all
         (select 1, f.stored_at, f.key,
                 jsonb_build_object('source', f.source, 'callback', f.receipt_id, 'saidAt', f.said_at, 'final', f.final,
                                    'generation', f.generation, 'verdict', f.verdict, 'version', f.version, 'facts', f.facts),
                 f.sealed_personal
            from facts f
           where f.account_id = $1 and f.order_id = $2)
         union all
         (select 2, e.created_at, e.id,
                 jsonb_build_object('type', e.type, 'sequence', e.sequence, 'previousStatus', e.previous_status,
                                    'callback', e.receipt_id),
                 null
            from events e
           where e.account_id = $1 and e.subject = $2)
         union all
         (select 3, d.at, d.id,
                 jsonb_build_object('endpoint', d.endpoint_id, 'event', d.event_id, 'type', d.event_type, 'sequence', d.sequence,
                                    'lane', d.lane, 'attempt', d.attempt, 'outcome', d.outcome, 'statusCode', d.status_code,
                                    'error', d.error, 'durationMs', d.duration_ms),
                 null
            from delivery_attempts d
           where d.account_id = $1 and d.subject = $2)
         union all
         (select 4, n.created_at, n.id,
                 jsonb_build_object('action', n.action, 'params', n.params, 'state', n.state, 'number', n.number,
                                    'cause', n.cause, 'askedBy', n.asked_by, 'askedByName', ${askerName('n.asked_by')},
                                    'request', n.request, 'answer', n.answer,
                                    'code', n.code, 'reason', n.reason, 'attempts', n.attempts, 'questions', n.questions,
                                    'durationMs', n.duration_ms, 'sentAt', n.sent_at, 'finishedAt', n.finished_at),
                 null
            from actions n
           where n.account_id = $1 and n.order_id = $2)
       ) t
      where $3::timestamptz is null or (t.at, t.rank, t.id) > ($3, $4, $5)
      order by t.at, t.rank, t.id
      limit $6`,
    [accountId, orderId, after === null ? null : new Date(after.atMs), after?.rank ?? 0, after?.id ?? '', limit],
  );
  return found.rows;
}
