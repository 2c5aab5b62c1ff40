import type { AccountField, Words } from '../../core/account-fields.ts';
import type { ActionSpec } from '../../core/action.ts';
import type { OrderJson } from '../../core/order-json.ts';

/** The merchant's reasons to cancel (sheet, 5.3). What starts with 1 is the platform's own and is refused. */
export const CANCEL_REASONS: Readonly<Record<string, string>> = {
  '2001': '接单太晚',
  '2002': '非顾客原因修改订单',
  '2003': '非顾客原因取消订单',
  '2004': '配送延迟',
  '2005': '售后投诉',
  '2006': '用户要求取消',
  '2007': '其他原因',
  '2008': '店铺太忙',
  '2009': '商品已售完',
  '2010': '地址无法配送',
  '2011': '店铺已打烊',
  '2012': '联系不上用户',
  '2013': '重复订单',
  '2014': '取餐太慢',
  '2015': '配送太慢',
  '2016': '餐品丢失或洒漏',
};

/** No length of a reason is documented; the widest note of a captured push is shorter than this. */
const REASON_LENGTH = 200;

const field = <Kind extends AccountField>(kind: Kind): Kind => kind;
const reason = (required: boolean): AccountField =>
  field({
    name: 'reason',
    kind: 'text',
    maxLength: REASON_LENGTH,
    required,
    label: { en: 'Reason', zh: '原因' },
    help: { en: 'The user sees it.', zh: '用户可见。' },
  });
const rider = (required: boolean): readonly AccountField[] => [
  field({
    name: 'name',
    kind: 'text',
    maxLength: 50,
    required,
    label: { en: 'Rider', zh: '骑手姓名' },
    help: { en: 'The user sees the name.', zh: '用户可见。' },
  }),
  field({
    name: 'phone',
    kind: 'text',
    maxLength: 20,
    pattern: String.raw`^\+?\d[\d_,-]{4,18}$`,
    required,
    label: { en: 'Rider’s phone', zh: '骑手电话' },
    help: { en: 'Digits; a privacy number with its extension.', zh: '数字；隐私号可带分机号。' },
  }),
];
const place = (required: boolean): readonly AccountField[] =>
  (['lng', 'lat'] as const).map((name) => ({
    name,
    kind: 'json',
    required,
    label: name === 'lng' ? { en: 'Longitude', zh: '经度' } : { en: 'Latitude', zh: '纬度' },
    help: { en: 'A number of degrees, GCJ-02.', zh: '数字，GCJ-02（高德）坐标。' },
  }));

const is = (value: unknown, wanted: string): boolean => String(value) === wanted;
const ENDED: Words = { en: 'The order has ended.', zh: '订单已结束。' };
const NOT_ACCEPTED: Words = { en: 'The order is not accepted yet.', zh: '订单尚未接单。' };
const DELIVERED: Words = { en: 'The order is delivered already.', zh: '订单已送达。' };
const NO_REQUEST: Words = { en: 'No request for a refund is open.', zh: '没有待处理的退款申请。' };
const NOT_OWN: Words = {
  en: 'The platform delivers this order, or the user fetches it.',
  zh: '该订单由平台配送或用户自取，并非商家自配送。',
};

const hasEnded = ({ lifecycle }: OrderJson): boolean => lifecycle !== 'open';

function notToAccept(order: OrderJson): Words | undefined {
  const { status, payType } = order.platformFields;
  if (hasEnded(order)) return ENDED;
  if (order.payment === 'refunded') return { en: 'The order is refunded.', zh: '订单已退款。' };
  if (order.fulfilment !== 'none') return { en: 'The order is accepted already.', zh: '订单已接单。' };
  const isCash = is(payType, '1');
  if (is(status, '1') || (order.payment === 'unpaid' && !isCash))
    return { en: 'The order is not paid yet.', zh: '订单尚未支付。' };
  return undefined;
}

/** Own riders alone: unknown modes are the platform's to refuse. */
function notToDeliver(order: OrderJson): Words | undefined {
  const mode = order.takeaway?.deliveryMode ?? null;
  if (hasEnded(order)) return ENDED;
  if (mode === 'platform' || mode === 'pick_up') return NOT_OWN;
  if (order.fulfilment === 'none') return NOT_ACCEPTED;
  return order.fulfilment === 'delivered' ? DELIVERED : undefined;
}

const withoutRequest = ({ flags }: OrderJson): Words | undefined =>
  flags.includes('refund_requested') ? undefined : NO_REQUEST;

/** What can be done to an order of Meituan takeaway. */
export const specs: readonly ActionSpec[] = [
  {
    name: 'accept',
    label: { en: 'Accept', zh: '接单' },
    params: [],
    moves: 'nothing',
    // A second one is told that the order is confirmed already, which is success.
    onSilence: 'again',
    refuses: notToAccept,
  },
  {
    name: 'cancel',
    label: { en: 'Cancel', zh: '取消订单' },
    params: [
      field({
        name: 'reasonCode',
        kind: 'choice',
        choices: Object.keys(CANCEL_REASONS),
        default: '2007',
        required: false,
        label: { en: 'Reason code', zh: '原因代码' },
        help: {
          en: '2009 sold out, 2008 too busy, 2011 closed, 2012 user not reached, 2007 other, …',
          zh: Object.entries(CANCEL_REASONS)
            .map(([code, text]) => `${code} ${text}`)
            .join('；'),
        },
      }),
      reason(false),
    ],
    moves: 'money',
    onSilence: 'ask',
    refuses: (order) => (hasEnded(order) ? ENDED : undefined),
  },
  {
    name: 'agree-refund',
    label: { en: 'Agree to the refund', zh: '同意退款' },
    params: [reason(false)],
    moves: 'money',
    // A repeat could agree to the next request, which nobody decided about.
    onSilence: 'ask',
    refuses: withoutRequest,
  },
  {
    name: 'reject-refund',
    label: { en: 'Reject the refund', zh: '拒绝退款' },
    params: [reason(true)],
    moves: 'nothing',
    onSilence: 'ask',
    refuses: withoutRequest,
  },
  {
    name: 'ready',
    label: { en: 'Meal ready', zh: '出餐完成' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
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
    params: [...rider(true), ...place(false)],
    moves: 'nothing',
    onSilence: 'again',
    refuses: notToDeliver,
  },
  {
    name: 'picked-up',
    label: { en: 'On the way', zh: '骑手已取餐（配送中）' },
    params: rider(false),
    moves: 'nothing',
    onSilence: 'again',
    refuses: notToDeliver,
  },
  {
    name: 'position',
    label: { en: 'Rider’s position', zh: '骑手位置' },
    params: [...place(true), ...rider(false)],
    moves: 'nothing',
    onSilence: 'again',
    refuses: notToDeliver,
  },
  {
    name: 'delivered',
    label: { en: 'Delivered', zh: '已送达' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
    refuses: notToDeliver,
  },
  {
    name: 'query',
    label: { en: 'Read from the platform', zh: '查询平台订单' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
    refuses: () => undefined,
  },
];
