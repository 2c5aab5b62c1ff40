import type { Order, OrderStatus, PossibleActions } from '../../api/orders.ts';

export const COLUMN_IDS = ['needs', 'pending', 'paid', 'accepted', 'fulfilling', 'done'] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

/** What the first column reads; the hub takes one flag at a time. */
export const NEEDS_FLAGS = ['refund_requested', 'cancel_requested', 'delivery_trouble', 'late_payment'] as const;

/** What each column reads from the API; the first takes its orders from all. */
export const COLUMN_STATUSES: Readonly<Record<Exclude<ColumnId, 'needs'>, readonly OrderStatus[]>> = {
  pending: ['pending'],
  paid: ['paid'],
  accepted: ['accepted'],
  fulfilling: ['fulfilling'],
  done: ['completed', 'refunded', 'cancelled', 'failed', 'expired'],
};

const COLUMN_OF = new Map<OrderStatus, ColumnId>(
  Object.entries(COLUMN_STATUSES).flatMap(([id, statuses]) => statuses.map((status) => [status, id as ColumnId])),
);

/** What was sent to a platform whose end nobody knows, and that takes longer than it may. */
export const lateOf = (possible: PossibleActions | undefined): PossibleActions['unsettled'][number] | undefined =>
  possible?.unsettled.find(({ isLate }) => isLate);

/** Whether a person must decide something about the order. */
function needsSomebody({ flags, status, lifecycle, refundDue }: Order, possible: PossibleActions | undefined): boolean {
  if (lateOf(possible) !== undefined) return true;
  if (status === 'refunded') return false;
  // Where the hub may not give it back by itself, a person has to.
  if (refundDue !== null && possible?.actions.some(({ name, refusal }) => name === 'refund-done' && refusal === null))
    return true;
  if (flags.includes('late_payment')) return true;
  if (status === 'cancelled' || status === 'expired') return false;
  if (flags.includes('refund_requested') || flags.includes('cancel_requested')) return true;
  return flags.includes('delivery_trouble') && lifecycle === 'open';
}

/** Where an order stands; undefined: not on the board, as it is a leg of another one or was folded into it. */
export function columnOf(order: Order, possible?: PossibleActions): ColumnId | undefined {
  if (order.parent !== null || order.mergedInto !== null) return undefined;
  return needsSomebody(order, possible) ? 'needs' : COLUMN_OF.get(order.status);
}

/** Orders with a deadline first, the nearest on top; then the youngest. What has ended: the last that ended. */
export function compareCards(column: ColumnId, nowMs: number): (a: Order, b: Order) => number {
  return (a, b) => {
    if (column === 'done') return b.updatedAt.localeCompare(a.updatedAt);
    const [dueA, dueB] = [deadlineOf(a)?.atMs ?? Infinity, deadlineOf(b)?.atMs ?? Infinity];
    // What ran out long ago is no longer urgent, it is lost.
    const [nearA, nearB] = [isNear(dueA, nowMs), isNear(dueB, nowMs)];
    if (nearA !== nearB) return nearA ? -1 : 1;
    if (nearA && dueA !== dueB) return dueA - dueB;
    return placedMs(b) - placedMs(a);
  };
}

const NEAR_MS = 90_000;
const LOST_MS = 120_000;
const isNear = (dueMs: number, nowMs: number): boolean => dueMs - nowMs < NEAR_MS && dueMs - nowMs > -LOST_MS;

/** Ids carry the time at which the hub first heard of the order, where the platform does not say when it was placed. */
const placedMs = (order: Order): number => Date.parse(order.placedAt ?? order.paidAt ?? order.updatedAt);

export interface Deadline {
  readonly kind: 'accept' | 'answer' | 'pay';
  readonly atMs: number;
}

/** The clock that runs for an order as it stands. */
export function deadlineOf(order: Order): Deadline | undefined {
  const { answerBy, acceptBy, expiresAt, status, kind, flags } = order;
  const isAsked = flags.includes('refund_requested') || flags.includes('cancel_requested');
  if (isAsked && answerBy !== null) return { kind: 'answer', atMs: Date.parse(answerBy) };
  if (status === 'paid' && kind === 'takeaway' && acceptBy !== null)
    return { kind: 'accept', atMs: Date.parse(acceptBy) };
  if (status === 'pending' && expiresAt !== null) return { kind: 'pay', atMs: Date.parse(expiresAt) };
  return undefined;
}
