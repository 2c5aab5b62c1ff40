import type { Lines } from '../core/fact.ts';
import { customerPhone } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { bytesRows, joinBytes, joinJson, unnestJson } from './bulk-params.ts';
import { splitLines } from './orders.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** An order to be written: what it shows and the lines that this follows from. */
export interface OrderWrite {
  readonly json: OrderJson;
  readonly lines: Lines;
  readonly createdAt: Date;
}

const COLUMNS = [
  ['id', 'text'],
  ['platform', 'text'],
  ['kind', 'text'],
  ['status', 'text'],
  ['payment', 'text'],
  ['fulfilment', 'text'],
  ['lifecycle', 'text'],
  ['settlement', 'text'],
  ['flags', 'text'],
  ['platform_order_id', 'text'],
  ['display_id', 'text'],
  ['merchant_order_id', 'text'],
  ['merchant', 'text'],
  ['shop', 'text'],
  ['store', 'text'],
  ['parent', 'text'],
  ['sid', 'text'],
  ['member', 'text'],
  ['day_sequence', 'int'],
  ['phone_hash', 'bytea'],
  ['phone_tail_hash', 'bytea'],
  ['placed_at', 'timestamptz'],
  ['paid_at', 'timestamptz'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
  ['version', 'int'],
  ['merged_into', 'text'],
  ['paid_fen', 'bigint'],
  ['refunded_fen', 'bigint'],
  ['commission_fen', 'bigint'],
  ['lines', 'json'],
  ['sealed_personal', 'bytea'],
] as const;

const NAMES = COLUMNS.map(([name]) => name);
const KEPT_ON_UPDATE = new Set(['id', 'platform', 'kind', 'created_at']);

// Arrays of equal length come apart side by side. `flags` travels as one text, since an array of arrays of unequal
// length is no PostgreSQL array; `lines` and `sealed_personal` as `bulk-params.ts` has it.
const ARRAYS = COLUMNS.filter(([name]) => name !== 'lines' && name !== 'sealed_personal');
const selected = (name: string): string => {
  if (name === 'flags') return `coalesce(string_to_array(nullif(r.flags, ''), ' '), '{}')`;
  return name === 'sealed_personal' ? 'b.bytes' : `r.${name}`;
};

/** What a row adds to its day in `order_days`; folded orders and legs of another one count nowhere. */
const SHARE = `(coalesce(o.placed_at, o.created_at) at time zone 'Asia/Shanghai')::date as day,
             coalesce(o.merchant, '') as merchant, coalesce(o.shop, '') as shop, 1 as orders,
             coalesce(o.paid_fen, 0) as paid, coalesce(o.refunded_fen, 0) as refunded,
             coalesce(o.commission_fen, 0) as commission`;
const COUNTS = 'o.merged_into is null and o.parent is null';

// One statement, so that the sums of the days cost no round trip. All its parts see the rows as they were before it, and
// the account's clock keeps other writers out, so `before` is what the new rows take the place of. Most changes move no
// sum, and then no row of `order_days` is touched. `offset 0` keeps the conditions apart from finding a row by its key:
// stated together they fit a partial index, and a young table was read whole for each order (see the first migration).
const upsertOrdersStatement = sql(
  'upsert_orders',
  `with given as materialized (
     select ${NAMES.map((name) => `${selected(name)} as ${name}`).join(', ')}
       from (select ${ARRAYS.map(([name, type], index) => `unnest($${index + 5}::${type}[]) as ${name}`).join(', ')},
                    ${unnestJson(2)} as lines, generate_series(1, cardinality($5)) as nth) r
       join ${bytesRows(3, 4)} b on b.nth = r.nth
   ), written as (
     insert into orders (account_id, ${NAMES.join(', ')})
     select $1, ${NAMES.join(', ')} from given
     on conflict (account_id, id) do update
        set ${NAMES.filter((name) => !KEPT_ON_UPDATE.has(name))
          .map((name) => `${name} = excluded.${name}`)
          .join(', ')}
   ), known as (
     insert into account_kinds (account_id, kind) select distinct $1, kind from given on conflict do nothing
   ), moved as (
     select day, merchant, shop, sum(orders) as orders, sum(paid) as paid, sum(refunded) as refunded,
            sum(commission) as commission
       from (select ${SHARE} from given o where ${COUNTS}
             union all
             select was.day, was.merchant, was.shop, -was.orders, -was.paid, -was.refunded, -was.commission
               from (select ${SHARE}
                       from given g
                      cross join lateral (
                        select * from orders o where o.account_id = $1 and o.id = g.id offset 0) o
                      where ${COUNTS}) was) shares
      group by day, merchant, shop
     having sum(orders) <> 0 or sum(paid) <> 0 or sum(refunded) <> 0 or sum(commission) <> 0
   )
   insert into order_days as d (account_id, day, merchant, shop, orders, paid_fen, refunded_fen, commission_fen)
   select $1, day, merchant, shop, orders, paid, refunded, commission from moved
   on conflict (account_id, day, merchant, shop) do update
      set orders = d.orders + excluded.orders, paid_fen = d.paid_fen + excluded.paid_fen,
          refunded_fen = d.refunded_fen + excluded.refunded_fen,
          commission_fen = d.commission_fen + excluded.commission_fen`,
);

const digitsOf = (phone: string): string => phone.replaceAll(/\D/gu, '');

/** The searchable hashes of a phone number: of all its digits, and of the last four of its main part. */
export function phoneHashes(
  sealer: Sealer,
  phone: string | null,
): { readonly whole: Buffer | null; readonly tail: Buffer | null } {
  const main = digitsOf((phone ?? '').split(/[_,]/u)[0] ?? '');
  if (main.length < 4) return { whole: null, tail: null };
  return { whole: sealer.hash(`phone ${main}`), tail: sealer.hash(`phone tail ${main.slice(-4)}`) };
}

/** Inserts or replaces orders of one account in one statement. */
export async function upsertOrders(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  orders: readonly OrderWrite[],
): Promise<void> {
  if (orders.length === 0) return;
  const split = orders.map((order) => splitLines(sealer, order.lines));
  const rows = orders.map((order) => toColumns(sealer, order));
  const sealed = joinBytes(split.map((lines) => lines.sealed));
  await db.query(
    upsertOrdersStatement(
      accountId,
      joinJson(split.map((lines) => lines.open)),
      sealed.bytes,
      sealed.lengths,
      ...ARRAYS.map(([name]) => rows.map((row) => row[name as keyof OrderColumns])),
    ),
  );
}

type OrderColumns = Record<Exclude<(typeof NAMES)[number], 'lines' | 'sealed_personal'>, unknown>;

function toColumns(sealer: Sealer, { json, lines, createdAt }: OrderWrite): OrderColumns {
  const phone = phoneHashes(sealer, customerPhone(lines));
  return {
    id: json.id,
    platform: json.platform,
    kind: json.kind,
    status: json.status,
    payment: json.payment,
    fulfilment: json.fulfilment,
    lifecycle: json.lifecycle,
    settlement: json.settlement,
    flags: json.flags.join(' '),
    platform_order_id: json.platformOrderId,
    display_id: json.displayId,
    merchant_order_id: json.merchantOrderId,
    merchant: json.merchant,
    shop: json.shop,
    store: json.store,
    parent: json.parent,
    sid: json.attribution?.sid ?? null,
    member: json.attribution?.member ?? null,
    day_sequence: json.takeaway?.daySequence ?? null,
    phone_hash: phone.whole,
    phone_tail_hash: phone.tail,
    placed_at: json.placedAt,
    paid_at: json.paidAt,
    created_at: createdAt.toISOString(),
    updated_at: json.updatedAt,
    version: json.version,
    merged_into: json.mergedInto,
    paid_fen: json.amounts.paid,
    refunded_fen: json.amounts.refunded,
    commission_fen: json.amounts.commission,
  };
}
