import { NOTHING, basisJson, postingsBetween } from '../core/commission/ledger.ts';
import type { Basis } from '../core/commission/ledger.ts';
import { commissionOf } from '../core/commission/order-commission.ts';
import { applyReport, read } from '../core/fact.ts';
import type { Lines, RegisterRules, Report } from '../core/fact.ts';
import { WHOLE } from '../core/registers.ts';
import { readWorldOfOrders } from '../store/commission-reads.ts';
import type { CommissionWorld } from '../store/commission-reads.ts';
import { readOrdersById } from '../store/commission-tasks.ts';
import { readAppliedFacts } from '../store/facts.ts';
import type { StoredFacts } from '../store/facts.ts';
import { orderJson } from '../core/order-json.ts';
import type { StoredOrder } from '../store/orders.ts';
import type { BookingListRow } from '../store/commission-lists.ts';
import type { HubContext } from './context.ts';
import { entriesOf, splitOf } from './commission-desk.ts';

/** Something that the ledger holds and the facts do not give, or the other way round. */
export interface LedgerDifference {
  readonly account: string;
  readonly order: string | null;
  readonly what: string;
}

export interface LedgerCheck {
  readonly orders: number;
  readonly entries: number;
  readonly differences: readonly LedgerDifference[];
  /** Where to go on; null: all was looked at. */
  readonly next: { readonly account: string; readonly order: string } | null;
}

/**
 * Works the ledger of a portion of the orders out from their facts again and compares it with what is stored, entry by
 * entry and byte by byte. Writes nothing.
 */
export async function recomputeCommission(
  ctx: Pick<HubContext, 'pool' | 'sealer' | 'registry'>,
  after: { readonly account: string; readonly order: string } | null,
  limit: number,
): Promise<LedgerCheck> {
  const found = await ctx.pool.query<{ account: string; order: string; platform: string; basis: Basis }>(
    `select c.account_id as account, c.order_id as "order", a.platform, c.basis
       from order_commissions c join accounts a on a.id = c.account_id
      where $1::text is null or (c.account_id, c.order_id) > ($1, $2)
      order by c.account_id, c.order_id limit $3`,
    [after?.account ?? null, after?.order ?? null, limit],
  );
  const differences: LedgerDifference[] = [];
  let entries = 0;
  for (const [account, rows] of Map.groupBy(found.rows, (row) => row.account)) {
    const ids = rows.map(({ order }) => order);
    const rules = ctx.registry.get(rows[0]?.platform ?? '')?.registers;
    if (rules === undefined) continue;
    const [world, orders, facts, bookings, stored] = await Promise.all([
      readWorldOfOrders(ctx.pool, account, ids),
      readOrdersById(ctx.pool, ctx.sealer, account, ids),
      readAppliedFacts(ctx.pool, account, ids),
      readBookings(ctx, account, ids),
      readEntryTexts(ctx, account, ids),
    ]);
    for (const order of orders) {
      const id = order.head.id;
      const own = stored.get(id) ?? [];
      entries += own.length;
      const said = {
        facts: facts.get(id) ?? [],
        bookings: bookings.get(id) ?? [],
        entries: own,
        state: rows.find((row) => row.order === id)?.basis ?? NOTHING,
      };
      for (const what of faultsOf(order, said, rules, world)) differences.push({ account, order: id, what });
    }
  }
  const last = found.rows.at(-1);
  const next = last === undefined || found.rows.length < limit ? null : { account: last.account, order: last.order };
  if (next === null) differences.push(...(await sumFaults(ctx)));
  return { orders: found.rows.length, entries, differences, next };
}

interface Said {
  readonly facts: readonly StoredFacts[];
  readonly bookings: readonly BookingListRow[];
  readonly entries: readonly string[];
  readonly state: Basis;
}

function faultsOf(
  order: StoredOrder,
  { facts, bookings, entries, state }: Said,
  rules: RegisterRules,
  world: CommissionWorld,
): readonly string[] {
  const faults: string[] = [];
  const { id, account, mergedInto } = order.head;
  let before = NOTHING;
  const made: string[] = [];
  for (const { booking, cause, orderVersion, basis, at } of bookings) {
    // Facts of an order that was folded into another one were given to that one.
    if (mergedInto === null) {
      const earned = commissionOf(linesAt(facts, orderVersion, at, rules));
      const phase = basis.phase === 'available' && earned.phase === 'confirmed' ? 'available' : earned.phase;
      if (JSON.stringify([earned.parts, phase]) !== JSON.stringify([basis.parts, basis.phase]))
        faults.push(
          `booking ${booking}: the facts give ${JSON.stringify(earned)}, booked was ${JSON.stringify(basis.parts)}`,
        );
    }
    made.push(...entriesOf(id, booking, cause, postingsBetween(before, basis), at).map(entryText));
    before = basis;
  }
  if (made.join('\n') !== entries.join('\n'))
    faults.push(`entries: ${JSON.stringify(entries)} instead of ${JSON.stringify(made)}`);
  if (JSON.stringify(basisJson(state)) !== JSON.stringify(basisJson(before)))
    faults.push('the state is not that of the last booking');
  if (mergedInto !== null) return faults;

  const json = orderJson(order.head, order.lines);
  const sid = read(order.lines, WHOLE, 'sid');
  const owner = world.held.get(id)?.claimedBy ?? (sid === undefined ? null : (world.memberOfSid.get(sid) ?? null));
  if (owner !== order.head.member)
    faults.push(`the order is ${owner ?? 'nobody'}'s and shown as ${order.head.member ?? 'nobody'}'s`);
  const split = basisJson({ ...before, ...splitOf(world, account, json, order.lines) });
  if (JSON.stringify(split) !== JSON.stringify(basisJson(before)))
    faults.push(`members and plan give ${JSON.stringify(split)}`);
  const earned = commissionOf(order.lines);
  if (JSON.stringify(earned.parts) !== JSON.stringify(before.parts)) faults.push('what the order earns is not booked');
  return faults;
}

/** The order as it was at a version, made of its facts alone. They commute, so only which ones counts. */
function linesAt(facts: readonly StoredFacts[], version: number, at: Date, rules: RegisterRules): Lines {
  let lines: Lines = {};
  for (const fact of facts) {
    const isIn = fact.version === null ? fact.storedAt.getTime() <= at.getTime() : fact.version <= version;
    if (!isIn) continue;
    const report: Report = {
      aliases: [{ kind: 'platform', value: '' }],
      kind: 'cps',
      at: fact.saidAt?.getTime() ?? null,
      stage: fact.stage,
      final: fact.final,
      generation: fact.generation,
      facts: fact.facts,
    };
    lines = applyReport(lines, report, rules, fact.key);
  }
  return lines;
}

const entryText = (entry: {
  readonly id: string;
  readonly ledger: string;
  readonly amount: number;
  readonly takenBack: number;
  readonly cause: string;
  readonly at: Date;
}): string => [entry.id, entry.ledger, entry.amount, entry.takenBack, entry.cause, entry.at.toISOString()].join(' ');

async function readBookings(
  ctx: Pick<HubContext, 'pool'>,
  account: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly BookingListRow[]>> {
  const found = await ctx.pool.query<BookingListRow & { order: string }>(
    `select order_id as "order", booking, cause, order_version as "orderVersion", basis, at from commission_bookings
      where account_id = $1 and order_id = any($2::text[]) order by order_id, booking`,
    [account, ids],
  );
  return Map.groupBy(found.rows, ({ order }) => order);
}

async function readEntryTexts(
  ctx: Pick<HubContext, 'pool'>,
  account: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await ctx.pool.query<Parameters<typeof entryText>[0] & { order: string }>(
    `select order_id as "order", id, ledger, amount, taken_back as "takenBack", cause, at from commission_entries
      where account_id = $1 and order_id = any($2::text[])
      order by order_id, split_part(id, '-', 2), split_part(id, '-', 3)::int`,
    [account, ids],
  );
  const texts = new Map<string, string[]>();
  for (const row of found.rows) texts.set(row.order, [...(texts.get(row.order) ?? []), entryText(row)]);
  return texts;
}

/** What must hold over the whole ledger: it sums to zero, balances are sums of entries, actions have theirs. */
async function sumFaults(ctx: Pick<HubContext, 'pool'>): Promise<readonly LedgerDifference[]> {
  const faults: LedgerDifference[] = [];
  const note = (what: string): void => void faults.push({ account: '', order: null, what });
  const sum = await ctx.pool.query<{ sum: number }>(
    'select coalesce(sum(amount), 0)::bigint as sum from commission_entries',
  );
  if (sum.rows[0]?.sum !== 0) note(`the entries sum to ${sum.rows[0]?.sum}`);
  const balances = await ctx.pool.query<{ account: string; member: string }>(
    `select account_id as account, member_id as member
       from (select account_id, member_id, coalesce(sum(amount) filter (where bucket = 'estimated'), 0) as estimated,
                    coalesce(sum(amount) filter (where bucket = 'confirmed'), 0) as confirmed,
                    coalesce(sum(amount) filter (where bucket = 'available'), 0) as available,
                    coalesce(sum(amount) filter (where bucket = 'held'), 0) as held,
                    coalesce(sum(amount) filter (where bucket = 'paid'), 0) as paid, sum(taken_back) as taken_back
               from commission_entries where member_id is not null group by account_id, member_id) e
       full join commission_balances b using (account_id, member_id)
      where (e.estimated, e.confirmed, e.available, e.held, e.paid, e.taken_back)
            is distinct from (b.estimated, b.confirmed, b.available, b.held, b.paid, b.taken_back)
      limit 20`,
  );
  for (const { account, member } of balances.rows) note(`the balance of ${member} in '${account}' is not its entries`);
  const actions = await ctx.pool.query<{ cause: string }>(
    `select coalesce(e.cause, w.cause) as cause
       from (select cause, coalesce(sum(amount) filter (where bucket in ('held', 'paid') and amount > 0), 0)
                           + coalesce(sum(amount) filter (where bucket = 'available' and cause not like '%:hold'), 0) as amount
               from commission_entries where account_id = '' group by cause) e
       full join (
         select 'adjustment:' || id as cause, amount from commission_adjustments
         union all
         select 'payout:' || payout_id || ':hold', sum(amount) from commission_payout_items group by payout_id
         union all
         select 'payout:' || payout_id || ':' || state, sum(amount) from commission_payout_items
          where state <> 'held' group by payout_id, state) w on w.cause = e.cause
      where e.amount is distinct from w.amount limit 20`,
  );
  for (const { cause } of actions.rows) note(`the entries of ${cause} are not what was done`);
  return faults;
}
