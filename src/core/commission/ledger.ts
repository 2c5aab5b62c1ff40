import type { Fen } from '../money.ts';
import type { OrderCommission, PartCommission } from './order-commission.ts';
import { floorShare } from './order-commission.ts';
import { ROLES, WHOLE_BASIS_POINTS } from './plan.ts';
import type { Role, Shares } from './plan.ts';

/** How far the money of an order has come. */
export type Phase = OrderCommission['phase'] | 'available';

/** Everything that an order's balances follow from. Kept with each booking, so that any of them can be explained. */
export interface Basis {
  readonly parts: readonly PartCommission[];
  readonly phase: Phase;
  /** Whose order it is and who had invited them when it was placed; null: nobody. */
  readonly people: Readonly<Record<Role, string | null>>;
  readonly plan: {
    readonly id: string;
    readonly name: string;
    readonly version: number;
    readonly shares: Shares;
  } | null;
}

export const NOBODY: Basis['people'] = { self: null, inviter1: null, inviter2: null };
export const NOTHING: Basis = { parts: [], phase: 'estimated', people: NOBODY, plan: null };

/** Money by ledger: `platform`, `house`, `member:<id>:<bucket>`. */
export type Balances = Readonly<Record<string, Fen>>;

export const MEMBER_BUCKETS = ['estimated', 'confirmed', 'available', 'held', 'paid'] as const;
export type MemberBucket = (typeof MEMBER_BUCKETS)[number];

export const memberLedger = (member: string, bucket: MemberBucket): string => `member:${member}:${bucket}`;

/** The member and the bucket of a ledger; `undefined` for `house` and `platform`. */
export function memberOfLedger(ledger: string): { readonly member: string; readonly bucket: MemberBucket } | undefined {
  const match = /^member:(.*):([a-z]+)$/su.exec(ledger);
  const bucket = MEMBER_BUCKETS.find((name) => name === match?.[2]);
  return match?.[1] === undefined || bucket === undefined ? undefined : { member: match[1], bucket };
}

/** One share of one line of an order. */
export interface ShareLine {
  readonly line: string;
  readonly role: Role;
  readonly member: string;
  readonly basisPoints: number;
  readonly net: Fen;
  readonly amount: Fen;
}

/** Every share that a basis gives, each rounded down by itself: what is left over stays with the house. */
export function sharesOf({ parts, people, plan }: Basis): readonly ShareLine[] {
  if (plan === null || people.self === null) return [];
  const { shares } = plan;
  return parts.flatMap(({ line, net }) =>
    ROLES.flatMap((role) => {
      const member = people[role];
      const amount = member === null ? 0 : floorShare(net, shares[role], WHOLE_BASIS_POINTS);
      return member === null || amount === 0 ? [] : [{ line, role, member, basisPoints: shares[role], net, amount }];
    }),
  );
}

/** What the ledgers must hold of an order. Sums to zero; empty without a member or a plan: attention, not zero. */
export function balancesOf(basis: Basis): Balances {
  if (basis.plan === null || basis.people.self === null) return {};
  const net = basis.parts.reduce((sum, part) => sum + part.net, 0);
  const balances: Record<string, Fen> = {};
  let rest = net;
  for (const { member, amount } of sharesOf(basis)) {
    const ledger = memberLedger(member, basis.phase);
    balances[ledger] = (balances[ledger] ?? 0) + amount;
    rest -= amount;
  }
  balances['house'] = rest;
  balances['platform'] = 0 - net;
  return balances;
}

/** One line of the ledger. */
export interface Posting {
  readonly ledger: string;
  readonly amount: Fen;
  /** How much of it took earned money back from a member: not a move to another bucket, not a correction. */
  readonly takenBack: Fen;
}

/** What must be written to come from one basis to the next, by ledger. Sums to zero; empty when nothing moves. */
export function postingsBetween(before: Basis, after: Basis): readonly Posting[] {
  const [held, wanted] = [balancesOf(before), balancesOf(after)];
  const ledgers = [...new Set([...Object.keys(held), ...Object.keys(wanted)])].sort();
  const lost = lostByMember(before, after);
  return ledgers.flatMap((ledger) => {
    const amount = (wanted[ledger] ?? 0) - (held[ledger] ?? 0);
    if (amount === 0) return [];
    const owner = memberOfLedger(ledger)?.member;
    const takenBack = amount < 0 && owner !== undefined ? Math.min(-amount, lost.get(owner) ?? 0) : 0;
    if (owner !== undefined && takenBack > 0) lost.set(owner, (lost.get(owner) ?? 0) - takenBack);
    return [{ ledger, amount, takenBack }];
  });
}

/** How much each member's whole share of the order shrank because the platform took something back. */
function lostByMember(before: Basis, after: Basis): Map<string, Fen> {
  const lost = new Map<string, Fen>();
  const gone = ({ parts }: Basis): Fen => parts.reduce((sum, { gross, net }) => sum + gross - net, 0);
  if (gone(after) <= gone(before)) return lost;
  for (const [sign, basis] of [
    [1, before],
    [-1, after],
  ] as const) {
    for (const { member, amount } of sharesOf(basis)) lost.set(member, (lost.get(member) ?? 0) + sign * amount);
  }
  return lost;
}

/** Whether two bases are one. */
export const sameBasis = (a: Basis, b: Basis): boolean => JSON.stringify(basisJson(a)) === JSON.stringify(basisJson(b));

/** The same basis with its names in one order, so that equal ones are equal byte for byte. */
export function basisJson({ parts, phase, people, plan }: Basis): Basis {
  return {
    parts: parts.map(({ line, gross, net }) => ({ line, gross, net })),
    phase,
    people: { self: people.self, inviter1: people.inviter1, inviter2: people.inviter2 },
    plan:
      plan === null
        ? null
        : {
            id: plan.id,
            name: plan.name,
            version: plan.version,
            shares: { self: plan.shares.self, inviter1: plan.shares.inviter1, inviter2: plan.shares.inviter2 },
          },
  };
}
