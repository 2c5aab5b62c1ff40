import { partLine } from '../registers.ts';
import type { OrderItem } from '../order-json.ts';
import type { PlanDraft } from './draft.ts';
import type { LifeAction, LifeView, OrderSide } from './life.ts';
import { ASK_RETRIES_MS } from './payment-life.ts';

/** How long the platform itself may be late with its own watchdog's word. */
const WATCH_MARGIN_MS = 10_000;
/** Questions after the watchdog, this far apart; then a person must look at the machine. */
const WATCH_AGAIN_MS = 30_000;
const WATCH_QUESTIONS = 3;

/** How one part of an order stands. */
export interface PartState {
  readonly line: string;
  /** `failed` is confirmed by the platform's own answer or by a person: money may follow. */
  readonly state: 'waiting' | 'moving' | 'delivered' | 'failed' | 'stuck';
}

export interface Dispensing {
  readonly parts: readonly PartState[];
  /** Nothing moves and nothing is left to be sent; what is stuck is a person's. */
  readonly isAtRest: boolean;
}

const isOf =
  (line: string) =>
  (one: LifeAction): boolean =>
    one.action === 'dispense' && one.params['record'] === line;

/**
 * Dispenses the parts of an order one at a time: a machine is locked while it moves, and a belt that drops two items sees
 * one. The next part waits until the one before has a result, is refused, or is stuck beyond the watchdog.
 */
export function dispenseSteps(view: LifeView, draft: PlanDraft): Dispensing {
  const parts = view.order.json.parts.map(({ line }) => ({ line, state: stateOf(view, draft, line) }));
  const next = parts.find(({ state }) => state === 'waiting');
  if (next !== undefined && !parts.some(({ state }) => state === 'moving')) {
    draft.act({ action: 'dispense', cause: `life:dispense:${next.line}`, params: { record: next.line } });
  }
  // An action that is a person's is in the attention queue by itself.
  const silent = ({ line }: PartState): boolean => view.order.actions.findLast(isOf(line))?.state !== 'unknown';
  const stuck = parts.filter((part) => part.state === 'stuck' && silent(part)).map(({ line }) => line);
  if (stuck.length > 0) draft.raise('dispense_unknown', { records: stuck });
  return { parts, isAtRest: parts.every(({ state }) => state !== 'waiting' && state !== 'moving') };
}

function stateOf(view: LifeView, draft: PlanDraft, line: string): PartState['state'] {
  const { order } = view;
  const cell = order.lines[partLine(line)]?.fulfilment;
  if (cell?.v === 'delivered') return 'delivered';
  const sent = order.actions.filter(isOf(line));
  // The hub's own or a person's: whatever may have reached the machine counts.
  const last = sent.at(-1);
  if (cell?.v === 'failed') {
    if (last?.isOpen === true) return 'moving';
    return cell.f !== 0 ? 'failed' : confirm(order, draft, line);
  }
  if (last === undefined)
    return cell?.v === 'delivering' ? watch(view, draft, line, cell.t ?? order.createdAt) : 'waiting';
  if (last.isOpen) return 'moving';
  if (last.state === 'failed') {
    draft.say(`given-up:${line}`, [{ line: partLine(line), register: 'fulfilment', value: 'failed' }]);
    return 'moving';
  }
  if (last.state === 'unknown') return 'stuck';
  if (last.code === SETTLED_BY_HAND) {
    draft.say(`seen:${line}`, [{ line: partLine(line), register: 'fulfilment', value: 'delivered' }]);
    return 'moving';
  }
  return watch(view, draft, line, last.sentAt ?? last.createdAt);
}

/** Code of an action whose outcome a person has settled. */
export const SETTLED_BY_HAND = 'settled_by_hand';

/** A machine's own word that it failed is a hint: nothing is given back before the platform was asked. */
function confirm(order: OrderSide, draft: PlanDraft, line: string): PartState['state'] {
  if (!order.can.has('query')) return 'failed';
  const asked = draft.act({ action: 'query', cause: `life:confirm:${line}`, retryAfterMs: ASK_RETRIES_MS });
  // What the answer leaves vague is as the machine said.
  return asked.state === 'done' ? 'failed' : asked.state === 'running' ? 'moving' : 'stuck';
}

/** The machine has the command. Without a word until the watchdog the platform is asked, a few times. */
function watch(view: LifeView, draft: PlanDraft, line: string, since: number): PartState['state'] {
  const { order } = view;
  const watchdogAt = since + order.settings.dispenseTimeoutMs + WATCH_MARGIN_MS;
  if (!draft.isDue(watchdogAt)) return 'moving';
  if (!order.can.has('query')) return 'stuck';
  for (let nth = 0; nth < WATCH_QUESTIONS; nth += 1) {
    if (!draft.isDue(watchdogAt + nth * WATCH_AGAIN_MS)) return 'moving';
    const asked = draft.act({ action: 'query', cause: `life:watch:${line}:${nth}` });
    if (asked.state === 'running') return 'moving';
  }
  return draft.isDue(watchdogAt + WATCH_QUESTIONS * WATCH_AGAIN_MS) ? 'stuck' : 'moving';
}

/** The item that a part is; a platform that names its items otherwise has none for it. */
export const itemOf = (items: readonly OrderItem[], line: string): OrderItem | undefined =>
  items.find((item) => item.line === line);
