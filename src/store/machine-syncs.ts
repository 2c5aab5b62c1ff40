import type { Queryable } from './pool.ts';

/** The machines of an account that are to be read now, in the hands of a worker. */
export interface ClaimedSync {
  readonly account: string;
  readonly attempts: number;
}

/** Makes accounts of these platforms due that were never read; paused ones wait. Returns how many. */
export async function enrolMachineAccounts(db: Queryable, platforms: readonly string[], now: Date): Promise<number> {
  const added = await db.query(
    `insert into machine_syncs (account_id, due_at)
     select a.id, $2 from accounts a
      where a.platform = any($1) and a.deleted_at is null and a.mode <> 'paused'
        and not exists (select from machine_syncs s where s.account_id = a.id)
     on conflict (account_id) do nothing`,
    [platforms, now],
  );
  return added.rowCount ?? 0;
}

/** Takes accounts that are due, for the time of a lease. */
export async function claimMachineSyncs(
  db: Queryable,
  claim: { readonly now: Date; readonly leaseUntil: Date; readonly lease: string; readonly limit: number },
): Promise<readonly ClaimedSync[]> {
  const taken = await db.query<ClaimedSync>(
    `with due as (
       select s.account_id from machine_syncs s
         join accounts a on a.id = s.account_id and a.deleted_at is null and a.mode <> 'paused'
        where s.due_at <= $1
        order by s.due_at
        limit $4
          for update of s skip locked
     )
     update machine_syncs s set due_at = $2, lease = $3
       from due
      where s.account_id = due.account_id
     returning s.account_id as account, s.attempts`,
    [claim.now, claim.leaseUntil, claim.lease, claim.limit],
  );
  return taken.rows;
}

/** Ends a run under its lease; the next is due at `dueAt`. */
export async function endMachineSync(
  db: Queryable,
  accountId: string,
  lease: string,
  end: {
    readonly dueAt: Date;
    readonly attempts: number;
    /** null: it went wrong. */
    readonly doneAt: Date | null;
    readonly code: string | null;
    readonly reason: string | null;
  },
): Promise<void> {
  await db.query(
    `update machine_syncs
        set due_at = $3, attempts = $4, done_at = coalesce($5, done_at), code = $6, reason = $7, lease = null
      where account_id = $1 and lease = $2`,
    [accountId, lease, end.dueAt, end.attempts, end.doneAt, end.code, end.reason],
  );
}
