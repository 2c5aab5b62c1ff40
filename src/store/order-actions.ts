import type { ActionRow } from './actions.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** An action as far as the life of its order depends on it. */
export type ActionOfOrder = Pick<
  ActionRow,
  'id' | 'action' | 'cause' | 'number' | 'state' | 'params' | 'code' | 'dueAt' | 'createdAt' | 'sentAt' | 'finishedAt'
>;

/** All actions of an order, the oldest first. */
export async function readActionsOfOrder(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<readonly ActionOfOrder[]> {
  const found = await db.query<ActionOfOrder>(
    sql(
      'read_actions_of_order',
      `select id, action, cause, number, state, params, code, due_at as "dueAt", created_at as "createdAt",
              sent_at as "sentAt", finished_at as "finishedAt"
         from actions where account_id = $1 and order_id = $2
        order by created_at, id`,
    )(accountId, orderId),
  );
  return found.rows;
}
