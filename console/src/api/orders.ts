import type { BothWords } from './platforms.ts';
import { get, newIdempotencyKey, request } from './request.ts';
import type { Page } from './request.ts';

export const ORDER_STATUSES = [
  'pending',
  'paid',
  'accepted',
  'fulfilling',
  'completed',
  'refunded',
  'cancelled',
  'expired',
  'failed',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const ORDER_KINDS = ['takeaway', 'cps', 'payment', 'vending', 'supply', 'stock_in'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

type Fen = number | null;

/** An order as the API has it; money in fen, null is unknown. */
export interface Order {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly store: string | null;
  readonly parent: string | null;
  readonly kind: OrderKind;
  readonly platformOrderId: string | null;
  readonly displayId: string | null;
  readonly merchantOrderId: string | null;
  readonly status: OrderStatus;
  readonly payment: 'unpaid' | 'paid' | 'partially_refunded' | 'refunded';
  readonly fulfilment: 'none' | 'accepted' | 'preparing' | 'delivering' | 'delivered' | 'failed';
  readonly lifecycle: 'open' | 'completed' | 'cancelled' | 'expired';
  readonly settlement: 'none' | 'settled';
  readonly flags: readonly string[];
  readonly amounts: {
    readonly currency: 'CNY';
    readonly original: Fen;
    readonly total: Fen;
    readonly paid: Fen;
    readonly refunded: Fen;
    readonly deliveryFee: Fen;
    readonly boxFee: Fen;
    readonly platformFee: Fen;
    readonly income: Fen;
    readonly commission: Fen;
  };
  readonly items: readonly OrderItem[];
  readonly customer: {
    readonly name: string | null;
    readonly phone: string | null;
    readonly address: string | null;
    readonly location: { readonly lng: number; readonly lat: number } | null;
  } | null;
  readonly takeaway: {
    readonly daySequence: number | null;
    readonly note: string | null;
    readonly wantedAt: string | null;
    readonly deliveryMode: string | null;
    readonly rider: { readonly name: string | null; readonly phone: string | null } | null;
    readonly invoice: { readonly title: string | null; readonly taxpayerId: string | null } | null;
  } | null;
  readonly attribution: { readonly sid: string | null; readonly member: string | null } | null;
  readonly commission: {
    readonly gross: number;
    readonly net: number;
    readonly final: boolean;
    readonly parts: readonly {
      readonly line: string;
      readonly cps: number;
      readonly cpa: number;
      readonly refundedCps: number;
      readonly refundedCpa: number;
      readonly final: boolean;
    }[];
  } | null;
  readonly platformFields: Readonly<Record<string, unknown>>;
  readonly parts: readonly {
    readonly line: string;
    readonly payment: Order['payment'] | null;
    readonly fulfilment: Order['fulfilment'] | null;
    readonly lifecycle: Order['lifecycle'] | null;
    readonly platformFields: Readonly<Record<string, unknown>>;
  }[];
  /** Until when the shop must accept. */
  readonly acceptBy: string | null;
  /** Until when a request to cancel or to refund must be answered. */
  readonly answerBy: string | null;
  /** Until when an unpaid order is held. */
  readonly expiresAt: string | null;
  /** Fen that must be given back and has not gone back yet. */
  readonly refundDue: Fen;
  readonly placedAt: string | null;
  readonly paidAt: string | null;
  readonly completedAt: string | null;
  readonly mergedInto: string | null;
  readonly updatedAt: string;
  readonly version: number;
}

export interface OrderItem {
  readonly line: string;
  readonly sku: string | null;
  readonly name: string;
  readonly quantity: number;
  readonly price: Fen;
  readonly total: Fen;
  readonly note: string | null;
}

/** The filters of the list, as the API names them. */
export interface OrderFilter {
  readonly account?: string;
  readonly platform?: string;
  readonly status?: string;
  readonly kind?: string;
  readonly merchant?: string;
  readonly shop?: string;
  readonly store?: string;
  readonly sid?: string;
  readonly member?: string;
  readonly flag?: string;
  readonly q?: string;
  readonly placedFrom?: string;
  readonly placedTo?: string;
  readonly parent?: string;
  readonly legs?: boolean;
}

export const readOrders = (
  filter: OrderFilter & { readonly limit?: number; readonly cursor?: string | null },
  signal?: AbortSignal,
): Promise<Page<Order>> => get('/orders', { ...filter }, signal);

/** With a reason personal data is unmasked and the look is recorded; `''` where none is needed. */
export const readOrder = (id: string, revealReason?: string, signal?: AbortSignal): Promise<Order> =>
  get(
    `/orders/${encodeURIComponent(id)}`,
    revealReason === undefined ? {} : { reveal: 'personal', reason: revealReason },
    signal,
  );

/** Something that happened to an order; the other fields depend on the kind. */
export type TimelineEntry =
  | {
      readonly kind: 'callback';
      readonly at: string;
      readonly id: string;
      readonly topic: string;
      readonly verdict: string;
      readonly reason: string | null;
      readonly evidence: string | null;
      readonly secretFingerprint: string | null;
    }
  | {
      readonly kind: 'fact';
      readonly at: string;
      readonly id: string;
      readonly source: 'callback' | 'query' | 'poll' | 'action';
      readonly callback: string | null;
      readonly saidAt: string | null;
      readonly final: boolean;
      readonly generation: number;
      readonly verdict: 'applied' | 'stale';
      readonly version: number | null;
      readonly facts: readonly {
        readonly line: string;
        readonly register: string;
        readonly value: unknown;
        readonly saidAt?: string | null;
        readonly masked?: true;
      }[];
    }
  | {
      readonly kind: 'event';
      readonly at: string;
      readonly id: string;
      readonly type: string;
      readonly sequence: number;
      readonly previousStatus: string | null;
      readonly callback: string | null;
    }
  | {
      readonly kind: 'delivery';
      readonly at: string;
      readonly id: string;
      readonly endpoint: string;
      readonly event: string;
      readonly type: string;
      readonly sequence: number;
      readonly lane: string;
      readonly attempt: number;
      readonly outcome: 'delivered' | 'failed' | 'dead';
      readonly statusCode: number | null;
      readonly error: string | null;
      readonly durationMs: number;
    }
  | ({ readonly kind: 'action'; readonly at: string } & ActionFields);

export type ActionState = 'queued' | 'sent' | 'succeeded' | 'failed' | 'unknown';

export interface ActionFields {
  readonly id: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: ActionState;
  readonly number: string;
  readonly cause: string | null;
  readonly askedBy: string | null;
  readonly askedByName: string | null;
  readonly request: {
    readonly call: string;
    readonly method: string;
    readonly host: string;
    readonly path: string;
  } | null;
  readonly answer: unknown;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly questions: number;
  readonly durationMs: number | null;
  readonly sentAt: string | null;
  readonly finishedAt: string | null;
}

export interface Action extends ActionFields {
  readonly account: string;
  readonly platform: string;
  readonly order: string;
  readonly createdAt: string;
  readonly nextAt: string | null;
}

export const readTimeline = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Page<TimelineEntry>> =>
  get(`/orders/${encodeURIComponent(id)}/timeline`, { limit: 500, cursor }, signal);

export const act = (
  orderId: string,
  body: { readonly action: string; readonly params?: Readonly<Record<string, unknown>> },
  idempotencyKey: string,
): Promise<{ readonly id: string; readonly state: ActionState }> =>
  request('POST', `/orders/${encodeURIComponent(orderId)}/actions`, { body, idempotencyKey });

/** What can be done to an order as it stands. */
export interface PossibleActions {
  readonly order: string;
  /** `refusal`: why it makes no sense now. */
  readonly actions: readonly { readonly name: string; readonly refusal: BothWords | null }[];
  /** What was sent and nobody knows the end of; `isLate`: a person may look and say. */
  readonly unsettled: readonly {
    readonly id: string;
    readonly action: string;
    readonly state: ActionState;
    readonly isLate: boolean;
  }[];
}

/** As many orders as may be asked about at once. */
export const POSSIBLE_AT_ONCE = 50;

export const readPossible = (
  orders: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly data: readonly PossibleActions[] }> =>
  get('/actions/possible', { orders: orders.join(',') }, signal);

/** A person says what became of an action that no answer told of. */
export const settleAction = (id: string, body: { readonly outcome: 'succeeded' | 'failed'; readonly reason: string }) =>
  request<unknown>('POST', `/actions/${encodeURIComponent(id)}/settle`, { body, idempotencyKey: newIdempotencyKey() });

export const readAction = (id: string, signal?: AbortSignal): Promise<Action> =>
  get(`/actions/${encodeURIComponent(id)}`, undefined, signal);
