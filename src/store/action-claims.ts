import { actionColumns } from './actions.ts';
import type { ActionRow } from './actions.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** Takes actions that are due, for the time of a lease: until then no other process finds them. */
export async function claimActions(
  db: Queryable,
  claim: {
    readonly now: Date;
    readonly leaseUntil: Date;
    readonly lease: string;
    readonly limit: number;
    readonly accountLimit: number;
    /** Accounts and orders that this process has enough of in hand. */
    readonly busyAccounts: readonly string[];
    readonly busyOrders: readonly string[];
  },
): Promise<readonly ActionRow[]> {
  // Account by account, so that one with a flood of actions cannot hide the others.
  const found = await db.query<ActionRow>(
    sql(
      'claim_actions',
      `with due as materialized (
         select d.account_id, d.id
           from account_clocks c
          cross join lateral (
            select account_id, id from actions
             where account_id = c.account_id and due_at <= $1 and order_id <> all($7::text[])
             order by due_at, id
             limit $5
               for update skip locked) d
          where c.account_id <> all($6::text[])
          limit $4
       )
       update actions a set due_at = $2, lease = $3
         from due d
        where a.account_id = d.account_id and a.id = d.id
       returning ${actionColumns('a')}`,
    )(claim.now, claim.leaseUntil, claim.lease, claim.limit, claim.accountLimit, claim.busyAccounts, claim.busyOrders),
  );
  return found.rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Puts off the end of a lease, for the actions that still have it. */
export async function renewActions(
  db: Queryable,
  keys: readonly Pick<ActionRow, 'account' | 'id'>[],
  lease: string,
  until: Date,
): Promise<void> {
  await db.query(
    sql(
      'renew_actions',
      `update actions a set due_at = $4
         from unnest($1::text[], $2::text[]) k (account_id, id)
        where a.account_id = k.account_id and a.id = k.id and a.lease = $3`,
    )(
      keys.map(({ account }) => account),
      keys.map(({ id }) => id),
      lease,
      until,
    ),
  );
}
