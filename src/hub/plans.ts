import { WHOLE_BASIS_POINTS, inviterAt, planFor, sameScope, sumOfShares } from '../core/commission/plan.ts';
import type { Plan, Shares } from '../core/commission/plan.ts';
import { balancesOf, sharesOf } from '../core/commission/ledger.ts';
import type { ShareLine } from '../core/commission/ledger.ts';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { readAccount } from '../store/account-reads.ts';
import { addCommissionTasks } from '../store/commission-tasks.ts';
import { readMember, readSpells } from '../store/members.ts';
import { insertPlan, lockPlans, readPlans } from '../store/plans.ts';
import type { PlanRow } from '../store/plans.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

export interface PlanInput {
  readonly name: string;
  readonly account?: string | null | undefined;
  readonly businessLine?: string | number | null | undefined;
  readonly actId?: string | number | null | undefined;
  /** RFC 3339; left out: from the beginning. */
  readonly from?: string | null | undefined;
  readonly shares: Readonly<Partial<Record<keyof Shares, number>>>;
}

export interface PlanJson {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly account: string | null;
  readonly businessLine: string | null;
  readonly actId: string | null;
  readonly from: string | null;
  /** When the next version of the same scope takes over; null: it holds on. */
  readonly until: string | null;
  readonly shares: Shares;
  readonly createdAt: string;
}

const textOf = (value: string | number | null | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

/**
 * Writes a plan, or the next version of one: a plan of the same scope that begins later takes over from then on. Errors:
 * `plan_invalid` for shares above the whole and for an account that is not there, `plan_overlap` where another one of
 * the scope begins at the same time.
 */
export async function createPlan(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  input: PlanInput,
): Promise<PlanJson> {
  const nowMs = ctx.clock();
  const shares = {
    self: input.shares.self ?? 0,
    inviter1: input.shares.inviter1 ?? 0,
    inviter2: input.shares.inviter2 ?? 0,
  };
  const sum = sumOfShares(shares);
  if (sum > WHOLE_BASIS_POINTS) {
    throw invalid('shares', `add up to ${sum} basis points; the whole is ${WHOLE_BASIS_POINTS}`);
  }
  const scope = {
    account: input.account ?? null,
    businessLine: textOf(input.businessLine),
    actId: textOf(input.actId),
  };
  if (scope.account !== null && (await readAccount(tx, scope.account)) === undefined)
    throw invalid('account', `${JSON.stringify(scope.account)} is no account`);
  await lockPlans(tx);
  const plans = await readPlans(tx);
  const fromMs = input.from === undefined || input.from === null ? null : Date.parse(input.from);
  const rival = plans.find((plan) => sameScope(plan, scope) && plan.fromMs === fromMs);
  if (rival !== undefined) {
    const when = fromMs === null ? 'from the beginning' : `from ${new Date(fromMs).toISOString()}`;
    throw new HuidanError('plan_overlap', `"${rival.name}" (${rival.id}) holds for the same orders ${when}.`, {
      fields: [{ field: 'from', message: 'must be another time than that of any plan of the same scope' }],
    });
  }
  const plan: PlanRow = {
    id: newId('pln', nowMs, ctx.randomBytes),
    name: input.name,
    version: plans.filter((other) => sameScope(other, scope)).length + 1,
    ...scope,
    fromMs,
    shares,
    createdAt: new Date(nowMs),
  };
  await insertPlan(tx, plan);
  await addCommissionTasks(tx, [''], `plan:${plan.id}`, new Date(nowMs), scope.account);
  return planJson(plan, [...plans, plan]);
}

const invalid = (field: string, message: string): HuidanError =>
  new HuidanError('plan_invalid', `${field} ${message}`, { fields: [{ field, message }] });

function planJson(plan: PlanRow, all: readonly Plan[]): PlanJson {
  const later = all
    .filter((other) => sameScope(other, plan) && other.fromMs !== null && other.fromMs > (plan.fromMs ?? -Infinity))
    .map(({ fromMs }) => fromMs ?? 0);
  return {
    id: plan.id,
    name: plan.name,
    version: plan.version,
    account: plan.account,
    businessLine: plan.businessLine,
    actId: plan.actId,
    from: plan.fromMs === null ? null : new Date(plan.fromMs).toISOString(),
    until: later.length === 0 ? null : new Date(Math.min(...later)).toISOString(),
    shares: plan.shares,
    createdAt: plan.createdAt.toISOString(),
  };
}

/** Every version of every plan after an id. */
export async function listPlans(
  ctx: Pick<HubContext, 'pool'>,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly PlanJson[]> {
  const plans = await readPlans(ctx.pool);
  const after = plans.filter(({ id }) => page.afterId === null || id > page.afterId);
  return after.slice(0, page.limit).map((plan) => planJson(plan, plans));
}

export interface PreviewWish {
  readonly member: string;
  readonly account: string;
  readonly commission: number;
  readonly businessLine?: string | number | undefined;
  readonly actId?: string | number | undefined;
  /** RFC 3339; left out: now. */
  readonly placedAt?: string | undefined;
}

export interface Preview {
  readonly plan: { readonly id: string; readonly name: string; readonly version: number } | null;
  readonly shares: readonly Omit<ShareLine, 'line' | 'net'>[];
  readonly house: number;
}

/** What an order would pay to whom, written nowhere. Error: `member_not_found`. */
export async function previewPlan(ctx: Pick<HubContext, 'pool' | 'clock'>, wish: PreviewWish): Promise<Preview> {
  if ((await readMember(ctx.pool, wish.member)) === undefined) throw new HuidanError('member_not_found');
  const placedAtMs = wish.placedAt === undefined ? ctx.clock() : Date.parse(wish.placedAt);
  const above = async (member: string | null): Promise<string | null> =>
    member === null ? null : inviterAt(await readSpells(ctx.pool, member), placedAtMs);
  const inviter1 = await above(wish.member);
  const people = { self: wish.member, inviter1, inviter2: await above(inviter1) };
  const plan = planFor(await readPlans(ctx.pool), {
    account: wish.account,
    businessLine: textOf(wish.businessLine),
    actId: textOf(wish.actId),
    placedAtMs,
  });
  const basis = {
    parts: [{ line: '', gross: wish.commission, net: wish.commission }],
    phase: 'estimated' as const,
    people,
    plan: plan === undefined ? null : { id: plan.id, name: plan.name, version: plan.version, shares: plan.shares },
  };
  return {
    plan: plan === undefined ? null : { id: plan.id, name: plan.name, version: plan.version },
    shares: sharesOf(basis).map(({ role, member, basisPoints, amount }) => ({ role, member, basisPoints, amount })),
    house: balancesOf(basis)['house'] ?? 0,
  };
}
