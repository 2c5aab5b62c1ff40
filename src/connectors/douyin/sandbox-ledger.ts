import type { AccountView } from '../../core/connector.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Fen } from '../../core/money.ts';
import type { OutgoingCallback, PlatformMemory, PlatformOrder, PlatformTick } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { sha256Hex } from '../../core/signing.ts';
import { ecpayCallback, tradeCallback } from './sandbox-envelope.ts';
import type { Message } from './sandbox-envelope.ts';

export type MoveState = 'PROCESSING' | 'SUCCESS' | 'FAIL';

export interface PlayedRefund extends JsonObject {
  readonly amount: Fen;
  readonly state: MoveState;
  readonly at: TimeMs;
  readonly refundNo: string;
  readonly notifyUrl: string;
}

export interface PlayedSettlement extends JsonObject {
  readonly amount: Fen;
  readonly splits: Fen;
  readonly state: MoveState;
  readonly at: TimeMs;
  readonly settleNo: string;
  readonly isLast: boolean;
  readonly notifyUrl: string;
}

/** A payment as the platform has it. */
export interface PlayedPayment extends JsonObject {
  readonly generation: 'ecpay' | 'trade';
  readonly orderId: string;
  readonly merchantNo: string;
  readonly total: Fen;
  readonly discount: Fen;
  readonly cpExtra: string;
  readonly notifyUrl: string;
  readonly madeAt: TimeMs;
  readonly expiresAt: TimeMs;
  readonly state: 'open' | 'paid' | 'cancelled' | 'expired';
  readonly paidAt: TimeMs | null;
  readonly way: string;
  readonly channelNo: string;
  readonly sellerUid: string;
  readonly refunds: Readonly<Record<string, PlayedRefund>>;
  readonly settlements: Readonly<Record<string, PlayedSettlement>>;
  /** The hub made it, or did something to it. */
  readonly isOurs: boolean;
}

const keyOf = (merchantNo: string): string => `payment ${merchantNo}`;
const platformKey = (orderId: string): string => `order ${orderId}`;
/** Of which order a refund or a settlement is. */
const moveKey = (number: string): string => `move ${number}`;
const BALANCE = 'balance';
const DUE = 'due';

export function recall(memory: PlatformMemory, merchantNo: string): PlayedPayment | undefined {
  return memory[keyOf(merchantNo)] as PlayedPayment | undefined;
}
export function recallByOrderId(memory: PlatformMemory, orderId: string): PlayedPayment | undefined {
  const merchantNo = memory[platformKey(orderId)];
  return typeof merchantNo === 'string' ? recall(memory, merchantNo) : undefined;
}
export function recallByMove(memory: PlatformMemory, number: string): PlayedPayment | undefined {
  const merchantNo = memory[moveKey(number)];
  return typeof merchantNo === 'string' ? recall(memory, merchantNo) : undefined;
}
export function remember(memory: PlatformMemory, payment: PlayedPayment): void {
  memory[keyOf(payment.merchantNo)] = payment;
  memory[platformKey(payment.orderId)] = payment.merchantNo;
  for (const number of [...Object.keys(payment.refunds), ...Object.keys(payment.settlements)])
    if (memory[moveKey(number)] === undefined) memory[moveKey(number)] = payment.merchantNo;
}

/** 19 digits or, of half of them, the same with N in front; follows from the merchant's number. */
export function orderIdFor(appId: string, merchantNo: string, generation: 'ecpay' | 'trade'): string {
  const hash = sha256Hex(`order ${appId} ${merchantNo}`);
  const digits = `7${String(BigInt(`0x${hash.slice(0, 15)}`))
    .padStart(18, '0')
    .slice(-18)}`;
  if (generation === 'trade') return `ots${digits}`;
  return Number.parseInt(hash.slice(-1), 16) % 2 === 0 ? digits : `N${digits}`;
}

/** What has not been given back or is being given back. */
export const leftOf = ({ total, discount, refunds }: PlayedPayment): Fen =>
  Object.values(refunds).reduce(
    (left, { amount, state }) => (state === 'FAIL' ? left : left - amount),
    total - discount,
  );
export const settledOf = ({ settlements }: PlayedPayment): boolean =>
  Object.values(settlements).some(({ isLast, state }) => isLast && state !== 'FAIL');

interface Due extends JsonObject {
  readonly at: TimeMs;
  readonly what: 'refund' | 'settle' | 'expire';
  readonly merchantNo: string;
  readonly number: string;
}

const duesOf = (memory: PlatformMemory): readonly Due[] => (memory[DUE] ?? []) as unknown as readonly Due[];

export function schedule(memory: PlatformMemory, due: Due): void {
  memory[DUE] = [...duesOf(memory), due];
}

/** What the platform does by its own clock: refunds and settlements end, unpaid orders are let go of. */
export function tick(at: TimeMs, account: AccountView, memory: PlatformMemory): PlatformTick {
  const dues = duesOf(memory);
  const ready = dues.filter((due) => due.at <= at).toSorted((a, b) => a.at - b.at);
  if (ready.length > 0) memory[DUE] = dues.filter((due) => due.at > at);
  const callbacks = ready.flatMap((due) => endMove(due, account, memory));
  const firstOf = (isWanted: (due: Due) => boolean): TimeMs | null =>
    duesOf(memory).reduce<TimeMs | null>(
      (least, due) => (isWanted(due) ? Math.min(least ?? due.at, due.at) : least),
      null,
    );
  const isLapse = ({ what }: Due): boolean => what === 'expire';
  return { callbacks, nextAt: firstOf((due) => !isLapse(due)), lapsesAt: firstOf(isLapse) };
}

function endMove(due: Due, account: AccountView, memory: PlatformMemory): readonly OutgoingCallback[] {
  const payment = recall(memory, due.merchantNo);
  if (payment === undefined) return [];
  if (due.what === 'expire') {
    if (payment.state !== 'open') return [];
    remember(memory, { ...payment, state: 'expired' });
    // Guaranteed payment tells nobody of what was not paid.
    return payment.generation === 'trade' ? [paymentCallback(account, payment, due.at, 'TIME_OUT')] : [];
  }
  const balance = typeof memory[BALANCE] === 'number' ? memory[BALANCE] : 0;
  if (due.what === 'refund') {
    const refund = payment.refunds[due.number];
    if (refund?.state !== 'PROCESSING') return [];
    // After the settlement it is paid out of what the merchant could withdraw.
    const isSettled = Object.values(payment.settlements).some(({ isLast, state }) => isLast && state === 'SUCCESS');
    const isShort = isSettled && balance < refund.amount;
    if (isSettled && !isShort) memory[BALANCE] = balance - refund.amount;
    const ended: PlayedRefund = { ...refund, state: isShort ? 'FAIL' : 'SUCCESS', at: due.at };
    const next = { ...payment, refunds: { ...payment.refunds, [due.number]: ended } };
    remember(memory, next);
    return [refundCallback(account, next, due.number, ended, isSettled)];
  }
  const settlement = payment.settlements[due.number];
  if (settlement?.state !== 'PROCESSING') return [];
  const ended: PlayedSettlement = { ...settlement, state: 'SUCCESS', at: due.at };
  const next = { ...payment, settlements: { ...payment.settlements, [due.number]: ended } };
  if (ended.isLast) memory[BALANCE] = balance + Math.max(0, ended.amount - ended.splits);
  remember(memory, next);
  return [settleCallback(account, next, due.number, ended)];
}

function send(
  account: AccountView,
  { generation, notifyUrl }: Pick<PlayedPayment, 'generation' | 'notifyUrl'>,
  message: Message,
): OutgoingCallback {
  const made = generation === 'trade' ? tradeCallback(account, message) : ecpayCallback(account, message);
  return notifyUrl === '' ? made : { ...made, url: notifyUrl };
}

const nonceOf = (text: string): string => String(Number.parseInt(sha256Hex(text).slice(0, 4), 16) % 10_000);

export function paymentCallback(
  account: AccountView,
  payment: PlayedPayment,
  atMs: TimeMs,
  cancelled?: 'TIME_OUT' | 'USER_CANCEL',
): OutgoingCallback {
  const appId = account.credential('appId') ?? '';
  const { orderId, merchantNo, total, discount, cpExtra, way, channelNo, sellerUid, paidAt } = payment;
  const nonce = nonceOf(`${merchantNo} paid`);
  if (payment.generation === 'trade') {
    const common = { app_id: appId, out_order_no: merchantNo, order_id: orderId, cp_extra: cpExtra };
    const msg = {
      ...common,
      ...{ total_amount: total, discount_amount: discount, event_time: atMs },
      ...(cancelled === undefined
        ? {
            status: 'SUCCESS',
            pay_channel: Number(way),
            channel_pay_id: channelNo,
            merchant_uid: sellerUid,
            message: '',
          }
        : { status: 'CANCEL', message: cancelled }),
    };
    return send(account, payment, { type: 'payment', msg, nonce, atMs });
  }
  const msg = {
    appid: appId,
    cp_orderno: merchantNo,
    cp_extra: cpExtra,
    way,
    channel_no: channelNo,
    channel_gateway_no: '',
    payment_order_no: `DPS${channelNo}`,
    out_channel_order_no: channelNo,
    total_amount: total,
    status: 'SUCCESS',
    seller_uid: sellerUid,
    extra: 'null',
    item_id: '',
    paid_at: Math.floor((paidAt ?? atMs) / 1000),
    message: '',
    order_id: orderId,
  };
  return send(account, payment, { type: 'payment', msg, nonce, atMs });
}

function refundCallback(
  account: AccountView,
  payment: PlayedPayment,
  number: string,
  { amount, state, at, refundNo, notifyUrl }: PlayedRefund,
  isSettled: boolean,
): OutgoingCallback {
  const appId = account.credential('appId') ?? '';
  const message = state === 'FAIL' ? '商户余额不足' : '';
  const { orderId, cpExtra, generation } = payment;
  const msg =
    generation === 'trade'
      ? {
          ...{ app_id: appId, order_id: orderId, refund_id: refundNo, out_refund_no: number, cp_extra: cpExtra },
          ...{ refund_total_amount: amount, status: state, is_all_settled: isSettled, event_time: at, message },
        }
      : {
          ...{ appid: appId, cp_refundno: number, cp_extra: cpExtra, status: state, refund_amount: amount },
          ...{ is_all_settled: isSettled, refunded_at: state === 'SUCCESS' ? Math.floor(at / 1000) : 0, message },
          ...{ order_id: orderId, refund_no: refundNo },
        };
  return send(account, { generation, notifyUrl }, { type: 'refund', msg, nonce: nonceOf(number), atMs: at });
}

function settleCallback(
  account: AccountView,
  payment: PlayedPayment,
  number: string,
  { amount, splits, state, at, settleNo, notifyUrl, isLast }: PlayedSettlement,
): OutgoingCallback {
  const appId = account.credential('appId') ?? '';
  const { orderId, merchantNo, sellerUid, cpExtra, generation } = payment;
  const common = {
    ...{ order_id: orderId, cp_extra: cpExtra, status: state, rake: isLast ? Math.round(amount * 0.006) : 0 },
    ...{ commission: 0, settle_detail: `商户号${sellerUid}-分成金额(分)${amount - splits}`, message: state },
    ...{ settle_no: settleNo, settle_amount: amount, out_order_no: merchantNo, is_auto_settle: false },
  };
  const msg =
    generation === 'trade'
      ? { ...common, app_id: appId, out_settle_no: number, event_time: at }
      : { ...common, appid: appId, cp_settle_no: number, settled_at: Math.floor(at / 1000) };
  return send(account, { generation, notifyUrl }, { type: 'settle', msg, nonce: nonceOf(number), atMs: at });
}

/** The user pays an order that is open; the name is the platform's number, or what an order of the trade system was signed of. */
export function payOpen(
  payment: PlayedPayment | undefined,
  at: TimeMs,
  account: AccountView,
  memory: PlatformMemory,
): readonly OutgoingCallback[] | undefined {
  if (payment === undefined || payment.state !== 'open' || at >= payment.expiresAt) return undefined;
  const paid: PlayedPayment = { ...payment, state: 'paid', paidAt: at };
  remember(memory, paid);
  return [paymentCallback(account, paid, at)];
}

/** What the hub made, or did something to; how far a life goes beyond the payment is the hub's own affair. */
export function ownOrders(memory: PlatformMemory): readonly PlatformOrder[] {
  return Object.entries(memory).flatMap(([name, value]) => {
    const payment = value as unknown as PlayedPayment;
    if (!name.startsWith(keyOf('')) || !payment.isOurs) return [];
    const done = Object.entries(payment.refunds).filter(([, { state }]) => state === 'SUCCESS');
    const refunded = done.reduce((sum, [, { amount }]) => sum + amount, 0);
    const paid = payment.state === 'paid' ? payment.total - payment.discount : 0;
    const state =
      payment.state !== 'paid'
        ? 'unpaid'
        : refunded === 0
          ? 'paid'
          : refunded >= paid
            ? 'refunded'
            : 'partially_refunded';
    return [
      {
        platformOrderId: payment.orderId,
        ownNumber: payment.merchantNo,
        expected: { payment: state, amounts: { total: payment.total, paid, refunded } },
        refunds: Object.fromEntries(done.map(([number, { amount }]) => [number, amount])),
      },
    ];
  });
}
