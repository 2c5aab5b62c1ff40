import type { Queryable } from './pool.ts';

export interface PayoutRow {
  readonly id: string;
  readonly kind: 'batch' | 'withdrawal';
  readonly state: 'open' | 'done';
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly members: number;
  readonly amount: number;
  readonly held: number;
  readonly paid: number;
  readonly failed: number;
}

export interface PayoutItemRow {
  readonly member: string;
  readonly name: string | null;
  readonly amount: number;
  readonly state: 'held' | 'paid' | 'failed';
  readonly reason: string | null;
  readonly updatedAt: Date;
}

const PAYOUT = `p.id, p.kind, p.state, p.created_at as "createdAt", p.updated_at as "updatedAt",
  count(i.member_id)::int as members, coalesce(sum(i.amount), 0)::bigint as amount,
  coalesce(sum(i.amount) filter (where i.state = 'held'), 0)::bigint as held,
  coalesce(sum(i.amount) filter (where i.state = 'paid'), 0)::bigint as paid,
  coalesce(sum(i.amount) filter (where i.state = 'failed'), 0)::bigint as failed`;

export async function readPayout(db: Queryable, id: string): Promise<PayoutRow | undefined> {
  const found = await db.query<PayoutRow>(
    `select ${PAYOUT} from commission_payouts p left join commission_payout_items i on i.payout_id = p.id
      where p.id = $1 group by p.id`,
    [id],
  );
  return found.rows[0];
}

/** The youngest first, those before `beforeId`. */
export async function listPayouts(
  db: Queryable,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly PayoutRow[]> {
  const found = await db.query<PayoutRow>(
    `select ${PAYOUT}
       from (select * from commission_payouts where $1::text is null or id < $1 order by id desc limit $2) p
       left join commission_payout_items i on i.payout_id = p.id
      group by p.id, p.kind, p.state, p.created_at, p.updated_at order by p.id desc`,
    [page.beforeId, page.limit],
  );
  return found.rows;
}

/** Holds a payout to the end of the transaction. */
export async function lockPayout(tx: Queryable, id: string): Promise<boolean> {
  const locked = await tx.query('select from commission_payouts where id = $1 for update', [id]);
  return locked.rowCount === 1;
}

export async function insertPayout(
  tx: Queryable,
  payout: {
    readonly id: string;
    readonly kind: PayoutRow['kind'];
    readonly state: PayoutRow['state'];
    readonly at: Date;
  },
): Promise<void> {
  await tx.query(
    'insert into commission_payouts (id, kind, state, created_at, updated_at) values ($1, $2, $3, $4, $4)',
    [payout.id, payout.kind, payout.state, payout.at],
  );
}

export async function insertPayoutItems(
  tx: Queryable,
  payoutId: string,
  items: readonly { readonly member: string; readonly amount: number }[],
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into commission_payout_items (payout_id, member_id, amount, state, updated_at)
     select $1, unnest($2::text[]), unnest($3::bigint[]), 'held', $4`,
    [payoutId, items.map(({ member }) => member), items.map(({ amount }) => amount), at],
  );
}

/** Items of a payout by member, those after `afterMember`. */
export async function listPayoutItems(
  db: Queryable,
  payoutId: string,
  page: { readonly afterMember: string | null; readonly limit: number | null },
): Promise<readonly PayoutItemRow[]> {
  const found = await db.query<PayoutItemRow>(
    `select i.member_id as member, m.name, i.amount, i.state, i.reason, i.updated_at as "updatedAt"
       from commission_payout_items i join members m on m.id = i.member_id
      where i.payout_id = $1 and ($2::text is null or i.member_id > $2)
      order by i.member_id limit $3`,
    [payoutId, page.afterMember, page.limit],
  );
  return found.rows;
}

/** Settles items that are held; `members` null: all of them. Returns those that were. */
export async function settleItems(
  tx: Queryable,
  payoutId: string,
  outcome: {
    readonly state: 'paid' | 'failed';
    readonly reason: string | null;
    readonly members: readonly string[] | null;
  },
  at: Date,
): Promise<readonly { readonly member: string; readonly amount: number }[]> {
  const settled = await tx.query<{ member: string; amount: number }>(
    `update commission_payout_items set state = $2, reason = $3, updated_at = $5
      where payout_id = $1 and state = 'held' and ($4::text[] is null or member_id = any($4))
     returning member_id as member, amount`,
    [payoutId, outcome.state, outcome.reason, outcome.members, at],
  );
  await tx.query(
    `update commission_payouts p set updated_at = $2,
            state = case when exists (select from commission_payout_items i where i.payout_id = p.id and i.state = 'held')
                         then 'open' else 'done' end
      where id = $1`,
    [payoutId, at],
  );
  return settled.rows.toSorted((a, b) => (a.member < b.member ? -1 : 1));
}

/**
 * Members with something to pay out, locked in the order of their ids: two batches at once pay one after the other. The
 * amounts are read behind the locks.
 */
export async function lockPayableMembers(
  tx: Queryable,
  members: readonly string[] | null,
  least: number,
): Promise<readonly { readonly member: string; readonly amount: number }[]> {
  const found = await tx.query<{ id: string }>(
    `select m.id from members m
      where ($1::text[] is null or m.id = any($1))
        and m.id in (select member_id from commission_balances group by member_id having sum(available) >= $2)
      order by m.id for update of m`,
    [members, least],
  );
  if (found.rows.length === 0) return [];
  const sums = await tx.query<{ member: string; amount: number }>(
    `select member_id as member, sum(available)::bigint as amount from commission_balances
      where member_id = any($1::text[]) group by member_id having sum(available) >= $2 order by member_id`,
    [found.rows.map(({ id }) => id), least],
  );
  return sums.rows;
}
