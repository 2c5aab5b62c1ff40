import type { TimeMs } from '../../core/time.ts';
import type { PlayedOrder } from './sandbox-orders.ts';
import { refundsAfter } from './sandbox-refunds.ts';
import type { PlayedRefund, RefundScene } from './sandbox-refunds.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** One step of a plot: what the platform pushes. */
export type Scene = (
  | {
      readonly kind: 'order';
      readonly topic: 'order' | 'confirmed' | 'completed';
      readonly status: number;
      readonly degraded?: true;
    }
  | { readonly kind: 'cancel'; readonly reasonCode: string; readonly reason: string }
  | { readonly kind: 'delivery'; readonly status: number }
  | { readonly kind: 'settlement' | 'reminder' }
  | RefundScene
) & {
  /** Waiting time before it, at least and at most. */
  readonly afterMs: readonly [number, number];
};

/** The life of an order at the platform. */
export interface Plot {
  readonly plot: string;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  readonly cash?: true;
}

const SOON = [MINUTE_MS, 4 * MINUTE_MS] as const;
const LATER = [10 * MINUTE_MS, 40 * MINUTE_MS] as const;
const ordered: Scene & { readonly kind: 'order' } = {
  kind: 'order',
  topic: 'order',
  status: 2,
  afterMs: [0, 3 * SECOND_MS],
};
const confirmed: Scene = { kind: 'order', topic: 'confirmed', status: 4, afterMs: [5 * SECOND_MS, 2 * MINUTE_MS] };
const completed: Scene = { kind: 'order', topic: 'completed', status: 8, afterMs: LATER };
const settlement: Scene = { kind: 'settlement', afterMs: [HOUR_MS, 20 * HOUR_MS] };
const rider = (...statuses: readonly number[]): readonly Scene[] =>
  statuses.map((status) => ({ kind: 'delivery', status, afterMs: SOON }));
const refund = (...notifyTypes: readonly string[]): readonly Scene[] =>
  notifyTypes.map((notifyType) => ({ kind: 'refund', notifyType, afterMs: SOON }));
const part = (...notifyTypes: readonly string[]): readonly Scene[] =>
  notifyTypes.map((notifyType) => ({ kind: 'part', notifyType, afterMs: SOON }));
const cancelled = (reasonCode: string, reason: string, afterMs: readonly [number, number] = SOON): Scene => ({
  kind: 'cancel',
  reasonCode,
  reason,
  afterMs,
});

export const PLOTS: readonly Plot[] = [
  {
    plot: 'delivered by the platform, then settled',
    weight: 30,
    scenes: [ordered, confirmed, ...rider(0, 10, 20, 40), completed, settlement],
  },
  {
    plot: 'delivered, every step of the rider told',
    weight: 8,
    scenes: [ordered, confirmed, ...rider(0, 5, 10, 15, 20, 40), completed],
  },
  { plot: 'new, not yet accepted', weight: 3, scenes: [ordered] },
  { plot: 'cash on delivery by own riders', weight: 6, cash: true, scenes: [ordered, confirmed, completed] },
  {
    plot: 'cancelled by the user before it was accepted',
    weight: 6,
    scenes: [ordered, cancelled('1102', '用户取消：点错了')],
  },
  {
    plot: 'never accepted, so the system cancelled it',
    weight: 4,
    scenes: [ordered, cancelled('1001', '超时未接单，系统取消', [5 * MINUTE_MS, 6 * MINUTE_MS])],
  },
  {
    plot: 'never paid, so the system cancelled it',
    weight: 3,
    scenes: [{ ...ordered, status: 1 }, cancelled('1002', '在线支付超时', [15 * MINUTE_MS, 16 * MINUTE_MS])],
  },
  {
    plot: 'accepted, then cancelled by the merchant',
    weight: 5,
    scenes: [ordered, confirmed, cancelled('2009', '商品已售完，抱歉😄 a+b&c=d')],
  },
  {
    plot: "accepted in the platform's own app, so that 'confirmed' came first",
    weight: 6,
    scenes: [confirmed, ...rider(0, 10, 20, 40), completed],
  },
  {
    plot: 'refund applied for, rejected, applied for again, agreed',
    weight: 5,
    scenes: [
      ordered,
      confirmed,
      ...rider(0, 10, 20, 40),
      ...refund('apply', 'reject', 'apply', 'agree'),
      cancelled('1103', '用户退款'),
    ],
  },
  {
    plot: 'refund applied for and withdrawn',
    weight: 4,
    scenes: [ordered, confirmed, ...refund('apply', 'cancelRefund'), ...rider(0, 20, 40), completed],
  },
  {
    plot: 'refund rejected, appealed, appeal withdrawn',
    weight: 3,
    scenes: [ordered, confirmed, ...refund('apply', 'reject', 'apply', 'cancelRefundComplaint'), completed],
  },
  {
    plot: 'completed, then refunded as a whole',
    weight: 3,
    scenes: [ordered, confirmed, completed, ...refund('apply', 'agree')],
  },
  {
    plot: 'completed, then refunded in part twice',
    weight: 5,
    scenes: [ordered, confirmed, ...rider(20, 40), completed, ...part('part', 'agree', 'part', 'agree')],
  },
  { plot: 'partial refund rejected', weight: 3, scenes: [ordered, confirmed, ...part('part', 'reject'), completed] },
  {
    plot: 'a part refunded, then the rest',
    weight: 2,
    scenes: [ordered, confirmed, ...part('part', 'agree'), ...refund('apply', 'agree')],
  },
  {
    plot: 'a rider is off and another one delivers',
    weight: 5,
    scenes: [ordered, confirmed, ...rider(0, 10, 20, 100, 0, 10, 20, 40), completed],
  },
  {
    plot: 'a rider is off, then cancelled by the service desk',
    weight: 2,
    scenes: [ordered, confirmed, ...rider(0, 10, 100), cancelled('1204', '客服取消')],
  },
  {
    plot: 'the user asks where it stays',
    weight: 4,
    scenes: [
      ordered,
      confirmed,
      ...rider(0, 10),
      { kind: 'reminder', afterMs: LATER },
      ...rider(20, 40),
      completed,
      settlement,
    ],
  },
  {
    plot: 'pushed before the platform had all of it together',
    weight: 3,
    scenes: [{ ...ordered, degraded: true }, confirmed, completed],
  },
];

export const isRefund = (scene: Scene): scene is Scene & RefundScene =>
  scene.kind === 'refund' || scene.kind === 'part';

/** The requests for refunds after these scenes. */
export function refundsOf(order: PlayedOrder, scenes: readonly Scene[], atMs: TimeMs): readonly PlayedRefund[] {
  let refunds: readonly PlayedRefund[] = [];
  for (const scene of scenes) if (isRefund(scene)) refunds = refundsAfter(refunds, scene, order.totalFen, atMs);
  return refunds;
}
