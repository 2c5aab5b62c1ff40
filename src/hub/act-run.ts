import { wantsAccessToken } from '../core/action.ts';
import type { ActionOutcome } from '../core/action.ts';
import { newId } from '../core/ids.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { OutgoingRequest, PlatformResponse } from '../core/outgoing.ts';
import type { TimeMs } from '../core/time.ts';
import { claimActions, renewActions } from '../store/action-claims.ts';
import { patchAction } from '../store/actions.ts';
import type { ActionRow } from '../store/actions.ts';
import { accessTokenOf } from './access-tokens.ts';
import type { AccountDirectory } from './account-directory.ts';
import { decide, end, mayBeDone } from './act-decide.ts';
import type { Decision, Heard } from './act-decide.ts';
import type { ActGate } from './act-gate.ts';
import { writeOutcome } from './act-outcome.ts';
import type { HeldAction } from './act-outcome.ts';
import { afterTokenRefusal, withoutToken } from './act-token.ts';
import { handedOver, lastWord, readyRequest, workOf } from './act-work.ts';
import type { Work } from './act-work.ts';
import { readOrderToActOn } from './action-order.ts';
import type { HubContext } from './context.ts';

export interface ActDeps {
  readonly accounts: AccountDirectory;
  readonly gate: ActGate;
  /** Called when an action is over, with what it became. */
  onOver?(platform: string, action: string, state: string): void;
  /** Called after each call. */
  onCall?(platform: string, durationMs: number): void;
}

const CALLS_AT_ONCE = 32;
/** Of them for one account, more or less: a platform that hangs shall not take all. */
const ACCOUNT_LIMIT = 8;
/**
 * Renewed while the action is in hand, so it need not cover a lane; whose process died is taken up again within it. One
 * call of 15 s and time to write must fit in: nothing is sent late under a lease.
 */
const LEASE_MS = 40_000;
const RENEW_MS = 5000;
const CALL_TIMEOUT_MS = 15_000;
/** What must be left of a lease beyond the call's own time-out. */
const WRITE_MS = 10_000;
const NOT_LIVE_WAIT_MS = 60_000;

/** Does what is due at the platforms, and waits for it. Returns how many actions it took. */
export async function runDueActions(ctx: HubContext, deps: ActDeps): Promise<number> {
  const runner = createActRunner(ctx, deps);
  const took = await runner.run();
  await runner.stop();
  return took;
}

export interface ActRunner {
  /** Takes up what is due and does not wait for it, so that a platform that hangs holds up none but its own. */
  run(): Promise<number>;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/** Does what is due at the platforms: many at once, those of one order one after the other. */
export function createActRunner(ctx: HubContext, deps: ActDeps): ActRunner {
  const lanes = new Set<Promise<void>>();
  const orders = new Set<string>();
  const counts = new Map<string, number>();

  /** Those of one order: it is accepted before it is called ready. */
  const runLane = async (rows: readonly ActionRow[], lease: HeldLease): Promise<void> => {
    for (const row of rows) await runSafely(ctx, deps, row, lease);
  };
  const count = (account: string, by: number): void => {
    counts.set(account, (counts.get(account) ?? 0) + by);
    if (counts.get(account) === 0) counts.delete(account);
  };

  return {
    async run() {
      if (lanes.size >= CALLS_AT_ONCE) {
        await Promise.race(lanes);
        return 1;
      }
      const nowMs = ctx.clock();
      const id = newId('act', nowMs, ctx.randomBytes);
      const claimed = await claimActions(ctx.pool, {
        now: new Date(nowMs),
        leaseUntil: new Date(nowMs + LEASE_MS),
        lease: id,
        limit: CALLS_AT_ONCE - lanes.size,
        accountLimit: ACCOUNT_LIMIT,
        busyAccounts: [...counts].filter(([, own]) => own >= ACCOUNT_LIMIT).map(([account]) => account),
        busyOrders: [...orders],
      });
      if (claimed.length === 0) return 0;
      const lease = holdLease(ctx, id, claimed, nowMs + LEASE_MS);
      const own = [...Map.groupBy(claimed, ({ account, orderId }) => `${account} ${orderId}`).values()].map((rows) => {
        const [{ account, orderId }] = rows as [ActionRow];
        orders.add(orderId);
        count(account, rows.length);
        const lane = runLane(rows, lease).finally(() => {
          orders.delete(orderId);
          count(account, -rows.length);
          lanes.delete(lane);
          // What waited for this order, or for a place, was not claimed meanwhile.
          ctx.wake.work();
        });
        lanes.add(lane);
        return lane;
      });
      void Promise.allSettled(own).then(() => lease.stop());
      return claimed.length;
    },
    async stop() {
      while (lanes.size > 0) await Promise.allSettled(lanes);
    },
  };
}

/** The lease of what was claimed together. */
interface HeldLease {
  readonly id: string;
  untilMs(): TimeMs;
  stop(): void;
}

/** Renews a lease until it is stopped. What was written back in the meantime has none any more. */
function holdLease(ctx: HubContext, id: string, rows: readonly ActionRow[], firstUntilMs: TimeMs): HeldLease {
  let untilMs = firstUntilMs;
  const renew = async (): Promise<void> => {
    const nextMs = ctx.clock() + LEASE_MS;
    await renewActions(ctx.pool, rows, id, new Date(nextMs));
    untilMs = nextMs;
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) => ctx.log.warn({ err: error }, 'a lease on actions could not be renewed'));
  }, RENEW_MS);
  timer.unref();
  return { id, untilMs: () => untilMs, stop: () => clearInterval(timer) };
}

async function runSafely(ctx: HubContext, deps: ActDeps, row: ActionRow, lease: HeldLease): Promise<void> {
  try {
    await runAction(ctx, deps, row, lease);
  } catch (error) {
    // The lease brings it back.
    ctx.log.error({ err: error, account: row.account, action: row.id }, 'an action was interrupted');
  }
}

async function runAction(
  ctx: HubContext,
  deps: ActDeps,
  row: ActionRow,
  { id: lease, untilMs }: HeldLease,
): Promise<void> {
  const account = await deps.accounts.find(row.account);
  const found = await readOrderToActOn(ctx, ctx.pool, row.account, row.orderId);
  if (account === undefined || found === undefined) {
    // Of a deleted account: there is nobody left to tell.
    const state = mayBeDone(row) ? 'unknown' : 'failed';
    const { patch } = end(state, 'account_gone', 'The account or the order is gone.', ctx.clock());
    await patchAction(ctx.pool, row, lease, patch, new Date(ctx.clock()));
    return;
  }
  const held = { account, row, order: found.order.json, lease };
  const work = workOf(ctx, held, found, untilMs);
  if (work === undefined) {
    const state = mayBeDone(row) ? 'unknown' : 'failed';
    const reason = 'The platform does not take this action any more.';
    await writeOutcome(ctx, held, end(state, 'action_unknown', reason, ctx.clock()));
    return;
  }
  const asks = row.state === 'unknown' || (row.state === 'sent' && work.spec.onSilence === 'ask');
  if (account.row.mode === 'paused' || (!asks && account.row.mode === 'observe')) {
    const later = { dueAt: new Date(ctx.clock() + NOT_LIVE_WAIT_MS), reason: `The account is ${account.row.mode}.` };
    await patchAction(ctx.pool, row, lease, later, new Date(ctx.clock()));
    return;
  }
  if (asks && !work.rules.canAsk) {
    const reason = row.reason ?? 'No answer was heard, and the platform cannot be asked.';
    return settle(ctx, deps, work, end('unknown', row.code ?? 'unreachable', reason, ctx.clock()));
  }
  const waitMs = deps.gate.enter(row.account, account.view.settings, ctx.clock());
  if (waitMs > 0) {
    await patchAction(ctx.pool, row, lease, { dueAt: new Date(ctx.clock() + waitMs) }, new Date(ctx.clock()));
    return;
  }
  await (asks ? ask(ctx, deps, work) : send(ctx, deps, work));
}

/** Sends the action: the stored bytes where there are some, else newly made ones, stored before they leave. */
async function send(ctx: HubContext, deps: ActDeps, work: Work): Promise<void> {
  const { held, actions, rules, leaseUntilMs } = work;
  const { account, row, lease } = held;
  const ready = await readyRequest(ctx, work);
  if (ready.kind === 'over') return settle(ctx, deps, work, ready.decision);
  if (ready.kind === 'no-token') return settle(ctx, deps, work, withoutToken(ctx, work, ready.refusal, false));
  const { outgoing, request, stored } = ready;
  const now = new Date(ctx.clock());
  const sentAt = row.sentAt ?? now;
  const marked = { ...stored, state: 'sent', attempts: row.attempts + 1, sentAt } as const;
  if (!(await patchAction(ctx.pool, row, lease, marked, now))) return;
  // Under the last of a lease the next holder could find it as sent, ask, hear no, and then this one would leave.
  if (ctx.clock() + (outgoing.timeoutMs ?? CALL_TIMEOUT_MS) + WRITE_MS > leaseUntilMs()) {
    const back = { state: row.state, attempts: row.attempts, sentAt: row.sentAt, dueAt: now };
    await patchAction(ctx.pool, row, lease, back, now);
    return;
  }
  ctx.crash('act.before-send');
  const startedMs = ctx.clock();
  const heard = await hear(ctx, deps, held, outgoing, (response) => actions.conclude(account.view, request, response));
  const durationMs = ctx.clock() - startedMs;
  // `state` and `silences` are those before this sending: they say whether an earlier one may have arrived.
  const before = { ...row, sentAt };
  const about = { asked: false, settings: account.view.settings, nowMs: ctx.clock() };
  const decision =
    (await afterTokenRefusal(ctx, work, heard, ready.accessToken, false)) ?? decide(before, rules, heard, about);
  const patch = { ...marked, durationMs, ...handedOver(ctx, heard), ...decision.patch };
  await settle(ctx, deps, work, { ...decision, patch });
}

/** Asks what became of an action that was sent and not heard of. */
async function ask(ctx: HubContext, deps: ActDeps, work: Work): Promise<void> {
  const { held, actions, spec, rules } = work;
  const { account, row } = held;
  let { request } = work;
  if (wantsAccessToken(spec, account.view, request.order.json)) {
    const token = await accessTokenOf(ctx, account);
    if (!token.ok) return settle(ctx, deps, work, withoutToken(ctx, work, token.refusal, true));
    request = { ...request, accessToken: token.value };
  }
  // A question has a time and a signature of its own; the number is that of the action.
  const question = actions.prepareQuestion?.(account.view, request);
  if (question === undefined) return;
  const startedMs = ctx.clock();
  const heard = await hear(
    ctx,
    deps,
    held,
    question,
    (response) =>
      actions.concludeQuestion?.(account.view, request, response) ?? { state: 'unknown', reason: 'no answer' },
  );
  const nowMs = ctx.clock();
  const about = { asked: true, settings: account.view.settings, nowMs };
  const decision =
    (await afterTokenRefusal(ctx, work, heard, request.accessToken, true)) ?? decide(row, rules, heard, about);
  const durationMs = nowMs - startedMs;
  const patch = { questions: row.questions + 1, durationMs, ...handedOver(ctx, heard), ...decision.patch };
  await settle(ctx, deps, work, { ...decision, patch });
}

/** One call and what it means. An answer that the connector cannot read is none. */
async function hear(
  ctx: HubContext,
  deps: ActDeps,
  { account, row }: HeldAction,
  outgoing: OutgoingRequest,
  conclude: (response: PlatformResponse) => ActionOutcome,
): Promise<Heard> {
  const startedMs = ctx.clock();
  const done = (answered: boolean): void => {
    deps.gate.leave(account.row.id, account.view.settings, answered, ctx.clock());
    deps.onCall?.(account.row.platform, ctx.clock() - startedMs);
  };
  let response: PlatformResponse;
  try {
    response = await ctx.callPlatform(outgoing);
  } catch (error) {
    done(false);
    if (!(error instanceof PlatformUnreachable)) throw error;
    return { kind: 'silence', reason: error.message, mayHaveArrived: error.mayHaveArrived };
  }
  ctx.crash('act.after-send');
  done(true);
  try {
    const outcome = conclude(response);
    const isTooOften = outcome.state === 'failed' && outcome.refusal.kind === 'rate';
    if (isTooOften) deps.gate.slow(account.row.id, ctx.clock());
    return { kind: 'outcome', outcome };
  } catch (error) {
    ctx.log.error({ err: error, account: row.account, action: row.id }, 'a connector could not read an answer');
    return { kind: 'silence', reason: 'The answer could not be read.', mayHaveArrived: true };
  }
}

async function settle(ctx: HubContext, deps: ActDeps, work: Work, decided: Decision): Promise<void> {
  const { held } = work;
  const { account, row, order } = held;
  const decision = await lastWord(ctx, work, decided);
  ctx.crash('act.before-outcome');
  const written = await writeOutcome(ctx, held, decision);
  const { state = row.state, code, reason } = decision.patch;
  if (!written || !decision.isOver) return;
  deps.onOver?.(account.row.platform, row.action, state);
  if (state === 'succeeded') return;
  const about = { account: account.row.id, order: order.id, action: row.action, id: row.id, state, code, reason };
  // What a person must do about it is in the attention queue; a jam that was refunded by itself is no warning.
  ctx.log.info(about, 'an action did not succeed');
}
