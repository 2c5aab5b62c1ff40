import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

/** Something that wants attention now, as a source of it tells. */
export interface CauseRow {
  /** Of a source with several: which. */
  readonly name: string;
  readonly subject: string;
  readonly since: Date;
  readonly detail: Readonly<Record<string, Json>>;
  readonly orderId: string | null;
  readonly actionId: string | null;
  readonly receiptId: string | null;
  readonly endpointId: string | null;
  readonly store: string | null;
  /** Of the order; null where there is none, and the account's count. */
  readonly merchant: string | null;
  readonly shop: string | null;
}

/** Where causes are read, each by an index of its own: at most `limit`, those that have lasted longest first. */
export type ReadCauses = (db: Queryable, accountId: string, now: Date, limit: number) => Promise<readonly CauseRow[]>;

const NO_LINKS = `null::text as "orderId", null::text as "actionId", null::text as "receiptId", null::text as "endpointId",
  null::text as store, null::text as merchant, null::text as shop`;
const ORDER_LINKS = `o.id as "orderId", null::text as "actionId", null::text as "receiptId", null::text as "endpointId",
  o.store, o.merchant, o.shop`;

async function rows(db: Queryable, text: string, values: readonly unknown[]): Promise<readonly CauseRow[]> {
  const found = await db.query<CauseRow>(text, [...values]);
  return found.rows;
}

/**
 * What a look at an order found that no rule can finish; `name` is the condition. None while the account's orders are not
 * carried on: nobody looks at them then, and what was found before would stay for ever.
 */
export const readConditions: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select c.name, c.order_id || ' ' || c.name as subject, c.raised_at as since, c.detail, ${ORDER_LINKS}
       from order_conditions c
       join orders o on o.account_id = c.account_id and o.id = c.order_id and o.merged_into is null
      where c.account_id = $1
        and not exists (select from accounts a where a.id = $1 and a.settings -> 'life' = 'false')
      order by c.raised_at, c.order_id limit $2`,
    [accountId, limit],
  );

/** Half of an order is a message that came before the others, for a while. */
const HALF_TOLD_AFTER = '5 minutes';
/** After so long nobody can do anything about it any more. */
const FORGOTTEN_AFTER = '30 days';

export const readHalfToldOrders: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'half_told' as name, o.id as subject, o.created_at as since,
            jsonb_build_object('platformOrderId', o.platform_order_id, 'status', o.status) as detail, ${ORDER_LINKS}
       from orders o
      where o.account_id = $1 and o.placed_at is null and o.paid_at is null and o.merged_into is null
        and o.kind in ('takeaway', 'payment', 'vending')
        and o.created_at <= $2::timestamptz - interval '${HALF_TOLD_AFTER}'
        and o.created_at > $2::timestamptz - interval '${FORGOTTEN_AFTER}'
        and o.lines -> 'l' -> '' -> 'money.total' is null and o.lines -> 'l' -> '' -> 'money.paid' is null
      order by o.created_at limit $3`,
    [accountId, now, limit],
  );

/** Paid late, whether or not the account's orders are carried on by the hub. */
export const readPaidLate: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select 'late_payment' as name, o.id || ' late_payment' as subject, o.updated_at as since,
            jsonb_build_object('platformOrderId', o.platform_order_id, 'status', o.status) as detail, ${ORDER_LINKS}
       from orders o
      where o.account_id = $1 and o.flags @> array['late_payment'] and o.payment in ('paid', 'partially_refunded')
        and o.merged_into is null
      order by o.id limit $2`,
    [accountId, limit],
  );

const ACTION_DETAIL = `jsonb_build_object('action', a.action, 'code', a.code, 'reason', a.reason, 'record', a.params ->> 'record')`;
const ACTION_LINKS = `a.order_id as "orderId", a.id as "actionId", null::text as "receiptId", null::text as "endpointId",
  o.store, o.merchant, o.shop`;

/** Actions of which nobody knows whether they were done: late, or asked about no more. `name`: the action. */
export const readUnknownActions: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select a.action as name, a.id as subject, coalesce(a.sent_at, a.created_at) as since, ${ACTION_DETAIL} as detail,
            ${ACTION_LINKS}
       from actions a
       join orders o on o.account_id = a.account_id and o.id = a.order_id
      where a.account_id = $1 and a.state = 'unknown' and (a.due_at is null or a.code = 'overdue')
      order by a.id limit $2`,
    [accountId, limit],
  );

/**
 * What the hub did by itself and failed at, unless it or somebody has done the same since, or the order has gone on
 * without it. The steps of an order's life say themselves when they are at their end, as conditions.
 */
export const readFailedActions: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select a.action as name, a.id as subject, coalesce(a.finished_at, a.created_at) as since, ${ACTION_DETAIL} as detail,
            ${ACTION_LINKS}
       from actions a
       join orders o on o.account_id = a.account_id and o.id = a.order_id
      where a.account_id = $1 and a.state = 'failed' and a.cause is not null and not starts_with(a.cause, 'life:')
        and not starts_with(a.cause, 'create') and a.finished_at > $2::timestamptz - interval '${FORGOTTEN_AFTER}'
        and o.lifecycle = 'open' and not (a.action = 'accept' and o.fulfilment <> 'none')
        and not exists (select from actions b
                         where b.account_id = a.account_id and b.order_id = a.order_id and b.action = a.action and b.id > a.id)
      order by a.id limit $3`,
    [accountId, now, limit],
  );

/** Orders that are counted at most: beyond that it makes no difference how many they are. */
const COUNTED = 20_000;

/** Sids of promoted orders that are nobody's; nothing where the hub has no members. */
export const readUnmatchedSids: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select 'sid' as name, o.sid as subject, min(o.created_at) as since,
            jsonb_build_object('sid', o.sid, 'orders', count(*)) as detail,
            min(o.id) as "orderId", null::text as "actionId", null::text as "receiptId", null::text as "endpointId",
            null::text as store, null::text as merchant, null::text as shop
       from (select id, sid, created_at from orders
              where account_id = $1 and kind = 'cps' and sid is not null and member is null and merged_into is null
                and exists (select from members)
              order by sid limit ${COUNTED}) o
      group by o.sid order by o.sid limit $2`,
    [accountId, limit],
  );

/** A token is replaced well before its end; one that is this near to it was not. */
const RUNS_OUT_WITHIN = '1 day';

/** Stores that the hub cannot act for, or soon cannot. */
export const readStoresInTrouble: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'store' as name, s.ref as subject, s.updated_at as since,
            jsonb_build_object('store', s.ref, 'reason', s.reason, 'expiresAt', t.expires_at) as detail,
            null::text as "orderId", null::text as "actionId", null::text as "receiptId", null::text as "endpointId",
            s.ref as store, s.merchant, s.shop
       from stores s
       left join store_tokens t on t.account_id = s.account_id and t.id = s.token_id and t.state = 'active'
      where s.account_id = $1 and s.state in ('bound', 'proving')
        and (s.reason is not null or t.expires_at < $2::timestamptz + interval '${RUNS_OUT_WITHIN}')
      order by s.ref limit $3`,
    [accountId, now, limit],
  );

/** The account's own access, where its platform refuses to give one. */
export const readRefusedAccess: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select 'access' as name, 'access token' as subject, t.updated_at as since,
            jsonb_build_object('code', t.refusal ->> 'code', 'reason', t.refusal ->> 'message') as detail, ${NO_LINKS}
       from access_tokens t
      where t.account_id = $1 and t.refusal ->> 'class' = 'alert'
      limit $2`,
    [accountId, limit],
  );

/** Events that were given up and not delivered since, by endpoint. */
export const readDeadLetters: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'dead' as name, d.endpoint_id as subject, min(d.at) as since,
            jsonb_build_object('events', count(*), 'lastStatusCode', max(d.status_code)) as detail,
            null::text as "orderId", null::text as "actionId", null::text as "receiptId", d.endpoint_id as "endpointId",
            null::text as store, null::text as merchant, null::text as shop
       from endpoints e
      cross join lateral (
        select a.endpoint_id, a.at, a.status_code from delivery_attempts a
         where a.account_id = $1 and a.endpoint_id = e.id and a.outcome = 'dead'
           and a.at > $2::timestamptz - interval '${FORGOTTEN_AFTER}'
           and not exists (select from delivery_attempts b
                            where b.account_id = a.account_id and b.subject = a.subject and b.sequence = a.sequence
                              and b.endpoint_id = a.endpoint_id and b.outcome = 'delivered')
         order by a.id desc limit 1000) d
      group by d.endpoint_id order by d.endpoint_id limit $3`,
    [accountId, now, limit],
  );

/** A wrong secret rejects everything; one stray request is the internet. */
const REJECTIONS = 3;

/** Rejections of the last hour, by reason. */
export const readRejections: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'rejected' as name, reason as subject, min(received_at) as since,
            jsonb_build_object('callbacks', count(*), 'reason', reason) as detail,
            null::text as "orderId", null::text as "actionId", max(id) as "receiptId", null::text as "endpointId",
            null::text as store, null::text as merchant, null::text as shop
       from (select left(coalesce(reason, ''), 120) as reason, received_at, id from receipts
              where account_id = $1 and verdict = 'rejected' and received_at > $2::timestamptz - interval '1 hour'
              order by id desc limit 5000) r
      group by reason having count(*) >= ${REJECTIONS} order by reason limit $3`,
    [accountId, now, limit],
  );

/** Callbacks that were believed and not understood, by what was not. */
export const readUnrecognised: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'unrecognised' as name, reason as subject, min(received_at) as since,
            jsonb_build_object('callbacks', count(*), 'reason', reason) as detail,
            null::text as "orderId", null::text as "actionId", max(id) as "receiptId", null::text as "endpointId",
            null::text as store, null::text as merchant, null::text as shop
       from (select left(coalesce(reason, ''), 120) as reason, received_at, id from receipts
              where account_id = $1 and verdict = 'unrecognised'
                and received_at > $2::timestamptz - interval '${FORGOTTEN_AFTER}'
              order by id desc limit 5000) r
      group by reason order by reason limit $3`,
    [accountId, now, limit],
  );

/** Failures in a row: the first five waits for the truth add up to six minutes. */
const READS = 5;

/** Doubts that nothing settles any more, or nothing has for some minutes. */
export const readDoubtsThatStay: ReadCauses = (db, accountId, _now, limit) =>
  rows(
    db,
    `select c.kind as name, c.order_id || ' ' || c.kind as subject, c.created_at as since,
            jsonb_build_object('doubt', substr(c.kind, 7), 'reason', c.reason, 'platformOrderId', o.platform_order_id) as detail,
            ${ORDER_LINKS}
       from order_clocks c
       join orders o on o.account_id = c.account_id and o.id = c.order_id and o.merged_into is null
      where c.account_id = $1 and (c.due_at is null or c.attempts >= ${READS}) and starts_with(c.kind, 'doubt:')
      order by c.created_at, c.order_id limit $2`,
    [accountId, limit],
  );

/** Three failures are half a minute and more; what the platform refuses for a person's sake counts at once. */
const FAILURES = 3;

/** Regular questions that fail again and again, and reconciliations that failed. */
export const readFailingQuestions: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select q.*
       from (select 'poll' as name, p.poll as subject, coalesce(p.finished_at, p.due_at) as since,
                    jsonb_build_object('poll', p.poll, 'code', p.code, 'reason', p.reason, 'failures', p.attempts) as detail,
                    ${NO_LINKS}
               from repair_polls p
              where p.account_id = $1
                and (p.attempts >= ${FAILURES} or (p.attempts > 0 and p.due_at > $2::timestamptz + interval '10 minutes'))
             union all
             select 'reconciliation', 'day ' || r.day, r.finished_at,
                    jsonb_build_object('reconciliation', r.id, 'day', r.day, 'reason', r.reason), ${NO_LINKS}
               from reconciliations r
              where r.account_id = $1 and r.day > ($2::timestamptz - interval '14 days')::date and r.state = 'failed'
                and not exists (select from reconciliations n
                                 where n.account_id = r.account_id and n.day = r.day and n.id > r.id)) q
      order by q.subject limit $3`,
    [accountId, now, limit],
  );

/** Orders of the newest report of a day that the platform has and the hub still has not. */
export const readOnlyThere: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'only_there' as name, 'there ' || l.platform_order_id as subject, r.finished_at as since,
            jsonb_build_object('platformOrderId', l.platform_order_id, 'reconciliation', r.id, 'day', r.day,
                               'status', l.theirs ->> 'status') as detail, ${NO_LINKS}
       from reconciliations r
       join reconciliation_lines l on l.account_id = r.account_id and l.reconciliation_id = r.id and l.kind = 'only_there'
      where r.account_id = $1 and r.day > ($2::timestamptz - interval '14 days')::date and r.state = 'done'
        and l.platform_order_id is not null
        and not exists (select from reconciliations n
                         where n.account_id = r.account_id and n.day = r.day and n.id > r.id and n.state = 'done')
        and not exists (select from order_aliases n
                         where n.account_id = r.account_id and n.kind = 'platform' and n.value = l.platform_order_id)
      order by r.finished_at, l.nth limit $3`,
    [accountId, now, limit],
  );

/** Orders whose amounts differed in the newest report of their day; `detail.theirs` is what the platform says. */
export const readAmountsThatDiffered: ReadCauses = (db, accountId, now, limit) =>
  rows(
    db,
    `select 'differs' as name, l.order_id || ' amounts' as subject, r.finished_at as since,
            jsonb_build_object('platformOrderId', l.platform_order_id, 'reconciliation', r.id, 'day', r.day,
                               'differences', l.differences, 'theirs', l.theirs) as detail, ${ORDER_LINKS}
       from reconciliations r
       join reconciliation_lines l on l.account_id = r.account_id and l.reconciliation_id = r.id and l.kind = 'differs'
       join orders o on o.account_id = l.account_id and o.id = l.order_id and o.merged_into is null
      where r.account_id = $1 and r.day > ($2::timestamptz - interval '14 days')::date and r.state = 'done'
        and l.differences && array['total', 'paid', 'refunded']
        and not exists (select from reconciliations n
                         where n.account_id = r.account_id and n.day = r.day and n.id > r.id and n.state = 'done')
      order by r.finished_at, l.nth limit $3`,
    [accountId, now, limit],
  );
