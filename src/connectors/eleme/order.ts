import { isSet } from '../../core/account-fields.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { ItemValue } from '../../core/registers.ts';
import { byCode, ifAny, lookUp, orNull, whole, wholeFacts } from '../../core/saying.ts';
import type { Said, Table } from '../../core/saying.ts';
import { placeOf } from '../../core/takeaway-order.ts';
import { acceptBy } from '../../core/takeaway-settings.ts';
import type { TimeMs } from '../../core/time.ts';

/** Kept under their own names, since there is no noun for them here. */
const OWN_FIELDS = ['book', 'invoiceType', 'openId', 'secretPhoneExpireTime'];
/** Of a downgraded order these are 0 and mean nothing. */
const OWN_MONEY = [
  ...['activityTotal', 'coldBoxFee', 'elemePart', 'hongbao', 'orderActivities'],
  ...['serviceRate', 'shopPart', 'vipDeliveryFeeDiscount'],
];

/** What a status of an order object says (sheet, 5). A status that is not here is not known. */
const STATUSES = byCode<Said>(
  [{}, 'pending', 'unprocessed', 'refunding'],
  [{ fulfilment: 'accepted' }, 'valid'],
  [{ lifecycle: 'cancelled' }, 'invalid'],
  [{ lifecycle: 'completed' }, 'settled'],
);

/** Groups of lines by their `type`: what staff pack, what is charged beside it, gifts. */
const GROUPS: Table<string> = { normal: '', extra: 'extra-', discount: 'discount-' };

/** When an order object was told; `at` null: at the time when the order took effect. */
export interface Told {
  readonly at: TimeMs | null;
  readonly stage: number;
  /** When it was sent, for an object that names no time. */
  readonly sentAt: TimeMs;
  /** The shop of the message around it. */
  readonly shopId: string | undefined;
}

/** The number of an order: in an order object it stands twice, in every other body once. */
export const orderNumber = (body: JsonReader): string | undefined => body.id('orderId') ?? body.id('id');

/**
 * An order object, of a push or of `getOrder`, as reports; what cannot be read is the reader's `fault`. Of a downgraded
 * one everything is provisional, its zeros are unknown, and it is to be read again for its money.
 */
export function orderReports(body: JsonReader, account: AccountView, told: Told): readonly Report[] {
  const value = body.needed('orderId', orderNumber(body));
  const { lifecycle, fulfilment } = (body.text('status') && body.oneOf('status', STATUSES)) || {};
  const downgraded = body.flag('downgraded') ?? false;
  const tookEffectAt = body.when('activeAt') ?? body.when('createdAt') ?? told.sentAt;
  const store = storeFact(body, account, told.shopId);
  const facts = [
    ...(lifecycle === undefined ? [] : [whole('lifecycle', lifecycle), ...endFacts()]),
    ...paymentFacts(body, account, downgraded),
    ...contentFacts(body, downgraded),
    ...store,
  ];
  const head = { aliases: [{ kind: 'platform', value }], kind: 'takeaway' } as const;
  const { at, stage } = { ...told, at: told.at ?? tookEffectAt };
  const content = { ...head, at, stage, ...(downgraded ? { final: false, doubt: 'money' } : {}), facts };
  // The shop is no sum: it stands, whatever other provisional messages say of it.
  const shop = downgraded ? [{ ...head, at, stage, facts: store }] : [];
  // Said for the moment when the order took effect: whatever a rider did came later.
  const accepted = { ...head, at: tookEffectAt, stage: 1, final: false, facts: wholeFacts({ fulfilment }) };
  return [content, ...shop, ...(fulfilment === undefined ? [] : [accepted])];
}

/** With the end of an order its cancel request, its urging and its delivery's trouble are over. */
export const endFacts = (): readonly Fact[] =>
  wholeFacts({ 'flag.cancel_requested': false, 'flag.delivery_trouble': false, 'flag.reminder': false });

function paymentFacts(body: JsonReader, account: AccountView, downgraded: boolean): readonly Fact[] {
  const onlinePaid = body.flag('onlinePaid');
  const told = body.roundedYuan('totalPrice');
  const total = downgraded && told === 0 ? undefined : told;
  const tookEffectAt = body.when('activeAt');
  const platformFee = body.roundedYuan('serviceFee', true);
  return wholeFacts({
    payment: onlinePaid === undefined ? undefined : onlinePaid ? 'paid' : 'unpaid',
    'money.total': total,
    'money.paid': onlinePaid === true ? total : undefined,
    // An order takes effect when it is paid.
    paidAt: onlinePaid === true ? tookEffectAt : undefined,
    placedAt: body.when('createdAt'),
    acceptBy: body.text('status') === 'unprocessed' ? acceptBy(account, tookEffectAt) : undefined,
    // Null is unknown, never zero: the zeros of a downgraded order are no sums.
    'money.original': downgraded ? undefined : body.roundedYuan('originalPrice'),
    fees: downgraded
      ? undefined
      : ifAny({
          deliveryFee: body.roundedYuan('deliverFee', true),
          boxFee: body.roundedYuan('packageFee', true),
          // Some samples write what the merchant pays as a negative sum.
          platformFee: platformFee && Math.abs(platformFee),
          income: body.roundedYuan('income', true),
        }),
    'flag.provisional_money': downgraded,
  });
}

function contentFacts(body: JsonReader, downgraded: boolean): readonly Fact[] {
  const items = itemsOf(body);
  const [lng, lat, ...more] = body.text('deliveryGeo')?.split(',') ?? [];
  const own = body.raw(downgraded ? OWN_FIELDS : [...OWN_FIELDS, ...OWN_MONEY]);
  return wholeFacts({
    items: items.length > 0 ? items : undefined,
    // None of the documented fields of an order tells who brings it.
    takeaway: orNull({ daySequence: body.count('daySn'), wantedAt: body.when('deliverTime'), deliveryMode: null }),
    customer: ifAny({
      name: body.text('consignee'),
      phone: body.texts('phoneList')[0],
      address: body.text(['address', 'deliveryPoiAddress']),
      // `lng,lat`
      location: more.length === 0 ? placeOf(lng, lat) : null,
    }),
    note: body.text('description'),
    invoice: body.textParts({ title: 'invoice', taxpayerId: 'taxpayerId' }),
    platformFields: Object.keys(own).length > 0 ? own : undefined,
  });
}

/** Lines count within their kind, so that a box charge appearing between two readings renames no dish. */
function itemsOf(body: JsonReader): readonly ItemValue[] {
  const counts = new Map<string, number>();
  return body.list('groups').flatMap((group) => {
    const prefix = lookUp(GROUPS, group.text('type', 64) ?? 'normal') ?? 'other-';
    return group.list('items').map((item): ItemValue => {
      const place = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, place);
      const skuId = item.text('skuId');
      return {
        line: `${prefix}${place}`,
        // The merchant's own code is what its systems know; -1 is how the platform writes none.
        sku: item.text('extendCode') ?? (skuId === '-1' || skuId === '0' ? null : (skuId ?? null)),
        name: item.text('name') ?? '',
        quantity: item.count('quantity') ?? 1,
        price: item.roundedYuan('price', true) ?? null,
        total: item.roundedYuan('total', true) ?? null,
      };
    });
  });
}

function storeFact(body: JsonReader, account: AccountView, around: string | undefined): readonly Fact[] {
  const shopId = body.id('shopId') ?? around;
  const ref = isSet(account, 'storeRef', 'openId') ? (body.id('openId') ?? shopId) : shopId;
  return ref === undefined ? [] : [whole('store', { ref, name: body.text('shopName') ?? null })];
}
