import { read } from './fact.ts';
import type { Lines } from './fact.ts';
import type { Fen } from './money.ts';
import { WHOLE } from './registers.ts';
import type { Fulfilment, Lifecycle, Payment, RefundState, Settlement } from './registers.ts';
import type { TimeMs } from './time.ts';

export type OrderStatus =
  | 'refunded'
  | 'cancelled'
  | 'expired'
  | 'failed'
  | 'completed'
  | 'fulfilling'
  | 'accepted'
  | 'paid'
  | 'pending';

export interface Facets {
  readonly status: OrderStatus;
  readonly payment: Payment;
  readonly fulfilment: Fulfilment;
  readonly lifecycle: Lifecycle;
  readonly settlement: Settlement;
  readonly flags: readonly string[];
  /** Sum of the succeeded refunds in fen; null when some of it is not known. */
  readonly refunded: Fen | null;
  /** When the order, or the last of its completed parts, was completed; null while it is not. */
  readonly completedAt: TimeMs | null;
}

/** Everything an outsider sees of an order's fate, worked out from its lines and never stored by hand. */
export function deriveFacets(lines: Lines): Facets {
  const parts = partsThatSpeak(lines);
  const refunds = refundTotals(lines);
  const payment = derivePayment(lines, parts, refunds);
  const lifecycle = deriveLifecycle(lines, parts);
  const fulfilment = deriveFulfilment(lines, parts);
  const settlement = read(lines, WHOLE, 'settlement') ?? 'none';
  const flags = deriveFlags(lines, payment, lifecycle, refunds);
  return {
    status: deriveStatus(payment, lifecycle, fulfilment),
    payment,
    fulfilment,
    lifecycle,
    settlement,
    flags,
    refunded: deriveRefunded(lines, payment, refunds, flags),
    completedAt: lifecycle === 'completed' ? deriveCompletedAt(lines, parts) : null,
  };
}

/** The first that holds, as the table of the design has it. */
function deriveStatus(payment: Payment, lifecycle: Lifecycle, fulfilment: Fulfilment): OrderStatus {
  if (payment === 'refunded') return 'refunded';
  if (lifecycle === 'cancelled' || lifecycle === 'expired') return lifecycle;
  if (fulfilment === 'failed') return 'failed';
  if (lifecycle === 'completed') return 'completed';
  if (fulfilment === 'preparing' || fulfilment === 'delivering' || fulfilment === 'delivered') return 'fulfilling';
  if (fulfilment === 'accepted') return 'accepted';
  return payment === 'unpaid' ? 'pending' : 'paid';
}

/**
 * The lines whose fates add up to the order's. Once a voucher or a dispense record has a line of its own, the
 * whole-order line speaks only for parts not heard of yet; without a declared number of parts it keeps its voice, so
 * that an order is never called refunded on the word of one voucher.
 */
function partsThatSpeak(lines: Lines): readonly string[] {
  const parts = Object.keys(lines).filter((line) => line.startsWith('part:'));
  const expected = read(lines, WHOLE, 'parts');
  const allHeard = expected !== undefined && parts.length >= expected;
  return parts.length > 0 && allHeard ? parts : [WHOLE, ...parts];
}

interface RefundTotals {
  readonly succeeded: Fen;
  /** Some succeeded refund has no known amount. */
  readonly unknown: boolean;
  /** Some succeeded refund gave back all that was left. */
  readonly whole: boolean;
  readonly count: number;
  readonly states: ReadonlySet<RefundState>;
}

function refundTotals(lines: Lines): RefundTotals {
  let succeeded = 0;
  let unknown = false;
  let whole = false;
  let count = 0;
  const states = new Set<RefundState>();
  for (const line of Object.keys(lines)) {
    const refund = read(lines, line, 'refund');
    if (refund === undefined) continue;
    states.add(refund.state);
    if (refund.state !== 'succeeded') continue;
    count += 1;
    if (refund.whole === true) whole = true;
    if (refund.amount === null) unknown = true;
    else succeeded += refund.amount;
  }
  return { succeeded, unknown, whole, count, states };
}

function derivePayment(lines: Lines, parts: readonly string[], refunds: RefundTotals): Payment {
  const whole = read(lines, WHOLE, 'payment');
  if (whole === 'refunded') return 'refunded';
  const paid = read(lines, WHOLE, 'money.paid');
  if (refunds.count > 0) {
    if (refunds.whole) return 'refunded';
    return paid !== undefined && refunds.succeeded >= paid && !refunds.unknown ? 'refunded' : 'partially_refunded';
  }
  const said = parts.map((line) => read(lines, line, 'payment')).filter((value) => value !== undefined);
  if (said.length === 0) return whole ?? 'unpaid';
  // A whole-order line that speaks for parts not heard of yet has not said 'refunded', even where it has said nothing.
  if (!parts.includes(WHOLE) && said.every((value) => value === 'refunded')) return 'refunded';
  // What was said of the whole order (some money went back) outlives the moment when every part has spoken.
  if (whole === 'partially_refunded') return 'partially_refunded';
  if (said.some((value) => value === 'refunded' || value === 'partially_refunded')) return 'partially_refunded';
  return said.includes('paid') || whole === 'paid' ? 'paid' : 'unpaid';
}

function deriveLifecycle(lines: Lines, parts: readonly string[]): Lifecycle {
  const whole = read(lines, WHOLE, 'lifecycle');
  if (whole === 'cancelled' || whole === 'expired' || whole === 'completed') return whole;
  const own = parts.filter((line) => line !== WHOLE);
  if (own.length === 0) return whole ?? 'open';
  // A part that gave money back or failed is through, unless it is completed too; it keeps nobody waiting. The
  // whole-order line waits only where it stands for a known number of parts: else no order of an unknown number would
  // ever complete.
  const done = (line: string): boolean => read(lines, line, 'lifecycle') === 'completed';
  const through = (line: string): boolean =>
    ['refunded', 'partially_refunded'].includes(read(lines, line, 'payment') ?? '') ||
    read(lines, line, 'fulfilment') === 'failed';
  const waiting = own.some((line) => !done(line) && !through(line));
  const missing = parts.includes(WHOLE) && read(lines, WHOLE, 'parts') !== undefined;
  return own.some(done) && !waiting && !missing ? 'completed' : 'open';
}

function deriveCompletedAt(lines: Lines, parts: readonly string[]): TimeMs | null {
  const whole = read(lines, WHOLE, 'completedAt');
  if (whole !== undefined) return whole;
  const times = parts.map((line) => read(lines, line, 'completedAt')).filter((time) => time !== undefined);
  return times.length === 0 ? null : Math.max(...times);
}

const PROGRESS: readonly Fulfilment[] = ['none', 'accepted', 'preparing', 'delivering', 'delivered'];

function deriveFulfilment(lines: Lines, parts: readonly string[]): Fulfilment {
  const whole = read(lines, WHOLE, 'fulfilment') ?? 'none';
  const own = parts
    .filter((line) => line !== WHOLE)
    .map((line) => read(lines, line, 'fulfilment'))
    .filter((value) => value !== undefined);
  if (own.length === 0) return whole;
  // Records still to come have not failed and are not delivered; the whole-order line speaks for them.
  const missing = parts.includes(WHOLE) && read(lines, WHOLE, 'parts') !== undefined;
  const said = missing ? [whole, ...own] : own;
  const moving = said.filter((value) => value !== 'failed');
  if (moving.length === 0) {
    // Of an unknown number of parts (riders that come and go) all may fail without the order failing.
    return parts.includes(WHOLE) && whole !== 'none' ? whole : 'failed';
  }
  if (moving.every((value) => value === 'delivered')) return 'delivered';
  if (moving.includes('delivered')) return 'delivering';
  return moving.reduce((furthest, value) => (PROGRESS.indexOf(value) > PROGRESS.indexOf(furthest) ? value : furthest));
}

const RAISABLE = [
  'flag.cancel_requested',
  'flag.delivery_trouble',
  'flag.doubt',
  'flag.provisional_money',
  'flag.refund_requested',
  'flag.reminder',
  'flag.risk',
] as const;

function deriveFlags(lines: Lines, payment: Payment, lifecycle: Lifecycle, refunds: RefundTotals): readonly string[] {
  const flags = new Set<string>();
  for (const register of RAISABLE) {
    if (Object.keys(lines).some((line) => read(lines, line, register) === true)) flags.add(register.slice(5));
  }
  if (refunds.states.has('requested')) flags.add('refund_requested');
  if (wasPaidLate(lines, payment, lifecycle)) flags.add('late_payment');
  return [...flags].sort();
}

/**
 * Paid although it was closed. Expiry means that nobody had paid by then; a cancelled order may well have been paid
 * before, so there the two times decide.
 */
function wasPaidLate(lines: Lines, payment: Payment, lifecycle: Lifecycle): boolean {
  if (payment === 'unpaid') return false;
  if (lifecycle === 'expired') return true;
  const closedAt = read(lines, WHOLE, 'closedAt');
  const paidAt = read(lines, WHOLE, 'paidAt');
  if (lifecycle !== 'cancelled') return false;
  return closedAt !== undefined && paidAt !== undefined && paidAt > closedAt;
}

function deriveRefunded(lines: Lines, payment: Payment, refunds: RefundTotals, flags: readonly string[]): Fen | null {
  if (refunds.whole) return read(lines, WHOLE, 'money.paid') ?? null;
  if (refunds.count > 0) return refunds.unknown ? null : refunds.succeeded;
  if (payment === 'unpaid' || payment === 'paid') return 0;
  // A platform that calls an order refunded without a number gave back what was paid; risk control takes the
  // commission and need not return money, and a part has no amount until the platform is asked.
  if (payment === 'refunded' && !flags.includes('risk')) return read(lines, WHOLE, 'money.paid') ?? null;
  return null;
}
