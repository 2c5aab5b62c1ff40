import type { ParamFault } from '../../core/action-params.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { Milestone } from '../../core/lives/order-centre.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { textSetting } from './payment-settings.ts';

/** `order_status` and the text that must agree with it (sheet, 5). 3 and 7 are not defined. */
export const STATUS_TEXTS: Readonly<Record<number, string>> = {
  0: '待支付',
  1: '已支付',
  2: '已取消',
  4: '已核销',
  5: '退款中',
  6: '已退款',
  8: '退款失败',
};
/** 2 too, of an order that nobody paid in time. */
export const EXPIRED_TEXT = '已超时';

const MILESTONE_STATUS: Readonly<Record<Milestone, number>> = {
  created: 0,
  paid: 1,
  cancelled: 2,
  done: 4,
  refunding: 5,
  refunded: 6,
  refund_failed: 8,
};

/** `order_detail` must be shorter. */
const DETAIL_BYTES = 2048;
const LENGTHS = { code: 64, title: 256, image: 512, detailUrl: 1024, openId: 128 } as const;

/** How an order is shown as it stands. */
function statusOf({ payment, lifecycle, flags }: OrderJson): number {
  if (payment === 'refunded') return 6;
  if (flags.includes('refund_requested')) return 5;
  if (payment === 'unpaid') return lifecycle === 'cancelled' || lifecycle === 'expired' ? 2 : 0;
  return lifecycle === 'completed' ? 4 : 1;
}

type Pushed =
  | { readonly ok: true; readonly body: Readonly<Record<string, Json>> }
  | { readonly ok: false; readonly faults: readonly ParamFault[] };

interface Line {
  readonly [name: string]: Json;
  readonly item_code: string;
  readonly img: string;
  readonly title: string;
  readonly amount: number;
  readonly price: number;
}

/** The body of a push (sheet, 5), or what the order and the account lack for one. */
export function pushBody(account: AccountView, request: ActionRequest): Pushed {
  const { order, params, at, accessToken = '' } = request;
  const { json } = order;
  const faults: ParamFault[] = [];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  const { milestone } = params;
  const given = params['status'];
  const status =
    typeof given === 'number'
      ? given
      : typeof milestone === 'string'
        ? MILESTONE_STATUS[milestone as Milestone]
        : statusOf(json);
  const statusText = status === 2 && json.lifecycle === 'expired' ? EXPIRED_TEXT : (STATUS_TEXTS[status] ?? '');
  if (statusText === '') fault('status', `must be one of ${Object.keys(STATUS_TEXTS).join(', ')}`);
  const openId = order.buyer ?? '';
  if (openId === '' || openId.length > LENGTHS.openId) fault('order', 'has no open id of the user');
  // Theirs links the push to the payment by the number of create_order.
  const merchantNo = json.merchantOrderId ?? '';
  if (merchantNo === '') fault('order', 'has no number of the merchant');
  const total = json.amounts.total;
  if (total === null) fault('order', 'has no total');
  const said = json.platformFields['detail_url'];
  const page = (typeof said === 'string' ? said : (textSetting(account, 'detailUrl') ?? '')).replaceAll(
    '{orderId}',
    merchantNo,
  );
  if (page === '' || [...page].length > LENGTHS.detailUrl)
    fault('account.detailUrl', `must have 1 to ${LENGTHS.detailUrl} characters`);
  const lines = linesOf(account, json);
  for (const [index, { item_code: code, img, title }] of lines.entries()) {
    if (img === '') fault('account.defaultImage', `is missing, and goods ${index + 1} have no picture`);
    if ([...img].length > LENGTHS.image || [...title].length > LENGTHS.title || [...code].length > LENGTHS.code)
      fault(`items[${index}]`, 'is longer than the order centre takes');
  }
  const placedAt = json.placedAt ?? json.paidAt;
  const detail = (items: readonly Line[]): string =>
    JSON.stringify({
      order_id: merchantNo,
      create_time: placedAt === null ? at : Date.parse(placedAt),
      status: statusText,
      amount: items.reduce((sum, { amount }) => sum + amount, 0),
      total_price: total,
      detail_url: page,
      item_list: account.settings['itemListForm'] === 'string' ? JSON.stringify(items) : items,
    });
  const whole = detail(lines);
  // What does not fit is named in one line: better than an order that the user never sees.
  const text = fits(whole) ? whole : detail(folded(lines, total ?? 0));
  if (!fits(text)) fault('items', `make an order_detail of ${DETAIL_BYTES} bytes or more`);
  if (faults.length > 0) return { ok: false, faults: faults.filter(isFirst) };
  const paymentNo = json.platformFields['payment_order_no'];
  return {
    ok: true,
    body: {
      access_token: accessToken,
      app_name: 'douyin',
      open_id: openId,
      order_detail: text,
      order_type: 0,
      order_status: status,
      update_time: at,
      ...(typeof paymentNo === 'string' && paymentNo !== '' ? { payment_order_no: paymentNo } : {}),
    },
  };
}

const fits = (text: string): boolean => Buffer.byteLength(text) < DETAIL_BYTES;
const isFirst = ({ field }: ParamFault, index: number, all: readonly ParamFault[]): boolean =>
  all.findIndex((other) => other.field === field) === index;

function linesOf(account: AccountView, json: OrderJson): readonly Line[] {
  const images = json.platformFields['item_images'];
  const fallback = textSetting(account, 'defaultImage') ?? '';
  const ofPiece = account.settings['itemPrice'] === 'piece';
  const total = json.amounts.total ?? 0;
  const items = json.items.length > 0 ? json.items : [soleItem(json, total)];
  return items.map(({ line, sku, name, quantity, price, total: sum }, index) => {
    const image: unknown = Array.isArray(images) ? images[index] : undefined;
    const piece = price ?? (items.length === 1 ? Math.floor(total / quantity) : 0);
    return {
      item_code: sku ?? line,
      img: typeof image === 'string' && image !== '' ? image : fallback,
      title: name,
      amount: quantity,
      price: ofPiece ? piece : (sum ?? piece * quantity),
    };
  });
}

const soleItem = ({ merchantOrderId }: OrderJson, total: number): OrderJson['items'][number] => ({
  ...{ line: '1', sku: merchantOrderId, name: `订单 ${merchantOrderId ?? ''}`, quantity: 1, price: total, total },
  note: null,
});

function folded(lines: readonly Line[], total: number): readonly Line[] {
  const [first] = lines;
  if (first === undefined) return lines;
  const count = lines.reduce((sum, { amount }) => sum + amount, 0);
  return [{ ...first, title: `${[...first.title].slice(0, 40).join('')} 等 ${count} 件`, amount: count, price: total }];
}
