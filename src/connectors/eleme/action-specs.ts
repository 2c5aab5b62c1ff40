import { words } from '../../core/field-builders.ts';
import { openRequest } from './open-request.ts';
import { place, riderName, riderPhone, takeawaySpecs } from '../../core/takeaway-actions.ts';

/** `type` of a cancellation (sheet, 6) and the remark that stands for it where nobody wrote one. */
export const CANCEL_TYPES: ReadonlyMap<string, string> = new Map([
  ['others', '其他原因'],
  ['fakeOrder', '无效订单'],
  ['contactUserFailed', '联系不上用户'],
  ['foodSoldOut', '商品已售完'],
  ['restaurantClosed', '店铺已打烊'],
  ['distanceTooFar', '超出配送范围'],
  ['restaurantTooBusy', '店铺太忙'],
  ['forceRejectOrder', '用户申请退单'],
  ['deliveryFault', '配送出现问题'],
  ['notSatisfiedDeliveryRequirement', '不满足起送要求'],
]);

const phone = (required: boolean) =>
  riderPhone(
    required,
    words(
      'Ele.me wants it for every step of an own delivery; left out, the number of the assigned rider is sent.',
      '自配送每一步都需要；留空则使用已分配骑手的电话。',
    ),
  );

/** What can be done to an order of Ele.me. */
export const specs = takeawaySpecs({
  cancelReasons: CANCEL_TYPES,
  cancelHelp: 'The platform’s type: foodSoldOut, restaurantTooBusy, restaurantClosed, contactUserFailed, others, …',
  // No length of a remark is documented; longer ones than a text message are nobody's.
  reasonLength: 200,
  // After a time-out the order is read before it is confirmed once more (sheet, 7).
  acceptOnSilence: 'ask',
  agreeTakesReason: false,
  requests: {
    agree: words('Agree to cancel or refund', '同意取消或退款'),
    reject: words('Refuse to cancel or refund', '拒绝取消或退款'),
    none: words('No request to cancel or to refund is open.', '没有待处理的取消或退款申请。'),
  },
  openRequest: (_order, lines) => openRequest(lines),
  assign: [riderName(true), phone(true)],
  pickedUp: [phone(false)],
  position: place(true),
  delivered: [phone(false)],
  notToPickUp: (order) =>
    order.fulfilment === 'delivering' ? words('The order is on its way already.', '订单已在配送中。') : undefined,
});
