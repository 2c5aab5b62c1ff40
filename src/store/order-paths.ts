import { firstIdOf } from '../core/ids.ts';
import type { OrderFilter, OrderSearch } from './order-reads.ts';

/** Puts a value among the parameters of a statement and gives its name there. */
export type Value = (given: unknown) => string;

/** The accounts to look at, deleted ones too: their orders stay. */
export function accountConditions(filter: OrderFilter, value: Value): string[] {
  const conditions = ['true'];
  if (filter.account !== null) conditions.push(`a.id = ${value(filter.account)}`);
  if (filter.platform !== null) conditions.push(`a.platform = ${value(filter.platform)}`);
  if (filter.accounts !== null) conditions.push(`a.id = any(${value(filter.accounts)}::text[])`);
  // Without it a list of one kind went through all orders of the accounts that have none of it.
  if (filter.kind !== null) {
    conditions.push(
      `exists (select from account_kinds k where k.account_id = a.id and k.kind = ${value(filter.kind)})`,
    );
  }
  return conditions;
}

const SAME_NAMED = ['status', 'kind', 'merchant', 'shop', 'store', 'sid', 'member', 'parent'] as const;

/** What an order must be for a filter; not its search. */
export function orderConditions(filter: OrderFilter, value: Value): string[] {
  // An order that was folded into another one is reached by its id only.
  const conditions = ['o.merged_into is null'];
  for (const name of SAME_NAMED) if (filter[name] !== null) conditions.push(`o.${name} = ${value(filter[name])}`);
  if (!filter.legs && filter.parent === null) conditions.push('o.parent is null');
  // The first of them names the index.
  if (filter.flag !== null) conditions.push(`o.flags <> '{}'`, `${value(filter.flag)} = any(o.flags)`);
  if (filter.placedFrom !== null) conditions.push(`o.placed_at >= ${value(filter.placedFrom)}`);
  if (filter.placedTo !== null) conditions.push(`o.placed_at < ${value(filter.placedTo)}`);
  if (filter.merchants !== null) conditions.push(`o.merchant = any(${value(filter.merchants)}::text[])`);
  if (filter.shops !== null) conditions.push(`o.shop = any(${value(filter.shops)}::text[])`);
  if (filter.platformOrderId !== null) conditions.push(namedBy(value, filter.platformOrderId, 'platform'));
  if (filter.merchantOrderId !== null) conditions.push(namedBy(value, filter.merchantOrderId, 'merchant'));
  return conditions;
}

/**
 * What finds the youngest `limit` orders of account `a` that fulfil `conditions`: these themselves, or the ids that were
 * found on ways that each read an index of their own from the youngest order on and stop at a page. In one condition with
 * `or` the planner gathered all that a member had ever ordered, or walked the whole account, to show the first fifty.
 */
export function pathConditions(
  filter: OrderFilter,
  conditions: readonly string[],
  value: Value,
  limit: string,
): readonly string[] {
  const found = filter.search === null ? [] : [searchWays(filter.search, value)];
  const times = timeWays(filter, value);
  const choices = [...found, ...(times.length === 0 ? [] : [times])];
  const owners = ownerLimit(filter, value);
  if (choices.length === 0 && owners === undefined && filter.flag === null) return conditions;
  const ways = choices.reduce<readonly (readonly string[])[]>(
    (all, choice) => all.flatMap((way) => choice.map((one) => [...way, one])),
    [[]],
  );
  const reads = ways.map((way) => readIds([...conditions, ...way], owners, limit, way.includes(HEARD_APART)));
  return ['o.account_id = a.id', `o.id = any(array(${reads.join('\n union all ')}))`];
}

interface Owners {
  readonly column: 'shop' | 'merchant';
  readonly values: string;
}

/** A key that is limited to some shops reads the youngest of each: as one condition none of the indexes is in order. */
function ownerLimit({ shops, merchants, shop, merchant, store }: OrderFilter, value: Value): Owners | undefined {
  if (shop !== null || store !== null || merchant !== null) return undefined;
  if (shops !== null) return { column: 'shop', values: value(shops) };
  return merchants === null ? undefined : { column: 'merchant', values: value(merchants) };
}

function readIds(conditions: readonly string[], owners: Owners | undefined, limit: string, areFew: boolean): string {
  const order = `order by o.id desc limit ${limit}`;
  // All of them are gathered, then put in order: the planner takes them for many, and would walk the whole account from
  // its youngest order on, in the hope of a page of them.
  if (areFew) {
    return `(select o.id from (select o.id from orders o where ${conditions.join(' and ')} offset 0) o ${order})`;
  }
  if (owners === undefined) return `(select o.id from orders o where ${conditions.join(' and ')} ${order})`;
  return `(select o.id
             from unnest(${owners.values}::text[]) as owner (name)
            cross join lateral (
              select o.id from orders o where ${conditions.join(' and ')} and o.${owners.column} = owner.name ${order}) o
            ${order})`;
}

/** As the index `orders_heard_apart` has it. */
const HEARD_SOON = `o.created_at - o.placed_at between interval '-10 minutes' and interval '2 hours'`;
const HEARD_APART = `not (${HEARD_SOON})`;
const EARLIEST_MS = 10 * 60_000;
const LATEST_MS = 2 * 3_600_000;

/**
 * The id of an order has the time at which it was heard of, so its days are a piece of every index that ends with the
 * id: orders that were heard of about when they were placed are read by that, the few others by an index of theirs. By
 * the time of placing alone a page of days that are long past was found behind all that came since.
 */
function timeWays({ placedFrom, placedTo }: OrderFilter, value: Value): readonly string[] {
  if (placedFrom === null && placedTo === null) return [];
  const soon = [HEARD_SOON];
  if (placedFrom !== null) soon.push(`o.id >= ${value(firstIdOf('ord', placedFrom.getTime() - EARLIEST_MS))}`);
  if (placedTo !== null) soon.push(`o.id < ${value(firstIdOf('ord', placedTo.getTime() + LATEST_MS + 1))}`);
  return [soon.join(' and '), HEARD_APART];
}

// As an array, so that the planner reads the aliases first and then the orders by key. With `in (select …)` it walks the
// account's orders and asks for each.
function namedBy(value: Value, number: string, kind?: string): string {
  const kinds = kind === undefined ? `'platform', 'display', 'merchant', 'payment'` : value(kind);
  return `o.id = any(array(select n.order_id from order_aliases n
                            where n.account_id = a.id and n.kind in (${kinds}) and n.value = ${value(number)}))`;
}

/** One condition for each way to find what is searched for. */
export function searchWays(search: OrderSearch, value: Value): readonly string[] {
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
