import { askerName } from './asker-name.ts';
import type { Queryable } from './pool.ts';

export const RECONCILIATION_STATES = ['queued', 'running', 'done', 'failed'] as const;
export const LINE_KINDS = ['same', 'only_there', 'only_here', 'differs'] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** A business day of an account held against its platform. */
export interface ReconciliationRow {
  readonly account: string;
  readonly id: string;
  /** `YYYY-MM-DD` in Asia/Shanghai. */
  readonly day: string;
  readonly state: (typeof RECONCILIATION_STATES)[number];
  readonly askedBy: string | null;
  /** Of the user or key; null also for the admin key of the configuration. */
  readonly askedByName: string | null;
  readonly readOrders: number;
  readonly both: number | null;
  readonly onlyThere: number | null;
  readonly onlyHere: number | null;
  readonly amountsDiffer: number | null;
  readonly statusDiffers: number | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** What a side says of an order. Fen; null is unknown. */
export interface ReconciledSide {
  readonly status: string;
  readonly payment: string;
  readonly total: number | null;
  readonly paid: number | null;
  readonly refunded: number | null;
}

export interface ReconciliationLine {
  readonly nth: number;
  readonly kind: LineKind;
  readonly differences: readonly string[];
  readonly orderId: string | null;
  readonly platformOrderId: string | null;
  readonly theirs: ReconciledSide | null;
  readonly ours: ReconciledSide | null;
}

const COLUMNS = `r.account_id as account, r.id, r.day::text, r.state, r.asked_by as "askedBy",
  ${askerName('r.asked_by')} as "askedByName", r.read_orders as "readOrders",
  r.both_count as both, r.only_there as "onlyThere", r.only_here as "onlyHere", r.amounts_differ as "amountsDiffer",
  r.status_differs as "statusDiffers", r.reason, r.attempts, r.created_at as "createdAt", r.started_at as "startedAt",
  r.finished_at as "finishedAt"`;

/** Asks for a day to be held against its platform. False: the hub has asked for this one by itself already. */
export async function insertReconciliation(
  db: Queryable,
  row: Pick<ReconciliationRow, 'account' | 'id' | 'day' | 'askedBy' | 'createdAt'>,
): Promise<boolean> {
  const inserted = await db.query(
    `insert into reconciliations (account_id, id, day, state, asked_by, due_at, created_at)
     values ($1, $2, $3, 'queued', $4, $5, $5)
     on conflict (account_id, day) where asked_by is null do nothing`,
    [row.account, row.id, row.day, row.askedBy, row.createdAt],
  );
  return inserted.rowCount === 1;
}

/** Takes one that is due, for the time of a lease. */
export async function claimReconciliation(
  db: Queryable,
  claim: { readonly now: Date; readonly leaseUntil: Date; readonly lease: string },
): Promise<ReconciliationRow | undefined> {
  const found = await db.query<ReconciliationRow>(
    `update reconciliations r
        set due_at = $2, lease = $3, state = 'running', read_orders = 0, started_at = coalesce(r.started_at, $1)
       from (select account_id, id from reconciliations where due_at <= $1 order by due_at limit 1
                for update skip locked) due
      where r.account_id = due.account_id and r.id = due.id
     returning ${COLUMNS}`,
    [claim.now, claim.leaseUntil, claim.lease],
  );
  return found.rows[0];
}

/** Makes the lease longer and notes how far it has come. False: the lease was lost. */
export async function moveReconciliation(
  db: Queryable,
  { account, id }: Pick<ReconciliationRow, 'account' | 'id'>,
  lease: string,
  until: Date,
  readOrders: number | null,
): Promise<boolean> {
  const moved = await db.query(
    `update reconciliations set due_at = $4, read_orders = coalesce($5, read_orders)
      where account_id = $1 and id = $2 and lease = $3`,
    [account, id, lease, until, readOrders],
  );
  return moved.rowCount === 1;
}

/** Puts one off, or ends it as failed (`dueAt` null). */
export async function failReconciliation(
  db: Queryable,
  { account, id }: Pick<ReconciliationRow, 'account' | 'id'>,
  lease: string,
  end: { readonly dueAt: Date | null; readonly attempts: number; readonly reason: string; readonly now: Date },
): Promise<void> {
  await db.query(
    `update reconciliations
        set state = case when $4::timestamptz is null then 'failed' else 'queued' end, due_at = $4, attempts = $5,
            reason = $6, lease = null, finished_at = case when $4::timestamptz is null then $7::timestamptz end
      where account_id = $1 and id = $2 and lease = $3`,
    [account, id, lease, end.dueAt, end.attempts, end.reason, end.now],
  );
}

/** Writes the report of one that has come to its end. False: the lease was lost, and nothing was written. */
export async function endReconciliation(
  tx: Queryable,
  row: Pick<
    ReconciliationRow,
    'account' | 'id' | 'readOrders' | 'both' | 'onlyThere' | 'onlyHere' | 'amountsDiffer' | 'statusDiffers' | 'reason'
  >,
  lease: string,
  now: Date,
): Promise<boolean> {
  const ended = await tx.query(
    `update reconciliations
        set state = 'done', read_orders = $4, both_count = $5, only_there = $6, only_here = $7, amounts_differ = $8,
            status_differs = $9, reason = $11, due_at = null, lease = null, finished_at = $10
      where account_id = $1 and id = $2 and lease = $3`,
    [
      row.account,
      row.id,
      lease,
      row.readOrders,
      row.both,
      row.onlyThere,
      row.onlyHere,
      row.amountsDiffer,
      row.statusDiffers,
      now,
      row.reason,
    ],
  );
  return ended.rowCount === 1;
}

export async function insertLines(
  tx: Queryable,
  accountId: string,
  id: string,
  lines: readonly ReconciliationLine[],
): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(
    `insert into reconciliation_lines (account_id, reconciliation_id, nth, kind, differences, order_id, platform_order_id,
                                       theirs, ours)
     select $1, $2, nth, kind, coalesce(string_to_array(nullif(differences, ''), ' '), '{}'), order_id, platform_order_id, theirs, ours
       from jsonb_to_recordset($3::jsonb)
         as l (nth int, kind text, differences text, order_id text, platform_order_id text, theirs jsonb, ours jsonb)`,
    [
      accountId,
      id,
      JSON.stringify(
        lines.map((line) => ({
          nth: line.nth,
          kind: line.kind,
          differences: line.differences.join(' '),
          order_id: line.orderId,
          platform_order_id: line.platformOrderId,
          theirs: line.theirs,
          ours: line.ours,
        })),
      ),
    ],
  );
}

/** Reports, the youngest first, those before `beforeId`. Limits that are null do not count. */
export async function listReconciliations(
  db: Queryable,
  filter: {
    readonly account: string | null;
    readonly day: string | null;
    readonly accounts: readonly string[] | null;
    readonly merchants: readonly string[] | null;
  },
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ReconciliationRow[]> {
  const found = await db.query<ReconciliationRow>(
    `select r.*
       from accounts a
      cross join lateral (
        select ${COLUMNS} from reconciliations r
         where r.account_id = a.id and ($1::date is null or r.day = $1) and ($2::text is null or r.id < $2)
         order by r.id desc limit $3) r
      where ($4::text is null or a.id = $4) and ($5::text[] is null or a.id = any($5))
        and ($6::text[] is null or a.merchant = any($6))
      order by r.id desc
      limit $3`,
    [filter.day, page.beforeId, page.limit, filter.account, filter.accounts, filter.merchants],
  );
  return found.rows;
}

/** One report, of whichever account, with the account's merchant. */
export async function findReconciliation(
  db: Queryable,
  id: string,
): Promise<(ReconciliationRow & { readonly merchant: string | null }) | undefined> {
  const found = await db.query<ReconciliationRow & { merchant: string | null }>(
    `select ${COLUMNS}, a.merchant from accounts a join reconciliations r on r.account_id = a.id and r.id = $1`,
    [id],
  );
  return found.rows[0];
}

/** Lines of a report in their order, those after `afterNth`. */
export async function listLines(
  db: Queryable,
  { account, id }: Pick<ReconciliationRow, 'account' | 'id'>,
  kind: LineKind | null,
  page: { readonly afterNth: number; readonly limit: number },
): Promise<readonly ReconciliationLine[]> {
  const found = await db.query<ReconciliationLine>(
    `select nth, kind, differences, order_id as "orderId", platform_order_id as "platformOrderId", theirs, ours
       from reconciliation_lines
      where account_id = $1 and reconciliation_id = $2 and ($3::text is null or kind = $3) and nth > $4
      order by nth limit $5`,
    [account, id, kind, page.afterNth, page.limit],
  );
  return found.rows;
}

/** Forgets reports that were asked for before a time. */
export async function forgetReconciliations(db: Queryable, before: Date): Promise<void> {
  await db.query(
    `delete from reconciliation_lines l using reconciliations r
      where l.account_id = r.account_id and l.reconciliation_id = r.id and r.created_at < $1`,
    [before],
  );
  await db.query('delete from reconciliations where created_at < $1', [before]);
}
