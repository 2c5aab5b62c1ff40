import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { Fen } from '../../core/money.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { refundNumberFor } from './callback.ts';
import { ecpayCallback, tradeCallback } from './sandbox-envelope.ts';
import { recall, remember } from './sandbox-ledger.ts';
import type { PlayedPayment } from './sandbox-ledger.ts';
import type { Plot, Scene } from './sandbox-plots.ts';
import { stateTold } from './sandbox-told.ts';

const HOUR_MS = 3_600_000;

/** What stays the same in every callback of an order. */
export interface StoryOrder {
  readonly orderId: string;
  readonly merchantNo: string;
  readonly total: Fen;
  readonly discount: Fen;
  readonly way: '1' | '2' | '10';
  readonly channelNo: string;
  readonly sellerUid: string;
  readonly cpExtra: string;
  /** The envelope's timestamp as a number, as integrations of 2021 had it. */
  readonly numberTimestamp: boolean;
  readonly nonce: string;
  /** Fen of each refund by its letter. */
  readonly refunds: Readonly<Record<string, Fen>>;
}

const refundId = (order: StoryOrder, refund: string): string => `8${order.merchantNo.slice(4)}${refund.charCodeAt(0)}`;

/** The number of a refund: the developer's own, or, of one that the user asked for, what the hub answered to the request. */
function refundNo(order: StoryOrder, refund: string, plot: Plot): string {
  const isAskedFor = plot.scenes.some((scene) => scene.kind === 'request' && scene.refund === refund);
  return isAskedFor ? refundNumberFor(refundId(order, refund)) : `${order.merchantNo}R${refund}`;
}

type Msg = Readonly<Record<string, Json>>;

function ecpayMsg(order: StoryOrder, scene: Scene, plot: Plot, atMs: TimeMs, appid: string): readonly [string, Msg] {
  const at = Math.floor(atMs / 1000);
  const common = { appid, cp_extra: order.cpExtra, order_id: order.orderId };
  switch (scene.kind) {
    case 'refund':
      return [
        'refund',
        {
          ...common,
          cp_refundno: refundNo(order, scene.refund, plot),
          status: scene.status,
          refund_amount: order.refunds[scene.refund] ?? 0,
          is_all_settled: false,
          refunded_at: scene.status === 'SUCCESS' ? at : 0,
          message: scene.status === 'FAIL' ? '余额不足' : '',
          refund_no: refundId(order, scene.refund),
        },
      ];
    case 'settle':
      return [
        'settle',
        {
          ...common,
          cp_settle_no: settleNo(order, scene.number),
          status: scene.status,
          rake: Math.round(order.total * 0.006),
          commission: 0,
          settle_detail: `商户号${order.sellerUid}-分成金额(分)${order.total}`,
          settled_at: scene.status === 'SUCCESS' ? at : 0,
          message: scene.status === 'SUCCESS' ? '' : '处理失败',
        },
      ];
    default:
      return [
        'payment',
        {
          ...common,
          cp_orderno: order.merchantNo,
          way: order.way,
          channel_no: order.channelNo,
          channel_gateway_no: '',
          payment_order_no: `DPS${order.channelNo}`,
          out_channel_order_no: order.channelNo,
          total_amount: order.total,
          status: 'SUCCESS',
          seller_uid: order.sellerUid,
          extra: scene.kind === 'payment' && scene.full === true ? '{"cps_info":""}' : 'null',
          item_id: scene.kind === 'payment' && scene.full === true ? `9${order.merchantNo.slice(4)}` : '',
          // A repeat tells the same payment.
          paid_at: Math.floor((atMs - (scene.kind === 'payment' ? (scene.sincePaidMs ?? 0) : 0)) / 1000),
          message: '',
        },
      ];
  }
}

function tradeMsg(order: StoryOrder, scene: Scene, plot: Plot, atMs: TimeMs, appId: string): readonly [string, Msg] {
  const common = { app_id: appId, order_id: order.orderId, cp_extra: order.cpExtra, event_time: atMs };
  const amounts = { total_amount: order.total, discount_amount: order.discount };
  switch (scene.kind) {
    case 'payment':
      return [
        'payment',
        {
          ...common,
          ...amounts,
          out_order_no: order.merchantNo,
          status: 'SUCCESS',
          pay_channel: Number(order.way),
          channel_pay_id: order.channelNo,
          merchant_uid: order.sellerUid,
          message: '',
        },
      ];
    case 'cancel':
      return [
        'payment',
        { ...common, ...amounts, out_order_no: order.merchantNo, status: 'CANCEL', message: scene.reason },
      ];
    case 'request':
      return [
        'pre_create_refund',
        {
          app_id: appId,
          open_id: `_000${order.merchantNo.slice(-12)}`,
          order_id: order.orderId,
          out_order_no: order.merchantNo,
          out_refund_no: '',
          refund_id: refundId(order, scene.refund),
          refund_total_amount: order.refunds[scene.refund] ?? 0,
          need_refund_audit: 1,
          refund_audit_deadline: atMs + 48 * HOUR_MS,
          create_refund_time: atMs,
          refund_source: 1,
          refund_reason: [{ code: 101, text: '不想要了' }],
        },
      ];
    case 'refund':
      return [
        'refund',
        {
          ...common,
          refund_id: refundId(order, scene.refund),
          out_refund_no: refundNo(order, scene.refund, plot),
          refund_total_amount: order.refunds[scene.refund] ?? 0,
          status: scene.status,
          is_all_settled: false,
          refund_item_detail: { item_order_quantity: 1, item_order_detail: [] },
          message: scene.status === 'FAIL' ? '商家拒绝退款' : '',
        },
      ];
    case 'settle':
      return [
        'settle',
        {
          ...common,
          settle_id: `6${order.merchantNo.slice(4)}${scene.number}`,
          out_settle_no: settleNo(order, scene.number),
          status: scene.status,
          rake: Math.round(order.total * 0.006),
          commission: 0,
          settle_detail: `商户号${order.sellerUid}-分成金额(分)${order.total}`,
          settle_amount: order.total,
          is_auto_settle: true,
          message: scene.status,
        },
      ];
  }
}

export function sceneCallback(
  order: StoryOrder,
  scene: Scene,
  plot: Plot,
  atMs: TimeMs,
  account: AccountView,
): OutgoingCallback {
  const appId = account.credential('appId') ?? '';
  if (plot.generation === 'trade') {
    const [type, msg] = tradeMsg(order, scene, plot, atMs, appId);
    return tradeCallback(account, { type, msg, nonce: `${order.nonce}${order.channelNo}`, atMs });
  }
  const [type, msg] = ecpayMsg(order, scene, plot, atMs, appId);
  return ecpayCallback(account, { type, msg, nonce: order.nonce, atMs }, order.numberTimestamp);
}

/** Notes what a scene did, so that the hub can ask about the order and act on it. */
export function noteScene(memory: PlatformMemory, order: StoryOrder, scene: Scene, plot: Plot, atMs: TimeMs): void {
  const held = recall(memory, order.merchantNo) ?? newNote(order, plot, atMs);
  const next = (changes: Partial<PlayedPayment>): void => remember(memory, { ...held, ...changes } as PlayedPayment);
  switch (scene.kind) {
    case 'payment':
      return next({ state: 'paid', paidAt: held.paidAt ?? atMs - (scene.sincePaidMs ?? 0) });
    case 'cancel':
      return next({ state: scene.reason === 'TIME_OUT' ? 'expired' : 'cancelled' });
    case 'request':
      return next({});
    case 'refund': {
      const number = refundNo(order, scene.refund, plot);
      const theirs = refundId(order, scene.refund);
      const amount = order.refunds[scene.refund] ?? 0;
      const refund = { amount, state: scene.status, at: atMs, refundNo: theirs, notifyUrl: '' };
      return next({ refunds: { ...held.refunds, [number]: refund } });
    }
    case 'settle': {
      const number = settleNo(order, scene.number);
      const settlement = { amount: order.total, splits: 0, state: scene.status, at: atMs, isLast: true };
      const numbered = { ...settlement, settleNo: `6${order.merchantNo.slice(4)}`, notifyUrl: '' };
      return next({ settlements: { ...held.settlements, [number]: numbered } });
    }
  }
}

/**
 * Whether an answer has told what a scene says; `never`: the hub cannot ask. Guaranteed payment knows a payment by the
 * merchant's number alone, and a refund or a settlement by its own; the trade system lists all of an order, which the
 * payment's callback shows to be one of its own.
 */
export function sceneAnswered(
  order: StoryOrder,
  scene: Scene | undefined,
  plot: Plot,
  told: readonly Scene[],
  memory: PlatformMemory,
): 'yes' | 'no' | 'never' {
  const isPaidTold = told.some(({ kind }) => kind === 'payment');
  if (scene?.kind === 'payment') {
    if (stateTold(memory, 'payment', order.orderId) === 'SUCCESS') return 'yes';
    return isPaidTold ? 'no' : 'never';
  }
  if (scene?.kind !== 'refund' && scene?.kind !== 'settle') return 'never';
  const number = scene.kind === 'refund' ? refundNo(order, scene.refund, plot) : settleNo(order, scene.number);
  const state = stateTold(memory, scene.kind, number);
  if (state === scene.status || (state !== undefined && scene.status === 'PROCESSING')) return 'yes';
  if (plot.generation === 'trade') return isPaidTold ? 'no' : 'never';
  const isKnown = told.some(
    (other) =>
      (scene.kind === 'refund' && other.kind === 'refund' && other.refund === scene.refund) ||
      (scene.kind === 'settle' && other.kind === 'settle' && other.number === scene.number),
  );
  return isKnown ? 'no' : 'never';
}

const settleNo = (order: StoryOrder, number: number): string => `${order.merchantNo}S${number}`;

const newNote = (order: StoryOrder, plot: Plot, atMs: TimeMs): PlayedPayment => ({
  generation: plot.generation,
  ...{ orderId: order.orderId, merchantNo: order.merchantNo, total: order.total, discount: order.discount },
  ...{ cpExtra: order.cpExtra, notifyUrl: '', madeAt: atMs, expiresAt: atMs, state: 'open', paidAt: null },
  ...{ way: order.way, channelNo: order.channelNo, sellerUid: order.sellerUid },
  ...{ refunds: {}, settlements: {}, isOurs: false },
});
