import type { TimeMs } from '../time.ts';

/** Who gets a share: the member whose promotion it was, who invited that member, and who invited that one. */
export const ROLES = ['self', 'inviter1', 'inviter2'] as const;
export type Role = (typeof ROLES)[number];

/** Basis points (1/100 of a per cent) of what an order earns, by role. */
export type Shares = Readonly<Record<Role, number>>;

export const WHOLE_BASIS_POINTS = 10_000;

/** Orders that a plan is for; null: any. */
export interface PlanScope {
  readonly account: string | null;
  readonly businessLine: string | null;
  readonly actId: string | null;
}

/** One version of a plan. It holds from `fromMs` until the next version of the same scope does. */
export interface Plan extends PlanScope {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** null: from the beginning. */
  readonly fromMs: TimeMs | null;
  readonly shares: Shares;
}

/** What of an order decides about its plan. */
export interface PlanQuestion {
  readonly account: string;
  readonly businessLine: string | null;
  readonly actId: string | null;
  readonly placedAtMs: TimeMs;
}

/** The sum of the shares in basis points. */
export const sumOfShares = (shares: Shares): number => ROLES.reduce((sum, role) => sum + shares[role], 0);

export const sameScope = (a: PlanScope, b: PlanScope): boolean =>
  a.account === b.account && a.businessLine === b.businessLine && a.actId === b.actId;

/**
 * The plan of an order: of those that are for it the one that names most closely what it is for (activity before account
 * before business line), and of its versions the one that held when the order was placed. `undefined`: none.
 */
export function planFor(plans: readonly Plan[], order: PlanQuestion): Plan | undefined {
  let best: Plan | undefined;
  for (const plan of plans) {
    const fits = (named: string | null, value: string | null): boolean => named === null || named === value;
    if (!fits(plan.account, order.account) || !fits(plan.actId, order.actId)) continue;
    if (!fits(plan.businessLine, order.businessLine)) continue;
    if (plan.fromMs !== null && plan.fromMs > order.placedAtMs) continue;
    if (best === undefined || comparePlans(plan, best) > 0) best = plan;
  }
  return best;
}

const closeness = (plan: PlanScope): number =>
  (plan.actId === null ? 0 : 4) + (plan.account === null ? 0 : 2) + (plan.businessLine === null ? 0 : 1);

/** Two plans of one closeness that fit one order have one scope, and differ in when they begin. */
const comparePlans = (a: Plan, b: Plan): number =>
  closeness(a) - closeness(b) || (a.fromMs ?? -Infinity) - (b.fromMs ?? -Infinity) || a.version - b.version;

/** One stretch of time with an inviter; `fromMs` null: from the beginning. */
export interface InviterSpell {
  readonly fromMs: TimeMs | null;
  readonly inviter: string | null;
}

/** Who had invited a member at a time. */
export function inviterAt(spells: readonly InviterSpell[], atMs: TimeMs): string | null {
  let best: InviterSpell | undefined;
  for (const spell of spells) {
    if (spell.fromMs !== null && spell.fromMs > atMs) continue;
    if (best === undefined || (spell.fromMs ?? -Infinity) > (best.fromMs ?? -Infinity)) best = spell;
  }
  return best?.inviter ?? null;
}
