import type { AccountField, Words } from '../../core/account-fields.ts';
import type { ActionSpec } from '../../core/action.ts';
import { MAX_FEN } from '../../core/money.ts';
import type { OrderJson, OrderPart } from '../../core/order-json.ts';
import { amountDue } from './amount-due.ts';
import { awaitsPayment } from './revival.ts';
import { MACHINE_FIELD, wishedItemsField } from './wished-items.ts';

const text = (name: string, maxLength: number, required: boolean, label: Words, help: Words): AccountField => ({
  name,
  kind: 'text',
  maxLength,
  required,
  label,
  help,
});

const amount: AccountField = {
  name: 'amount',
  kind: 'integer',
  minimum: 1,
  maximum: MAX_FEN,
  required: false,
  label: { en: 'Amount (fen)', zh: '金额（分）' },
  help: { en: 'Left out: all of it.', zh: '不填则为全部。' },
};
const REFERENCE = [
  'reference',
  64,
  false,
  { en: 'Reference', zh: '流水号' },
  { en: 'The number of the payment or refund where the money moved.', zh: '收款或退款渠道的流水号。' },
] as const;

const UNNAMED: Words = {
  en: 'The platform has not said its own number of the order.',
  zh: '平台尚未返回该订单的订单号。',
};
const ENDED: Words = { en: 'The order has ended.', zh: '订单已结束。' };
const UNPAID: Words = { en: 'The order is not paid.', zh: '订单尚未支付。' };

const unnamed = ({ platformOrderId }: OrderJson): Words | undefined => (platformOrderId === null ? UNNAMED : undefined);
const hasEnded = ({ lifecycle }: OrderJson): boolean => lifecycle === 'cancelled' || lifecycle === 'expired';

/** A record that no command was sent for yet, as far as is known. */
export const isWaiting = ({ fulfilment }: OrderPart): boolean => fulfilment === null || fulfilment === 'none';

function notToDispense(order: OrderJson): Words | undefined {
  if (order.platformOrderId === null) return UNNAMED;
  if (hasEnded(order)) return ENDED;
  if (order.payment === 'unpaid') return UNPAID;
  if (order.payment === 'refunded') return { en: 'The order is refunded.', zh: '订单已退款。' };
  if (order.parts.length === 0)
    return {
      en: 'Its dispense records are not known yet: read it from the platform first.',
      zh: '尚不知道出货记录，请先查询订单。',
    };
  return order.parts.some(isWaiting) ? undefined : { en: 'Nothing is left to dispense.', zh: '没有待出货的商品。' };
}

/** What can be done to an order of a machine. */
export const specs: readonly ActionSpec[] = [
  {
    name: 'create',
    label: { en: 'Create at the platform', zh: '主动下单' },
    params: [MACHINE_FIELD, wishedItemsField],
    moves: 'goods',
    internal: true,
    // A repeated trade id is refused as a duplicate, so no second order comes of it.
    onSilence: 'again',
    refuses: (order) => (order.platformOrderId === null ? undefined : { en: 'It exists already.', zh: '订单已存在。' }),
    shown: ({ platformOrderId }) => (platformOrderId === null ? undefined : 'succeeded'),
  },
  {
    name: 'revive',
    label: { en: 'Create once more', zh: '重新下单' },
    params: [MACHINE_FIELD, wishedItemsField],
    moves: 'goods',
    internal: true,
    onSilence: 'again',
    refuses: (order) =>
      unnamed(order) ?? (hasEnded(order) ? undefined : { en: 'It has not ended.', zh: '订单尚未结束。' }),
  },
  {
    name: 'paid',
    label: { en: 'Paid', zh: '支付成功' },
    params: [
      amount,
      text(
        'channel',
        32,
        false,
        { en: 'Channel', zh: '支付渠道' },
        { en: 'Who took the money, such as douyin or cash.', zh: '收款渠道，如 douyin、cash。' },
      ),
      text(...REFERENCE),
    ],
    paramsFrom: ({ amounts }) => (amounts.total === null ? {} : { amount: amounts.total }),
    moves: 'money',
    onSilence: 'again',
    refuses: (order) =>
      unnamed(order) ??
      (order.payment === 'unpaid' || awaitsPayment(order)
        ? undefined
        : { en: 'The order is paid already.', zh: '订单已支付。' }),
  },
  {
    name: 'dispense',
    label: { en: 'Dispense', zh: '出货' },
    params: [
      {
        name: 'record',
        kind: 'text',
        maxLength: 20,
        pattern: String.raw`^\d{1,20}$`,
        required: false,
        label: { en: 'Record', zh: '出货记录' },
        help: { en: 'Left out: the next that waits.', zh: '不填则为下一条待出货记录。' },
      },
    ],
    paramsFrom: ({ parts }): Record<string, string> => {
      const next = parts.find(isWaiting);
      return next === undefined ? {} : { record: next.line };
    },
    moves: 'goods',
    // A second command could drop a second item.
    onSilence: 'ask',
    refuses: notToDispense,
    shown({ parts, flags }, { params }) {
      const fulfilment = parts.find(({ line }) => line === params['record'])?.fulfilment;
      if (fulfilment === 'delivered') return 'succeeded';
      // A report proves nothing; what it says is asked for, and until then the doubt is up.
      return fulfilment === 'failed' && !flags.includes('doubt') ? 'failed' : undefined;
    },
  },
  {
    name: 'cancel',
    label: { en: 'Cancel', zh: '取消订单' },
    // The same two as everywhere; the machines' platform wants neither.
    params: [
      text(
        'reasonCode',
        64,
        false,
        { en: 'Reason code', zh: '原因代码' },
        { en: 'For your own books.', zh: '仅用于记录。' },
      ),
      text('reason', 200, false, { en: 'Reason', zh: '原因' }, { en: 'For your own books.', zh: '仅用于记录。' }),
    ],
    moves: 'nothing',
    onSilence: 'again',
    // Nothing is closed before the payment was asked for, which is the order's life to do.
    atOnce: true,
    refuses: (order) =>
      hasEnded(order) || order.lifecycle === 'completed'
        ? ENDED
        : order.payment === 'unpaid'
          ? undefined
          : { en: 'The order is paid.', zh: '订单已支付。' },
  },
  {
    name: 'close',
    label: { en: 'Close at the platform', zh: '关闭订单' },
    params: [
      {
        name: 'as',
        kind: 'choice',
        choices: ['cancelled', 'expired'],
        default: 'cancelled',
        required: false,
        label: { en: 'As', zh: '关闭原因' },
        help: { en: 'Cancelled by somebody, or expired unpaid.', zh: '被取消，或超时未支付。' },
      },
    ],
    moves: 'nothing',
    internal: true,
    onSilence: 'again',
    refuses: (order) =>
      unnamed(order) ??
      (order.parts.every(isWaiting) ? undefined : { en: 'Something was dispensed.', zh: '已有商品出货。' }),
  },
  {
    name: 'refund-at-machine',
    label: { en: 'Turn to refund at the platform', zh: '平台转入退款' },
    params: [],
    moves: 'nothing',
    internal: true,
    onSilence: 'again',
    // It returns the stock of the whole order.
    refuses: (order) =>
      unnamed(order) ??
      (order.parts.some(({ fulfilment }) => fulfilment === 'delivered' || fulfilment === 'delivering')
        ? { en: 'Something was dispensed.', zh: '已有商品出货。' }
        : undefined),
  },
  {
    name: 'refund-done',
    label: { en: 'Money given back', zh: '已退款（登记）' },
    params: [
      amount,
      text(...REFERENCE),
      text('reason', 200, false, { en: 'Reason', zh: '原因' }, { en: 'Why it was given back.', zh: '退款原因。' }),
    ],
    paramsFrom(order): Record<string, number> {
      const due = amountDue(order);
      return due === undefined ? {} : { amount: due };
    },
    moves: 'nothing',
    onSilence: 'again',
    atOnce: true,
    refuses: ({ payment }) =>
      payment === 'unpaid'
        ? UNPAID
        : payment === 'refunded'
          ? { en: 'The order is refunded.', zh: '订单已退款。' }
          : undefined,
  },
  {
    name: 'query',
    label: { en: 'Read from the platform', zh: '查询平台订单' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
    refuses: unnamed,
  },
];
