import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import type { IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { paidBy, refundOf, settlementOf } from './sandbox-calls.ts';
import type { Told } from './sandbox-calls.ts';
import { orderIdFor, recall, recallByMove, recallByOrderId, remember, schedule } from './sandbox-ledger.ts';
import type { PlayedPayment } from './sandbox-ledger.ts';
import { noteTold } from './sandbox-told.ts';
import { livingTokens } from './sandbox-tokens.ts';

const no = (code: number, message: string): Told => ({ body: { err_no: code, err_msg: message, log_id: '' } });
const yes = (data: Readonly<Record<string, Json>>, tellsOf: readonly string[] = []): Told => ({
  body: { err_no: 0, err_msg: '', log_id: '', data },
  tellsOf,
});
const list = (data: readonly Json[], tellsOf: readonly string[]): Told => ({
  body: { err_no: 0, err_msg: '', log_id: '', data },
  tellsOf,
});
const PARAM = 28_001_007;

/** Plays a call of the trade system: its token first, then the order. The numbers of its own errors are not public. */
export function playTrade(name: string, call: IncomingCall, _account: AccountView, memory: PlatformMemory): Told {
  const token = call.headers['access-token'] ?? '';
  if (!livingTokens(memory, call.at).some((living) => living.text === token))
    return no(28_001_008, 'access_token 已过期');
  const body = parseLossless(call.body);
  if (!isLosslessObject(body)) return no(PARAM, '参数错误');
  const text = (field: string): string => scalarText(body.get(field)) ?? '';
  const payment = recallByOrderId(memory, text('order_id')) ?? recall(memory, text('out_order_no'));
  const tellsOf = payment === undefined ? [] : [payment.orderId];
  if (name === 'order_query') {
    if (payment === undefined) return no(PARAM, '订单不存在');
    noteTold(memory, 'payment', payment.orderId, payment.state === 'paid' ? 'SUCCESS' : payment.state);
    return yes(queried(payment, call.at), tellsOf);
  }
  if (name === 'refund_query') {
    const about = payment ?? recallByMove(memory, text('out_refund_no'));
    if (about === undefined) return no(PARAM, '退款单不存在');
    for (const [number, { state }] of Object.entries(about.refunds)) noteTold(memory, 'refund', number, state);
    return yes({ refund_list: refundsOf(about) }, [about.orderId]);
  }
  if (name === 'settle_query') {
    const about = payment ?? recallByMove(memory, text('out_settle_no'));
    if (about === undefined) return no(PARAM, '结算单不存在');
    for (const [number, { state }] of Object.entries(about.settlements)) noteTold(memory, 'settle', number, state);
    return list(settlementsOf(about), [about.orderId]);
  }
  if (payment?.state !== 'paid') return no(PARAM, '订单未支付');
  const asked = { at: call.at, notifyUrl: text('notify_url') };
  if (name === 'refund_create') {
    const amount = wholeOf(body, 'refund_total_amount');
    if (!isLosslessObject(body.get('order_entry_schema'))) return no(PARAM, 'order_entry_schema 错误');
    const made = refundOf(memory, payment, { ...asked, number: text('out_refund_no'), amount });
    return typeof made === 'string' ? no(PARAM, made) : yes({ refund_id: made.refundNo });
  }
  if (name !== 'settle_create') return no(PARAM, '接口不存在');
  const params = text('settle_params');
  if (Buffer.byteLength(params) > 512) return no(PARAM, 'settle_params 过长');
  const made = settlementOf(memory, payment, { ...asked, number: text('out_settle_no'), isLast: true, params });
  return typeof made === 'string' ? no(PARAM, made) : yes({ settle_id: made.settleNo });
}

const refundsOf = ({ orderId, refunds }: PlayedPayment): readonly Json[] =>
  Object.entries(refunds).map(([number, { amount, refundNo, state, at }]) => ({
    ...{ order_id: orderId, out_refund_no: number, refund_id: refundNo, refund_status: state },
    ...{ refund_total_amount: amount, refund_at: state === 'SUCCESS' ? at : 0, message: '', refund_source: 2 },
  }));

const settlementsOf = ({ orderId, merchantNo, settlements }: PlayedPayment): readonly Json[] =>
  Object.entries(settlements).map(([number, { amount, settleNo, state, at }]) => ({
    ...{ order_id: orderId, out_order_no: merchantNo, out_settle_no: number, settle_id: settleNo },
    ...{ settle_status: state, settle_amount: amount, settle_at: state === 'SUCCESS' ? at : 0 },
  }));

const wholeOf = (body: LosslessObject, name: string): number | undefined => {
  const value = body.get(name);
  return value instanceof NumberText && /^\d{1,15}$/u.test(value.text) ? Number(value.text) : undefined;
};

function queried(payment: PlayedPayment, at: number): Readonly<Record<string, Json>> {
  const isPaid = payment.state === 'paid';
  const isOver = payment.state === 'expired' || payment.state === 'cancelled' || at >= payment.expiresAt;
  return {
    order_id: payment.orderId,
    out_order_no: payment.merchantNo,
    pay_status: isPaid ? 'SUCCESS' : isOver ? 'TIMEOUT' : 'PROCESS',
    pay_time: isPaid ? (payment.paidAt ?? at) : 0,
    total_amount: payment.total,
    discount_amount: payment.discount,
    pay_channel: isPaid ? Number(payment.way) : 0,
    channel_pay_id: isPaid ? payment.channelNo : '',
    merchant_uid: payment.sellerUid,
    item_order_list: [],
  };
}

/** The customer's app makes an order out of what the merchant signed; the payment follows at once. */
export function orderFromData(
  data: string,
  at: number,
  account: AccountView,
  memory: PlatformMemory,
): PlayedPayment | undefined {
  const fields = parseLossless(data);
  if (!isLosslessObject(fields)) return undefined;
  const merchantNo = scalarText(fields.get('outOrderNo')) ?? '';
  const total = wholeOf(fields, 'totalAmount');
  const seconds = wholeOf(fields, 'payExpireSeconds') ?? 300;
  if (merchantNo === '' || total === undefined) return undefined;
  const held = recall(memory, merchantNo);
  if (held !== undefined) return held;
  const appId = account.credential('appId') ?? '';
  const payment: PlayedPayment = {
    generation: 'trade',
    ...paidBy(appId, merchantNo),
    orderId: orderIdFor(appId, merchantNo, 'trade'),
    merchantNo,
    total,
    discount: 0,
    cpExtra: scalarText(fields.get('cpExtra')) ?? '',
    notifyUrl: scalarText(fields.get('payNotifyUrl')) ?? '',
    madeAt: at,
    expiresAt: at + Math.min(seconds, 172_800) * 1000,
    state: 'open',
    paidAt: null,
    refunds: {},
    settlements: {},
    isOurs: true,
  };
  remember(memory, payment);
  schedule(memory, { at: payment.expiresAt, what: 'expire', merchantNo, number: '' });
  return payment;
}
