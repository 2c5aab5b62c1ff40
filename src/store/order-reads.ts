import type { OrderKind } from '../core/fact.ts';
import { accountConditions, orderConditions, pathConditions, searchWays } from './order-paths.ts';
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
  const wanted = pathConditions(filter, conditions, value, limit);
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
