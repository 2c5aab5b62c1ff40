import type { Fen } from './money.ts';
import type { TimeMs } from './time.ts';

/**
 * The registers of an order's lines: what a fact can say. Every platform speaks in these; a connector only declares in
 * which order the values of a register win (`RegisterRules` in `fact.ts`).
 */
export interface RegisterValues {
  payment: Payment;
  fulfilment: Fulfilment;
  lifecycle: Lifecycle;
  settlement: Settlement;
  /**
   * A refund by its number, on the line `refund:<number>`. `amount` null: the platform did not say. `whole`: it gives
   * back all that was paid and not yet returned, whatever that is.
   */
  refund: { state: RefundState; amount: Fen | null; reason?: string; whole?: boolean };
  'flag.risk': boolean;
  'flag.refund_requested': boolean;
  'flag.cancel_requested': boolean;
  'flag.delivery_trouble': boolean;
  'flag.provisional_money': boolean;
  'flag.reminder': boolean;
  'flag.doubt': boolean;
  /** Sum before discounts, in fen. */
  'money.original': Fen;
  /** The platform's own order total, in fen. */
  'money.total': Fen;
  /** What the user has paid, in fen. */
  'money.paid': Fen;
  /** What promoting the order earns, in fen. */
  'money.commission': Fen;
  /**
   * What promoting the order, or a voucher of it, earns, in fen and by kind of reward; read from the platform. `final`:
   * the platform gave it for a completed order, so it is no estimate any more.
   */
  commission: { cps: Fen; cpa: Fen; refundedCps: Fen; refundedCpa: Fen; final: boolean };
  /** What belongs to the merchant and the platform, replaced as a whole. */
  fees: { deliveryFee: Fen | null; boxFee: Fen | null; platformFee: Fen | null; income: Fen | null };
  items: readonly ItemValue[];
  /** How many part lines the order will have; below that, the whole-order line still speaks for the rest. */
  parts: number;
  sid: string;
  store: { ref: string; name: string | null };
  displayId: string;
  merchantOrderId: string;
  placedAt: TimeMs;
  paidAt: TimeMs;
  completedAt: TimeMs;
  closedAt: TimeMs;
  acceptBy: TimeMs;
  /** Until when the goods are held, or the payment stays open, for an order that nobody has paid. */
  expiresAt: TimeMs;
  /** Until when the user's last request must be answered, or the platform grants it; null: nobody knows. */
  answerBy: TimeMs | null;
  takeaway: { daySequence: number | null; wantedAt: TimeMs | null; deliveryMode: string | null };
  /** Personal data: encrypted at rest, masked in every read. */
  customer: CustomerValue;
  /** The user's own number, told after the order came with one of the platform's that has run out. Personal. */
  realPhone: string;
  note: string;
  rider: { name: string | null; phone: string | null };
  invoice: { title: string | null; taxpayerId: string | null };
  /** The user's number at the platform, such as an open id. Personal. */
  buyer: string;
  /** Fields of the platform that have no noun here, kept under their own names. */
  platformFields: Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;
}

export type RegisterName = keyof RegisterValues;

export type Payment = 'unpaid' | 'paid' | 'partially_refunded' | 'refunded';
export type Fulfilment = 'none' | 'accepted' | 'preparing' | 'delivering' | 'delivered' | 'failed';
export type Lifecycle = 'open' | 'completed' | 'cancelled' | 'expired';
export type Settlement = 'none' | 'settled';
/** `replaced`: a notice without a number, whose refunds are known by their numbers meanwhile. */
export type RefundState = 'requested' | 'failed' | 'succeeded' | 'replaced';

export interface ItemValue {
  line: string;
  sku: string | null;
  name: string;
  quantity: number;
  /** Fen for one. */
  price: Fen | null;
  /** Fen for the line. */
  total: Fen | null;
  /** What the kitchen must know: size, flavour. */
  note?: string;
}

export interface CustomerValue {
  name: string | null;
  phone: string | null;
  address: string | null;
  /** GCJ-02 degrees. */
  location: { lng: number; lat: number } | null;
}

/** Registers whose values are personal data. */
export const PERSONAL_REGISTERS: ReadonlySet<RegisterName> = new Set<RegisterName>([
  'customer',
  'realPhone',
  'note',
  'rider',
  'invoice',
  'buyer',
]);

/** Ranks that hold on every platform: the furthest state wins. A connector may declare others. */
export const PAYMENT_RANKS: Readonly<Record<Payment, number>> = {
  unpaid: 0,
  paid: 1,
  partially_refunded: 2,
  refunded: 3,
};
export const REFUND_RANKS: Readonly<Record<RefundState, number>> = {
  requested: 0,
  failed: 1,
  succeeded: 2,
  replaced: 3,
};
export const SETTLEMENT_RANKS: Readonly<Record<Settlement, number>> = { none: 0, settled: 1 };
export const RAISED_RANKS = { false: 0, true: 1 } as const;

/** The line of the whole order. */
export const WHOLE = '';
/** The line of a voucher, a dispense record or another part that has a fate of its own. */
export const partLine = (id: string): string => `part:${id}`;
/**
 * The line of a topic: the platform's own fields that come by a message of their own (a settlement, a reason), so that
 * they neither replace those of the order nor are replaced by them. Shown together with those of the whole order.
 */
export const topicLine = (topic: string): string => `topic:${topic}`;
/** The line of a refund. */
export const refundLine = (number: string): string => `refund:${number}`;
/**
 * The line of what the hub found must be given back, before anybody has done it; `what` says for which parts. It is
 * `replaced` once the money went back under other numbers.
 */
export const dueLine = (what: string): string => refundLine(`due-${what}`);
