import type { Queryable } from './pool.ts';

/** Numbers about the whole hub that say nothing of anybody. */
export interface HubCounts {
  readonly accounts: number;
  /** From the planner's statistics once there are many: counting a million rows takes longer than a page may. */
  readonly orders: number;
  readonly isEstimate: boolean;
  readonly endpoints: number;
  readonly deliveriesWaiting: number;
  readonly callbacksHeld: number;
}

const COUNTED_EXACTLY = 20_000;

export async function readHubCounts(db: Queryable): Promise<HubCounts> {
  const found = await db.query<Omit<HubCounts, 'isEstimate'>>(
    `select (select count(*) from accounts where deleted_at is null) as accounts,
            (select case when few.n < $1 then few.n
                         else greatest(few.n, (select reltuples::bigint from pg_class where oid = 'orders'::regclass)) end
               from (select count(*) as n from (select from orders limit $1) o) few) as orders,
            (select count(*) from endpoints) as endpoints,
            (select count(*) from delivery_heads where due_at is not null) as "deliveriesWaiting",
            (select count(*) from receipts where verdict = 'held') as "callbacksHeld"`,
    [COUNTED_EXACTLY],
  );
  const [counts] = found.rows;
  if (counts === undefined) throw new Error('a query without a from clause gave no row');
  return { ...counts, isEstimate: counts.orders >= COUNTED_EXACTLY };
}
