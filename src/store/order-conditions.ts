import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

/** What a look at an order found that no rule can finish. */
export interface OrderCondition {
  readonly name: string;
  readonly detail: Readonly<Record<string, Json>>;
}

export interface RaisedCondition extends OrderCondition {
  readonly account: string;
  readonly orderId: string;
  readonly raisedAt: Date;
}

/** The conditions of one order, by name. */
export async function readConditionsOfOrder(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<readonly RaisedCondition[]> {
  const found = await db.query<RaisedCondition>(
    `select account_id as account, order_id as "orderId", name, detail, raised_at as "raisedAt"
       from order_conditions where account_id = $1 and order_id = $2 order by name`,
    [accountId, orderId],
  );
  return found.rows;
}

/** Replaces the conditions of an order: what is still there keeps its time, what is gone goes. */
export async function writeConditions(
  tx: Queryable,
  accountId: string,
  orderId: string,
  conditions: readonly OrderCondition[],
  now: Date,
): Promise<void> {
  const names = conditions.map(({ name }) => name);
  await tx.query(
    'delete from order_conditions where account_id = $1 and order_id = $2 and not (name = any($3::text[]))',
    [accountId, orderId, names],
  );
  if (names.length === 0) return;
  const details = conditions.map(({ detail }) => JSON.stringify(detail));
  await tx.query(
    `insert into order_conditions (account_id, order_id, name, detail, raised_at)
     select $1, $2, unnest($3::text[]), unnest($4::jsonb[]), $5
     on conflict (account_id, order_id, name) do update set detail = excluded.detail`,
    [accountId, orderId, names, details, now],
  );
}
