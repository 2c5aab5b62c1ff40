import type { Basis } from '../core/commission/ledger.ts';
import type { InviterSpell, Plan, Shares } from '../core/commission/plan.ts';
import type { Alias } from '../core/fact.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** What the ledger holds of an order, and by what. */
export interface OrderCommissionRow {
  readonly orderId: string;
  readonly claimedBy: string | null;
  readonly basis: Basis;
  /** Number of the last booking. */
  readonly booking: number;
  readonly orderVersion: number;
  readonly confirmedAt: Date | null;
}

/** Whose a sid is, and who had invited whom: of the member and of its inviters. */
export interface People {
  readonly memberOfSid: ReadonlyMap<string, string>;
  readonly inviters: ReadonlyMap<string, readonly InviterSpell[]>;
}

/** All that the splitting of some orders depends on. */
export interface CommissionWorld extends People {
  /** False: the hub has neither members nor plans, and nothing is to be split. */
  readonly isUsed: boolean;
  readonly plans: readonly Plan[];
  readonly held: ReadonlyMap<string, OrderCommissionRow>;
}

export const NO_COMMISSION: CommissionWorld = {
  isUsed: false,
  plans: [],
  held: new Map(),
  memberOfSid: new Map(),
  inviters: new Map(),
};

interface WorldRow {
  readonly used: boolean;
  readonly plans: readonly PlanJson[] | null;
  readonly held: readonly (Omit<OrderCommissionRow, 'confirmedAt'> & { readonly confirmedAt: string | null })[] | null;
  readonly sids: readonly { readonly sid: string; readonly member: string }[] | null;
  readonly spells:
    | readonly { readonly member: string; readonly from: number | null; readonly inviter: string | null }[]
    | null;
}

type PlanJson = Omit<Plan, 'shares'> & { readonly shares: Partial<Shares> };

/** Milliseconds of a timestamp column; null for one from the beginning. */
const ms = (column: string): string =>
  `case when isfinite(${column}) then (extract(epoch from ${column}) * 1000)::bigint end`;

// One statement: it travels with those that load the orders, and where nothing is set up it finds two empty tables. The
// orders come by the aliases of the messages, since their ids are only being looked up beside it.
const worldQuery = (orders: string): string => `
  with used as (
    select exists (select from members) or exists (select from commission_plans) as yes),
  orders_asked as (${orders}),
  sids_asked as (
    select unnest($2::text[]) as sid union
    select o.sid from orders_asked a, used, lateral (
      select sid from orders where account_id = $1 and id = a.order_id limit 1) o where used.yes and o.sid is not null),
  held as (
    select c.* from orders_asked a, used, lateral (
      select * from order_commissions where account_id = $1 and order_id = a.order_id limit 1) c where used.yes),
  owned as (
    select s.sid, s.member_id from sids_asked a, used, lateral (
      select * from member_sids where sid = a.sid limit 1) s where used.yes),
  first as (select member_id from owned union select claimed_by from held where claimed_by is not null),
  spells1 as (select i.* from first f, lateral (select * from member_inviters where member_id = f.member_id) i),
  spells2 as (
    select i.* from (select distinct inviter from spells1 where inviter is not null) p,
           lateral (select * from member_inviters where member_id = p.inviter) i),
  spells as (select * from spells1 union select * from spells2)
  select used.yes as used,
         (select json_agg(json_build_object('id', id, 'name', name, 'version', version, 'account', account_id,
                                            'businessLine', business_line, 'actId', act_id,
                                            'fromMs', ${ms('from_at')}, 'shares', shares))
            from commission_plans where used.yes and (account_id is null or account_id = $1)) as plans,
         (select json_agg(json_build_object('orderId', order_id, 'claimedBy', claimed_by, 'basis', basis,
                                            'booking', booking, 'orderVersion', order_version,
                                            'confirmedAt', confirmed_at)) from held) as held,
         (select json_agg(json_build_object('sid', sid, 'member', member_id)) from owned) as sids,
         (select json_agg(json_build_object('member', member_id, 'from', ${ms('from_at')}, 'inviter', inviter))
            from spells) as spells
    from used`;

const byAliases = sql(
  'commission_world_by_aliases',
  worldQuery(`
    select distinct a.order_id
      from (select unnest($3::text[]) as kind, unnest($4::text[]) as value) q, lateral (
        select order_id from order_aliases where account_id = $1 and kind = q.kind and value = q.value limit 1) a`),
);
const byIds = sql('commission_world_by_ids', worldQuery('select unnest($3::text[]) as order_id'));

/** For orders that messages name, and the sids in those messages. */
export async function readWorldOfAliases(
  tx: Queryable,
  accountId: string,
  sids: readonly string[],
  aliases: readonly Alias[],
): Promise<CommissionWorld> {
  const kinds = aliases.map(({ kind }) => kind);
  const values = aliases.map(({ value }) => value);
  const found = await tx.query<WorldRow>(byAliases(accountId, sids, kinds, values));
  return toWorld(found.rows[0]);
}

/** For orders by their ids. */
export async function readWorldOfOrders(
  tx: Queryable,
  accountId: string,
  orderIds: readonly string[],
): Promise<CommissionWorld> {
  const found = await tx.query<WorldRow>(byIds(accountId, [], orderIds));
  return toWorld(found.rows[0]);
}

function toWorld(row: WorldRow | undefined): CommissionWorld {
  if (row === undefined || !row.used) return NO_COMMISSION;
  const spells = (row.spells ?? []).map(({ member, from, inviter }) => ({ member, fromMs: from, inviter }));
  return {
    isUsed: true,
    plans: (row.plans ?? []).map(toPlan),
    held: new Map(
      (row.held ?? []).map((held) => [
        held.orderId,
        { ...held, confirmedAt: held.confirmedAt === null ? null : new Date(held.confirmedAt) },
      ]),
    ),
    memberOfSid: new Map((row.sids ?? []).map(({ sid, member }) => [sid, member])),
    inviters: new Map(
      [...Map.groupBy(spells, ({ member }) => member)].map(([member, own]) => [
        member,
        own.map(({ fromMs, inviter }) => ({ fromMs, inviter })),
      ]),
    ),
  };
}

export const toPlan = ({ shares, ...plan }: PlanJson): Plan => ({
  ...plan,
  shares: { self: shares.self ?? 0, inviter1: shares.inviter1 ?? 0, inviter2: shares.inviter2 ?? 0 },
});
