import type { OrderStatus } from './derive.ts';
import type { Json } from './json.ts';
import type { OrderJson } from './order-json.ts';

/** An event of an order, also the body of its webhook. */
export interface OrderEventJson {
  readonly id: string;
  /** `order.<status>` when the status changed or is the first, else `order.changed`. */
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    /** Counts from 1 without gaps per order and equals the order's version. */
    readonly sequence: number;
    /** The sequence last sent to this endpoint, or null; lets a filtered endpoint prove completeness too. */
    readonly previousSequence: number | null;
    readonly previousStatus: OrderStatus | null;
    readonly order: OrderJson;
  };
}

/** Events of other things: `data` names its subject and counts in its own sequence. */
export interface SubjectEventJson {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly sequence: number; readonly previousSequence: number | null } & {
    readonly [key: string]: Json;
  };
}

/** The type of the event for a change from `before` to `after`. */
export function orderEventType(before: OrderJson | undefined, after: OrderJson): string {
  return before === undefined || before.status !== after.status ? `order.${after.status}` : 'order.changed';
}

/** True when `type` is one that the patterns ask for: `order.*`, `order.paid`, `*`. */
export function matchesEventPattern(patterns: readonly string[], type: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );
}
