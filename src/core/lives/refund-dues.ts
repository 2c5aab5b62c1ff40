import { read } from '../fact.ts';
import { dueLine, refundLine } from '../registers.ts';
import type { PlanDraft } from './draft.ts';
import type { LifeView, OrderSide, RefundDueItem } from './life.ts';
import { leftOf, refundTries } from './payment-life.ts';

/** What the user has paid, and how the machine's platform is told. */
export interface Money {
  readonly amount: number;
  readonly at: number | null;
  /** The payment that it came by; null: the shop took it. */
  readonly leg: OrderSide | null;
}

/** Finds money due: given back at the payment, or by the shop where it took the money itself. */
export function owe(
  draft: PlanDraft,
  { leg }: Money,
  what: string,
  amount: number,
  items: readonly RefundDueItem[],
  reason: string,
): void {
  if (what === '' || amount <= 0) return;
  draft.oweRefund({ what, amount, reason, items }, leg === null);
}

/** The shop took the money itself: what it is to give back waits for its word that it has. */
export function awaitGivenBack({ order }: LifeView, draft: PlanDraft): void {
  const amount = order.json.refundDue;
  if (amount === null) return;
  const reasons = duesOf(order).flatMap(({ state, reason }) => (state === 'requested' && reason ? [reason] : []));
  draft.raise('refund_due', { amount, reasons: [...new Set(reasons)] });
}

/** What has not gone back and is not due yet. */
export const owedTotal = ({ order }: LifeView, { amount }: Money): number =>
  amount - (order.json.amounts.refunded ?? 0) - (order.json.refundDue ?? 0);

/** Something that the hub found must be given back. */
interface Due {
  readonly what: string;
  readonly state: 'requested' | 'failed' | 'succeeded' | 'replaced';
  readonly amount: number;
  readonly reason: string | undefined;
}

export function duesOf({ lines }: OrderSide): readonly Due[] {
  const beginning = dueLine('');
  return Object.keys(lines)
    .filter((line) => line.startsWith(beginning))
    .sort()
    .flatMap((line) => {
      const refund = read(lines, line, 'refund');
      return refund === undefined
        ? []
        : [
            {
              what: line.slice(beginning.length),
              state: refund.state,
              amount: refund.amount ?? 0,
              reason: refund.reason,
            },
          ];
    });
}

/**
 * The order shows what went back at its payment. What was due and went back has succeeded; other refunds there (somebody
 * asked for them by hand) come in under their own numbers. Without a payment here the shop says what it has given back.
 */
export function mirrorRefunds({ order, legs }: LifeView, draft: PlanDraft, { leg }: Money): void {
  for (const side of legs) mirrorLeg(order, side, draft);
  const dues = duesOf(order);
  // Given back under numbers that are no dues: the first dues are settled by it.
  let left = givenByOthers(order) - dues.filter(({ state }) => state === 'replaced').reduce(sumOf, 0);
  for (const due of dues.filter(({ state }) => state === 'requested')) {
    if (left < due.amount) break;
    if (leg !== null && !cannotComeBy(leg, due)) continue;
    left -= due.amount;
    const value = { state: 'replaced', amount: due.amount } as const;
    draft.tell(`replaced:${due.what}`, [{ line: dueLine(due.what), register: 'refund', value }]);
  }
}

const sumOf = (sum: number, { amount }: Due): number => sum + amount;

/** The payment's own refund of it was refused for good, or somebody was faster: nothing is left of the money. */
function cannotComeBy(leg: OrderSide, { what, amount }: Due): boolean {
  const tries = refundTries(leg, what);
  if (tries.some(({ isOpen, state }) => isOpen || state === 'unknown')) return false;
  return tries.at(-1)?.state === 'failed' || leftOf(leg) < amount;
}

function givenByOthers({ lines }: OrderSide): number {
  return Object.keys(lines)
    .filter((line) => line.startsWith(refundLine('')) && !line.startsWith(dueLine('')))
    .map((line) => read(lines, line, 'refund'))
    .reduce((sum, refund) => (refund?.state === 'succeeded' ? sum + (refund.amount ?? 0) : sum), 0);
}

function mirrorLeg(order: OrderSide, leg: OrderSide, draft: PlanDraft): void {
  const dues = duesOf(order);
  const byNumber = new Map(
    dues.flatMap(({ what }) => refundTries(leg, what).map(({ number }) => [number, what] as const)),
  );
  for (const line of Object.keys(leg.lines).sort()) {
    const refund = line.startsWith(refundLine('')) ? read(leg.lines, line, 'refund') : undefined;
    if (refund === undefined) continue;
    const number = line.slice(refundLine('').length);
    const own = byNumber.get(number);
    // A failed try of ours is tried again: what is due stays due.
    if (own !== undefined && refund.state !== 'succeeded') continue;
    const target = own === undefined ? refundLine(number) : dueLine(own);
    const held = read(order.lines, target, 'refund');
    if (held?.state === refund.state && held.amount === refund.amount) continue;
    const { state, amount } = refund;
    const name = `refund:${target}:${state}:${amount ?? ''}`;
    draft.tell(name, [{ line: target, register: 'refund', value: { state, amount } }]);
  }
}
