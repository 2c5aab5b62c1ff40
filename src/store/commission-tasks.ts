import { ORDER_COLUMNS, toStoredOrder } from './orders.ts';
import type { OrderSqlRow, StoredOrder } from './orders.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** Orders of an account that are yet to be looked at again. */
export interface CommissionTask {
  readonly account: string;
  /** '': all promoted orders. */
  readonly sid: string;
  readonly cause: string;
  readonly afterId: string;
}

/**
 * Asks for orders to be looked at again, in every account. Written in the transaction of what they are to see: whoever
 * applies facts before that commits holds the account's clock, for which the task then waits.
 */
export async function addCommissionTasks(
  tx: Queryable,
  sids: readonly string[],
  cause: string,
  now: Date,
  account: string | null = null,
): Promise<void> {
  if (sids.length === 0) return;
  await tx.query(
    `insert into commission_tasks (account_id, sid, cause, due_at, created_at)
     select a.id, s.sid, $2, $3, $3 from accounts a cross join unnest($1::text[]) as s (sid)
      where $4::text is null or a.id = $4
     on conflict (account_id, sid, cause) do update set due_at = excluded.due_at, after_id = ''`,
    [sids, cause, now, account],
  );
}

/** Takes one task that is due, for the time of a lease. */
export async function claimCommissionTask(
  db: Queryable,
  now: Date,
  leaseUntil: Date,
): Promise<CommissionTask | undefined> {
  const found = await db.query<CommissionTask>(
    `update commission_tasks t set due_at = $2
       from (select account_id, sid, cause from commission_tasks where due_at <= $1 order by due_at limit 1
                for update skip locked) due
      where t.account_id = due.account_id and t.sid = due.sid and t.cause = due.cause
     returning t.account_id as account, t.sid, t.cause, t.after_id as "afterId"`,
    [now, leaseUntil],
  );
  return found.rows[0];
}

/** Notes how far a task has come; `dueAt` null: to the end, and it is gone. */
export async function moveCommissionTask(tx: Queryable, task: CommissionTask, dueAt: Date | null): Promise<void> {
  const key = [task.account, task.sid, task.cause];
  if (dueAt === null) {
    await tx.query('delete from commission_tasks where account_id = $1 and sid = $2 and cause = $3', key);
    return;
  }
  await tx.query(
    'update commission_tasks set after_id = $4, due_at = $5 where account_id = $1 and sid = $2 and cause = $3',
    [...key, task.afterId, dueAt],
  );
}

/** Promoted orders of an account by age, after an id; `sid` '': of any. */
export async function readPromotedOrders(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  sid: string,
  afterId: string,
  limit: number,
): Promise<readonly StoredOrder[]> {
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS} from orders
      where account_id = $1 and id > $2 and kind = 'cps' ${sid === '' ? '' : 'and sid = $4'}
      order by id limit $3`,
    [accountId, afterId, limit, ...(sid === '' ? [] : [sid])],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}

/** Orders of an account by their ids. */
export async function readOrdersById(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  ids: readonly string[],
): Promise<readonly StoredOrder[]> {
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS} from orders where account_id = $1 and id = any($2::text[]) order by id`,
    [accountId, ids],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}
