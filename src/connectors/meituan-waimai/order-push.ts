import { isSet } from '../../core/account-fields.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import { wholeFen } from '../../core/money.ts';
import type { ItemValue } from '../../core/registers.ts';
import { aliasesOf, byCode, ifAny, known, lookUp, orNull, wholeFacts } from '../../core/saying.ts';
import type { StatusRow, Table } from '../../core/saying.ts';
import { placeOf } from '../../core/takeaway-order.ts';
import { acceptBy } from '../../core/takeaway-settings.ts';
import type { TimeMs } from '../../core/time.ts';

/**
 * `status` of an order (sheet, 3.4). What it says of the payment holds for orders that are paid online; 6 (已配送) is
 * read as the setting `statusSix` says. Unpaid orders are cancelled too, so 9 says nothing of the money.
 */
export const ORDER_STATUSES: Table<StatusRow> = {
  '1': { stage: 1, says: { payment: 'unpaid' } },
  '2': { stage: 2, says: { payment: 'paid' } },
  '3': { stage: 3, says: { payment: 'paid' } },
  '4': { stage: 4, says: { payment: 'paid', fulfilment: 'accepted' } },
  '6': { stage: 6, says: { payment: 'paid', fulfilment: 'delivering' } },
  '8': { stage: 8, says: { payment: 'paid', fulfilment: 'delivered', lifecycle: 'completed' } },
  '9': { stage: 9, says: { lifecycle: 'cancelled' } },
};

/** Who brings the order, by `logisticsCode` (sheet, 3.5). */
const DELIVERY_MODES = byCode(
  ['merchant', '0000'],
  ['third_party', '0002', '0016', '0033', '2001', '5001'],
  ['platform', '1001', '1002', '1003', '1004', '2002', '2004', '2010', '2011', '3001', '4015'],
);

/** Kept under their own names; none of them holds personal data. */
const ORDER_FIELDS = [
  ...['status', 'payType', 'poiId', 'cityId', 'hasInvoiced', 'invMakeType', 'dinnersNumber', 'pickType', 'isPre'],
  ...['isThirdShipping', 'logisticsCode', 'logisticsId', 'logisticsName', 'avgSendTime', 'estimateArrivalTime'],
  ...['orderTagList', 'orderEntranceType', 'incmpCode', 'incmpModules', 'extras'],
];

/** The order of an `order` push, or of a query's answer, where two times are spelled with a capital. */
export function readOrder(order: JsonReader, account: AccountView): Report | undefined {
  const platform = order.needed('orderId', order.number('orderId'));
  // The second is what the user sees, and what some messages name it by. In early orders the two differ.
  const aliases = aliasesOf({ platform, display: order.number('orderIdView') });
  const row = order.oneOf('status', ORDER_STATUSES);
  const placedAt = order.time('ctime') ?? order.time('cTime') ?? order.time('orderSendTime');
  const at = order.time('utime') ?? order.time('uTime') ?? placedAt ?? null;
  // Some of the order could not be put together in time and is left out; the platform says to ask again.
  const degraded = order.text('incmpCode') === '-1';
  if (row === undefined) return undefined;
  const isNew = row.says.fulfilment === undefined && row.says.lifecycle === undefined;
  const facts = [
    ...fateFacts(order, row, at, account),
    ...contentFacts(order, degraded),
    ...wholeFacts({ placedAt, acceptBy: isNew ? acceptBy(account, placedAt) : undefined }),
    // Without a time, so that the answer ends it: by the platform's clock the push may be younger than the answer by ours.
    ...wholeFacts({ 'flag.doubt': degraded || undefined }, null),
  ];
  return { aliases, kind: 'takeaway', at, stage: row.stage, ...(degraded ? { doubt: 'incomplete' } : {}), facts };
}

/** What the status says of payment, delivery and end. */
function fateFacts(order: JsonReader, { says }: StatusRow, at: TimeMs | null, account: AccountView): readonly Fact[] {
  // 1 is cash on delivery.
  const byType = { '1': 'unpaid', '2': says.payment } as const;
  const payment = order.text('payType') === undefined ? undefined : order.oneOf('payType', byType);
  const six = order.text('status') === '6' && isSet(account, 'statusSix', 'delivered');
  const completed = says.lifecycle === 'completed';
  const toldAt = says.lifecycle && order.time(completed ? 'orderCompletedTime' : 'orderCancelTime');
  return [
    ...wholeFacts({ payment, 'money.paid': payment === 'paid' ? order.yuan('total') : undefined }),
    // Without a time: a push of the whole order may come late or again, and the delivery's own pushes know better.
    ...wholeFacts({ fulfilment: six ? 'delivered' : says.fulfilment }, null),
    ...wholeFacts({
      lifecycle: says.lifecycle,
      [completed ? 'completedAt' : 'closedAt']: says.lifecycle && (toldAt ?? at ?? undefined),
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
      : orNull({
          deliveryFee: order.yuan('shippingFee'),
          boxFee: detail.length === 0 ? null : boxFee(detail),
          platformFee: received?.fen('foodShareFeeChargeByPoi'),
          income: order.fen('wmPoiReceiveCent') ?? received?.fen('wmPoiReceiveCent'),
        }),
    store: ref === undefined ? undefined : { ref, name: order.text('poiName', 200) ?? null },
    takeaway: orNull({
      daySequence: daySequence !== undefined && daySequence.length < 10 ? Number(daySequence) : null,
      // 0 is 'as soon as possible'.
      wantedAt: order.time('deliveryTime'),
      deliveryMode: order.text('pickType') === '1' ? 'pick_up' : lookUp(DELIVERY_MODES, code),
    }),
    customer: ifAny({
      name: order.text('recipientName'),
      phone: order.text('recipientPhone'),
      // After `@#` stands what the geocoder made of it.
      address: order.text('recipientAddress')?.split('@#')[0]?.trim(),
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
  return known({
    line: String(index + 1),
    // Ours only once the dishes are mapped; before that they can be empty or the platform's.
    sku: item.text(['sku_id', 'app_food_code'], 200) ?? null,
    name: item.text('food_name') ?? '',
    quantity: quantity / 1000,
    price,
    total: price === null ? null : wholeFen(price * quantity),
    note: note === '' ? undefined : note,
  });
}

/** `box_num` is the boxes of the whole line, as a decimal. */
const boxFee = (detail: readonly JsonReader[]): number | null =>
  wholeFen(detail.reduce((sum, item) => sum + (item.yuan('box_price') ?? 0) * (item.thousandths('box_num') ?? 0), 0));
