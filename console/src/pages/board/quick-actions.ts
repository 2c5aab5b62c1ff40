import type { Order, PossibleActions } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { lateOf } from './columns.ts';
import type { ColumnId } from './columns.ts';

/** What a card offers, the likeliest first; each only where the platform has it. The order's page offers all. */
const OFFERED: Readonly<Record<ColumnId, readonly string[]>> = {
  needs: ['agree-refund', 'reject-refund', 'refund-done', 'dispense'],
  pending: ['approve', 'reject', 'paid', 'cancel'],
  paid: ['accept', 'dispense', 'refund-done', 'cancel'],
  accepted: ['ready', 'dispense'],
  fulfilling: ['dispense'],
  done: ['refund-done'],
};
/** What the status of a takeaway order says by itself. */
const TAKEAWAY: Partial<Record<ColumnId, readonly string[]>> = {
  needs: ['agree-refund', 'reject-refund'],
  paid: ['accept', 'cancel'],
  accepted: ['ready'],
};
const MOST = 2;
/** What a hurried hand may hit: nothing is lost by it that was not asked for. */
export const LIKELY = new Set(['accept', 'ready', 'agree-refund', 'approve', 'dispense']);
const ANSWERS = new Set(['agree-refund', 'reject-refund']);

/** The hub gives its commands by itself, one after the other; a hand is needed only where it has stopped. */
const STUCK_MS = 60_000;
const isStuck = ({ updatedAt }: Order, possible: PossibleActions | undefined): boolean =>
  possible?.unsettled.length === 0 && Date.now() - Date.parse(updatedAt) > STUCK_MS;

/** `possible` is known of orders whose status does not tell what fits them; until it is, those offer nothing. */
export function quickActions(
  order: Order,
  column: ColumnId,
  specs: readonly ActionSpec[],
  possible: PossibleActions | undefined,
): readonly ActionSpec[] {
  // As long as nobody knows what the machine did, nothing else is safe to do.
  if (lateOf(possible) !== undefined) return [];
  const isAsked = order.flags.includes('refund_requested') || order.flags.includes('cancel_requested');
  if (column === 'accepted' && order.fulfilment !== 'accepted') return [];
  const fits = (name: string): boolean => {
    if (ANSWERS.has(name) && !isAsked) return false;
    if (order.kind === 'takeaway') return TAKEAWAY[column]?.includes(name) === true;
    // Of what has ended only that is offered which is still owed.
    if (column === 'done' && order.refundDue === null && !(order.status === 'failed' && order.payment === 'paid'))
      return false;
    if (name === 'dispense' && !isStuck(order, possible)) return false;
    return possible?.actions.some((action) => action.name === name && action.refusal === null) === true;
  };
  return OFFERED[column]
    .filter((name) => fits(name))
    .flatMap((name) => specs.find((spec) => spec.name === name) ?? [])
    .slice(0, MOST);
}
