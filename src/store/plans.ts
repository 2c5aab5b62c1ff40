import type { Plan } from '../core/commission/plan.ts';
import type { Queryable } from './pool.ts';

/** A version of a plan and when it was written. */
export interface PlanRow extends Plan {
  readonly createdAt: Date;
}

/** Plans are written one after the other, so that none slips past the look for overlaps. */
export async function lockPlans(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('commission plans'))`);
}

/** Every version of every plan, in the order of their writing. */
export async function readPlans(db: Queryable): Promise<readonly PlanRow[]> {
  const found = await db.query<PlanRow>(
    `select id, name, version, account_id as account, business_line as "businessLine", act_id as "actId",
            (extract(epoch from from_at) * 1000)::bigint as "fromMs", shares, created_at as "createdAt"
       from commission_plans order by id`,
  );
  return found.rows;
}

export async function insertPlan(tx: Queryable, plan: PlanRow): Promise<void> {
  await tx.query(
    `insert into commission_plans (id, name, version, account_id, business_line, act_id, from_at, shares, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      plan.id,
      plan.name,
      plan.version,
      plan.account,
      plan.businessLine,
      plan.actId,
      plan.fromMs === null ? null : new Date(plan.fromMs),
      JSON.stringify(plan.shares),
      plan.createdAt,
    ],
  );
}
