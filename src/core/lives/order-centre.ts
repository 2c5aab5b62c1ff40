import type { RefundState } from '../registers.ts';
import type { LifeView, OrderSide } from './life.ts';
import type { PlanDraft } from './draft.ts';

/** What a platform's order centre is told, in words of ours; the connector knows its number and text. */
export const MILESTONES = ['created', 'cancelled', 'paid', 'done', 'refunding', 'refunded', 'refund_failed'] as const;
export type Milestone = (typeof MILESTONES)[number];

const PUSH = 'life:push:';

/**
 * Tells the order centre how the order stands, one push after the other, so that none overtakes an earlier one. What
 * happened faster than it could be told is told all the same: created before paid, refunding before refunded.
 */
export function pushSteps(view: LifeView, draft: PlanDraft): void {
  const { order } = view;
  if (!order.can.has('push')) return;
  const pushed = order.actions.filter(({ cause }) => cause?.startsWith(PUSH) ?? false);
  if (pushed.some(({ isOpen }) => isOpen)) return;
  // A push that failed is over too: the next one says more than its repetition.
  const told = pushed.map(({ cause }) => (cause ?? '').slice(PUSH.length).split(':')).toSorted(byNumber);
  // Done is what stands in the end: a jammed item's money is on its way before the payment shows it.
  const isOwing =
    (view.parent?.json.refundDue ?? null) !== null ||
    order.actions.some(({ action, isOpen }) => action === 'refund' && isOpen);
  const next = nextMilestone(
    told.map(([, milestone = '']) => milestone),
    order,
    isOwing,
  );
  if (next === undefined) return;
  draft.act({ action: 'push', cause: `${PUSH}${told.length}:${next}`, params: { milestone: next } });
}

/** By the number in the cause: two of one millisecond have no other order. */
const byNumber = ([a = '']: readonly string[], [b = '']: readonly string[]): number => Number(a) - Number(b);

/** The milestone to tell after those that were told; undefined: it knows how things stand. `isOwing`: more will go back. */
export function nextMilestone(
  told: readonly string[],
  { json, lines }: Pick<OrderSide, 'json' | 'lines'>,
  isOwing = false,
): Milestone | undefined {
  if (!told.includes('created')) return 'created';
  const isPaid = json.payment !== 'unpaid';
  if (!isPaid) {
    const isClosed = json.lifecycle === 'cancelled' || json.lifecycle === 'expired';
    return isClosed && told.at(-1) !== 'cancelled' ? 'cancelled' : undefined;
  }
  if (!told.includes('paid')) return 'paid';
  const last = told.at(-1);
  const refunds = Object.entries(lines).flatMap(([line, { refund }]) =>
    refund === undefined || !line.startsWith('refund:') ? [] : [(refund.v as { readonly state: RefundState }).state],
  );
  if (refunds.includes('requested')) return last === 'refunding' ? undefined : 'refunding';
  const ended = (['refunded', 'refund_failed'] as const).find((milestone) => {
    const state = milestone === 'refunded' ? 'succeeded' : 'failed';
    return count(refunds, state) > count(told, milestone);
  });
  if (ended !== undefined) return last === 'refunding' ? ended : 'refunding';
  // A part that went back leaves the rest as it was: paid, and done in the end.
  const isDone = json.lifecycle === 'completed' && json.payment !== 'refunded' && !isOwing;
  return isDone && last !== 'done' ? 'done' : undefined;
}

const count = (all: readonly string[], one: string): number => all.filter((other) => other === one).length;
