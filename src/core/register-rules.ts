import type { RegisterRule, RegisterRules } from './fact.ts';
import { PAYMENT_RANKS, RAISED_RANKS, REFUND_RANKS, SETTLEMENT_RANKS } from './registers.ts';
import type { RegisterName } from './registers.ts';

/** The ranks that hold on every platform. Lifecycle and fulfilment have none: platforms differ in what they revert. */
const RANKS = {
  payment: PAYMENT_RANKS,
  settlement: SETTLEMENT_RANKS,
  refund: REFUND_RANKS,
  'flag.risk': RAISED_RANKS,
  'flag.refund_requested': RAISED_RANKS,
  'flag.cancel_requested': RAISED_RANKS,
  'flag.delivery_trouble': RAISED_RANKS,
  'flag.reminder': RAISED_RANKS,
} as const satisfies Partial<Record<RegisterName, RegisterRule['ranks']>>;

/** Registers whose furthest value holds, whenever it was said: what never reverts. */
export const furthest = (...names: readonly (keyof typeof RANKS)[]): RegisterRules =>
  Object.fromEntries(names.map((name) => [name, { by: 'rank', ranks: RANKS[name] }]));

/** Registers of which the younger statement holds, of two of one moment the further: content, people, sums. */
export const byTime = (...names: readonly RegisterName[]): RegisterRules => {
  const ranks: Partial<Record<RegisterName, RegisterRule['ranks']>> = RANKS;
  return Object.fromEntries(
    names.map((name) => [name, { by: 'time', ...(ranks[name] === undefined ? {} : { ranks: ranks[name] }) }]),
  );
};

/** Times of which the first that was told of holds, such as the first completion. */
export const firstOf = (...names: readonly RegisterName[]): RegisterRules =>
  Object.fromEntries(names.map((name) => [name, { by: 'rank', ranks: 'lowest' }]));

/** A question's answer ends the doubt that a message of the same millisecond raised: it was asked for because of it. */
export const ANSWER_ENDS_DOUBT: RegisterRules = { 'flag.doubt': { by: 'time', ranks: { true: 0, false: 1 } } };

/**
 * What holds of takeaway orders at every platform: their content is told anew by every push, a delivery goes back and
 * forth (a new rider starts again from the shop), and their end does not revert.
 */
export const TAKEAWAY_RULES: RegisterRules = {
  ...byTime('money.original', 'money.total', 'money.paid', 'fees', 'items', 'store', 'takeaway', 'customer'),
  ...byTime('realPhone', 'note', 'rider', 'invoice', 'platformFields', 'fulfilment', 'flag.delivery_trouble'),
  ...firstOf('acceptBy', 'completedAt', 'closedAt'),
  ...ANSWER_ENDS_DOUBT,
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
};
