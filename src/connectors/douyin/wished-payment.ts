import { paramFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { AccountField } from '../../core/account-fields.ts';
import { isStorableText } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { text, words } from '../../core/field-builders.ts';
import type { Fen } from '../../core/money.ts';

/** Limits of `create_order` (sheet, 1.1) and of the order centre (sheet, 5). */
export const MOST_FEN: Fen = 10_000_000_000;
export const VALID_SECONDS = { least: 300, most: 172_800 } as const;
/** subject and body: 42 characters, and 128 bytes besides. */
const WORDS_LENGTH = 42;
const WORDS_BYTES = 128;
const EXTRA_BYTES = 2048;
/** Letters, digits, `_`, `-` and `*`; the trade system counts bytes, which are the same here. */
const MERCHANT_NO = /^[0-9A-Za-z_*-]{1,64}$/u;

const AMOUNT: AccountField = {
  name: 'amount',
  kind: 'integer',
  minimum: 1,
  maximum: MOST_FEN,
  required: true,
  label: words('Amount (fen)', '金额（分）'),
  help: words('What the user pays.', '用户实付金额。'),
};
const SUBJECT = text(
  'subject',
  words('Title', '商品描述'),
  words('42 characters and 128 bytes at most.', '不超过 42 个字符，且不超过 128 字节。'),
  { maxLength: WORDS_LENGTH },
);
const OPEN_ID = text(
  'openId',
  words('Open id of the user', '用户 open_id'),
  words(
    'From code2Session on a real device. The order centre of guaranteed payment wants it.',
    '真机 code2Session 获得；担保支付订单推送到订单中心时需要。',
  ),
  { maxLength: 128, pattern: String.raw`^\S+$`, required: false },
);
const ITEMS: AccountField = {
  name: 'items',
  kind: 'json',
  required: false,
  label: words('Goods', '商品'),
  help: words(
    '[{"code","title","image","price","quantity"}]; price in fen for one. Left out: one of the order’s title.',
    '[{"code","title","image","price","quantity"}]，price 为单价（分）；不填则以订单标题作为一件商品。',
  ),
};
const DETAIL_URL = text(
  'detailUrl',
  words('Order page', '订单页'),
  words('Path in the mini-program, without a host.', '小程序内路径，不带域名。'),
  { maxLength: 1024, required: false },
);

const BODY = text(
  'body',
  words('Description', '商品详情'),
  words('As long as the title. Left out: the title.', '长度限制同标题；不填则与标题相同。'),
  { maxLength: WORDS_LENGTH, required: false },
);

/** What an order that exists at the platform lacks here; without the open id it can be shown and not pushed. */
export const ADOPT_FIELDS: readonly AccountField[] = [
  AMOUNT,
  { ...SUBJECT, required: false },
  BODY,
  OPEN_ID,
  ITEMS,
  DETAIL_URL,
  text(
    'orderId',
    words('Number of the platform', '平台订单号'),
    words('order_id, where it is known.', 'order_id，已知时填写。'),
    { maxLength: 64, required: false },
  ),
];

/** What a payment is made of. */
export const PAYMENT_FIELDS: readonly AccountField[] = [
  AMOUNT,
  SUBJECT,
  BODY,
  {
    name: 'validSeconds',
    kind: 'integer',
    minimum: VALID_SECONDS.least,
    maximum: VALID_SECONDS.most,
    required: false,
    label: words('Open for (seconds)', '有效时间（秒）'),
    help: words('Left out: the account’s hold, at least 300.', '不填则取账号的保留时长，最少 300 秒。'),
  },
  OPEN_ID,
  ITEMS,
  DETAIL_URL,
  text(
    'cpExtra',
    words('Passed through (cp_extra)', '透传信息 cp_extra'),
    words(
      'Comes back in the callback; shown unmasked. 2048 bytes.',
      '在回调中原样返回，展示时不脱敏；不超过 2048 字节。',
    ),
    { maxLength: EXTRA_BYTES, required: false },
  ),
  text(
    'storeUid',
    words('Receiving merchant (store_uid)', '收款商户 store_uid'),
    words('The merchant id that is paid, where the platform allows it.', '收款商户号（需平台开通白名单）。'),
    { maxLength: 64, required: false },
  ),
  text(
    'tagGroupId',
    words('Rule tag group', '规则标签组'),
    words('Trade system: instead of the account’s.', '通用交易系统：替代账号设置。'),
    { maxLength: 64, required: false },
  ),
];

export interface WishedGoods {
  readonly code: string;
  readonly title: string;
  readonly image: string | null;
  readonly price: Fen;
  readonly quantity: number;
}

/** What is wrong with the fields of a wish, beyond what their declaration says: bytes, and the goods one by one. */
export function paymentFaults(
  declared: readonly AccountField[],
  fields: Readonly<Record<string, Json>>,
  merchantOrderId: string,
): readonly ParamFault[] {
  const faults: ParamFault[] = [...paramFaults(declared, fields)];
  const fault = (field: string, message: string): void => {
    if (!faults.some((held) => held.field === field)) faults.push({ field, message });
  };
  if (!MERCHANT_NO.test(merchantOrderId)) fault('merchantOrderId', 'must have 1 to 64 letters, digits, _, - or *');
  for (const [name, most] of [
    ['subject', WORDS_BYTES],
    ['body', WORDS_BYTES],
    ['cpExtra', EXTRA_BYTES],
  ] as const) {
    const value = fields[name];
    if (typeof value === 'string' && Buffer.byteLength(value) > most) fault(name, `must have at most ${most} bytes`);
  }
  const { detailUrl } = fields;
  if (typeof detailUrl === 'string' && /^[a-z]+:\/\//iu.test(detailUrl))
    fault('detailUrl', 'must be a path in the mini-program, without a host');
  if (fields['items'] !== undefined && fields['items'] !== null)
    for (const { field, message } of goodsFaults(fields['items'])) fault(field, message);
  return faults;
}

const GOODS_NAMES: ReadonlySet<string> = new Set(['code', 'title', 'image', 'price', 'quantity']);
/** What the order centre takes of one line; 100 lines would not fit its 2048 bytes by far. */
const MOST_GOODS = 100;
const LENGTHS = { code: 64, title: 256, image: 512 } as const;

function goodsFaults(value: Json): readonly ParamFault[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_GOODS)
    return [{ field: 'items', message: `must be a list of 1 to ${MOST_GOODS} goods` }];
  return (value as readonly Json[]).flatMap((item, index) => {
    const at = `items[${index}]`;
    if (item === null || typeof item !== 'object' || Array.isArray(item))
      return [{ field: at, message: 'must be an object' }];
    const goods = item as Readonly<Record<string, Json>>;
    const unknown = Object.keys(goods).filter((name) => !GOODS_NAMES.has(name));
    const wrong: ParamFault[] = unknown.map((name) => ({ field: `${at}.${name}`, message: 'is not known' }));
    for (const [name, most] of Object.entries(LENGTHS)) {
      const said = goods[name] ?? null;
      if (said === null && name === 'image') continue;
      const fits = typeof said === 'string' && said.trim() !== '' && [...said].length <= most && isStorableText(said);
      if (!fits) wrong.push({ field: `${at}.${name}`, message: `must be a text of 1 to ${most} characters` });
    }
    if (!isCount(goods['price'], 0, MOST_FEN))
      wrong.push({ field: `${at}.price`, message: `must be a whole number of fen up to ${MOST_FEN}` });
    if (!isCount(goods['quantity'], 1, 1_000_000))
      wrong.push({ field: `${at}.quantity`, message: 'must be a whole number from 1 to 1000000' });
    return wrong;
  });
}

const isCount = (value: Json | undefined, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;

/** The goods of a wish without faults. */
export function goodsOf(fields: Readonly<Record<string, Json>>, merchantOrderId: string): readonly WishedGoods[] {
  const { items, subject, amount } = fields;
  if (Array.isArray(items)) {
    return (items as readonly (WishedGoods & { readonly image?: string | null })[]).map((item) => ({
      code: item.code,
      title: item.title,
      image: item.image ?? null,
      price: item.price,
      quantity: item.quantity,
    }));
  }
  const title = typeof subject === 'string' ? subject : merchantOrderId;
  return [{ code: merchantOrderId, title, image: null, price: Number(amount), quantity: 1 }];
}
