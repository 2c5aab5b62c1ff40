import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import type { IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { equalInConstantTime, sha256Hex } from '../../core/signing.ts';
import { toBeijingText } from '../../core/time.ts';
import { ecpaySign } from './request-signature.ts';
import { leftOf, orderIdFor, recall, recallByMove, remember, schedule, settledOf } from './sandbox-ledger.ts';
import type { PlayedPayment } from './sandbox-ledger.ts';
import { noteTold } from './sandbox-told.ts';

/** How long the platform takes over a refund or a settlement. */
export const MOVE_MS = 3_000;

export interface Told {
  readonly body: Readonly<Record<string, Json>>;
  /** Orders of which it tells the truth. */
  readonly tellsOf?: readonly string[];
}

const no = (code: number, tips: string): Told => ({ body: { err_no: code, err_tips: tips } });
const yes = (more: Readonly<Record<string, Json>>, tellsOf: readonly string[] = []): Told => ({
  body: { err_no: 0, err_tips: 'success', ...more },
  tellsOf,
});

interface Asked {
  readonly account: AccountView;
  readonly memory: PlatformMemory;
  readonly at: number;
  text(name: string): string;
  /** A number, written as one. */
  whole(name: string): number | undefined;
}

const NUMBER = /^[0-9A-Za-z_*-]{1,64}$/u;
const isWithin = (value: number | undefined, least: number, most: number): value is number =>
  value !== undefined && value >= least && value <= most;
const wrongNumber = (name: string): Told => no(2010, `${name} 格式错误`);

/** Plays a call of guaranteed payment: signature first, then parameters, then the state of the order. */
export function playEcpay(name: string, call: IncomingCall, account: AccountView, memory: PlatformMemory): Told {
  const body = parseLossless(call.body);
  // The text of 2008 asks for JSON too.
  if (!isLosslessObject(body) || !(call.headers['content-type'] ?? '').startsWith('application/json'))
    return no(2008, '请检查签名是否正确以及请求体是否为json');
  if (!isSigned(body, account)) return no(2008, '请检查签名是否正确以及请求体是否为json');
  if (scalarText(body.get('app_id')) !== account.credential('appId')) return no(2042, 'app_id 不合法');
  const play = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  if (play === undefined) return no(2010, '接口不存在');
  return play({
    account,
    memory,
    at: call.at,
    text: (field) => scalarText(body.get(field)) ?? '',
    whole(field) {
      const value = body.get(field);
      return value instanceof NumberText && /^\d{1,15}$/u.test(value.text) ? Number(value.text) : undefined;
    },
  });
}

function isSigned(body: LosslessObject, account: AccountView): boolean {
  const fields: Record<string, string> = {};
  for (const [name, value] of body) {
    const text = scalarText(value);
    // Nobody knows for sure how the platform signs an object, so none is taken.
    if (text === undefined) return false;
    fields[name] = text;
  }
  const given = fields['sign'] ?? '';
  return account.secrets('salt').some(({ value }) => equalInConstantTime(given, ecpaySign(fields, value)));
}

const tooLong = (text: string, characters: number, bytes: number): boolean =>
  text === '' || [...text].length > characters || Buffer.byteLength(text) > bytes;

function createOrder(asked: Asked): Told {
  const { account, memory, text } = asked;
  const merchantNo = text('out_order_no');
  const total = asked.whole('total_amount');
  const valid = asked.whole('valid_time');
  if (!NUMBER.test(merchantNo)) return wrongNumber('out_order_no');
  if (!isWithin(total, 1, 10_000_000_000)) return no(2010, 'total_amount 错误');
  if (tooLong(text('subject'), 42, 128) || tooLong(text('body'), 42, 128)) return no(2010, 'subject 或 body 过长');
  if (valid === undefined) return no(2010, 'valid_time 错误');
  const url = text('notify_url');
  if (url.length > 256) return no(2010, 'notify_url 过长');
  // A repeated number takes the parameters of the first request, whatever the second says.
  const held = recall(memory, merchantNo);
  const payment = held ?? newPayment(asked, merchantNo, total, Math.min(Math.max(valid, 300), 172_800));
  if (held === undefined) {
    remember(memory, payment);
    schedule(memory, { at: payment.expiresAt, what: 'expire', merchantNo, number: '' });
  }
  const token = sha256Hex(`order token ${account.credential('appSecret') ?? ''} ${payment.orderId}`);
  return yes({ data: { order_id: payment.orderId, order_token: `Cg${token}` } }, [payment.orderId]);
}

function newPayment({ account, at, text }: Asked, merchantNo: string, total: number, valid: number): PlayedPayment {
  const appId = account.credential('appId') ?? '';
  return {
    generation: 'ecpay',
    ...paidBy(appId, merchantNo),
    orderId: orderIdFor(appId, merchantNo, 'ecpay'),
    merchantNo,
    total,
    discount: 0,
    cpExtra: text('cp_extra').slice(0, 2048),
    notifyUrl: text('notify_url'),
    madeAt: at,
    expiresAt: at + valid * 1000,
    state: 'open',
    paidAt: null,
    refunds: {},
    settlements: {},
    isOurs: true,
  };
}

/** By what the user will pay. */
export function paidBy(appId: string, merchantNo: string): Pick<PlayedPayment, 'way' | 'channelNo' | 'sellerUid'> {
  const hash = sha256Hex(`channel ${appId} ${merchantNo}`);
  const digits = String(BigInt(`0x${hash.slice(0, 24)}`))
    .padStart(28, '1')
    .slice(0, 28);
  const way = ['1', '2', '10'][Number.parseInt(hash.slice(-2), 16) % 3] ?? '10';
  return { way, channelNo: digits, sellerUid: `7${digits.slice(0, 18)}` };
}

function queryOrder({ memory, at, text }: Asked): Told {
  const payment = recall(memory, text('out_order_no'));
  if (payment === undefined) return no(2000, '支付单不存在');
  const isPaid = payment.state === 'paid';
  const status = isPaid ? 'SUCCESS' : payment.state !== 'open' || at >= payment.expiresAt ? 'TIMEOUT' : 'PROCESSING';
  const info = {
    total_fee: payment.total,
    order_status: status,
    pay_time: isPaid ? toBeijingText(payment.paidAt ?? at) : '',
    way: isPaid ? Number(payment.way) : 0,
    channel_no: isPaid ? payment.channelNo : '',
    channel_gateway_no: '',
    seller_uid: payment.sellerUid,
    item_id: '',
    cp_extra: payment.cpExtra,
  };
  const numbers = { out_order_no: payment.merchantNo, order_id: payment.orderId };
  noteTold(memory, 'payment', payment.orderId, status);
  return yes({ ...numbers, payment_info: info, cps_info: '' }, [payment.orderId]);
}

function createRefund({ memory, at, text, whole }: Asked): Told {
  const number = text('out_refund_no');
  const amount = whole('refund_amount');
  const payment = recall(memory, text('out_order_no'));
  if (!NUMBER.test(number)) return wrongNumber('out_refund_no');
  if (tooLong(text('reason'), 100, 400)) return no(2010, 'reason 错误');
  if (payment?.state !== 'paid') return no(2000, '支付单不存在');
  const made = refundOf(memory, payment, { number, amount, at, notifyUrl: text('notify_url') });
  return typeof made === 'string'
    ? no(2010, made)
    : { body: { err_no: 0, err_tips: '受理成功', refund_no: made.refundNo } };
}

/** Takes a refund in, or finds it; text: why not. */
export function refundOf(
  memory: PlatformMemory,
  payment: PlayedPayment,
  asked: {
    readonly number: string;
    readonly amount: number | undefined;
    readonly at: number;
    readonly notifyUrl: string;
  },
): { readonly refundNo: string } | string {
  const { number, amount, at, notifyUrl } = asked;
  const held = payment.refunds[number];
  if (held !== undefined) return held;
  if (!isWithin(amount, 1, leftOf(payment))) return '退款金额超过可退金额';
  const refundNo = `8${orderIdFor('refund', number, 'ecpay').replace(/\D/gu, '')}`;
  const refund = { amount, state: 'PROCESSING', at, refundNo, notifyUrl } as const;
  remember(memory, { ...payment, refunds: { ...payment.refunds, [number]: refund }, isOurs: true });
  schedule(memory, { at: at + MOVE_MS, what: 'refund', merchantNo: payment.merchantNo, number });
  return refund;
}

function queryRefund({ memory, text }: Asked): Told {
  const number = text('out_refund_no');
  const payment = recallByMove(memory, number);
  const refund = payment?.refunds[number];
  if (payment === undefined || refund === undefined) return no(3101, '退款单不存在');
  const info = {
    refund_no: refund.refundNo,
    refund_amount: refund.amount,
    refund_status: refund.state,
    refunded_at: refund.state === 'SUCCESS' ? Math.floor(refund.at / 1000) : 0,
    is_all_settled: settledOf(payment),
    cp_extra: payment.cpExtra,
    msg: refund.state === 'FAIL' ? '商户余额不足' : '',
  };
  noteTold(memory, 'refund', number, refund.state);
  return yes({ refundInfo: info }, [payment.orderId]);
}

function settle({ memory, at, text }: Asked): Told {
  const number = text('out_settle_no');
  const payment = recall(memory, text('out_order_no'));
  if (!NUMBER.test(number)) return wrongNumber('out_settle_no');
  if (tooLong(text('settle_desc'), 80, 320)) return no(2010, 'settle_desc 错误');
  if (payment?.state !== 'paid') return no(2000, '支付单不存在');
  const isLast = !['false', '0'].includes(text('finish'));
  const made = settlementOf(memory, payment, {
    ...{ number, at, isLast, notifyUrl: text('notify_url'), params: text('settle_params') },
  });
  return typeof made === 'string' ? no(2010, made) : yes({ settle_no: made.settleNo });
}

/** Takes a settlement in, or finds it; text: why not. */
export function settlementOf(
  memory: PlatformMemory,
  payment: PlayedPayment,
  asked: {
    readonly number: string;
    readonly at: number;
    readonly isLast: boolean;
    readonly notifyUrl: string;
    readonly params: string;
  },
): { readonly settleNo: string } | string {
  const { number, at, isLast, notifyUrl, params } = asked;
  const held = payment.settlements[number];
  if (held !== undefined) return held;
  if (settledOf(payment)) return '订单已结算';
  const split = splitSum(params);
  const earlier = Object.values(payment.settlements).reduce((sum, { splits }) => sum + splits, 0);
  const left = leftOf(payment) - earlier;
  if (split === undefined || split > left) return '分账金额错误';
  if (left <= 0) return '无可结算金额';
  const settleNo = `6${orderIdFor('settle', number, 'ecpay').replace(/\D/gu, '')}`;
  const amount = isLast ? left : split;
  const settlement = { amount, splits: split, state: 'PROCESSING', at, settleNo, isLast, notifyUrl } as const;
  remember(memory, { ...payment, settlements: { ...payment.settlements, [number]: settlement }, isOurs: true });
  schedule(memory, { at: at + MOVE_MS, what: 'settle', merchantNo: payment.merchantNo, number });
  return settlement;
}

/** Fen of the outside parties; undefined: no such text, or more than four. */
function splitSum(params: string): number | undefined {
  if (params === '') return 0;
  const list = parseLossless(params);
  if (!Array.isArray(list) || list.length > 4 || params.length > 2048) return undefined;
  let sum = 0;
  for (const one of list as readonly unknown[]) {
    if (!isLosslessObject(one as never)) return undefined;
    const fields = one as LosslessObject;
    const amount = fields.get('amount');
    if (!(amount instanceof NumberText) || !/^[1-9]\d{0,12}$/u.test(amount.text)) return undefined;
    if (scalarText(fields.get('merchant_uid')) === undefined) return undefined;
    sum += Number(amount.text);
  }
  return sum;
}

function querySettle({ memory, text }: Asked): Told {
  const number = text('out_settle_no');
  const payment = recallByMove(memory, number);
  const settlement = payment?.settlements[number];
  if (payment === undefined || settlement === undefined) return no(2000, '结算单不存在');
  const info = {
    settle_no: settlement.settleNo,
    settle_amount: settlement.amount,
    settle_status: settlement.state,
    settled_at: settlement.state === 'SUCCESS' ? Math.floor(settlement.at / 1000) : 0,
    rake: settlement.isLast ? Math.round(settlement.amount * 0.006) : 0,
    commission: 0,
    cp_extra: payment.cpExtra,
  };
  noteTold(memory, 'settle', number, settlement.state);
  return yes({ settle_info: info }, [payment.orderId]);
}

function unsettleAmount({ memory, text }: Asked): Told {
  const payment = recall(memory, text('out_order_no'));
  if (payment?.state !== 'paid') return no(2000, '支付单不存在');
  const used = Object.values(payment.settlements).reduce((sum, { splits }) => sum + splits, 0);
  const left = settledOf(payment) ? 0 : leftOf(payment) - used;
  const refunds = Object.values(payment.refunds).map(({ refundNo, amount }) => ({ refund_no: refundNo, amount }));
  return yes({ data: { unsettle_amount: left, detail: { pay_info: payment.total, refund_info: refunds } } });
}

const CALLS: Readonly<Record<string, (asked: Asked) => Told>> = {
  create_order: createOrder,
  query_order: queryOrder,
  create_refund: createRefund,
  query_refund: queryRefund,
  settle,
  query_settle: querySettle,
  unsettle_amount: unsettleAmount,
};
