import { sameJson } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import { LIVES } from '../core/lives/lives.ts';
import type { Condition, LifePlan } from '../core/lives/life.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { TimeMs } from '../core/time.ts';
import { claimOrderClocks, putOffOrderClock, removeOrderClock } from '../store/order-clocks.ts';
import type { ClaimedClock } from '../store/order-clocks.ts';
import { readConditionsOfOrder } from '../store/order-conditions.ts';
import { tellLinked } from '../store/order-links.ts';
import { setMissingClocks } from '../store/repair-reads.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { LIFE_CLOCK } from './life-clocks.ts';
import { takeSteps } from './life-steps.ts';
import { readLife } from './life-view.ts';

export interface LivesDeps {
  readonly accounts: AccountDirectory;
}

const CLAIM_LIMIT = 64;
const ACCOUNT_LIMIT = 16;
const LANES = 4;
/** A look takes milliseconds; the lease is for the time that a stopped database takes to come back. */
const LEASE_MS = 30_000;
/** An account that only observes, or is paused, may be live again at any time. */
const NOT_LIVE_WAIT_MS = 60_000;
const RESULT_CLOCK = 'doubt:result';
const WAITS_MS = [1000, 5000, 30_000, 120_000, 600_000] as const;

/**
 * Looks at the orders whose clock is due and takes their next steps. Every step is stored once, whoever looks how often,
 * so that any number of processes may do this and any of them may die. Returns how many orders were looked at.
 */
export async function runDueLives(ctx: HubContext, deps: LivesDeps): Promise<number> {
  const nowMs = ctx.clock();
  const claimed = await claimOrderClocks(ctx.pool, {
    kinds: [LIFE_CLOCK],
    now: new Date(nowMs),
    leaseUntil: new Date(nowMs + LEASE_MS),
    limit: CLAIM_LIMIT,
    accountLimit: ACCOUNT_LIMIT,
  });
  const waiting = [...claimed].reverse();
  const lanes = Array.from({ length: Math.min(LANES, waiting.length) }, async () => {
    for (let clock = waiting.pop(); clock !== undefined; clock = waiting.pop()) await lookSafely(ctx, deps, clock);
  });
  await Promise.all(lanes);
  return claimed.length;
}

async function lookSafely(ctx: HubContext, deps: LivesDeps, clock: ClaimedClock): Promise<void> {
  try {
    const lookAt = await look(ctx, deps, clock);
    ctx.crash('lives.before-clock');
    if (lookAt === null) await removeOrderClock(ctx.pool, clock);
    else await putOffOrderClock(ctx.pool, clock, { dueAt: new Date(lookAt), attempts: 0, reason: '' });
  } catch (error) {
    const attempts = clock.attempts + 1;
    const waitMs = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? 0;
    ctx.log.error({ err: error, account: clock.account, order: clock.orderId }, 'the next step of an order failed');
    const reason = 'The hub failed at its next step; the log has the details.';
    await putOffOrderClock(ctx.pool, clock, { dueAt: new Date(ctx.clock() + waitMs), attempts, reason });
  }
}

/** Takes the next steps of one order. Returns when to look again by itself; null: when something happens. */
async function look(
  ctx: HubContext,
  deps: LivesDeps,
  { account: accountId, orderId }: ClaimedClock,
): Promise<TimeMs | null> {
  const account = await deps.accounts.find(accountId);
  if (account === undefined) return null;
  // Without the account's lock: most looks find nothing to do, and callbacks need not wait for that.
  const found = await readLife(ctx, deps, ctx.pool, account, orderId, ctx.clock());
  const life = found === undefined ? undefined : LIVES[found.view.order.json.kind];
  if (found === undefined || life === undefined || !found.view.order.settings.isOn) return null;
  const plan = life.steps(found.view);
  const raised = await readConditionsOfOrder(ctx.pool, accountId, orderId);
  const isIdle = plan.acts.length === 0 && plan.words.length === 0 && sameConditions(plan.conditions, raised);
  let lookAt = plan.lookAt;
  if (!isIdle) {
    if (!mayStep(account, plan)) return ctx.clock() + NOT_LIVE_WAIT_MS;
    lookAt = await takeSteps(ctx, deps, account, life, orderId);
  }
  if (plan.askAt !== null) await awaitResult(ctx, account, found.view.order.json, plan.askAt);
  const { version } = found.view.order.json;
  if (found.links.some(({ toldVersion }) => toldVersion < version)) {
    const key = { account: accountId, orderId };
    const told = await tellLinked(ctx.pool, key, version, { kind: LIFE_CLOCK, now: new Date(ctx.clock()) });
    if (told > 0) ctx.wake.work();
  }
  return lookAt;
}

/** What the platform took in and does not tell the end of is asked for, by the same clocks as doubts. */
async function awaitResult(ctx: HubContext, account: KnownAccount, order: OrderJson, askAt: TimeMs): Promise<void> {
  const { connector, view } = account;
  if (connector.readTruth === undefined || connector.restMs?.(order, view) === undefined) return;
  const due = [{ id: order.id, dueAt: new Date(askAt), changedAt: new Date(order.updatedAt) }];
  await setMissingClocks(ctx.pool, account.row.id, RESULT_CLOCK, due, new Date(ctx.clock()));
}

/** What only shows (a deadline) is shown of an account that observes, too. */
const mayStep = ({ row }: KnownAccount, { acts, words }: LifePlan): boolean =>
  row.mode === 'live' || (acts.length === 0 && words.length === 0);

function sameConditions(
  wanted: readonly Condition[],
  raised: readonly { readonly name: string; readonly detail: Condition['detail'] }[],
): boolean {
  if (wanted.length !== raised.length) return false;
  const held = new Map<string, Json>(raised.map(({ name, detail }) => [name, detail]));
  return wanted.every(({ name, detail }) => sameJson(held.get(name), detail));
}
