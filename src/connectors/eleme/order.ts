import type { AccountView } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { ItemValue, RegisterName, RegisterValues } from '../../core/registers.ts';
import { WHOLE } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from './account.ts';
import { countOf, flagOf, idOf, timeOf, yuanOf } from './values.ts';

/** Kept under their own names, since there is no noun for them here. */
const OWN_FIELDS = ['book', 'invoiceType', 'openId', 'secretPhoneExpireTime'];
/** Of a downgraded order these are 0 and mean nothing. */
const OWN_MONEY = [
  ...['activityTotal', 'coldBoxFee', 'elemePart', 'hongbao', 'orderActivities'],
  ...['serviceRate', 'shopPart', 'vipDeliveryFeeDiscount'],
];

/** What a status of an order object says (sheet, 5). A status that is not here is not known. */
const STATUSES: Readonly<Record<string, 'nothing' | 'accepted' | 'cancelled' | 'completed'>> = {
  pending: 'nothing',
  unprocessed: 'nothing',
  refunding: 'nothing',
  valid: 'accepted',
  invalid: 'cancelled',
  settled: 'completed',
};

/** Groups of lines by their `type`: what staff pack, what is charged beside it, gifts. */
const GROUPS: Readonly<Record<string, string>> = { normal: '', extra: 'extra-', discount: 'discount-' };

/** When an order object was told; `at` null: at the time when the order took effect. */
export interface Told {
  readonly at: TimeMs | null;
  readonly stage: number;
  /** When it was sent, for an object that names no time. */
  readonly sentAt: TimeMs;
  /** The shop of the message around it. */
  readonly shopId: string | undefined;
}

export const whole = <R extends RegisterName>(register: R, value: RegisterValues[R], at?: TimeMs | null): Fact =>
  ({ line: WHOLE, register, value, ...(at === undefined ? {} : { at }) }) as Fact;

/** The number of an order: in an order object it stands twice, in every other body once. */
export const orderNumber = (body: JsonReader): string | undefined => idOf(body, 'orderId') ?? idOf(body, 'id');

/**
 * An order object, of a push or of `getOrder`, as reports; what cannot be read is the reader's `fault`. Of a downgraded
 * one everything is provisional, its zeros are unknown, and it is to be read again for its money.
 */
export function orderReports(body: JsonReader, account: AccountView, told: Told): readonly Report[] {
  const number = orderNumber(body);
  const says = body.text('status') === undefined ? 'nothing' : body.oneOf('status', STATUSES);
  const downgraded = flagOf(body, 'downgraded') ?? false;
  const tookEffectAt = timeOf(body, 'activeAt') ?? timeOf(body, 'createdAt') ?? told.sentAt;
  const store = storeFact(body, account, told.shopId);
  const facts = [
    ...(says === 'cancelled' || says === 'completed' ? [whole('lifecycle', says), ...endFacts()] : []),
    ...paymentFacts(body, downgraded),
    ...contentFacts(body, downgraded),
    ...store,
  ];
  if (number === undefined) body.wrong('orderId', 'is missing');
  const head = { aliases: [{ kind: 'platform', value: number ?? '' }], kind: 'takeaway' } as const;
  const { at, stage } = { ...told, at: told.at ?? tookEffectAt };
  // Said for the moment when the order took effect: whatever a rider did came later.
  const accepted: Report = {
    ...head,
    at: tookEffectAt,
    stage: 1,
    final: false,
    facts: [whole('fulfilment', 'accepted')],
  };
  const content: readonly Report[] = downgraded
    ? [
        { ...head, at, stage, final: false, doubt: 'money', facts },
        // The shop is no sum: it stands, whatever other provisional messages say of it.
        { ...head, at, stage, facts: store },
      ]
    : [{ ...head, at, stage, facts }];
  return says === 'accepted' ? [...content, accepted] : content;
}

/** With the end of an order its cancel request, its urging and its delivery's trouble are over. */
export const endFacts = (): readonly Fact[] => [
  whole('flag.cancel_requested', false),
  whole('flag.delivery_trouble', false),
  whole('flag.reminder', false),
];

function paymentFacts(body: JsonReader, downgraded: boolean): readonly Fact[] {
  const facts: Fact[] = [];
  const onlinePaid = flagOf(body, 'onlinePaid');
  const told = yuanOf(body, 'totalPrice');
  const total = downgraded && told === 0 ? undefined : told;
  const original = yuanOf(body, 'originalPrice');
  const paidAt = timeOf(body, 'activeAt');
  const createdAt = timeOf(body, 'createdAt');
  const fees = feesOf(body);
  if (onlinePaid !== undefined) facts.push(whole('payment', onlinePaid ? 'paid' : 'unpaid'));
  if (total !== undefined) facts.push(whole('money.total', total));
  if (onlinePaid === true && total !== undefined) facts.push(whole('money.paid', total));
  // An order takes effect when it is paid.
  if (onlinePaid === true && paidAt !== undefined) facts.push(whole('paidAt', paidAt));
  if (createdAt !== undefined) facts.push(whole('placedAt', createdAt));
  // Null is unknown, never zero: the zeros of a downgraded order are no sums.
  if (!downgraded && original !== undefined) facts.push(whole('money.original', original));
  if (!downgraded && Object.values(fees).some((fee) => fee !== null)) facts.push(whole('fees', fees));
  facts.push(whole('flag.provisional_money', downgraded));
  return facts;
}

function feesOf(body: JsonReader): RegisterValues['fees'] {
  const platformFee = yuanOf(body, 'serviceFee', true);
  return {
    deliveryFee: yuanOf(body, 'deliverFee', true) ?? null,
    boxFee: yuanOf(body, 'packageFee', true) ?? null,
    // Some samples write what the merchant pays as a negative sum.
    platformFee: platformFee === undefined ? null : Math.abs(platformFee),
    income: yuanOf(body, 'income', true) ?? null,
  };
}

function contentFacts(body: JsonReader, downgraded: boolean): readonly Fact[] {
  const facts: Fact[] = [];
  const items = itemsOf(body);
  const customer = {
    name: body.text('consignee') ?? null,
    phone: body.texts('phoneList')[0] ?? null,
    address: body.text('address') ?? body.text('deliveryPoiAddress') ?? null,
    location: locationOf(body.text('deliveryGeo')),
  };
  const note = body.text('description');
  const invoice = { title: body.text('invoice') ?? null, taxpayerId: body.text('taxpayerId') ?? null };
  const own = body.raw(downgraded ? OWN_FIELDS : [...OWN_FIELDS, ...OWN_MONEY]);
  // `deliveryMode`: none of the documented fields of an order tells it.
  const takeaway = {
    daySequence: countOf(body, 'daySn') ?? null,
    wantedAt: timeOf(body, 'deliverTime') ?? null,
    deliveryMode: null,
  };
  if (items.length > 0) facts.push(whole('items', items));
  facts.push(whole('takeaway', takeaway));
  if (Object.values(customer).some((value) => value !== null)) facts.push(whole('customer', customer));
  if (note !== undefined) facts.push(whole('note', note));
  if (invoice.title !== null || invoice.taxpayerId !== null) facts.push(whole('invoice', invoice));
  if (Object.keys(own).length > 0) facts.push(whole('platformFields', own));
  return facts;
}

/** Lines count within their kind, so that a box charge appearing between two readings renames no dish. */
function itemsOf(body: JsonReader): readonly ItemValue[] {
  const counts = new Map<string, number>();
  return body.list('groups').flatMap((group) => {
    const prefix = GROUPS[group.text('type', 64) ?? 'normal'] ?? 'other-';
    return group.list('items').map((item): ItemValue => {
      const place = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, place);
      const skuId = item.text('skuId');
      return {
        line: `${prefix}${place}`,
        // The merchant's own code is what its systems know; -1 is how the platform writes none.
        sku: item.text('extendCode') ?? (skuId === '-1' || skuId === '0' ? null : (skuId ?? null)),
        name: item.text('name') ?? '',
        quantity: countOf(item, 'quantity') ?? 1,
        price: yuanOf(item, 'price', true) ?? null,
        total: yuanOf(item, 'total', true) ?? null,
      };
    });
  });
}

/** `lng,lat`; anything else is left out rather than refusing an order for its map pin. */
function locationOf(text: string | undefined): { lng: number; lat: number } | null {
  const match = /^(-?\d{1,3}(?:\.\d{1,20})?),(-?\d{1,2}(?:\.\d{1,20})?)$/u.exec(text ?? '');
  return match === null ? null : { lng: Number(match[1]), lat: Number(match[2]) };
}

function storeFact(body: JsonReader, account: AccountView, around: string | undefined): readonly Fact[] {
  const shopId = idOf(body, 'shopId') ?? around;
  const ref = isSet(account, 'storeRef', 'openId') ? (idOf(body, 'openId') ?? shopId) : shopId;
  return ref === undefined ? [] : [whole('store', { ref, name: body.text('shopName') ?? null })];
}
