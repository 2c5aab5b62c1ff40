import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

/** A regular question as a worker holds it. */
export interface ClaimedPoll {
  readonly account: string;
  readonly poll: string;
  readonly mark: Json;
  /** Where the run under way goes on; null: at its first page. */
  readonly page: Json;
  readonly startedAt: Date | null;
  readonly pages: number;
  readonly reports: number;
  readonly attempts: number;
}

/** A regular question as it stands. */
export interface PollRow extends ClaimedPoll {
  readonly dueAt: Date;
  readonly isRunning: boolean;
  readonly finishedAt: Date | null;
  readonly lastPages: number | null;
  readonly lastReports: number | null;
  readonly code: string | null;
  readonly reason: string | null;
}

const HELD = `p.account_id as account, p.poll, p.mark, p.page, p.started_at as "startedAt", p.pages, p.reports, p.attempts`;

/** Gives accounts the questions that they are to ask; those that they have already stay as they are. */
export async function insertPolls(
  db: Queryable,
  polls: readonly { readonly account: string; readonly poll: string; readonly dueAt: Date }[],
): Promise<void> {
  if (polls.length === 0) return;
  await db.query(
    `insert into repair_polls (account_id, poll, due_at)
     select unnest($1::text[]), unnest($2::text[]), unnest($3::timestamptz[])
     on conflict (account_id, poll) do nothing`,
    [polls.map(({ account }) => account), polls.map(({ poll }) => poll), polls.map(({ dueAt }) => dueAt)],
  );
}

/** The accounts that are not deleted, with their platforms. */
export async function readLivingAccounts(
  db: Queryable,
): Promise<readonly { readonly id: string; readonly platform: string }[]> {
  const found = await db.query<{ id: string; platform: string }>(
    'select id, platform from accounts where deleted_at is null order by id',
  );
  return found.rows;
}

/** Takes questions that are due, for the time of a lease: while it lasts no other process finds them. */
export async function claimPolls(
  db: Queryable,
  claim: { readonly now: Date; readonly leaseUntil: Date; readonly lease: string; readonly limit: number },
): Promise<readonly ClaimedPoll[]> {
  const found = await db.query<ClaimedPoll>(
    `update repair_polls p set due_at = $2, lease = $3
       from (select account_id, poll from repair_polls where due_at <= $1 order by due_at limit $4
                for update skip locked) due
      where p.account_id = due.account_id and p.poll = due.poll
     returning ${HELD}`,
    [claim.now, claim.leaseUntil, claim.lease, claim.limit],
  );
  return found.rows;
}

/** Makes a lease longer. False: it was lost. */
export async function renewPollLease(
  db: Queryable,
  { account, poll }: Pick<ClaimedPoll, 'account' | 'poll'>,
  lease: string,
  until: Date,
): Promise<boolean> {
  const renewed = await db.query(
    'update repair_polls set due_at = $4 where account_id = $1 and poll = $2 and lease = $3',
    [account, poll, lease, until],
  );
  return renewed.rowCount === 1;
}

/** Writes how far a run has come, under its lease. False: the lease was lost, and nothing was written. */
export async function movePoll(
  db: Queryable,
  held: ClaimedPoll,
  lease: string,
  { dueAt, release }: { readonly dueAt: Date; readonly release: boolean },
): Promise<boolean> {
  const moved = await db.query(
    `update repair_polls
        set page = $4, started_at = $5, pages = $6, reports = $7, due_at = $8, attempts = 0, code = null, reason = null,
            lease = case when $9 then null else lease end
      where account_id = $1 and poll = $2 and lease = $3`,
    [
      held.account,
      held.poll,
      lease,
      held.page === null ? null : JSON.stringify(held.page),
      held.startedAt,
      held.pages,
      held.reports,
      dueAt,
      release,
    ],
  );
  return moved.rowCount === 1;
}

/** Ends a run: what it leaves behind is the next one's `mark`. False: the lease was lost. */
export async function endPoll(
  db: Queryable,
  held: ClaimedPoll,
  lease: string,
  end: { readonly mark: Json; readonly finishedAt: Date; readonly dueAt: Date },
): Promise<boolean> {
  const ended = await db.query(
    `update repair_polls
        set mark = $4, page = null, started_at = null, pages = 0, reports = 0, finished_at = $5, last_pages = $6,
            last_reports = $7, due_at = $8, lease = null, attempts = 0, code = null, reason = null
      where account_id = $1 and poll = $2 and lease = $3`,
    [
      held.account,
      held.poll,
      lease,
      end.mark === null ? null : JSON.stringify(end.mark),
      end.finishedAt,
      held.pages,
      held.reports,
      end.dueAt,
    ],
  );
  return ended.rowCount === 1;
}

/** Puts a question off, with why. `restart`: the run begins anew at its first page. */
export async function putOffPoll(
  db: Queryable,
  { account, poll }: Pick<ClaimedPoll, 'account' | 'poll'>,
  lease: string,
  later: {
    readonly dueAt: Date;
    readonly attempts: number;
    readonly code: string | null;
    readonly reason: string | null;
    readonly restart?: boolean;
  },
): Promise<void> {
  await db.query(
    `update repair_polls
        set due_at = $4, attempts = $5, code = $6, reason = $7, lease = null,
            page = case when $8 then null else page end, started_at = case when $8 then null else started_at end,
            pages = case when $8 then 0 else pages end, reports = case when $8 then 0 else reports end
      where account_id = $1 and poll = $2 and lease = $3`,
    [account, poll, lease, later.dueAt, later.attempts, later.code, later.reason, later.restart ?? false],
  );
}

/** Removes a question that its account does not ask any more. */
export async function removePoll(
  db: Queryable,
  { account, poll }: Pick<ClaimedPoll, 'account' | 'poll'>,
  lease: string,
): Promise<void> {
  await db.query('delete from repair_polls where account_id = $1 and poll = $2 and lease = $3', [account, poll, lease]);
}

/** Makes questions of an account due now; one that is being asked is asked on. Returns the names of those. */
export async function hurryPolls(
  db: Queryable,
  accountId: string,
  polls: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const hurried = await db.query<{ poll: string }>(
    `update repair_polls set due_at = least(due_at, $3)
      where account_id = $1 and poll = any($2::text[]) and lease is null
     returning poll`,
    [accountId, polls, now],
  );
  return hurried.rows.map(({ poll }) => poll);
}

/** The questions of accounts as they stand. */
export async function readPolls(db: Queryable, accountIds: readonly string[]): Promise<readonly PollRow[]> {
  const found = await db.query<PollRow>(
    `select ${HELD}, p.due_at as "dueAt", p.lease is not null as "isRunning", p.finished_at as "finishedAt",
            p.last_pages as "lastPages", p.last_reports as "lastReports", p.code, p.reason
       from repair_polls p where p.account_id = any($1::text[]) order by p.account_id, p.poll`,
    [accountIds],
  );
  return found.rows;
}
