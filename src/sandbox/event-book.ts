import type { EventLine } from './ledger-lines.ts';

/** What is wrong with an event of an order. A repeat under the same webhook-id is allowed and is none of these. */
export type EventFault = 'gap' | 'out_of_order' | 'other_id' | 'wrong_previous';

export interface OrderEvents {
  readonly account: string;
  readonly platformOrderId: string | null;
  /** webhook-id by sequence; the index is the sequence, 0 is never used. */
  readonly ids: (string | undefined)[];
  /** The highest sequence so far. */
  last: number;
  /** Status that the event of the highest sequence told. */
  lastStatus: string;
  /** The order that it was folded into, by what its last event told. */
  mergedInto: string | undefined;
  readonly faults: { readonly fault: EventFault; readonly sequence: number; readonly detail: string }[];
}

export interface EventBook {
  /** Enters an event as it arrived; says whether it is new, an allowed repeat, or at fault. */
  enter(event: EventLine): 'new' | 'repeat' | EventFault;
  /** By the hub's order id. */
  readonly orders: ReadonlyMap<string, OrderEvents>;
  readonly totals: { events: number; repeats: number; faults: number };
}

/** Every sequence of every order in the order of arrival. */
export function createEventBook(): EventBook {
  const orders = new Map<string, OrderEvents>();
  const totals = { events: 0, repeats: 0, faults: 0 };

  function faultOf(known: OrderEvents, event: EventLine): EventFault | undefined {
    const { sequence, previousSequence } = event;
    if (sequence > known.last + 1) return 'gap';
    if (sequence <= known.last) return 'out_of_order';
    const previous = sequence === 1 ? null : sequence - 1;
    return previousSequence === previous ? undefined : 'wrong_previous';
  }

  return {
    orders,
    totals,
    enter(event) {
      let known = orders.get(event.order);
      if (known === undefined) {
        const { account, platformOrderId, status } = event;
        known = { account, platformOrderId, ids: [], last: 0, lastStatus: status, mergedInto: undefined, faults: [] };
        orders.set(event.order, known);
      }
      const held = known.ids[event.sequence];
      if (held === event.id) {
        totals.repeats += 1;
        return 'repeat';
      }
      const fault = held === undefined ? faultOf(known, event) : 'other_id';
      const before = known.last;
      if (held === undefined) {
        totals.events += 1;
        known.ids[event.sequence] = event.id;
      }
      if (event.sequence > known.last) {
        known.last = event.sequence;
        known.lastStatus = event.status;
        known.mergedInto = event.mergedInto;
      }
      if (fault === undefined) return 'new';
      totals.faults += 1;
      known.faults.push({ fault, sequence: event.sequence, detail: detailOf(fault, event, before, held) });
      return fault;
    },
  };
}

function detailOf(fault: EventFault, event: EventLine, before: number, held: string | undefined): string {
  switch (fault) {
    case 'gap':
      return `sequence ${event.sequence} came when ${before} was the last`;
    case 'out_of_order':
      return `sequence ${event.sequence} came after ${before}`;
    case 'other_id':
      return `sequence ${event.sequence} came as ${event.id} and before as ${held ?? '?'}`;
    case 'wrong_previous':
      return `sequence ${event.sequence} named ${event.previousSequence ?? 'nothing'} as the one before`;
  }
}

/** The sequences from 1 to `version` that never came, first ones only. */
export function missingSequences(known: OrderEvents | undefined, version: number): readonly number[] {
  const missing: number[] = [];
  for (let sequence = 1; sequence <= version; sequence += 1) {
    if (known?.ids[sequence] === undefined) missing.push(sequence);
  }
  return missing;
}
