import type { AccountField, Words } from '../../core/account-fields.ts';
import type { ActionSpec } from '../../core/action.ts';
import type { OrderJson } from '../../core/order-json.ts';

/** `type` of a cancellation (sheet, 6) and the remark that stands for it where nobody wrote one. */
export const CANCEL_TYPES: Readonly<Record<string, string>> = {
  others: '其他原因',
  fakeOrder: '无效订单',
  contactUserFailed: '联系不上用户',
  foodSoldOut: '商品已售完',
  restaurantClosed: '店铺已打烊',
  distanceTooFar: '超出配送范围',
  restaurantTooBusy: '店铺太忙',
  forceRejectOrder: '用户申请退单',
  deliveryFault: '配送出现问题',
  notSatisfiedDeliveryRequirement: '不满足起送要求',
};

/** No length of a remark is documented; longer ones than a text message are nobody's. */
const REASON_LENGTH = 200;

const reason = (required: boolean): AccountField => ({
  name: 'reason',
  kind: 'text',
  maxLength: REASON_LENGTH,
  required,
  label: { en: 'Reason', zh: '原因' },
  help: { en: 'The user sees it.', zh: '用户可见。' },
});
const name = (required: boolean): AccountField => ({
  name: 'name',
  kind: 'text',
  maxLength: 50,
  required,
  label: { en: 'Rider', zh: '骑手姓名' },
  help: { en: 'The user sees the name.', zh: '用户可见。' },
});
const phone = (required: boolean): AccountField => ({
  name: 'phone',
  kind: 'text',
  maxLength: 20,
  pattern: String.raw`^\+?\d[\d_,-]{4,18}$`,
  required,
  label: { en: 'Rider’s phone', zh: '骑手电话' },
  help: {
    en: 'Ele.me wants it for every step of an own delivery; left out, the number of the assigned rider is sent.',
    zh: '自配送每一步都需要；留空则使用已分配骑手的电话。',
  },
});
const place: readonly AccountField[] = (['lng', 'lat'] as const).map((axis) => ({
  name: axis,
  kind: 'json',
  required: true,
  label: axis === 'lng' ? { en: 'Longitude', zh: '经度' } : { en: 'Latitude', zh: '纬度' },
  help: { en: 'A number of degrees, GCJ-02.', zh: '数字，GCJ-02（火星）坐标。' },
}));

const ENDED: Words = { en: 'The order has ended.', zh: '订单已结束。' };
const NOT_ACCEPTED: Words = { en: 'The order is not accepted yet.', zh: '订单尚未接单。' };
const DELIVERED: Words = { en: 'The order is delivered already.', zh: '订单已送达。' };
const NO_REQUEST: Words = { en: 'No request to cancel or to refund is open.', zh: '没有待处理的取消或退款申请。' };

const hasEnded = ({ lifecycle }: OrderJson): boolean => lifecycle !== 'open';
const withoutRequest = ({ flags }: OrderJson): Words | undefined =>
  flags.includes('refund_requested') || flags.includes('cancel_requested') ? undefined : NO_REQUEST;

function notToDeliver(order: OrderJson): Words | undefined {
  if (hasEnded(order)) return ENDED;
  if (order.fulfilment === 'none') return NOT_ACCEPTED;
  return order.fulfilment === 'delivered' ? DELIVERED : undefined;
}

const AGAIN = { moves: 'nothing', onSilence: 'again' } as const;

/** What can be done to an order of Ele.me. */
export const specs: readonly ActionSpec[] = [
  {
    name: 'accept',
    label: { en: 'Accept', zh: '接单' },
    params: [],
    moves: 'nothing',
    // After a time-out the order is read before it is confirmed once more (sheet, 7).
    onSilence: 'ask',
    refuses(order) {
      if (hasEnded(order)) return ENDED;
      if (order.payment === 'refunded') return { en: 'The order is refunded.', zh: '订单已退款。' };
      // An order takes effect when it is paid, or is paid at the door; unpaid ones are never pushed.
      return order.fulfilment === 'none' ? undefined : { en: 'The order is accepted already.', zh: '订单已接单。' };
    },
  },
  {
    name: 'cancel',
    label: { en: 'Cancel', zh: '取消订单' },
    params: [
      {
        name: 'reasonCode',
        kind: 'choice',
        choices: Object.keys(CANCEL_TYPES),
        default: 'others',
        required: false,
        label: { en: 'Reason code', zh: '原因类型' },
        help: {
          en: 'The platform’s type: foodSoldOut, restaurantTooBusy, restaurantClosed, contactUserFailed, others, …',
          zh: Object.entries(CANCEL_TYPES)
            .map(([type, text]) => `${type} ${text}`)
            .join('；'),
        },
      },
      reason(false),
    ],
    moves: 'money',
    onSilence: 'ask',
    refuses: (order) => (hasEnded(order) ? ENDED : undefined),
  },
  {
    name: 'agree-refund',
    label: { en: 'Agree to cancel or refund', zh: '同意取消或退款' },
    params: [],
    moves: 'money',
    // A repeat could agree to the next request, which nobody decided about.
    onSilence: 'ask',
    refuses: withoutRequest,
  },
  {
    name: 'reject-refund',
    label: { en: 'Refuse to cancel or refund', zh: '拒绝取消或退款' },
    params: [reason(true)],
    moves: 'nothing',
    onSilence: 'ask',
    refuses: withoutRequest,
  },
  {
    name: 'ready',
    label: { en: 'Meal ready', zh: '出餐完成' },
    params: [],
    ...AGAIN,
    refuses(order) {
      if (hasEnded(order)) return ENDED;
      if (order.fulfilment === 'none') return NOT_ACCEPTED;
      const isGone = order.fulfilment === 'delivering' || order.fulfilment === 'delivered';
      return isGone ? { en: 'The meal has left already.', zh: '餐品已送出。' } : undefined;
    },
  },
  {
    name: 'assign',
    label: { en: 'Assign an own rider', zh: '分配自有骑手' },
    params: [name(true), phone(true)],
    ...AGAIN,
    refuses: notToDeliver,
  },
  {
    name: 'picked-up',
    label: { en: 'On the way', zh: '确认送出（自配送）' },
    params: [phone(false)],
    ...AGAIN,
    refuses: (order) =>
      notToDeliver(order) ??
      (order.fulfilment === 'delivering'
        ? { en: 'The order is on its way already.', zh: '订单已在配送中。' }
        : undefined),
  },
  {
    name: 'position',
    label: { en: 'Rider’s position', zh: '骑手位置' },
    params: place,
    ...AGAIN,
    refuses: notToDeliver,
  },
  {
    name: 'delivered',
    label: { en: 'Delivered', zh: '确认送达（自配送）' },
    params: [phone(false)],
    ...AGAIN,
    refuses: notToDeliver,
  },
  {
    name: 'query',
    label: { en: 'Read from the platform', zh: '查询平台订单' },
    params: [],
    ...AGAIN,
    refuses: () => undefined,
  },
];
