import type { Queryable } from './pool.ts';

/** How much waits in the hub's queues. */
export interface QueueState {
  readonly deliveriesWaiting: number;
  readonly deliveryLagSeconds: number;
  readonly deliveriesBlocked: number;
  readonly callbacksHeld: number;
  readonly actionsQueued: number;
  readonly actionsSent: number;
  readonly actionsUnknown: number;
}

export async function readQueueState(db: Queryable): Promise<QueueState> {
  const found = await db.query<QueueState>(
    `select (select count(*) from delivery_heads where due_at is not null) as "deliveriesWaiting",
            (select greatest(0, extract(epoch from now() - min(due_at)))::float8
               from delivery_heads where due_at is not null) as "deliveryLagSeconds",
            (select count(*) from delivery_heads where blocked) as "deliveriesBlocked",
            (select count(*) from receipts where verdict = 'held') as "callbacksHeld",
            open.queued as "actionsQueued", open.sent as "actionsSent", open.unknown as "actionsUnknown"
       from (select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'sent') as sent,
                    count(*) filter (where state = 'unknown') as unknown
               from actions where state in ('queued', 'sent', 'unknown')) open`,
  );
  const [state] = found.rows;
  if (state === undefined) throw new Error('a query without a from clause gave no row');
  return { ...state, deliveryLagSeconds: state.deliveryLagSeconds ?? 0 };
}
