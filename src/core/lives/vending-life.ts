import { read } from '../fact.ts';
import { WHOLE } from '../registers.ts';
import { shareOut } from '../share-out.ts';
import { dispenseSteps, itemOf } from './dispensing.ts';
import type { Dispensing } from './dispensing.ts';
import { PlanDraft } from './draft.ts';
import { UNNAMED } from './life.ts';
import type { Life, LifeView, OrderSide } from './life.ts';
import { ASK_RETRIES_MS, isClosed, isMade } from './payment-life.ts';
import { awaitGivenBack, duesOf, mirrorRefunds, owe, owedTotal } from './refund-dues.ts';
import type { Money } from './refund-dues.ts';

const CLOSE_RETRIES_MS = [5000, 30_000, 300_000];
const REVIVE = 'life:revive';
/** How long the platform keeps what was made once more; it is paid already. */
const REVIVED_MS = 1_200_000;
/** How long the platform keeps what nobody pays. */
const PLATFORM_HOLD_MS = 1_200_000;
const RECORDS_RETRIES_MS = [5000, 15_000, 60_000];

/**
 * An order at a machine: held, paid (by a payment of its own, its leg, or by the shop), dispensed, and given back where
 * it was not; or closed at the end of the hold.
 */
export const vendingLife: Life = {
  kind: 'vending',
  followsActions: true,
  // What the hub makes has an end; of others nothing is to be done.
  lookAfterChange: ({ expiresAt }, now) => (expiresAt === null ? undefined : now),
  steps(view) {
    const draft = new PlanDraft(view);
    const { order } = view;
    if (order.json.mergedInto !== null) return draft.plan();
    if (!isMade(order)) {
      tellOfHeldGoods(view, draft);
      return draft.plan();
    }
    const money = moneyOf(view);
    if (money === undefined) unpaidSteps(view, draft);
    else paidSteps(view, draft, money);
    return draft.plan();
  },
};

/**
 * Of an order that the platform made without giving its number nothing can be asked and nothing be closed: it holds its
 * goods until its own clock ends it, and a person may wonder where they are.
 */
function tellOfHeldGoods({ order }: LifeView, draft: PlanDraft): void {
  const made = order.actions.findLast(({ action }) => action === 'create');
  if (made?.state !== 'failed' || made.code !== UNNAMED) return;
  const until = (made.finishedAt ?? made.createdAt) + PLATFORM_HOLD_MS;
  if (!draft.isDue(until)) draft.raise('goods_held', { until: new Date(until).toISOString() });
}

const payingLeg = ({ legs }: LifeView): OrderSide | undefined =>
  legs.find(({ json }) => json.payment !== 'unpaid') ?? legs.at(-1);

function moneyOf(view: LifeView): Money | undefined {
  const leg = payingLeg(view);
  if (leg !== undefined) {
    const { paid, total } = leg.json.amounts;
    // Told to be paid before it was told how much: what was asked for.
    const amount = paid === null || paid === 0 ? total : paid;
    if (leg.json.payment === 'unpaid' || amount === null) return undefined;
    return { amount, at: leg.json.paidAt === null ? null : Date.parse(leg.json.paidAt), leg };
  }
  const { order } = view;
  const byShop = order.actions.find(({ action, state }) => action === 'paid' && state === 'succeeded');
  const said = byShop?.params['amount'];
  if (typeof said === 'number') return { amount: said, at: byShop?.finishedAt ?? null, leg: null };
  const { paid } = order.json.amounts;
  return order.json.payment === 'unpaid' || paid === null ? undefined : { amount: paid, at: null, leg: null };
}

/** Nobody has paid, as far as the hub knows. */
function unpaidSteps(view: LifeView, draft: PlanDraft): void {
  const { order } = view;
  const { json } = order;
  const refused = order.actions.findLast(({ action, state }) => action === 'paid' && state === 'failed');
  if (isClosed(json.lifecycle)) {
    nameEnd(view, draft);
    if (json.flags.includes('cancel_requested')) {
      draft.say('let-go', [{ line: WHOLE, register: 'flag.cancel_requested', value: false }]);
    }
    // The shop took money for an order that the machine's platform does not serve any more.
    const amount = refused?.params['amount'];
    if (refused !== undefined && typeof amount === 'number' && amount > 0) {
      draft.say('paid-late', [
        { line: WHOLE, register: 'payment', value: 'paid' },
        { line: WHOLE, register: 'money.paid', value: amount },
      ]);
    }
    return;
  }
  if (json.lifecycle !== 'open') return;
  const end = endOf(view, draft);
  if (end === undefined) return;
  // A payment on its way through the hub is waited for.
  if (order.actions.some(({ action, isOpen }) => action === 'paid' && isOpen)) return;
  if (isClearlyUnpaid(view, draft, end)) closeSteps(view, draft, end);
}

function endOf({ order, legs }: LifeView, draft: PlanDraft): 'cancelled' | 'expired' | undefined {
  const { json } = order;
  if (json.flags.includes('cancel_requested')) return 'cancelled';
  const leg = legs.at(-1);
  // The payment could not be made, or is over.
  if (leg !== undefined && isClosed(leg.json.lifecycle)) return leg.json.lifecycle;
  return json.expiresAt !== null && draft.isDue(Date.parse(json.expiresAt)) ? 'expired' : undefined;
}

/** The payment is asked for first; its own life does that. Without a payment here the machine's platform is asked. */
function isClearlyUnpaid(view: LifeView, draft: PlanDraft, end: string): boolean {
  const { order, legs } = view;
  if (legs.length > 0) return legs.every(({ json }) => json.payment === 'unpaid' && isClosed(json.lifecycle));
  if (!order.can.has('query')) return true;
  const asked = draft.act({
    action: 'query',
    cause: `life:ask:${end}:${generationOf(order)}`,
    retryAfterMs: ASK_RETRIES_MS,
  });
  if (asked.state === 'done') return true;
  if (asked.state !== 'running') draft.raise('payment_unclear', { end });
  return false;
}

function closeSteps(view: LifeView, draft: PlanDraft, end: 'cancelled' | 'expired'): void {
  const { order } = view;
  if (order.can.has('close')) {
    const cause = `life:close:${generationOf(order)}`;
    const closed = draft.act({ action: 'close', cause, params: { as: end }, retryAfterMs: CLOSE_RETRIES_MS });
    if (closed.state === 'running') {
      const refused = order.actions.some((one) => one.cause === cause && one.state === 'failed');
      // It may be closed already: the answer, not the refusal, says how it stands.
      if (refused && order.can.has('query'))
        draft.act({ action: 'query', cause: `life:after-close:${generationOf(order)}` });
      return;
    }
    if (closed.state !== 'done') return draft.raise('close_failed', { code: closed.action.code });
  }
  draft.say(end, [
    { line: WHOLE, register: 'lifecycle', value: end },
    { line: WHOLE, register: 'closedAt', value: view.now },
  ]);
}

/** The platform says only that it is closed. Where nobody wanted that, its hold had run out. */
function nameEnd({ order, legs }: LifeView, draft: PlanDraft): void {
  const cell = order.lines[WHOLE]?.lifecycle;
  const wasWanted =
    read(order.lines, WHOLE, 'flag.cancel_requested') !== undefined ||
    legs.some(({ json }) => json.lifecycle === 'cancelled') ||
    order.actions.some(({ action, cause }) => action === 'close' && !(cause ?? '').startsWith('life:'));
  if (cell === undefined || (cell.g ?? 0) > 0 || cell.v !== 'cancelled' || wasWanted) return;
  if (order.json.expiresAt === null) return;
  draft.say('expired', [{ line: WHOLE, register: 'lifecycle', value: 'expired' }]);
}

const generationOf = ({ lines }: OrderSide): number => lines[WHOLE]?.lifecycle?.g ?? 0;

function paidSteps(view: LifeView, draft: PlanDraft, money: Money): void {
  const { order } = view;
  mirrorRefunds(view, draft, money);
  const { leg } = money;
  if (leg === null) awaitGivenBack(view, draft);
  if (leg !== null && leg.json.amounts.total !== order.json.amounts.total) {
    draft.raise('amount_mismatch', { wanted: order.json.amounts.total, paid: leg.json.amounts.total });
  }
  // Its parts may say that it is through before what did not come out is given back.
  const isOver = read(order.lines, WHOLE, 'lifecycle') === 'completed';
  if (!isOver && givenBackSteps(view, draft)) return;
  const told = isOver ? 'yes' : tellMachine(view, draft, money);
  // Before that the platform is to say so itself: it takes no payment for what looks paid.
  if (told === 'not-yet') return;
  notePayment(view, draft, money);
  if (told === 'no') return lateSteps(view, draft, money);
  if (!isOver) dispense(view, draft, money);
}

/** The order shows what its payment shows; what the machine's platform takes its prices to be does not change it. */
function notePayment({ order }: LifeView, draft: PlanDraft, { amount, at }: Money): void {
  const { json } = order;
  if (json.payment === 'unpaid') {
    draft.tell('paid', [
      { line: WHOLE, register: 'payment', value: 'paid' },
      ...(at === null ? [] : [{ line: WHOLE, register: 'paidAt', value: at } as const]),
    ]);
  }
  if (json.amounts.paid !== amount) {
    draft.say('paid-amount', [{ line: WHOLE, register: 'money.paid', value: amount }]);
  }
}

/** Lets the machine's platform know that it was paid; no dispensing before. `no`: it does not serve the order any more. */
function tellMachine(view: LifeView, draft: PlanDraft, { amount, leg }: Money): 'yes' | 'not-yet' | 'no' {
  const { order } = view;
  const { json } = order;
  const own = order.actions.filter(({ action, createdAt }) => action === 'paid' && createdAt >= madeAgainAt(order));
  if (own.some(({ state }) => state === 'succeeded')) return 'yes';
  if (isClosed(json.lifecycle)) return 'no';
  // By a pick-up code, say: the platform told us.
  if (leg === null && own.length === 0 && madeAgainAt(order) === 0) return 'yes';
  if (own.some(({ isOpen }) => isOpen)) return 'not-yet';
  const last = own.at(-1);
  if (last === undefined) {
    if (!order.can.has('paid')) return 'yes';
    const byShop = order.actions.find(({ action, cause }) => action === 'paid' && cause === null)?.params ?? {};
    const reference = leg?.json.platformOrderId ?? leg?.json.id;
    const params =
      leg === null ? { ...byShop, amount } : { amount, channel: leg.json.platform, reference: reference ?? '' };
    draft.act({ action: 'paid', cause: `life:paid:${generationOf(order)}`, params });
    return 'not-yet';
  }
  if (last.state === 'failed') return afterRefusedPaid(view, draft, last.code);
  draft.raise('payment_not_told', { code: last.code });
  return 'not-yet';
}

/** It takes the payment no more: closed meanwhile, most likely. The platform is asked, and the hold has an end anyway. */
function afterRefusedPaid({ order, now }: LifeView, draft: PlanDraft, code: string | null): 'not-yet' {
  const { json } = order;
  const cause = `life:after-paid:${generationOf(order)}`;
  const asked = order.can.has('query')
    ? draft.act({ action: 'query', cause, retryAfterMs: ASK_RETRIES_MS })
    : undefined;
  if (asked?.state === 'running') return 'not-yet';
  draft.raise('payment_not_told', { code });
  if (json.expiresAt === null || !draft.isDue(Date.parse(json.expiresAt))) return 'not-yet';
  draft.say('expired', [
    { line: WHOLE, register: 'lifecycle', value: 'expired' },
    { line: WHOLE, register: 'closedAt', value: now },
  ]);
  return 'not-yet';
}

/**
 * The user has all of it back, because nothing came out or because they asked for it at the payment: no more is dispensed.
 * What the machine's platform still holds it returns, where nothing came out. False: there is nothing of that kind.
 */
function givenBackSteps({ order, now }: LifeView, draft: PlanDraft): boolean {
  const { json, actions } = order;
  if (json.payment !== 'refunded' || isClosed(json.lifecycle)) return false;
  const isMoving = actions.some(({ action, isOpen }) => isOpen && (action === 'dispense' || action === 'paid'));
  if (isMoving) return true;
  const isOut = json.parts.some(({ fulfilment }) => fulfilment === 'delivered' || fulfilment === 'delivering');
  if (isOut) {
    draft.say('completed', [
      { line: WHOLE, register: 'lifecycle', value: 'completed' },
      { line: WHOLE, register: 'completedAt', value: now },
    ]);
    return true;
  }
  const wasTold = actions.some(({ action, state }) => action === 'paid' && state === 'succeeded');
  const action = wasTold ? 'refund-at-machine' : 'close';
  if (order.can.has(action)) {
    draft.act({ action, cause: 'life:return-stock', params: { as: 'cancelled' }, retryAfterMs: CLOSE_RETRIES_MS });
  }
  return true;
}

/** Made once more at its platform: what that was told before, it was told of another order. */
const madeAgainAt = ({ actions }: OrderSide): number =>
  actions.find(({ cause, state }) => cause === REVIVE && state === 'succeeded')?.finishedAt ?? 0;

function dispense(view: LifeView, draft: PlanDraft, money: Money): void {
  const { order, now } = view;
  const { json, lines } = order;
  if (!order.can.has('dispense')) return;
  const expected = read(lines, WHOLE, 'parts');
  if (json.parts.length === 0 || (expected !== undefined && json.parts.length < expected)) {
    if (isClosed(json.lifecycle)) return owe(draft, money, 'closed', owedTotal(view, money), [], '订单已关闭，未出货');
    const asked = order.can.has('query')
      ? draft.act({ action: 'query', cause: `life:records:${generationOf(order)}`, retryAfterMs: RECORDS_RETRIES_MS })
      : undefined;
    if (asked?.state !== 'running') draft.raise('records_unknown');
    return;
  }
  // A closed order takes no command any more: what has not moved never will.
  const state = isClosed(json.lifecycle) ? stoppedParts(view) : dispenseSteps(view, draft);
  if (!state.isAtRest) return;
  oweFailed(view, draft, money, state);
  const isOver = state.parts.every((part) => part.state === 'delivered' || part.state === 'failed');
  if (isOver && state.parts.some((part) => part.state === 'delivered')) {
    draft.say('completed', [
      { line: WHOLE, register: 'lifecycle', value: 'completed' },
      { line: WHOLE, register: 'completedAt', value: now },
    ]);
  }
}

function stoppedParts({ order }: LifeView): Dispensing {
  const parts = order.json.parts.map(({ line, fulfilment }) => {
    const isMoving = order.actions.some(
      (one) => one.action === 'dispense' && one.isOpen && one.params['record'] === line,
    );
    if (isMoving) return { line, state: 'moving' as const };
    if (fulfilment === 'delivered') return { line, state: 'delivered' as const };
    const last = order.actions.findLast((one) => one.action === 'dispense' && one.params['record'] === line);
    const isUnknown = fulfilment !== 'failed' && last?.state === 'unknown';
    return { line, state: isUnknown ? ('stuck' as const) : ('failed' as const) };
  });
  return { parts, isAtRest: parts.every(({ state }) => state !== 'moving') };
}

/** What did not come out is given back: its share of what was paid, once. */
function oweFailed(view: LifeView, draft: PlanDraft, money: Money, { parts }: Dispensing): void {
  const { order } = view;
  const { items } = order.json;
  const owed = new Set(duesOf(order).flatMap(({ what }) => what.split('.')));
  const weights = parts.map(({ line }) => {
    const item = itemOf(items, line);
    return item?.total ?? (item?.price ?? 0) * (item?.quantity ?? 1);
  });
  const shares = shareOut(money.amount, weights);
  const failed = parts.flatMap(({ line, state }, index) => {
    if (state !== 'failed' || owed.has(line)) return [];
    const item = itemOf(items, line);
    const { sku = null, name = '', quantity = 1 } = item ?? {};
    return [{ line, sku, name, quantity, amount: shares[index] ?? 0 }];
  });
  const amount = failed.reduce((sum, item) => sum + item.amount, 0);
  const reason = failed.length === parts.length ? '商品未能出货' : '部分商品未能出货';
  owe(draft, money, failed.map(({ line }) => line).join('.'), amount, failed, reason);
}

/** Paid for an order that is closed: both stay true, and the account's policy decides. */
function lateSteps(view: LifeView, draft: PlanDraft, money: Money): void {
  const { order, legs } = view;
  nameEnd(view, draft);
  const paidAt = read(order.lines, WHOLE, 'paidAt');
  if (read(order.lines, WHOLE, 'closedAt') === undefined && paidAt !== undefined) {
    // The platform does not say when; it was before the payment, since it took none.
    draft.say('closed-before', [{ line: WHOLE, register: 'closedAt', value: paidAt - 1 }]);
  }
  if (order.json.payment === 'refunded' || duesOf(order).length > 0) return;
  const policy = order.settings.latePayment;
  if (policy === 'refund') {
    const amount = owedTotal(view, money);
    owe(draft, money, 'late', amount, [], '订单关闭后到账，自动退款');
  } else if (policy === 'ask' || !revive(view, draft)) {
    draft.raise('late_payment', { amount: money.amount, legs: legs.map(({ json }) => json.id) });
  }
}

/** Has the order made once more, with the same goods; then it lives on. False: it cannot be. */
function revive({ order, now }: LifeView, draft: PlanDraft): boolean {
  const made = order.actions.find(({ action }) => action === 'create');
  if (made === undefined || !order.can.has('revive')) return false;
  const stands = draft.act({ action: 'revive', cause: REVIVE, params: made.params });
  if (stands.state === 'running') return true;
  const closedAt = read(order.lines, WHOLE, 'closedAt') ?? 0;
  // Once: what ended after that has ended for good.
  if (stands.state !== 'done' || (stands.action.finishedAt ?? 0) < closedAt) return false;
  draft.say('revived', [
    { line: WHOLE, register: 'lifecycle', value: 'open' },
    { line: WHOLE, register: 'expiresAt', value: now + REVIVED_MS },
  ]);
  return true;
}
