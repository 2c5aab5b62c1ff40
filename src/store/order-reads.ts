import type { OrderKind } from '../core/fact.ts';
import { ORDER_COLUMNS } from './orders.ts';
import type { OrderSqlRow } from './orders.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** Which orders are wanted; null: any. All that is given must hold together. */
export interface OrderFilter {
  readonly account: string | null;
  readonly platform: string | null;
  readonly status: string | null;
  readonly kind: string | null;
  readonly platformOrderId: string | null;
  readonly merchantOrderId: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly store: string | null;
  readonly sid: string | null;
  readonly member: string | null;
  readonly flag: string | null;
  readonly parent: string | null;
  readonly placedFrom: Date | null;
  readonly placedTo: Date | null;
  readonly search: OrderSearch | null;
  /** Orders that are a leg of another one, too. */
  readonly legs: boolean;
  /** Limits of the key. */
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/** Ways to find orders; each that is given finds some, and what any of them finds counts. */
export interface OrderSearch {
  /** An order's id or any number that names it. */
  readonly number: string | null;
  readonly phoneHash: Buffer | null;
  readonly phoneTailHash: Buffer | null;
  /** What staff call out. */
  readonly daySequence: number | null;
  /** A sid, a store at its platform, or a member. */
  readonly name: string | null;
}

/**
 * Orders, the youngest first, those before `beforeId`. Each account is read by its own index and the heads are joined:
 * one `order by id` over all accounts would sort everything there is.
 */
export async function listOrders(
  db: Queryable,
  filter: OrderFilter,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly OrderSqlRow[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const conditions = ['o.account_id = a.id', ...orderConditions(filter, value)];
  if (page.beforeId !== null) conditions.push(`o.id < ${value(page.beforeId)}`);
  const limit = value(page.limit);
  const wanted =
    filter.search === null
      ? conditions
      : ['o.account_id = a.id', foundBy(searchWays(filter.search, value), conditions, limit)];
  const found = await db.query<OrderSqlRow>(
    `select o.*
       from accounts a
      cross join lateral (
        select ${ORDER_COLUMNS}
          from orders o
         where ${wanted.join('\n           and ')}
         order by o.id desc
         limit ${limit}) o
      where ${accountConditions(filter, value).join(' and ')}
      order by o.id desc
      limit ${limit}`,
    values,
  );
  return found.rows;
}

/** The accounts to look at, deleted ones too: their orders stay. */
function accountConditions(filter: OrderFilter, value: (given: unknown) => string): string[] {
  const conditions = ['true'];
  if (filter.account !== null) conditions.push(`a.id = ${value(filter.account)}`);
  if (filter.platform !== null) conditions.push(`a.platform = ${value(filter.platform)}`);
  if (filter.accounts !== null) conditions.push(`a.id = any(${value(filter.accounts)}::text[])`);
  return conditions;
}

const SAME_NAMED = ['status', 'kind', 'merchant', 'shop', 'store', 'sid', 'member', 'parent'] as const;

function orderConditions(filter: OrderFilter, value: (given: unknown) => string): string[] {
  // An order that was folded into another one is reached by its id only.
  const conditions = ['o.merged_into is null'];
  for (const name of SAME_NAMED) if (filter[name] !== null) conditions.push(`o.${name} = ${value(filter[name])}`);
  if (!filter.legs && filter.parent === null) conditions.push('o.parent is null');
  if (filter.flag !== null) conditions.push(`${value(filter.flag)} = any(o.flags)`);
  if (filter.placedFrom !== null) conditions.push(`o.placed_at >= ${value(filter.placedFrom)}`);
  if (filter.placedTo !== null) conditions.push(`o.placed_at < ${value(filter.placedTo)}`);
  if (filter.merchants !== null) conditions.push(`o.merchant = any(${value(filter.merchants)}::text[])`);
  if (filter.shops !== null) conditions.push(`o.shop = any(${value(filter.shops)}::text[])`);
  if (filter.platformOrderId !== null) conditions.push(namedBy(value, filter.platformOrderId, 'platform'));
  if (filter.merchantOrderId !== null) conditions.push(namedBy(value, filter.merchantOrderId, 'merchant'));
  return conditions;
}

/**
 * Each way reads its own index from the youngest order on and stops at a page. In one condition with `or` the planner
 * gathered all that a member had ever ordered, or walked the whole account, to show the first fifty.
 */
function foundBy(ways: readonly string[], conditions: readonly string[], limit: string): string {
  const reads = ways.map(
    (way) =>
      `(select o.id from orders o where ${[...conditions, way].join(' and ')} order by o.id desc limit ${limit})`,
  );
  return `o.id = any(array(${reads.join('\n union all ')}))`;
}

/** How many orders the filter finds, counted up to `most`. A search is not counted: it shows a page. */
export async function countOrders(db: Queryable, filter: OrderFilter, most: number): Promise<number> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const conditions = ['o.account_id = a.id', ...orderConditions(filter, value)];
  if (filter.search !== null) conditions.push(`(${searchWays(filter.search, value).join(' or ')})`);
  const found = await db.query<{ n: number }>(
    `select count(*)::int as n
       from (select
               from accounts a
               join orders o on ${conditions.join(' and ')}
              where ${accountConditions(filter, value).join(' and ')}
              limit ${value(most)}) counted`,
    values,
  );
  return found.rows[0]?.n ?? 0;
}

// As an array, so that the planner reads the aliases first and then the orders by key. With `in (select …)` it walks the
// account's orders and asks for each.
function namedBy(value: (given: unknown) => string, number: string, kind?: string): string {
  const kinds = kind === undefined ? `'platform', 'display', 'merchant', 'payment'` : value(kind);
  return `o.id = any(array(select n.order_id from order_aliases n
                            where n.account_id = a.id and n.kind in (${kinds}) and n.value = ${value(number)}))`;
}

function searchWays(search: OrderSearch, value: (given: unknown) => string): readonly string[] {
  const ways: string[] = [];
  if (search.number !== null) ways.push(namedBy(value, search.number), `o.id = ${value(search.number)}`);
  if (search.phoneHash !== null) ways.push(`o.phone_hash = ${value(search.phoneHash)}`);
  if (search.phoneTailHash !== null) ways.push(`o.phone_tail_hash = ${value(search.phoneTailHash)}`);
  if (search.daySequence !== null) ways.push(`o.day_sequence = ${value(search.daySequence)}`);
  if (search.name !== null) {
    const name = value(search.name);
    ways.push(`o.sid = ${name}`, `o.store = ${name}`, `o.member = ${name}`);
  }
  return ways.length === 0 ? ['false'] : ways;
}

/** One order by its id, of whichever account. */
export async function findOrder(db: Queryable, id: string): Promise<OrderSqlRow | undefined> {
  // The key begins with the account: one probe per account, and no index over all of them is needed.
  const found = await db.query<OrderSqlRow>(
    `select o.* from accounts a
      cross join lateral (select ${ORDER_COLUMNS} from orders o where o.account_id = a.id and o.id = $1) o`,
    [id],
  );
  return found.rows[0];
}

/** What is needed to ask a platform about an order. */
export interface OrderHeadRow {
  readonly id: string;
  readonly kind: OrderKind;
  readonly store: string | null;
  readonly mergedInto: string | null;
}

/** The head of one order of an account. */
export async function findOrderHead(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<OrderHeadRow | undefined> {
  const found = await db.query<OrderHeadRow>(
    sql(
      'find_order_head',
      `select id, kind, store, merged_into as "mergedInto", lines -> 'l' -> '' -> 'platformFields' -> 0 as "platformFields"
         from orders where account_id = $1 and id = $2`,
    )(accountId, orderId),
  );
  return found.rows[0];
}
