import type { Basis } from '../core/commission/ledger.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

export interface BalanceRow {
  readonly estimated: number;
  readonly confirmed: number;
  readonly available: number;
  readonly paid: number;
  readonly takenBack: number;
}

const SUMS = ['estimated', 'confirmed', 'available', 'paid']
  .map((bucket) => `coalesce(sum(${bucket}), 0)::bigint as ${bucket}`)
  .join(', ');
const BALANCE = `${SUMS}, coalesce(sum(taken_back), 0)::bigint as "takenBack"`;

/** What a member has, over all accounts. */
export async function readBalance(db: Queryable, member: string): Promise<BalanceRow> {
  const found = await db.query<BalanceRow>(
    sql('read_commission_balance', `select ${BALANCE} from commission_balances where member_id = $1`)(member),
  );
  return found.rows[0] ?? { estimated: 0, confirmed: 0, available: 0, paid: 0, takenBack: 0 };
}

/** Balances of members by id, those after `afterId`; members without any movement too. */
export async function listBalances(
  db: Queryable,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly (BalanceRow & { readonly member: string; readonly name: string | null })[]> {
  const found = await db.query<BalanceRow & { member: string; name: string | null }>(
    `select m.id as member, m.name, b.*
       from (select id, name from members where $1::text is null or id > $1 order by id limit $2) m
      cross join lateral (select ${BALANCE} from commission_balances where member_id = m.id) b
      order by m.id`,
    [page.afterId, page.limit],
  );
  return found.rows;
}

export interface EntryListRow {
  readonly account: string;
  readonly id: string;
  readonly order: string | null;
  readonly ledger: string;
  readonly amount: number;
  readonly cause: string;
  readonly at: Date;
}

const ENTRY = 'account_id as account, id, order_id as "order", ledger, amount, cause, at';

/** Entries in the order of their writing within an order; over all orders by account and order. */
export async function listEntries(
  db: Queryable,
  filter: { readonly order: string | null; readonly accounts: readonly string[] | null },
  page: { readonly after: { readonly account: string; readonly id: string } | null; readonly limit: number },
): Promise<readonly EntryListRow[]> {
  const values: unknown[] = [page.after?.account ?? null, page.after?.id ?? null, page.limit];
  const conditions = ['($1::text is null or (account_id, id) > ($1, $2))'];
  if (filter.accounts !== null) conditions.push(`account_id = any($${values.push(filter.accounts)}::text[])`);
  if (filter.order !== null) {
    const order = `$${values.push(filter.order)}`;
    // The accounts first: that is how the indices begin. An order is named by its id or by any number of it.
    conditions.push(
      'account_id = any(array(select id from accounts))',
      `order_id = any(array(
         select ${order} union
         select n.order_id from accounts a join order_aliases n on n.account_id = a.id
          where n.kind in ('platform', 'display', 'merchant', 'payment') and n.value = ${order}))`,
    );
  }
  const found = await db.query<EntryListRow>(
    `select ${ENTRY} from commission_entries where ${conditions.join(' and ')} order by account_id, id limit $3`,
    values,
  );
  return found.rows;
}

/** Movements of a member, summed by day (Asia/Shanghai) or by order. */
export interface StatementRow extends BalanceRow {
  readonly key: string;
  readonly account: string | null;
  readonly platformOrderId: string | null;
}

const MOVED = ['estimated', 'confirmed', 'available', 'paid']
  .map((bucket) => `coalesce(sum(amount) filter (where bucket = '${bucket}'), 0)::bigint as ${bucket}`)
  .join(', ');
const MOVEMENTS = `${MOVED}, sum(taken_back)::bigint as "takenBack"`;

/** By day, the youngest first, those before `before`. */
export async function statementByDay(
  db: Queryable,
  member: string,
  range: { readonly from: Date | null; readonly to: Date | null },
  page: { readonly before: string | null; readonly limit: number },
): Promise<readonly StatementRow[]> {
  const found = await db.query<StatementRow>(
    // Days as dates within, as text only for the few that are shown: as text throughout it took twice as long.
    `select to_char(e.day, 'YYYY-MM-DD') as key, null as account, null as "platformOrderId", e.estimated, e.confirmed,
            e.available, e.paid, e."takenBack"
       from (select (at at time zone 'Asia/Shanghai')::date as day, ${MOVEMENTS}
               from commission_entries
              where member_id = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
                and ($4::date is null or at < ($4::date)::timestamp at time zone 'Asia/Shanghai')
              group by 1 order by 1 desc limit $5) e
      order by e.day desc`,
    [member, range.from, range.to, page.before, page.limit],
  );
  return found.rows;
}

/** By order, the youngest first, those before `before`; what belongs to no order stands at the end under ''. */
export async function statementByOrder(
  db: Queryable,
  member: string,
  range: { readonly from: Date | null; readonly to: Date | null },
  page: { readonly before: string | null; readonly limit: number },
): Promise<readonly StatementRow[]> {
  const found = await db.query<StatementRow>(
    `select e.key, e.account, o.platform_order_id as "platformOrderId", e.estimated, e.confirmed, e.available, e.paid,
            e."takenBack"
       from (select coalesce(order_id, '') as key, min(account_id) as account, ${MOVEMENTS}
               from commission_entries
              where member_id = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
                and ($4::text is null or coalesce(order_id, '') < $4)
              group by 1 order by 1 desc limit $5) e
       left join orders o on o.account_id = e.account and o.id = e.key
      order by e.key desc`,
    [member, range.from, range.to, page.before, page.limit],
  );
  return found.rows;
}

export interface BookingListRow {
  readonly booking: number;
  readonly cause: string;
  readonly orderVersion: number;
  readonly basis: Basis;
  readonly at: Date;
}

export async function listBookings(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<readonly BookingListRow[]> {
  const found = await db.query<BookingListRow>(
    `select booking, cause, order_version as "orderVersion", basis, at from commission_bookings
      where account_id = $1 and order_id = $2 order by booking`,
    [accountId, orderId],
  );
  return found.rows;
}

export interface WaitingOrderRow {
  readonly account: string;
  readonly order: string;
  readonly platformOrderId: string | null;
  readonly sid: string | null;
  readonly member: string | null;
}

/** Promoted orders whose sid is no member's, the youngest first. */
export async function listUnattributed(
  db: Queryable,
  accounts: readonly string[] | null,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly WaitingOrderRow[]> {
  const found = await db.query<WaitingOrderRow>(
    `select o.* from accounts a cross join lateral (
        select account_id as account, id as "order", platform_order_id as "platformOrderId", sid, member
          from orders
         where account_id = a.id and kind = 'cps' and sid is not null and member is null and merged_into is null
           and ($2::text is null or id < $2)
         order by id desc limit $3) o
      where ($1::text[] is null or a.id = any($1))
        and exists (select from account_kinds k where k.account_id = a.id and k.kind = 'cps')
      order by o."order" desc limit $3`,
    [accounts, page.beforeId, page.limit],
  );
  return found.rows;
}

/** Orders of members for which no plan holds, the youngest first. */
export async function listUnplanned(
  db: Queryable,
  accounts: readonly string[] | null,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly WaitingOrderRow[]> {
  const found = await db.query<WaitingOrderRow>(
    `select c.* from accounts a cross join lateral (
        select c.account_id as account, c.order_id as "order", o.platform_order_id as "platformOrderId", o.sid, o.member
          from order_commissions c join orders o on o.account_id = c.account_id and o.id = c.order_id
         where c.account_id = a.id and c.plan_id is null and c.member_id is not null
           and ($2::text is null or c.order_id < $2)
         order by c.order_id desc limit $3) c
      where $1::text[] is null or a.id = any($1)
      order by c."order" desc limit $3`,
    [accounts, page.beforeId, page.limit],
  );
  return found.rows;
}
