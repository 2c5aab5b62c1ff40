import type { OrderToRead } from '../core/connector.ts';
import type { Report } from '../core/fact.ts';
import { orderJson } from '../core/order-json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import type { TimeMs } from '../core/time.ts';
import { findAliasesOfOrder, readOrderJson, readStoredOrder } from '../store/orders.ts';
import { findOrderHead } from '../store/order-reads.ts';
import { claimOrderClocks, putOffOrderClock, rearmOrderClock, removeOrderClock } from '../store/order-clocks.ts';
import type { ClaimedClock } from '../store/order-clocks.ts';
import { findOnlySellerToken, findTokenOfStore } from '../store/store-tokens.ts';
import { accessTokenOf, dropAccessToken } from './access-tokens.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { CallLater, gatedCall } from './repair-call.ts';
import type { GatedDeps } from './repair-call.ts';
import { takeNews } from './repair-news.ts';
import type { NewsDeps } from './repair-news.ts';
import { overdueAt, OVERDUE_DOUBT, OVERDUE_POLL } from './repair-overdue.ts';
import { openToken } from './store-desk.ts';

export interface SettleDeps extends NewsDeps, Partial<GatedDeps> {
  readonly accounts: AccountDirectory;
}

/** Kinds of order clocks that are doubts; what follows names the doubt. */
export const DOUBT_KIND = 'doubt:';
const OVERDUE_KIND = `${DOUBT_KIND}${OVERDUE_DOUBT}`;

/** Reads under way at once: a platform's limits are per app, and a flood of refunds is one merchant's. */
const READS_AT_ONCE = 8;
const CLAIM_LIMIT = 32;
const ACCOUNT_LIMIT = 8;
/** Longer than a claim can take: four orders a lane, two calls each, 15 s a call. */
const LEASE_MS = 150_000;
/** The platform's list lags behind its pushes by seconds, its outages last minutes, a missing token is a person's. */
const WAITS_MS = [2000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000] as const;
/** During an outage one order of an account asks and the others wait with it, so every minute is cheap enough. */
const LONGEST_OUTAGE_WAIT_MS = 60_000;
const PAUSED_WAIT_MS = 60_000;
/** After so long the platform no longer knows what it pushed; a person must look. */
const GIVE_UP_AFTER_MS = 7 * 86_400_000;

const UNREACHABLE = 'unreachable';

/** What came of asking; `retry`: again, later. */
type Outcome =
  | { readonly kind: 'settled' }
  /** Settled; but as long as the order stays as it is, the platform is asked again at that time. */
  | { readonly kind: 'rests'; readonly untilMs: TimeMs }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'paused' }
  /** The account's rate or breaker: it is not the order's fault. */
  | { readonly kind: 'later'; readonly waitMs: number }
  | { readonly kind: 'stop'; readonly reason: string };

/**
 * Asks the platforms about the orders whose doubts are due, and lets the answers take effect by the same door as
 * callbacks. One question for all doubts of an order. Returns how many orders were looked at.
 */
export async function settleDueDoubts(ctx: HubContext, deps: SettleDeps): Promise<number> {
  const nowMs = ctx.clock();
  const clocks = await claimOrderClocks(ctx.pool, {
    kinds: [DOUBT_KIND],
    now: new Date(nowMs),
    leaseUntil: new Date(nowMs + LEASE_MS),
    limit: CLAIM_LIMIT,
    accountLimit: ACCOUNT_LIMIT,
  });
  const orders = [...Map.groupBy(clocks, ({ account, orderId }) => `${account} ${orderId}`).values()];
  const count = orders.length;
  const away = new Set<string>();
  const lanes = Array.from({ length: Math.min(READS_AT_ONCE, count) }, async () => {
    for (let own = orders.pop(); own !== undefined; own = orders.pop()) await settleOrder(ctx, deps, own, away);
  });
  await Promise.all(lanes);
  return count;
}

/** `away`: accounts whose platform did not answer this time; asking for their other orders would hold up everyone's. */
async function settleOrder(
  ctx: HubContext,
  deps: SettleDeps,
  clocks: readonly ClaimedClock[],
  away: Set<string>,
): Promise<void> {
  const [first] = clocks;
  if (first === undefined) return;
  const about = { account: first.account, order: first.orderId };
  let outcome: Outcome;
  try {
    outcome = away.has(first.account)
      ? { kind: 'retry', reason: UNREACHABLE }
      : await readAndApply(ctx, deps, first, clocks);
    if (outcome.kind === 'retry' && outcome.reason.startsWith(UNREACHABLE)) away.add(first.account);
  } catch (error) {
    if (error instanceof CallLater) outcome = { kind: 'later', waitMs: error.waitMs };
    else {
      ctx.log.warn({ ...about, err: error }, 'the truth about an order could not be applied; it is asked for again');
      outcome = { kind: 'retry', reason: 'The hub could not apply the answer; the log has the details.' };
    }
  }
  for (const clock of clocks) await writeOutcome(ctx, clock, outcome);
}

async function writeOutcome(ctx: HubContext, clock: ClaimedClock, outcome: Outcome): Promise<void> {
  const nowMs = ctx.clock();
  const about = { account: clock.account, order: clock.orderId, kind: clock.kind };
  if (outcome.kind === 'rests' && clock.kind === OVERDUE_KIND) {
    await rearmOrderClock(ctx.pool, clock, new Date(outcome.untilMs), new Date(nowMs));
    return;
  }
  if (outcome.kind === 'settled' || outcome.kind === 'rests') {
    await removeOrderClock(ctx.pool, clock);
    return;
  }
  if (outcome.kind === 'later') {
    const dueAt = new Date(nowMs + outcome.waitMs);
    await putOffOrderClock(ctx.pool, clock, { dueAt, attempts: clock.attempts, reason: 'It waits for its turn.' });
    return;
  }
  if (outcome.kind === 'paused') {
    const dueAt = new Date(nowMs + PAUSED_WAIT_MS);
    await putOffOrderClock(ctx.pool, clock, { dueAt, attempts: clock.attempts, reason: 'The account is paused.' });
    return;
  }
  const attempts = clock.attempts + 1;
  const isOver = outcome.kind === 'stop' || nowMs - clock.createdAt.getTime() > GIVE_UP_AFTER_MS;
  if (isOver) ctx.log.warn({ ...about, reason: outcome.reason }, 'a doubt about an order stays: a person must look');
  const isOutage = outcome.reason.startsWith(UNREACHABLE);
  const growingMs = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? 0;
  const waitMs = isOutage ? Math.min(growingMs, LONGEST_OUTAGE_WAIT_MS) : growingMs;
  const dueAt = isOver ? null : new Date(nowMs + waitMs);
  await putOffOrderClock(ctx.pool, clock, { dueAt, attempts, reason: outcome.reason });
}

async function readAndApply(
  ctx: HubContext,
  deps: SettleDeps,
  { account: accountId, orderId }: ClaimedClock,
  clocks: readonly ClaimedClock[],
): Promise<Outcome> {
  const account = await deps.accounts.find(accountId);
  // A deleted account asks nothing any more.
  if (account?.connector.readTruth === undefined) return { kind: 'settled' };
  if (account.row.mode === 'paused') return { kind: 'paused' };
  const doubts = clocks.map(({ kind }) => kind.slice(DOUBT_KIND.length)).sort();
  const isOverdueAlone = doubts.every((doubt) => doubt === OVERDUE_DOUBT);
  if (isOverdueAlone) {
    const dueMs = await overdueOf(ctx, account, orderId);
    if (dueMs === undefined) return { kind: 'settled' };
    if (dueMs > ctx.clock() && clocks.every(({ attempts }) => attempts === 0)) return { kind: 'rests', untilMs: dueMs };
  }
  const order = await orderToRead(ctx, account, orderId, doubts);
  if (order === undefined) return { kind: 'settled' };
  // Read before the call: what the platform says is at least as new as this.
  const atMs = ctx.clock();
  const answer = await readTruth(ctx, deps, account, order, atMs);
  if (!answer.ok) {
    const { class: kind, kind: behind, code, message } = answer.refusal;
    // The next try buys a new one.
    if (behind === 'token' && order.accessToken !== undefined) await dropAccessTokenOf(ctx, account, order);
    const reason = `${code}: ${message}`;
    ctx.log.info(
      { account: accountId, order: orderId, code },
      'the platform did not tell the truth about an order yet',
    );
    return kind === 'final' ? { kind: 'stop', reason } : { kind: 'retry', reason };
  }
  if (isOverdueAlone) {
    // No message raised it: what the platform tells now, its pushes have failed to.
    const reports = answer.value.map(({ doubt: _doubt, ...report }) => report);
    await takeNews(ctx, deps, account, { reports }, { poll: OVERDUE_POLL, askedAt: atMs });
  } else if (answer.value.length > 0) {
    const content = { kind: 'reports', reports: answer.value } as const;
    await deps.commits.submit(account, { receipt: null, stored: false, content, source: 'query' });
  }
  const again = answer.value.find(({ doubt }) => doubt !== undefined);
  if (again !== undefined) {
    return { kind: 'retry', reason: `The platform does not know it all yet (${again.doubt ?? ''}).` };
  }
  return clocks.some(({ kind }) => kind === OVERDUE_KIND) ? restAfter(ctx, account, orderId) : { kind: 'settled' };
}

/** Forgets the access token that the platform did not take; another process may have fetched a new one since. */
async function dropAccessTokenOf(ctx: HubContext, account: KnownAccount, order: OrderToRead): Promise<void> {
  const token = await order.accessToken?.();
  if (token?.ok === true) await dropAccessToken(ctx, account.row.id, token.value);
}

/** The longer an order has rested, the rarer it is asked about: after a month every three days. */
const REST_SHARE = 10;

/** An order that is still open rests anew from now on: the platform has just said that nothing has happened. */
async function restAfter(ctx: HubContext, account: KnownAccount, orderId: string): Promise<Outcome> {
  const order = await readOrderJson(ctx.pool, ctx.sealer, account.row.id, orderId, { reveal: false });
  const restMs = order === undefined ? undefined : account.connector.restMs?.(order, account.view);
  if (order === undefined || restMs === undefined || order.mergedInto !== null) return { kind: 'settled' };
  const nowMs = ctx.clock();
  const restedMs = nowMs - Date.parse(order.updatedAt);
  return { kind: 'rests', untilMs: nowMs + Math.max(restMs, Math.floor(restedMs / REST_SHARE)) };
}

async function overdueOf(ctx: HubContext, account: KnownAccount, orderId: string): Promise<TimeMs | undefined> {
  const order = await readOrderJson(ctx.pool, ctx.sealer, account.row.id, orderId, { reveal: false });
  return order === undefined ? undefined : overdueAt(account, order);
}

async function readTruth(
  ctx: HubContext,
  { gate, sleep }: SettleDeps,
  account: KnownAccount,
  order: OrderToRead,
  atMs: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const { connector, view } = account;
  const call =
    gate === undefined || sleep === undefined
      ? ctx.callPlatform
      : gatedCall(ctx, { gate, sleep }, account, async () => true);
  try {
    const answer = await connector.readTruth?.(view, call, order, atMs);
    return answer ?? { ok: true, value: [] };
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) throw error;
    return { ok: false, refusal: { class: 'retry', code: UNREACHABLE, message: error.message } };
  }
}

/** What the connector needs to ask: an order that was folded into another is asked about as that one. */
export async function orderToRead(
  ctx: HubContext,
  account: KnownAccount,
  orderId: string,
  doubts: readonly string[],
): Promise<OrderToRead | undefined> {
  const accountId = account.row.id;
  let head = await findOrderHead(ctx.pool, accountId, orderId);
  if (head?.mergedInto !== undefined && head.mergedInto !== null) {
    head = await findOrderHead(ctx.pool, accountId, head.mergedInto);
  }
  if (head === undefined) return undefined;
  const aliases = await findAliasesOfOrder(ctx.pool, accountId, head.id);
  const own = head.store === null ? undefined : await findTokenOfStore(ctx.pool, accountId, head.store);
  const token = own ?? (await findOnlySellerToken(ctx.pool, accountId));
  const stored = await readStoredOrder(ctx.pool, ctx.sealer, accountId, head.id);
  const order = stored === undefined ? undefined : orderJson(stored.head, stored.lines);
  const storeToken = token === undefined ? null : openToken(ctx.sealer, token);
  return {
    aliases,
    kind: head.kind,
    store: head.store,
    storeToken,
    doubts,
    platformFields: order?.platformFields ?? {},
    items: order?.items ?? [],
    lines: stored?.lines ?? {},
    ...(account.connector.accessTokens === undefined ? {} : { accessToken: () => accessTokenOf(ctx, account) }),
  };
}
