import type { Fen } from '../../core/money.ts';
import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { TimeMs } from '../../core/time.ts';

/** A refund push of a plot: of the whole order, or of a share of it in fen. */
export interface RefundScene {
  readonly kind: 'refund' | 'part';
  readonly notifyType: string;
}

/** A request for a refund as the played platform keeps it. */
export interface PlayedRefund {
  readonly number: number;
  readonly whole: boolean;
  readonly fen: Fen;
  readonly appliedAt: TimeMs;
  /** `res_type` of the platform's query. */
  readonly result: number;
  readonly isAppeal: boolean;
}

const RESULTS: Readonly<Record<string, number>> = { agree: 2, reject: 1, cancelRefund: 7, cancelRefundComplaint: 8 };
/** Which part of the total the first, second, third partial refund gives back. */
const SHARES = [0.3, 0.2, 0.1];

/** The refunds after one more push: an application opens a new one, everything else decides the last. */
export function refundsAfter(
  refunds: readonly PlayedRefund[],
  { kind, notifyType }: RefundScene,
  totalFen: Fen,
  at: TimeMs,
): readonly PlayedRefund[] {
  const whole = kind === 'refund';
  if (notifyType === 'apply' || notifyType === 'part') {
    const earlier = refunds.filter((refund) => refund.whole === whole);
    const fen = Math.max(1, Math.floor(totalFen * (SHARES[earlier.length] ?? 0.05)));
    const isAppeal = earlier.some(({ result }) => result === 1);
    const number = refunds.length + 1;
    return [...refunds, { number, whole, fen: whole ? totalFen : fen, appliedAt: at, result: 0, isAppeal }];
  }
  const result = RESULTS[notifyType] ?? 0;
  const last = refunds.findLast((refund) => refund.whole === whole);
  return refunds.map((refund) => (refund === last ? { ...refund, result } : refund));
}

/** What the refund query answers about one of them; money only of a part, as the platform has it. */
export const refundInfo = (orderId: string, refund: PlayedRefund): Record<string, Json> => ({
  refund_id: `9${orderId.slice(-9)}${refund.number}`,
  refund_type: refund.whole ? '2' : '1',
  refund_apply_time: Math.floor(refund.appliedAt / 1000),
  reason: refund.whole ? '不想要了' : '菜品漏送，少了一份',
  res_type: refund.result,
  is_appeal: refund.isAppeal ? 1 : 0,
  apply_role: 1,
  ...(refund.whole ? {} : { money: fenToYuan(refund.fen) }),
});
