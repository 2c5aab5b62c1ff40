import type { RegisterRules } from './fact.ts';
import type { RegisterName } from './registers.ts';

/** Registers of which the younger statement holds, each a whole: content, people, sums. */
export const byTime = (...names: readonly RegisterName[]): RegisterRules =>
  Object.fromEntries(names.map((name) => [name, { by: 'time' }]));

/** Times of which the first that was told of holds, such as the first completion. */
export const firstOf = (...names: readonly RegisterName[]): RegisterRules =>
  Object.fromEntries(names.map((name) => [name, { by: 'rank', ranks: 'lowest' }]));

/** What a takeaway order is made of, which every push of it tells anew. */
export const TAKEAWAY_CONTENT: RegisterRules = byTime(
  ...(['money.original', 'money.total', 'money.paid', 'fees', 'items', 'store', 'takeaway'] as const),
  ...(['customer', 'realPhone', 'note', 'rider', 'invoice', 'platformFields'] as const),
);

/** A question's answer ends the doubt that a message of the same millisecond raised: it was asked for because of it. */
export const ANSWER_ENDS_DOUBT: RegisterRules = { 'flag.doubt': { by: 'time', ranks: { true: 0, false: 1 } } };
