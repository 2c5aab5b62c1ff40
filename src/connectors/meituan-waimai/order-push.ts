import type { AccountView } from '../../core/connector.ts';
import type { Alias, Fact, Report } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { Fulfilment, ItemValue, Lifecycle } from '../../core/registers.ts';
import { placeOf } from '../../core/takeaway-order.ts';
import { ifAny, wholeFacts } from '../../core/whole-facts.ts';
import { acceptBy, isSet } from '../../core/takeaway-settings.ts';

interface StatusRow {
  /** Place in the order's life, for statements of one second. */
  readonly stage: number;
  /** What the user has done about an order that is paid online; left out where the status does not tell. */
  readonly online?: 'unpaid' | 'paid';
  readonly fulfilment?: Fulfilment;
  readonly lifecycle?: Lifecycle;
}

/** `status` of an order (sheet, 3.4). 6 (已配送) is read as the setting `statusSix` says. */
export const ORDER_STATUSES: Readonly<Record<string, StatusRow>> = {
  '1': { stage: 1, online: 'unpaid' },
  '2': { stage: 2, online: 'paid' },
  '3': { stage: 3, online: 'paid' },
  '4': { stage: 4, online: 'paid', fulfilment: 'accepted' },
  '6': { stage: 6, online: 'paid', fulfilment: 'delivering' },
  '8': { stage: 8, online: 'paid', fulfilment: 'delivered', lifecycle: 'completed' },
  // Unpaid orders are cancelled too, so nothing is known of the money.
  '9': { stage: 9, lifecycle: 'cancelled' },
};

/** `payType`: 1 is cash on delivery. */
const PAID_ONLINE: Readonly<Record<string, boolean>> = { '1': false, '2': true };

/** Who brings the order, by `logisticsCode` (sheet, 3.5). */
const DELIVERY_MODES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    merchant: ['0000'],
    third_party: ['0002', '0016', '0033', '2001', '5001'],
    platform: ['1001', '1002', '1003', '1004', '2002', '2004', '2010', '2011', '3001', '4015'],
  }).flatMap(([mode, codes]) => codes.map((code) => [code, mode] as const)),
);

/** Kept under their own names; none of them holds personal data. */
const ORDER_FIELDS = [
  ...['status', 'payType', 'poiId', 'cityId', 'hasInvoiced', 'invMakeType', 'dinnersNumber', 'pickType', 'isPre'],
  ...['isThirdShipping', 'logisticsCode', 'logisticsId', 'logisticsName', 'avgSendTime', 'estimateArrivalTime'],
  ...['orderTagList', 'orderEntranceType', 'incmpCode', 'incmpModules', 'extras'],
];

/** The order of an `order` push, or of a query's answer, where two times are spelled with a capital. */
export function readOrder(order: JsonReader, account: AccountView): Report | undefined {
  const aliases = orderAliases(order);
  const row = order.oneOf('status', ORDER_STATUSES);
  const placedAt = order.time('ctime') ?? order.time('cTime') ?? order.time('orderSendTime');
  const at = order.time('utime') ?? order.time('uTime') ?? placedAt ?? null;
  // Some of the order could not be put together in time and is left out; the platform says to ask again.
  const degraded = order.text('incmpCode') === '-1';
  if (aliases === undefined || row === undefined) return undefined;
  const isNew = row.fulfilment === undefined && row.lifecycle === undefined;
  const facts = [
    ...fateFacts(order, row, at, account),
    ...contentFacts(order, degraded),
    ...wholeFacts({ placedAt, acceptBy: isNew ? acceptBy(account, placedAt) : undefined }),
    // Without a time, so that the answer ends it: by the platform's clock the push may be younger than the answer by ours.
    ...wholeFacts({ 'flag.doubt': degraded ? true : undefined }, null),
  ];
  if (order.fault !== undefined) return undefined;
  return { aliases, kind: 'takeaway', at, stage: row.stage, ...(degraded ? { doubt: 'incomplete' } : {}), facts };
}

/** `orderId`, which all calls take, and `orderIdView`, which the user sees. In early orders they differ. */
function orderAliases(order: JsonReader): readonly [Alias, ...Alias[]] | undefined {
  const id = order.number('orderId');
  const view = order.number('orderIdView');
  if (id === undefined) return order.missing('orderId');
  return [{ kind: 'platform', value: id }, ...(view === undefined ? [] : [{ kind: 'display', value: view } as const])];
}

/** What the status says of payment, delivery and end. */
function fateFacts(order: JsonReader, row: StatusRow, at: number | null, account: AccountView): readonly Fact[] {
  const isOnline = order.text('payType') === undefined ? undefined : order.oneOf('payType', PAID_ONLINE);
  const payment = isOnline === false ? 'unpaid' : row.online;
  const isPaid = isOnline === true && payment === 'paid';
  const six = order.text('status') === '6' && isSet(account, 'statusSix', 'delivered');
  const completed = row.lifecycle === 'completed';
  const toldAt = row.lifecycle && order.time(completed ? 'orderCompletedTime' : 'orderCancelTime');
  return [
    ...wholeFacts({
      payment: isOnline === undefined ? undefined : payment,
      'money.paid': isPaid ? order.yuan('total') : undefined,
    }),
    // Without a time: a push of the whole order may come late or again, and the delivery's own pushes know better.
    ...wholeFacts({ fulfilment: six ? 'delivered' : row.fulfilment }, null),
    ...wholeFacts({
      lifecycle: row.lifecycle,
      [completed ? 'completedAt' : 'closedAt']: row.lifecycle && (toldAt ?? at ?? undefined),
      'flag.delivery_trouble': completed ? false : undefined,
    }),
  ];
}

/** What the order is made of. Yuan outside `poiReceiveDetail`, fen inside (sheet, 3.3). */
function contentFacts(order: JsonReader, degraded: boolean): readonly Fact[] {
  const detail = order.list('detail');
  const received = order.object('poiReceiveDetail');
  const ref = order.text('ePoiId', 100);
  const daySequence = order.number('daySeq');
  const invoice = { title: 'invoiceTitle', taxpayerId: 'taxpayerId' };
  const code = order.text('logisticsCode', 16)?.padStart(4, '0');
  return wholeFacts({
    'money.original': order.yuan('originalPrice'),
    'money.total': order.yuan('total'),
    items: detail.length > 0 ? detail.map(readItem) : undefined,
    fees: degraded
      ? undefined
      : {
          deliveryFee: order.yuan('shippingFee') ?? null,
          boxFee: detail.length === 0 ? null : boxFee(detail),
          platformFee: received?.fen('foodShareFeeChargeByPoi') ?? null,
          income: order.fen('wmPoiReceiveCent') ?? received?.fen('wmPoiReceiveCent') ?? null,
        },
    store: ref === undefined ? undefined : { ref, name: order.text('poiName', 200) ?? null },
    takeaway: {
      daySequence: daySequence !== undefined && daySequence.length < 10 ? Number(daySequence) : null,
      // 0 is 'as soon as possible'.
      wantedAt: order.time('deliveryTime') ?? null,
      deliveryMode: order.text('pickType') === '1' ? 'pick_up' : (DELIVERY_MODES.get(code ?? '') ?? null),
    },
    customer: ifAny({
      name: order.text('recipientName') ?? null,
      phone: order.text('recipientPhone') ?? null,
      // After `@#` stands what the geocoder made of it.
      address: order.text('recipientAddress')?.split('@#')[0]?.trim() ?? null,
      location: placeOf(order.text('longitude'), order.text('latitude')),
    }),
    note: order.text('caution'),
    invoice: order.text('hasInvoiced') === '1' ? order.textParts(invoice) : undefined,
    platformFields: order.raw(ORDER_FIELDS),
  });
}

function readItem(item: JsonReader, index: number): ItemValue {
  const quantity = item.thousandths('quantity') ?? 1000;
  const price = item.yuan('price') ?? null;
  const note = [item.text('spec'), item.text('food_property')].filter((text) => text !== undefined).join(' ');
  return {
    line: String(index + 1),
    // Ours only once the dishes are mapped; before that they can be empty or the platform's.
    sku: item.text(['sku_id', 'app_food_code'], 200) ?? null,
    name: item.text('food_name') ?? '',
    quantity: quantity / 1000,
    price,
    total: price === null ? null : exact(price * quantity),
    ...(note === '' ? {} : { note }),
  };
}

/** `box_num` is the boxes of the whole line, as a decimal. */
function boxFee(detail: readonly JsonReader[]): number | null {
  let sum = 0;
  for (const item of detail) sum += (item.yuan('box_price') ?? 0) * (item.thousandths('box_num') ?? 0);
  return exact(sum);
}

/** Thousandths of fen to fen; null where something is left over, since rounding would invent money. */
const exact = (thousandths: number): number | null =>
  thousandths % 1000 === 0 && Number.isSafeInteger(thousandths) ? thousandths / 1000 : null;
