import type { ActionRequest, ActionSpec } from '../core/action.ts';
import { read } from '../core/fact.ts';
import type { OrderJson } from '../core/order-json.ts';
import { partLine, refundLine } from '../core/registers.ts';
import { clockOpenActions } from '../store/action-ends.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { OrderToActOn } from './action-order.ts';

/** Kind of the order clock that asks whether the order shows what an open action wanted. */
export const SHOWN_KIND = 'act:shown';

export const SHOWN_REASON = 'The order shows it: the platform told of the effect.';

type Seen = Pick<OrderToActOn, 'order' | 'lines'>;
type Asked = Pick<ActionRequest, 'params' | 'number'>;
type Shown = 'succeeded' | 'failed' | undefined;

/**
 * What an order says by itself about the actions that every platform calls the same. Names that are not here say nothing
 * a reader could be sure of: a rider can be assigned twice, an order settled in parts, and an order that the hub calls
 * expired still holds its goods until it is closed.
 */
const RULES: Readonly<Record<string, (seen: Seen, asked: Asked) => Shown>> = {
  accept: ({ order: { json } }) =>
    json.fulfilment === 'none' || json.fulfilment === 'failed' ? undefined : 'succeeded',
  cancel: ({ order: { json } }) => (json.lifecycle === 'cancelled' ? 'succeeded' : undefined),
  delivered: ({ order: { json } }) => (json.fulfilment === 'delivered' ? 'succeeded' : undefined),
  refund({ lines }, { number }) {
    const state = read(lines, refundLine(number), 'refund')?.state;
    return state === 'succeeded' || state === 'failed' ? state : undefined;
  },
  dispense({ lines }, { params: { record } }) {
    if (typeof record !== 'string' && typeof record !== 'number') return undefined;
    const fulfilment = read(lines, partLine(String(record)), 'fulfilment');
    if (fulfilment === 'delivered') return 'succeeded';
    return fulfilment === 'failed' ? 'failed' : undefined;
  },
};

/** Actions whose end an order can show. */
const showableActions = (specs: readonly ActionSpec[]): readonly string[] =>
  specs.filter(({ name, shown }) => shown !== undefined || Object.hasOwn(RULES, name)).map(({ name }) => name);

/** What the order says by itself of an action: the connector's word where it has one, else the rule of its name. */
export function shownOutcome(spec: ActionSpec, seen: Seen, asked: Asked): Shown {
  if (spec.shown !== undefined) return spec.shown(seen.order.json, asked);
  return Object.hasOwn(RULES, spec.name) ? RULES[spec.name]?.(seen, asked) : undefined;
}

/**
 * Asks, in the transaction that changed orders, for a look at those that have an open action whose effect an order can
 * show. No statement where the platform has no such action.
 */
export function lookForShownActions(
  tx: Tx,
  { row, connector }: KnownAccount,
  changed: readonly Pick<OrderJson, 'id'>[],
  now: Date,
): void {
  const names = showableActions(connector.actions?.specs ?? []);
  if (names.length === 0 || changed.length === 0) return;
  const orders = [...new Set(changed.map(({ id }) => id))];
  defer(tx, clockOpenActions(tx, row.id, orders, names, { kind: SHOWN_KIND, now }));
}
