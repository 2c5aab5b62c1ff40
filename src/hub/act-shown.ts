import type { ActionRequest, ActionSpec } from '../core/action.ts';
import { read } from '../core/fact.ts';
import { partLine, refundLine } from '../core/registers.ts';
import type { OrderToActOn } from './action-order.ts';

export const SHOWN_REASON = 'The order shows it: the platform told of the effect.';

type Seen = Pick<OrderToActOn, 'order' | 'lines'>;
type Asked = Pick<ActionRequest, 'params' | 'number'>;
type Shown = 'succeeded' | 'failed' | undefined;

/**
 * What an order says by itself about the actions that every platform calls the same. Names that are not here say nothing
 * a reader could be sure of: a rider can be assigned twice, an order settled in parts.
 */
const RULES: Readonly<Record<string, (seen: Seen, asked: Asked) => Shown>> = {
  accept: ({ order: { json } }) =>
    json.fulfilment === 'none' || json.fulfilment === 'failed' ? undefined : 'succeeded',
  cancel: ({ order: { json } }) => (json.lifecycle === 'cancelled' ? 'succeeded' : undefined),
  close: ({ order: { json } }) =>
    json.lifecycle === 'cancelled' || json.lifecycle === 'expired' ? 'succeeded' : undefined,
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
export const showableActions = (specs: readonly ActionSpec[]): readonly string[] =>
  specs.filter(({ name, shown }) => shown !== undefined || Object.hasOwn(RULES, name)).map(({ name }) => name);

/** What the order says by itself of an action: the connector's word where it has one, else the rule of its name. */
export function shownOutcome(spec: ActionSpec, seen: Seen, asked: Asked): Shown {
  if (spec.shown !== undefined) return spec.shown(seen.order.json, asked);
  return Object.hasOwn(RULES, spec.name) ? RULES[spec.name]?.(seen, asked) : undefined;
}
