import type { Lifecycle } from '../registers.ts';
import { dueLine, refundLine, WHOLE } from '../registers.ts';
import { read } from '../fact.ts';
import { PlanDraft, triesOf } from './draft.ts';
import type { Life, LifeAction, LifeView, OrderSide } from './life.ts';
import { pushSteps } from './order-centre.ts';

/** A minute, an hour, six hours: a merchant's balance is short for a while, a wrong right for longer. */
const REFUND_RETRIES_MS = [60_000, 3_600_000, 21_600_000];
const SETTLE_RETRIES_MS = [3_600_000, 21_600_000, 86_400_000];
/** A query that was refused for good is asked again for the sake of what a person may have put right meanwhile. */
export const ASK_RETRIES_MS = [10_000, 60_000, 300_000, 900_000];

/** A platform takes seconds over a refund or a settlement; after two minutes its callback is missed. */
const RESULT_MS = 120_000;

/** Its clock and ours may differ by so much. */
const AFTER_END_MS = 30_000;

const DAY_MS = 86_400_000;
const SETTLE_AFTER_MS = 7 * DAY_MS;

export const isClosed = (lifecycle: Lifecycle): lifecycle is 'cancelled' | 'expired' =>
  lifecycle === 'cancelled' || lifecycle === 'expired';

/** The hub made it, and its platform has it: only such an order does the hub carry on by itself. */
export const isMade = ({ origin, actions }: Pick<OrderSide, 'origin' | 'actions'>): boolean =>
  origin === 'made' && actions.some(({ action, state }) => action === 'create' && state === 'succeeded');

/**
 * A payment, alone or for another order (its parent): told to the order centre, asked about before it counts as unpaid,
 * given back where something is due, settled after the wait.
 */
export const paymentLife: Life = {
  kind: 'payment',
  followsActions: true,
  lookAfterChange: (_order, now) => now,
  steps(view) {
    const draft = new PlanDraft(view);
    const { order } = view;
    // Of a payment for another order nothing is decided without that one.
    const isLost = order.json.parent !== null && view.parent === null;
    if (order.json.mergedInto !== null || isLost) return draft.plan();
    if (isMade(order) || order.origin === 'adopted') pushSteps(view, draft);
    if (!isMade(order)) return draft.plan();
    if (order.json.payment === 'unpaid') unpaidSteps(view, draft);
    else paidSteps(view, draft);
    return draft.plan();
  },
};

/** What an unpaid payment is to become, and why; undefined: it waits. */
function endOf({ order, parent }: LifeView, draft: PlanDraft): 'cancelled' | 'expired' | undefined {
  const wantsOut = (side: OrderSide | null): boolean => side?.json.flags.includes('cancel_requested') ?? false;
  if (wantsOut(order) || wantsOut(parent)) return 'cancelled';
  if (parent !== null && isClosed(parent.json.lifecycle)) return parent.json.lifecycle;
  const expiresAt = order.json.expiresAt ?? parent?.json.expiresAt ?? null;
  return expiresAt !== null && draft.isDue(Date.parse(expiresAt)) ? 'expired' : undefined;
}

/** Nobody has paid. It is closed only after the platform was asked and said so. */
function unpaidSteps(view: LifeView, draft: PlanDraft): void {
  const { order, now } = view;
  if (isClosed(order.json.lifecycle)) askAfterPlatformsEnd(order, draft);
  if (order.json.lifecycle !== 'open') return;
  const end = endOf(view, draft);
  if (end === undefined) return;
  const generation = order.lines[WHOLE]?.lifecycle?.g ?? 0;
  const cause = `life:ask:${end}:${generation}`;
  const asked = order.can.has('query')
    ? draft.act({ action: 'query', cause, retryAfterMs: ASK_RETRIES_MS })
    : undefined;
  if (asked?.state === 'done') {
    const wish = { line: WHOLE, register: 'flag.cancel_requested', value: false } as const;
    draft.say(end, [
      { line: WHOLE, register: 'lifecycle', value: end },
      { line: WHOLE, register: 'closedAt', value: now },
      ...(order.json.flags.includes('cancel_requested') ? [wish] : []),
    ]);
  } else if (asked?.state !== 'running') draft.raise('payment_unclear', { end });
}

/**
 * What was closed here, for want of a payment, the platform may take a payment for a while yet: its time is longer than
 * the hold, or somebody has cancelled. Should the callback of that one get lost nobody would ever hear of the money, so
 * it is asked for once more when the platform takes it no longer.
 */
function askAfterPlatformsEnd(order: OrderSide, draft: PlanDraft): void {
  const isOwnWord = (order.lines[WHOLE]?.lifecycle?.g ?? 0) > 0;
  const create = order.actions.find(({ action, state }) => action === 'create' && state === 'succeeded');
  const validSeconds = create?.params['validSeconds'];
  if (!isOwnWord || create === undefined || typeof validSeconds !== 'number' || !order.can.has('query')) return;
  const endMs = (create.finishedAt ?? create.createdAt) + validSeconds * 1000;
  const wasAsked = order.actions.some(
    ({ action, state, sentAt }) => action === 'query' && state === 'succeeded' && (sentAt ?? 0) >= endMs,
  );
  if (wasAsked || !draft.isDue(endMs + AFTER_END_MS)) return;
  const asked = draft.act({ action: 'query', cause: 'life:ask:after', retryAfterMs: ASK_RETRIES_MS });
  if (asked.state === 'failed' || asked.state === 'unknown')
    draft.raise('payment_unclear', { end: order.json.lifecycle });
}

function paidSteps(view: LifeView, draft: PlanDraft): void {
  const { order, parent, now } = view;
  const { json } = order;
  if (parent !== null) refundWhatParentOwes(view, draft, parent);
  else if (isClosed(json.lifecycle) && json.payment !== 'refunded') latePaymentSteps(view, draft);
  const isAlive = parent !== null && !isClosed(parent.json.lifecycle);
  if (isAlive && isClosed(json.lifecycle)) {
    draft.say('revived', [{ line: WHOLE, register: 'lifecycle', value: 'open' }]);
  }
  // Its own word, which comes together with what is due back, and not what its parts add up to before that.
  if (parent !== null && read(parent.lines, WHOLE, 'lifecycle') === 'completed' && json.lifecycle === 'open') {
    const at = parent.json.completedAt;
    draft.say('completed', [
      { line: WHOLE, register: 'lifecycle', value: 'completed' },
      { line: WHOLE, register: 'completedAt', value: at === null ? now : Date.parse(at) },
    ]);
  }
  settleSteps(view, draft);
  awaitResults(order, draft);
}

/** What of the payment has not gone back. */
export const leftOf = ({ json }: OrderSide): number => (json.amounts.paid ?? 0) - (json.amounts.refunded ?? 0);

/** What was taken in and not told the end of: refunds, and the last settlement. */
function awaitResults({ json, lines, actions }: OrderSide, draft: PlanDraft): void {
  for (const { action, state, number, params, finishedAt } of actions) {
    if (state !== 'succeeded' || finishedAt === null) continue;
    const isRefund = action === 'refund' && read(lines, refundLine(number), 'refund')?.state === 'requested';
    const isSettlement = action === 'settle' && params['final'] !== false && json.settlement !== 'settled';
    if (isRefund || isSettlement) draft.awaitResult(finishedAt + RESULT_MS);
  }
}

/** Paid after it was closed, and no other order decides. */
function latePaymentSteps({ order }: LifeView, draft: PlanDraft): void {
  const policy = order.settings.latePayment;
  if (policy === 'revive') draft.say('revived', [{ line: WHOLE, register: 'lifecycle', value: 'open' }]);
  else if (policy === 'ask') draft.raise('late_payment', { amount: order.json.amounts.paid });
  else refund({ order }, draft, 'late', leftOf(order), '订单关闭后到账，自动退款');
}

/**
 * Gives back what the parent found due: each once, tried again under a new number when the platform refused it. Where
 * less is left than is due, what somebody gave back by hand was for it: the customer gets the due once, not the rest, too.
 */
function refundWhatParentOwes(view: LifeView, draft: PlanDraft, parent: OrderSide): void {
  const beginning = dueLine('');
  const dues = Object.keys(parent.lines)
    .filter((line) => line.startsWith(beginning))
    .sort()
    .map((line) => ({ what: line.slice(beginning.length), due: read(parent.lines, line, 'refund') }));
  let byHand = givenByHand(view.order);
  for (const { due } of dues) if (due?.state === 'replaced') byHand -= due.amount ?? 0;
  for (const { what, due } of dues) {
    if (due?.state !== 'requested') continue;
    const amount = due.amount ?? 0;
    const isFirst = refundTries(view.order, what).length === 0;
    const covered = isFirst && leftOf(view.order) < amount ? Math.min(Math.max(byHand, 0), amount) : 0;
    byHand -= covered;
    refund(view, draft, what, amount - covered, due.reason ?? '退款');
  }
}

/** What went back at a payment by refunds that its life did not ask for. */
function givenByHand({ lines, actions }: OrderSide): number {
  const own = new Set(actions.filter(({ cause }) => cause?.startsWith(refundCause(''))).map(({ number }) => number));
  return Object.keys(lines)
    .filter((line) => line.startsWith(refundLine('')) && !own.has(line.slice(refundLine('').length)))
    .map((line) => read(lines, line, 'refund'))
    .reduce((sum, value) => (value?.state === 'succeeded' ? sum + (value.amount ?? 0) : sum), 0);
}

const refundCause = (what: string): string => `life:refund:${what}`;

/** The actions of a payment that give back what is due, the oldest first. */
export function refundTries({ actions }: OrderSide, what: string): readonly LifeAction[] {
  return triesOf(actions, refundCause(what));
}

function refund(
  { order }: Pick<LifeView, 'order'>,
  draft: PlanDraft,
  what: string,
  due: number | null,
  reason: string,
): void {
  const tries = refundTries(order, what);
  const last = tries.at(-1);
  // Nothing is left where somebody gave it back by hand.
  const amount = Math.min(due ?? 0, leftOf(order));
  if (last === undefined && amount <= 0) return;
  if (!order.can.has('refund')) return draft.raise('refund_failed', { amount, reason });
  // Taken in is not given back: what the platform took and failed later is done again, under a new number.
  const failedLater =
    last?.state === 'succeeded' && read(order.lines, refundLine(last.number), 'refund')?.state === 'failed';
  if (last !== undefined && failedLater) {
    const waitMs = REFUND_RETRIES_MS[tries.length - 1];
    if (waitMs === undefined) return draft.raise('refund_failed', { amount, reason });
    if (amount > 0 && draft.isDue((last.finishedAt ?? last.createdAt) + waitMs)) {
      draft.act({ action: 'refund', cause: `${refundCause(what)}#${tries.length + 1}`, params: { amount, reason } });
    }
    return;
  }
  const params = { amount, reason };
  const stands = draft.act({ action: 'refund', cause: refundCause(what), params, retryAfterMs: REFUND_RETRIES_MS });
  if (stands.state === 'failed' || stands.state === 'unknown') {
    draft.raise('refund_failed', { amount, reason, code: stands.action.code });
  }
}

/**
 * What is left becomes the seller's after the wait, unless somebody has settled it by hand. The wait of the account that
 * sells comes first: it knows its goods.
 */
function settleSteps({ order, parent }: LifeView, draft: PlanDraft): void {
  const { json, settings } = order;
  const isOver = parent === null ? !isClosed(json.lifecycle) : json.lifecycle === 'completed';
  const isMoving =
    json.flags.includes('refund_requested') ||
    (parent?.json.refundDue ?? null) !== null ||
    order.actions.some(({ action, isOpen }) => action === 'refund' && isOpen);
  if (!order.can.has('settle') || json.settlement === 'settled' || !isOver || isMoving || leftOf(order) <= 0) return;
  const byHand = order.actions.some(
    ({ action, cause, state, params }) =>
      action === 'settle' && cause === null && state !== 'failed' && params['final'] === true,
  );
  const since = json.completedAt ?? json.paidAt;
  const waitMs = parent?.settings.settleAfterMs ?? settings.settleAfterMs ?? SETTLE_AFTER_MS;
  if (byHand || since === null || !draft.isDue(Date.parse(since) + waitMs)) return;
  const params = { description: `订单 ${json.merchantOrderId ?? json.id} 结算`, splits: [], final: true };
  const stands = draft.act({ action: 'settle', cause: 'life:settle', params, retryAfterMs: SETTLE_RETRIES_MS });
  if (stands.state === 'running') return;
  // Taken in, and a day later still not settled: it failed there, and nobody said so.
  const { state, finishedAt, code } = stands.action;
  if (state !== 'succeeded' || draft.isDue((finishedAt ?? 0) + DAY_MS)) draft.raise('settle_failed', { code });
}
