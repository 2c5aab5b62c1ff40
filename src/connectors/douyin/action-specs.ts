import type { AccountField, Words } from '../../core/account-fields.ts';
import type { ActionSpec } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import { text, words } from '../../core/field-builders.ts';
import { MILESTONES } from '../../core/lives/order-centre.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { generationOf } from './account.ts';
import { generationOfOrder } from './order-numbers.ts';
import { MOST_FEN, PAYMENT_FIELDS } from './wished-payment.ts';

const isTrade = (account: AccountView, order: OrderJson): boolean =>
  generationOfOrder({ aliases: aliasesOf(order), platformFields: order.platformFields }, account) === 'trade';
const aliasesOf = ({ platformOrderId }: OrderJson): readonly { kind: 'platform'; value: string }[] =>
  platformOrderId === null ? [] : [{ kind: 'platform', value: platformOrderId }];

const UNPAID: Words = { en: 'Nobody has paid yet.', zh: '订单尚未支付。' };
const ALL_BACK: Words = { en: 'All of it was given back.', zh: '已全额退款。' };
const unpaid = ({ payment }: OrderJson): Words | undefined => (payment === 'unpaid' ? UNPAID : undefined);
const nothingLeft = (order: OrderJson): Words | undefined =>
  unpaid(order) ?? (order.payment === 'refunded' ? ALL_BACK : undefined);

const reason: AccountField = text(
  'reason',
  words('Reason', '退款原因'),
  words('The user sees it. 100 characters.', '用户可见，不超过 100 个字符。'),
  { maxLength: 100 },
);

/** What can be done to a payment. A repeat under our own number is known for one by the platform (sheet, 0). */
export const specs: readonly ActionSpec[] = [
  {
    name: 'create',
    label: { en: 'Make the payment', zh: '创建支付单' },
    params: PAYMENT_FIELDS,
    moves: 'nothing',
    onSilence: 'again',
    internal: true,
    // An order of the trade system is made by the customer's app, out of what is signed here.
    atOnce: (account) => generationOf(account) === 'trade',
    refuses: ({ payment }) => (payment === 'unpaid' ? undefined : { en: 'It is paid already.', zh: '订单已支付。' }),
  },
  {
    name: 'query',
    label: { en: 'Ask for the payment', zh: '查询支付结果' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
    needsAccessToken: isTrade,
    refuses: () => undefined,
  },
  {
    name: 'refund',
    label: { en: 'Refund', zh: '退款' },
    params: [
      {
        name: 'amount',
        kind: 'integer',
        minimum: 1,
        maximum: MOST_FEN,
        required: false,
        label: words('Amount (fen)', '退款金额（分）'),
        help: words('Left out: all that is left.', '不填则退还全部剩余金额。'),
      },
      reason,
      {
        name: 'items',
        kind: 'json',
        required: false,
        label: words('Goods', '退款商品'),
        help: words('For your own books; the platform is told the amount alone.', '仅供记录，平台只接收金额。'),
      },
    ],
    moves: 'money',
    onSilence: 'again',
    needsAccessToken: isTrade,
    refuses: nothingLeft,
  },
  {
    name: 'settle',
    label: { en: 'Settle and split', zh: '结算及分账' },
    params: [
      text('description', words('Description', '结算描述'), words('80 characters.', '不超过 80 个字符。'), {
        maxLength: 80,
      }),
      {
        name: 'splits',
        kind: 'json',
        required: false,
        default: [],
        label: words('Splits', '分账方'),
        help: words(
          '[{"merchantUid","amount"}], fen, four at most; never the seller itself.',
          '[{"merchantUid","amount"}]，金额为分，最多 4 方，不含卖家自己。',
        ),
      },
      {
        name: 'final',
        kind: 'boolean',
        required: false,
        default: true,
        label: words('Last split', '最后一次分账'),
        help: words('On: the rest becomes the seller’s.', '开：剩余金额归卖家。'),
      },
    ],
    moves: 'money',
    onSilence: 'again',
    needsAccessToken: isTrade,
    refuses: (order) =>
      nothingLeft(order) ??
      (order.settlement === 'settled' ? { en: 'It is settled already.', zh: '订单已结算。' } : undefined),
  },
  {
    name: 'unsettled',
    label: { en: 'Ask what is left to split', zh: '查询可分账余额' },
    params: [],
    moves: 'nothing',
    onSilence: 'again',
    refuses: unpaid,
  },
  {
    name: 'push',
    label: { en: 'Push to the order centre', zh: '推送到订单中心' },
    params: [
      {
        name: 'status',
        kind: 'integer',
        minimum: 0,
        maximum: 8,
        required: false,
        label: words('Status of the platform', '平台订单状态'),
        help: words(
          '0, 1, 2, 4, 5, 6 or 8. Left out: as the order stands.',
          '0、1、2、4、5、6、8；不填则按订单当前状态。',
        ),
      },
      text('milestone', words('Milestone', '节点'), words(MILESTONES.join(', '), MILESTONES.join('、')), {
        maxLength: 20,
        pattern: `^(?:${MILESTONES.join('|')})$`,
        required: false,
      }),
    ],
    moves: 'nothing',
    onSilence: 'again',
    needsAccessToken: true,
    refuses: ({ platformFields }) =>
      'pay_channel' in platformFields || (platformFields['generation'] === 'trade' && !('way' in platformFields))
        ? { en: 'The trade system pushes its orders itself.', zh: '通用交易系统的订单由平台自动推送。' }
        : undefined,
  },
];
