import { actionColumns } from './actions.ts';
import type { ActionRow } from './actions.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/**
 * Ends an action that is still open. `evenUnderWay`: whoever works on it, the lease is taken away, so what a worker hears
 * later is not written; otherwise one in a worker's hands is left alone. False when nothing was ended.
 */
export async function endOpenAction(
  tx: Queryable,
  key: Pick<ActionRow, 'account' | 'id'>,
  end: { readonly state: 'succeeded' | 'failed'; readonly code: string; readonly reason: string },
  now: Date,
  evenUnderWay: boolean,
): Promise<boolean> {
  const ended = await tx.query(
    `update actions
        set state = $3, code = $4, reason = $5, due_at = null, lease = null, finished_at = $6, updated_at = $6
      where account_id = $1 and id = $2 and state in ('queued', 'sent', 'unknown')
        and ($7 or lease is null or due_at <= $6)`,
    [key.account, key.id, end.state, end.code, end.reason, now, evenUnderWay],
  );
  return ended.rowCount === 1;
}

/** Actions of an order that are not over. */
export async function readOpenActions(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<readonly ActionRow[]> {
  const found = await db.query<ActionRow>(
    sql(
      'read_open_actions',
      `select ${actionColumns('a')} from actions a
        where account_id = $1 and order_id = $2 and state in ('queued', 'sent', 'unknown')
        order by id`,
    )(accountId, orderId),
  );
  return found.rows;
}

/**
 * Sets a clock for each of the orders that has an open action of these names, in the orders' own transaction: whether the
 * order shows by now what was wanted is looked at right after. Mostly there is none, and nothing is written.
 */
export async function clockOpenActions(
  tx: Queryable,
  accountId: string,
  orderIds: readonly string[],
  actions: readonly string[],
  clock: { readonly kind: string; readonly now: Date },
): Promise<void> {
  await tx.query(
    sql(
      'clock_open_actions',
      `insert into order_clocks (account_id, order_id, kind, due_at, created_at)
       select distinct $1, order_id, $4::text, $5::timestamptz, $5::timestamptz
         from actions
        where account_id = $1 and order_id = any($2::text[]) and action = any($3::text[])
          and state in ('queued', 'sent', 'unknown')
       on conflict (account_id, order_id, kind) do update
          set due_at = least(order_clocks.due_at, excluded.due_at), set_count = order_clocks.set_count + 1,
              attempts = 0, reason = null`,
    )(accountId, orderIds, actions, clock.kind, clock.now),
  );
}
