import type { AccountField } from '../../core/account-fields.ts';
import type { AccountView } from '../../core/connector.ts';
import { choice, integer, text, words } from '../../core/field-builders.ts';

/** What making, refunding and settling a payment needs to know. */
export const PAYMENT_SETTINGS: readonly AccountField[] = [
  text(
    'thirdpartyId',
    words('Provider’s id (thirdparty_id)', '服务商 thirdparty_id'),
    words('Only where a service provider calls for the mini-program.', '仅服务商代小程序调用时填写。'),
    { maxLength: 64, required: false },
  ),
  choice(
    'settleFinish',
    ['true_false', 'one_zero', 'omit'],
    words('Spelling of the last split (finish)', '最后一次分账标记（finish）的写法'),
    words(
      'true_false: "true" or "false"; one_zero: "1" or "0"; omit: not sent, so that every settlement is the last.',
      'true_false："true"/"false"；one_zero："1"/"0"；omit：不传，每次结算均为最后一次。',
    ),
  ),
  text(
    'tagGroupId',
    words('Rule tag group (tagGroupId)', '规则标签组 tagGroupId'),
    words(
      'Trade system: of the goods on sale, from the console. An order can name another.',
      '通用交易系统：商品所属的规则标签组，在控制台获取；下单时可另行指定。',
    ),
    { maxLength: 64, required: false },
  ),
  integer(
    'skuType',
    [1, 9999, 401],
    words('Type of the goods', '商品类型'),
    words(
      'Trade system: 101, 102, 103, 201, 202, 301 or 401 as its tables have it; 401 are goods of a content or tool kind.',
      '通用交易系统的商品类型：101、102、103、201、202、301、401 等，以平台类目表为准。',
    ),
  ),
];

/** What the order centre wants and an order may lack. */
export const ORDER_CENTRE_SETTINGS: readonly AccountField[] = [
  text(
    'defaultImage',
    words('Picture of goods without one', '默认商品图'),
    words(
      'Address that the order centre shows for goods without a picture of their own; without it nothing can be pushed for those.',
      '订单中心中无图商品使用的图片地址；未填写时无图商品的订单无法推送。',
    ),
    { maxLength: 512, required: false },
  ),
  text(
    'detailUrl',
    words('Order page for the order centre', '订单中心跳转页'),
    words(
      'Path in the mini-program, without a host. {orderId} stands for the merchant’s number.',
      '小程序内路径，不带域名；{orderId} 会替换为商户订单号。',
    ),
    { maxLength: 1024, required: false, default: 'pages/order/detail?id={orderId}' },
  ),
  choice(
    'itemListForm',
    ['array', 'string'],
    words('Form of item_list', 'item_list 的形式'),
    words(
      'array: as documented; string: JSON text inside, which one integration needed.',
      'array：数组（官方文档）；string：JSON 字符串（部分接入方反馈需要）。',
    ),
  ),
  choice(
    'itemPrice',
    ['line', 'piece'],
    words('Price of an item in the order centre', '订单中心商品价格的口径'),
    words('line: of all pieces of the line; piece: of one.', 'line：该行商品总价；piece：单价。'),
  ),
];

/** A setting that is text and not empty. */
export function textSetting({ settings }: Pick<AccountView, 'settings'>, name: string): string | undefined {
  const value = settings[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
