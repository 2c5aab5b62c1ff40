import type { Basis, MemberBucket } from '../core/commission/ledger.ts';
import { joinJson, unnestJson } from './bulk-params.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** One line of the ledger. */
export interface EntryRow {
  readonly id: string;
  readonly orderId: string | null;
  readonly ledger: string;
  readonly member: string | null;
  readonly bucket: MemberBucket | null;
  readonly amount: number;
  readonly takenBack: number;
  readonly cause: string;
  readonly at: Date;
}

/** Why the ledger of an order changed. */
export interface BookingRow {
  readonly orderId: string;
  readonly booking: number;
  readonly cause: string;
  readonly orderVersion: number;
  readonly basis: Basis;
  readonly at: Date;
}

/** The state to be kept of an order. */
export interface OrderCommissionWrite {
  readonly orderId: string;
  readonly claimedBy: string | null;
  readonly basis: Basis;
  readonly booking: number;
  readonly orderVersion: number;
  readonly confirmedAt: Date | null;
}

const writeStates = sql(
  'write_order_commissions',
  `insert into order_commissions (account_id, order_id, claimed_by, member_id, plan_id, booking, order_version, confirmed_at, updated_at, basis)
   select $1, unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), unnest($7::int[]),
          unnest($8::int[]), unnest($9::timestamptz[]), $10, ${unnestJson(2)}
   on conflict (account_id, order_id) do update
      set claimed_by = excluded.claimed_by, member_id = excluded.member_id, plan_id = excluded.plan_id,
          booking = excluded.booking, order_version = excluded.order_version, confirmed_at = excluded.confirmed_at,
          updated_at = excluded.updated_at, basis = excluded.basis`,
);

/** Keeps what the ledger holds of orders now. */
export async function writeOrderCommissions(
  tx: Queryable,
  accountId: string,
  rows: readonly OrderCommissionWrite[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    writeStates(
      accountId,
      joinJson(rows.map(({ basis }) => basis)),
      rows.map(({ orderId }) => orderId),
      rows.map(({ claimedBy }) => claimedBy),
      rows.map(({ basis }) => basis.people.self),
      rows.map(({ basis }) => basis.plan?.id ?? null),
      rows.map(({ booking }) => booking),
      rows.map(({ orderVersion }) => orderVersion),
      rows.map(({ confirmedAt }) => confirmedAt),
      now,
    ),
  );
}

const insertBookingsStatement = sql(
  'insert_commission_bookings',
  `insert into commission_bookings (account_id, order_id, booking, cause, order_version, at, basis)
   select $1, unnest($3::text[]), unnest($4::int[]), unnest($5::text[]), unnest($6::int[]), unnest($7::timestamptz[]),
          ${unnestJson(2)}`,
);

export async function insertBookings(tx: Queryable, accountId: string, rows: readonly BookingRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    insertBookingsStatement(
      accountId,
      joinJson(rows.map(({ basis }) => basis)),
      rows.map(({ orderId }) => orderId),
      rows.map(({ booking }) => booking),
      rows.map(({ cause }) => cause),
      rows.map(({ orderVersion }) => orderVersion),
      rows.map(({ at }) => at),
    ),
  );
}

const insertEntriesStatement = sql(
  'insert_commission_entries',
  `insert into commission_entries (account_id, id, order_id, ledger, member_id, bucket, amount, taken_back, cause, at)
   select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
          unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::text[]), unnest($10::timestamptz[])`,
);

// In key order, so that two transactions of one account (there is one at a time) and of none never lock in a circle.
const addBalances = sql(
  'add_commission_balances',
  `insert into commission_balances as b (account_id, member_id, estimated, confirmed, available, held, paid, taken_back)
   select $1, member_id,
          coalesce(sum(amount) filter (where bucket = 'estimated'), 0),
          coalesce(sum(amount) filter (where bucket = 'confirmed'), 0),
          coalesce(sum(amount) filter (where bucket = 'available'), 0),
          coalesce(sum(amount) filter (where bucket = 'held'), 0),
          coalesce(sum(amount) filter (where bucket = 'paid'), 0),
          sum(taken_back)
     from (select unnest($2::text[]) as member_id, unnest($3::text[]) as bucket, unnest($4::bigint[]) as amount,
                  unnest($5::bigint[]) as taken_back) e
    group by member_id
    order by member_id
   on conflict (account_id, member_id) do update
      set estimated = b.estimated + excluded.estimated, confirmed = b.confirmed + excluded.confirmed,
          available = b.available + excluded.available, held = b.held + excluded.held, paid = b.paid + excluded.paid,
          taken_back = b.taken_back + excluded.taken_back`,
);

/** Appends to the ledger and adds to the balances. `accountId` '' for what belongs to no order. */
export async function appendEntries(tx: Queryable, accountId: string, rows: readonly EntryRow[]): Promise<void> {
  if (rows.length === 0) return;
  const writing = tx.query(
    insertEntriesStatement(
      accountId,
      rows.map(({ id }) => id),
      rows.map(({ orderId }) => orderId),
      rows.map(({ ledger }) => ledger),
      rows.map(({ member }) => member),
      rows.map(({ bucket }) => bucket),
      rows.map(({ amount }) => amount),
      rows.map(({ takenBack }) => takenBack),
      rows.map(({ cause }) => cause),
      rows.map(({ at }) => at),
    ),
  );
  const own = rows.filter(({ member }) => member !== null);
  const adding =
    own.length === 0
      ? undefined
      : tx.query(
          addBalances(
            accountId,
            own.map(({ member }) => member),
            own.map(({ bucket }) => bucket),
            own.map(({ amount }) => amount),
            own.map(({ takenBack }) => takenBack),
          ),
        );
  await Promise.all([writing, adding]);
}
