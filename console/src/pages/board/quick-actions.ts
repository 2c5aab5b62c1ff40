import type { Order } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import type { ColumnId } from './columns.ts';

/** What a card offers, the likeliest first; each only where the platform has it. The order's page offers all. */
const OFFERED: Readonly<Record<ColumnId, readonly string[]>> = {
  needs: ['agree-refund', 'reject-refund'],
  pending: ['approve', 'reject'],
  paid: ['accept', 'cancel'],
  accepted: ['ready'],
  fulfilling: [],
  done: [],
};

export function quickActions(order: Order, column: ColumnId, specs: readonly ActionSpec[]): readonly ActionSpec[] {
  // Trouble of another kind has no answer that fits a button.
  const isAsked = order.flags.includes('refund_requested') || order.flags.includes('cancel_requested');
  if (column === 'needs' && !isAsked) return [];
  if (column === 'accepted' && order.fulfilment !== 'accepted') return [];
  return OFFERED[column].flatMap((name) => specs.find((spec) => spec.name === name) ?? []);
}
