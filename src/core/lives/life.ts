import type { Fact, Lines, OrderKind } from '../fact.ts';
import type { Json } from '../json.ts';
import type { Fen } from '../money.ts';
import type { OrderJson } from '../order-json.ts';
import type { TimeMs } from '../time.ts';
import type { LifeSettings } from './life-settings.ts';

/** Code of a creation of which the platform says that it was made before, and gives no number of it. */
export const UNNAMED = 'unnamed';

/** An action of an order, as far as a life looks at it. */
export interface LifeAction {
  readonly action: string;
  readonly cause: string | null;
  readonly number: string;
  readonly state: 'queued' | 'sent' | 'succeeded' | 'failed' | 'unknown';
  /** The hub still works on it by itself, and not for longer than it should. An unknown one that is not open may be a person's. */
  readonly isOpen: boolean;
  readonly params: Readonly<Record<string, Json>>;
  readonly code: string | null;
  readonly createdAt: TimeMs;
  readonly sentAt: TimeMs | null;
  readonly finishedAt: TimeMs | null;
}

/** An order with what was done to it. */
export interface OrderSide {
  readonly json: OrderJson;
  readonly lines: Lines;
  /**
   * `made`: by the hub at its platform; `adopted`: of the user's own system, told to the hub; `heard`: known by what its
   * platform said alone. What the hub has not made is somebody else's to carry on.
   */
  readonly origin: 'made' | 'adopted' | 'heard';
  /** When the hub first heard of it. */
  readonly createdAt: TimeMs;
  /** The oldest first. */
  readonly actions: readonly LifeAction[];
  readonly settings: LifeSettings;
  /** Names of the actions that its platform takes. */
  readonly can: ReadonlySet<string>;
}

/** Everything that the next steps of an order follow from. */
export interface LifeView {
  readonly now: TimeMs;
  readonly order: OrderSide;
  /** The order that this payment is for. */
  readonly parent: OrderSide | null;
  /** The payments of this order, the oldest first. */
  readonly legs: readonly OrderSide[];
}

/** An action that the life wants. An order has one of a cause, whatever asks again. */
export interface WantedAction {
  readonly action: string;
  readonly cause: string;
  readonly params: Readonly<Record<string, Json>>;
}

/** A decision of the hub's own about an order: facts of a newer generation than what they are to beat. */
export interface OwnWord {
  /** Unique within the order together with the generation. */
  readonly name: string;
  readonly generation: number;
  readonly facts: readonly Fact[];
}

/** Money that the shop must give back itself: the event `order.refund_due`. */
export interface RefundDue {
  /** The line is `dueLine(what)`. */
  readonly what: string;
  readonly amount: Fen;
  readonly reason: string;
  readonly items: readonly RefundDueItem[];
}

export interface RefundDueItem {
  readonly line: string;
  readonly sku: string | null;
  readonly name: string;
  readonly quantity: number;
  /** Its share of what was paid. */
  readonly amount: Fen;
}

/** What no rule can finish, or what soon will be too late. It holds as long as each look at the order finds it. */
export const CONDITIONS = [
  'accept_deadline',
  'answer_deadline',
  'late_payment',
  'amount_mismatch',
  'payment_unclear',
  'payment_not_told',
  'dispense_unknown',
  'records_unknown',
  'close_failed',
  'goods_held',
  'refund_due',
  'refund_failed',
  'settle_failed',
  'unaudited',
  'step_refused',
] as const;
export type ConditionName = (typeof CONDITIONS)[number];

export interface Condition {
  readonly name: ConditionName;
  readonly detail: Readonly<Record<string, Json>>;
}

/** The next steps of an order. All of them are taken together, in the order's own transaction. */
export interface LifePlan {
  readonly acts: readonly WantedAction[];
  readonly words: readonly OwnWord[];
  readonly due: readonly RefundDue[];
  readonly conditions: readonly Condition[];
  /** When to look again although nothing has happened; null: not by itself. */
  readonly lookAt: TimeMs | null;
  /** When to ask the platform for the truth of it, where it lets us and nothing was heard by then; null: nothing is awaited. */
  readonly askAt: TimeMs | null;
}

/** The life of a kind of order: what follows from how things stand. Pure, and the same steps whoever asks how often. */
export interface Life {
  readonly kind: OrderKind;
  steps(view: LifeView): LifePlan;
  /** When to look at an order that has just changed; undefined: never. Cheap: it is asked in the transaction of each change. */
  lookAfterChange(order: OrderJson, now: TimeMs): TimeMs | undefined;
  /** Whether the end of an action is a reason to look. */
  readonly followsActions: boolean;
}
