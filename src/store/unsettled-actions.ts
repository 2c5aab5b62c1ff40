import type { ActionState } from './actions.ts';
import type { Queryable } from './pool.ts';

/** An action of which nobody knows yet what became of it. */
export interface UnsettledAction {
  readonly id: string;
  readonly orderId: string;
  readonly action: string;
  readonly state: ActionState;
  /** `overdue`: it is late, and the order goes on without it. */
  readonly code: string | null;
  /** When the hub goes on with it; null: never. */
  readonly dueAt: Date | null;
}

/** Actions of these orders of an account that were sent and whose outcome is not known, the oldest first. */
export async function readUnsettledActions(
  db: Queryable,
  accountId: string,
  orderIds: readonly string[],
): Promise<readonly UnsettledAction[]> {
  const found = await db.query<UnsettledAction>(
    `select id, order_id as "orderId", action, state, code, due_at as "dueAt"
       from actions
      where account_id = $1 and order_id = any($2::text[]) and state in ('sent', 'unknown')
      order by created_at, id`,
    [accountId, orderIds],
  );
  return found.rows;
}
