import { words } from '../../core/field-builders.ts';
import { openRefund } from './open-refund.ts';
import { place, riderName, riderPhone, takeawaySpecs } from '../../core/takeaway-actions.ts';

/** The merchant's reasons to cancel (sheet, 5.3), 'other' first. What starts with 1 is the platform's own and is refused. */
export const CANCEL_REASONS: ReadonlyMap<string, string> = new Map([
  ['2007', '其他原因'],
  ['2001', '接单太晚'],
  ['2002', '非顾客原因修改订单'],
  ['2003', '非顾客原因取消订单'],
  ['2004', '配送延迟'],
  ['2005', '售后投诉'],
  ['2006', '用户要求取消'],
  ['2008', '店铺太忙'],
  ['2009', '商品已售完'],
  ['2010', '地址无法配送'],
  ['2011', '店铺已打烊'],
  ['2012', '联系不上用户'],
  ['2013', '重复订单'],
  ['2014', '取餐太慢'],
  ['2015', '配送太慢'],
  ['2016', '餐品丢失或洒漏'],
]);

const rider = (required: boolean) => [
  riderName(required),
  riderPhone(required, words('Digits; a privacy number with its extension.', '数字；隐私号可带分机号。')),
];
const is = (value: unknown, wanted: string): boolean => String(value) === wanted;

/** What can be done to an order of Meituan takeaway. */
export const specs = takeawaySpecs({
  cancelReasons: CANCEL_REASONS,
  cancelHelp: '2009 sold out, 2008 too busy, 2011 closed, 2012 user not reached, 2007 other, …',
  // No length of a reason is documented; the widest note of a captured push is shorter than this.
  reasonLength: 200,
  // A second one is told that the order is confirmed already, which is success.
  acceptOnSilence: 'again',
  agreeTakesReason: true,
  requests: {
    agree: words('Agree to the refund', '同意退款'),
    reject: words('Reject the refund', '拒绝退款'),
    none: words('No request for a refund is open.', '没有待处理的退款申请。'),
  },
  openRequest: (_order, lines) => openRefund(lines),
  assign: [...rider(true), ...place(false)],
  pickedUp: rider(false),
  position: [...place(true), ...rider(false)],
  delivered: [],
  notToAccept(order) {
    const { status, payType } = order.platformFields;
    const isUnpaid = is(status, '1') || (order.payment === 'unpaid' && !is(payType, '1'));
    return isUnpaid ? words('The order is not paid yet.', '订单尚未支付。') : undefined;
  },
  // Own riders alone: unknown modes are the platform's to refuse.
  notOwnRiders(order) {
    const mode = order.takeaway?.deliveryMode ?? null;
    return mode === 'platform' || mode === 'pick_up'
      ? words(
          'The platform delivers this order, or the user fetches it.',
          '该订单由平台配送或用户自取，并非商家自配送。',
        )
      : undefined;
  },
});
