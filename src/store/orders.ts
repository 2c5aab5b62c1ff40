import type { Alias, AliasKind, Cell, Line, Lines, OrderKind } from '../core/fact.ts';
import { PERSONAL_REGISTERS } from '../core/registers.ts';
import type { RegisterName } from '../core/registers.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderHead, OrderJson } from '../core/order-json.ts';
import { compactLines, expandLines } from './compact-lines.ts';
import type { CompactLines } from './compact-lines.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** An order as the applying transaction holds it. */
export interface StoredOrder {
  readonly head: OrderHead;
  readonly createdAt: Date;
  readonly lines: Lines;
}

/** Columns of an order row that make up its head and lines. */
export interface OrderSqlRow {
  readonly account_id: string;
  readonly id: string;
  readonly platform: string;
  readonly kind: OrderKind;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly parent: string | null;
  readonly member: string | null;
  readonly platform_order_id: string | null;
  readonly display_id: string | null;
  readonly merchant_order_id: string | null;
  readonly merged_into: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
  readonly lines: CompactLines;
  readonly sealed_personal: Buffer | null;
}

/** For `select`: what `toStoredOrder` needs. */
export const ORDER_COLUMNS = `account_id, id, platform, kind, merchant, shop, parent, member, platform_order_id, display_id,
  merchant_order_id, merged_into, created_at, updated_at, version, lines, sealed_personal`;

export function toStoredOrder(sealer: Sealer, row: OrderSqlRow): StoredOrder {
  return {
    head: {
      id: row.id,
      account: row.account_id,
      platform: row.platform,
      kind: row.kind,
      merchant: row.merchant,
      shop: row.shop,
      parent: row.parent,
      member: row.member,
      platformOrderId: row.platform_order_id,
      displayId: row.display_id,
      merchantOrderId: row.merchant_order_id,
      mergedInto: row.merged_into,
      updatedAtMs: row.updated_at.getTime(),
      version: row.version,
    },
    createdAt: row.created_at,
    lines: openLines(sealer, row.lines, row.sealed_personal),
  };
}

/** The order as readers see it; personal data masked unless `reveal`. */
export function toOrderJson(sealer: Sealer, row: OrderSqlRow, reveal = false): OrderJson {
  const order = toStoredOrder(sealer, row);
  return orderJson(order.head, order.lines, reveal);
}

/** Reads one order of an account. `undefined` when there is none. */
export async function readOrderJson(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  orderId: string,
  options: { readonly reveal: boolean },
): Promise<OrderJson | undefined> {
  const order = await readStoredOrder(db, sealer, accountId, orderId);
  return order === undefined ? undefined : orderJson(order.head, order.lines, options.reveal);
}

/** One order of an account with its lines. `undefined` when there is none. */
export async function readStoredOrder(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  orderId: string,
): Promise<StoredOrder | undefined> {
  const found = await db.query<OrderSqlRow>(
    sql('read_order', `select ${ORDER_COLUMNS} from orders where account_id = $1 and id = $2`)(accountId, orderId),
  );
  return found.rows[0] === undefined ? undefined : toStoredOrder(sealer, found.rows[0]);
}

/** Takes the personal registers out of the lines and seals them; `sealed` is null when there are none. */
export function splitLines(
  sealer: Sealer,
  lines: Lines,
): { readonly open: CompactLines; readonly sealed: Buffer | null } {
  const open: Record<string, Line> = {};
  const personal: Record<string, Line> = {};
  for (const [name, line] of Object.entries(lines)) {
    if (!Object.keys(line).some((register) => PERSONAL_REGISTERS.has(register as RegisterName))) {
      open[name] = line;
      continue;
    }
    const sides: [Partial<Record<RegisterName, Cell>>, Partial<Record<RegisterName, Cell>>] = [{}, {}];
    for (const [register, cell] of Object.entries(line)) {
      sides[PERSONAL_REGISTERS.has(register as RegisterName) ? 1 : 0][register as RegisterName] = cell;
    }
    [open[name], personal[name]] = sides;
  }
  const hasPersonal = Object.keys(personal).length > 0;
  return {
    open: compactLines(open),
    sealed: hasPersonal ? sealer.seal(JSON.stringify(compactLines(personal))) : null,
  };
}

function openLines(sealer: Sealer, open: CompactLines, sealed: Buffer | null): Lines {
  const lines = expandLines(open);
  if (sealed === null) return lines;
  const personal = expandLines(JSON.parse(sealer.open(sealed).toString('utf8')) as CompactLines);
  const joined: Record<string, Line> = { ...lines };
  for (const [name, line] of Object.entries(personal)) joined[name] = { ...joined[name], ...line };
  return joined;
}

const findAliasesStatement = sql(
  'find_aliases',
  `select a.kind, a.value, a.order_id
     from (select unnest($2::text[]) as kind, unnest($3::text[]) as value) q
     join order_aliases a on a.account_id = $1 and a.kind = q.kind and a.value = q.value`,
);

/** One text for an alias, to use as a map key. */
export const aliasKey = (alias: { readonly kind: string; readonly value: string }): string =>
  `${alias.kind} ${alias.value}`;

/** Which of the aliases are known, by `aliasKey`. */
export async function findAliases(
  db: Queryable,
  accountId: string,
  aliases: readonly Alias[],
): Promise<ReadonlyMap<string, string>> {
  const found = await db.query<{ kind: AliasKind; value: string; order_id: string }>(
    findAliasesStatement(
      accountId,
      aliases.map((alias) => alias.kind),
      aliases.map((alias) => alias.value),
    ),
  );
  return new Map(found.rows.map((row) => [aliasKey(row), row.order_id]));
}

// `lateral` for the reason given at `known_facts`: as a plain semi-join this came to read the whole table.
const loadOrdersStatement = sql(
  'load_orders',
  `select o.*, named.nths
     from (select a.order_id, array_agg(q.nth::int) as nths
             from unnest($2::text[], $3::text[]) with ordinality as q (kind, value, nth)
             join order_aliases a on a.account_id = $1 and a.kind = q.kind and a.value = q.value
            group by a.order_id) named
    cross join lateral (select ${ORDER_COLUMNS} from orders where account_id = $1 and id = named.order_id limit 1) o`,
);

/** Orders with the aliases that they were asked for by. */
export interface NamedOrders {
  readonly orders: readonly StoredOrder[];
  /** The ids of the orders, by `aliasKey`. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Loads the orders that any of the aliases name, in one statement: a look of its own for the names cost 3 to 8 µs a
 * callback. No row is locked: the account's clock is, by every writer.
 */
export async function loadOrders(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  aliases: readonly Alias[],
): Promise<NamedOrders> {
  const found = await db.query<OrderSqlRow & { readonly nths: readonly number[] }>(
    loadOrdersStatement(
      accountId,
      aliases.map((alias) => alias.kind),
      aliases.map((alias) => alias.value),
    ),
  );
  const ids = new Map<string, string>();
  for (const { id, nths } of found.rows) {
    for (const nth of nths) {
      const alias = aliases[nth - 1];
      if (alias !== undefined) ids.set(aliasKey(alias), id);
    }
  }
  return { orders: found.rows.map((row) => toStoredOrder(sealer, row)), aliases: ids };
}

const insertAliasesStatement = sql(
  'insert_aliases',
  `insert into order_aliases (account_id, kind, value, order_id)
   select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[])
   on conflict (account_id, kind, value) do update set order_id = excluded.order_id`,
);

/** Names orders; an alias that named an order folded into another is turned to the surviving one. */
export async function writeAliases(
  db: Queryable,
  accountId: string,
  aliases: readonly { readonly alias: Alias; readonly orderId: string }[],
): Promise<void> {
  if (aliases.length === 0) return;
  await db.query(
    insertAliasesStatement(
      accountId,
      aliases.map(({ alias }) => alias.kind),
      aliases.map(({ alias }) => alias.value),
      aliases.map(({ orderId }) => orderId),
    ),
  );
}

/** The numbers that name an order, the platform's own first. */
export async function findAliasesOfOrder(db: Queryable, accountId: string, orderId: string): Promise<readonly Alias[]> {
  const found = await db.query<Alias>(
    sql(
      'find_aliases_of_order',
      `select kind, value from order_aliases where account_id = $1 and order_id = $2 and kind <> '' order by kind <> 'platform', kind, value`,
    )(accountId, orderId),
  );
  return found.rows;
}

/** Turns every alias of one order to another. */
export async function moveAliases(
  db: Queryable,
  accountId: string,
  fromOrderId: string,
  toOrderId: string,
): Promise<void> {
  // `kind <> ''` holds for every alias; it is what lets the planner use the index.
  await db.query(`update order_aliases set order_id = $3 where account_id = $1 and order_id = $2 and kind <> ''`, [
    accountId,
    fromOrderId,
    toOrderId,
  ]);
}
