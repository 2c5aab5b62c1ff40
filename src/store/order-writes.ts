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
const upsertOrdersStatement = sql(
  'upsert_orders',
  `insert into orders (account_id, ${NAMES.join(', ')})
   select $1, ${NAMES.map(selected).join(', ')}
     from (select ${ARRAYS.map(([name, type], index) => `unnest($${index + 5}::${type}[]) as ${name}`).join(', ')},
                  ${unnestJson(2)} as lines, generate_series(1, cardinality($5)) as nth) r
     join ${bytesRows(3, 4)} b on b.nth = r.nth
   on conflict (account_id, id) do update
      set ${NAMES.filter((name) => !KEPT_ON_UPDATE.has(name))
        .map((name) => `${name} = excluded.${name}`)
        .join(', ')}`,
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
  };
}
