import { ORDER_COLUMNS, toStoredOrder } from './orders.ts';
import type { OrderSqlRow, StoredOrder } from './orders.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** Orders of a store that are yet to be told of its shop. */
export interface RelabelTask {
  readonly account: string;
  readonly store: string;
  /** The last order that was looked at. */
  readonly afterId: string;
  readonly done: number;
  readonly total: number;
}

/** Begins to go over the orders of a store, from the first on; also where it was under way already. */
export async function startRelabelling(tx: Queryable, accountId: string, store: string, now: Date): Promise<number> {
  const started = await tx.query<{ total: number }>(
    `insert into relabel_tasks (account_id, store, total, due_at, started_at, updated_at)
     select $1, $2, (select count(*) from orders where account_id = $1 and store = $2), $3, $3, $3
     on conflict (account_id, store) do update
        set after_id = '', done = 0, total = excluded.total, due_at = excluded.due_at, started_at = excluded.started_at,
            updated_at = excluded.updated_at
     returning total`,
    [accountId, store, now],
  );
  return started.rows[0]?.total ?? 0;
}

/** Takes one task that is due, for the time of a lease. */
export async function claimRelabelTask(db: Queryable, now: Date, leaseUntil: Date): Promise<RelabelTask | undefined> {
  const found = await db.query<RelabelTask>(
    `update relabel_tasks t set due_at = $2
       from (select account_id, store from relabel_tasks where due_at <= $1 order by due_at limit 1
                for update skip locked) due
      where t.account_id = due.account_id and t.store = due.store
     returning t.account_id as account, t.store, t.after_id as "afterId", t.done, t.total`,
    [now, leaseUntil],
  );
  return found.rows[0];
}

/** Locks the task as it is now; `undefined` when it began anew or is done. */
export async function lockRelabelTask(tx: Queryable, task: RelabelTask): Promise<RelabelTask | undefined> {
  const found = await tx.query<RelabelTask>(
    `select account_id as account, store, after_id as "afterId", done, total
       from relabel_tasks
      where account_id = $1 and store = $2 and after_id = $3 and due_at is not null
        for update`,
    [task.account, task.store, task.afterId],
  );
  return found.rows[0];
}

/** Notes how far it has come; `dueAt` null: to the end. */
export async function moveRelabelTask(tx: Queryable, task: RelabelTask, dueAt: Date | null, now: Date): Promise<void> {
  await tx.query(
    `update relabel_tasks set after_id = $3, done = $4, due_at = $5, updated_at = $6 where account_id = $1 and store = $2`,
    [task.account, task.store, task.afterId, task.done, dueAt, now],
  );
}

/** Orders of a store by age, after an id. */
export async function readOrdersOfStore(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  store: string,
  afterId: string,
  limit: number,
): Promise<readonly StoredOrder[]> {
  const found = await db.query<OrderSqlRow>(
    `select ${ORDER_COLUMNS} from orders where account_id = $1 and store = $2 and id > $3 order by id limit $4`,
    [accountId, store, afterId, limit],
  );
  return found.rows.map((row) => toStoredOrder(sealer, row));
}
