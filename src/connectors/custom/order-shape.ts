import type { Fact, Report } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import { refundLine } from '../../core/registers.ts';
import type { ItemValue, RegisterValues } from '../../core/registers.ts';
import { aliasesOf, factsOn, ifAny, known, orNull, wholeFacts } from '../../core/saying.ts';
import { rfc3339Time } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';

/** Every field that is read, by the object that it stands in. Any other is a mistake of the sender, and named to him. */
export const FIELDS = {
  '': [
    ...['platformOrderId', 'merchantOrderId', 'displayId', 'kind', 'at', 'source', 'store', 'sid'],
    ...['status', 'payment', 'fulfilment', 'lifecycle', 'settlement', 'flags', 'refunds', 'amounts', 'items'],
    ...[
      'attribution',
      'customer',
      'takeaway',
      'placedAt',
      'paidAt',
      'completedAt',
      'closedAt',
      'acceptBy',
      'platformFields',
    ],
  ],
  amounts: [
    ...['currency', 'original', 'total', 'paid', 'refunded'],
    ...['deliveryFee', 'boxFee', 'platformFee', 'income', 'commission'],
  ],
  'items[]': ['line', 'sku', 'name', 'quantity', 'price', 'total', 'note'],
  'refunds[]': ['number', 'state', 'amount', 'reason'],
  attribution: ['sid'],
  customer: ['name', 'phone', 'address', 'location'],
  'customer.location': ['lng', 'lat'],
  takeaway: ['daySequence', 'note', 'wantedAt', 'deliveryMode', 'rider', 'invoice'],
  'takeaway.rider': ['name', 'phone'],
  'takeaway.invoice': ['title', 'taxpayerId'],
} as const satisfies Record<string, readonly string[]>;

/** Fields of an order as the API gives it that are the hub's alone. They may stand there, and are not read. */
export const OURS: readonly string[] = [
  ...['id', 'account', 'platform', 'merchant', 'shop', 'parent', 'parts', 'commission', 'member'],
  ...['answerBy', 'expiresAt', 'refundDue', 'mergedInto', 'updatedAt', 'version'],
];

/** The words that a field may hold; but for `status` they are the registers' own. */
export const WORDS = {
  status: ['pending', 'paid', 'accepted', 'fulfilling', 'completed', 'cancelled', 'expired', 'failed', 'refunded'],
  kind: ['takeaway', 'cps', 'payment', 'vending', 'supply', 'stock_in'],
  payment: ['unpaid', 'paid', 'partially_refunded', 'refunded'],
  fulfilment: ['none', 'accepted', 'preparing', 'delivering', 'delivered', 'failed'],
  lifecycle: ['open', 'completed', 'cancelled', 'expired'],
  settlement: ['none', 'settled'],
  flags: ['cancel_requested', 'delivery_trouble', 'refund_requested', 'reminder', 'risk'],
  state: ['requested', 'failed', 'succeeded'],
} as const;

/** What a status says of a sender that keeps but one word. The hub's own is worked out from these all the same. */
const SAID_BY_STATUS: Readonly<Record<(typeof WORDS.status)[number], Partial<RegisterValues>>> = {
  pending: { payment: 'unpaid', lifecycle: 'open' },
  paid: { payment: 'paid', lifecycle: 'open' },
  accepted: { fulfilment: 'accepted', lifecycle: 'open' },
  fulfilling: { fulfilment: 'preparing', lifecycle: 'open' },
  completed: { lifecycle: 'completed' },
  cancelled: { lifecycle: 'cancelled' },
  expired: { lifecycle: 'expired' },
  failed: { fulfilment: 'failed' },
  refunded: { payment: 'refunded' },
};

const MAX_NUMBER = 64;
const MAX_OWN_FIELDS = 50;

/** Reads the whole body; the first thing that is wrong with it is the reader's `fault`. Without a time of its own `at` is undefined. */
export function readOrder(order: JsonReader): Omit<Report, 'at'> & { readonly at: TimeMs | undefined } {
  onlyKnown(order, '');
  const platform = order.needed('platformOrderId', order.text('platformOrderId', MAX_NUMBER));
  const aliases = aliasesOf({ platform, merchant: order.text('merchantOrderId', MAX_NUMBER) });
  const kind = word(order, 'kind') ?? order.wrong('kind', `is missing; it is one of ${WORDS.kind.join(', ')}`);
  const flags = flagsOf(order);
  // What a body does not say makes no fact, and so changes nothing.
  const facts = [
    ...wholeFacts({
      payment: word(order, 'payment'),
      fulfilment: word(order, 'fulfilment'),
      lifecycle: word(order, 'lifecycle'),
      settlement: word(order, 'settlement'),
    }),
    ...statusFacts(order),
    ...WORDS.flags.flatMap((flag) => wholeFacts({ [`flag.${flag}`]: flags?.includes(flag) })),
    ...refundsOf(order).flatMap(({ number, ...refund }) => factsOn(refundLine(number), { refund })),
    ...moneyFacts(object(order, 'amounts'), order.has('refunds')),
    ...contentFacts(order),
    ...takeawayFacts(object(order, 'takeaway')),
    ...wholeFacts({ platformFields: platformFieldsOf(order) }),
  ];
  return { aliases, kind: kind ?? 'takeaway', at: time(order, 'at'), facts };
}

/** What the word says itself counts more than what the status says of it. */
function statusFacts(order: JsonReader): readonly Fact[] {
  const status = word(order, 'status');
  if (status === undefined) return [];
  const said = Object.entries(SAID_BY_STATUS[status]).filter(([name]) => order.text(name) === undefined);
  return wholeFacts(Object.fromEntries(said));
}

function moneyFacts(amounts: JsonReader | undefined, namesRefunds: boolean): readonly Fact[] {
  // Money that went back is counted by the numbers of its refunds: a sum alone would count twice with the next.
  if ((amounts?.amount('refunded') ?? 0) > 0 && !namesRefunds) amounts?.wrong('refunded', 'wants refunds beside it');
  const currency = amounts?.text('currency');
  if (currency !== undefined && currency !== 'CNY') amounts?.wrong('currency', 'is not CNY');
  return wholeFacts({
    'money.original': amounts?.amount('original'),
    'money.total': amounts?.amount('total'),
    'money.paid': amounts?.amount('paid'),
    'money.commission': amounts?.fen('commission'),
    fees: ifAny({
      deliveryFee: amounts?.amount('deliveryFee'),
      boxFee: amounts?.amount('boxFee'),
      platformFee: amounts?.fen('platformFee'),
      income: amounts?.fen('income'),
    }),
  });
}

function contentFacts(order: JsonReader): readonly Fact[] {
  const store = order.text('store', MAX_NUMBER);
  return wholeFacts({
    items: itemsOf(order),
    store: store === undefined ? undefined : { ref: store, name: null },
    sid: order.text('sid', 512) ?? object(order, 'attribution')?.text('sid', 512),
    displayId: order.text('displayId', MAX_NUMBER),
    placedAt: time(order, 'placedAt'),
    paidAt: time(order, 'paidAt'),
    completedAt: time(order, 'completedAt'),
    closedAt: time(order, 'closedAt'),
    acceptBy: time(order, 'acceptBy'),
    customer: customerOf(order),
  });
}

function takeawayFacts(takeaway: JsonReader | undefined): readonly Fact[] {
  const rider = object(takeaway, 'rider', 'takeaway.rider');
  const invoice = object(takeaway, 'invoice', 'takeaway.invoice');
  return wholeFacts({
    takeaway: takeawayOf(takeaway),
    note: takeaway?.text('note'),
    rider: rider && orNull({ name: rider.text('name'), phone: rider.text('phone', MAX_NUMBER) }),
    invoice: invoice && orNull({ title: invoice.text('title'), taxpayerId: invoice.text('taxpayerId') }),
  });
}

/** A misspelt field would be lost in silence. */
function onlyKnown(reader: JsonReader, where: keyof typeof FIELDS): void {
  const fields: readonly string[] = FIELDS[where];
  const ours = where === '' || where === 'attribution' ? OURS : [];
  for (const name of reader.names) {
    if (fields.includes(name) || ours.includes(name)) continue;
    reader.wrong(name.slice(0, MAX_NUMBER).toWellFormed(), `is not a field; known are ${fields.join(', ')}`);
  }
}

function object(
  reader: JsonReader | undefined,
  name: string,
  where = name as keyof typeof FIELDS,
): JsonReader | undefined {
  const inner = reader?.object(name);
  if (inner !== undefined) onlyKnown(inner, where);
  return inner;
}

function objects(reader: JsonReader, name: 'items' | 'refunds'): readonly JsonReader[] {
  const inner = reader.list(name);
  for (const item of inner) onlyKnown(item, `${name}[]`);
  return inner;
}

function word<N extends keyof typeof WORDS>(reader: JsonReader, name: N): (typeof WORDS)[N][number] | undefined {
  const text = reader.text(name, MAX_NUMBER);
  if (text === undefined) return undefined;
  const words: readonly (typeof WORDS)[N][number][] = WORDS[name];
  return words.find((one) => one === text) ?? reader.wrong(name, `is not one of ${words.join(', ')}`);
}

function time(reader: JsonReader | undefined, name: string): TimeMs | undefined {
  const text = reader?.text(name, MAX_NUMBER);
  if (text === undefined) return undefined;
  return rfc3339Time(text) ?? reader?.wrong(name, 'is not an RFC 3339 time between the years 2000 and 2200');
}

/** Named ones are raised and all others lowered; without the list nothing is said about any. */
function flagsOf(order: JsonReader): readonly string[] | undefined {
  if (!order.has('flags')) return undefined;
  const flags = order.texts('flags');
  const unknown = flags.find((flag) => !(WORDS.flags as readonly string[]).includes(flag));
  if (unknown === undefined) return flags;
  return order.wrong('flags', `may hold ${WORDS.flags.join(', ')} and no ${JSON.stringify(unknown.slice(0, 32))}`);
}

function refundsOf(order: JsonReader): readonly (RegisterValues['refund'] & { readonly number: string })[] {
  return objects(order, 'refunds').flatMap((refund) => {
    const number = refund.needed('number', refund.text('number', MAX_NUMBER));
    const state = word(refund, 'state') ?? refund.wrong('state', `is missing; it is one of ${WORDS.state.join(', ')}`);
    const reason = refund.text('reason', 200);
    return state === undefined ? [] : [known({ number, state, amount: refund.amount('amount') ?? null, reason })];
  });
}

function itemsOf(order: JsonReader): readonly ItemValue[] | undefined {
  if (!order.has('items')) return undefined;
  return objects(order, 'items').map((item, index) => {
    return known({
      line: item.text('line', MAX_NUMBER) ?? String(index + 1),
      sku: item.text('sku', MAX_NUMBER) ?? null,
      name: item.needed('name', item.text('name', 200)),
      quantity: (item.thousandths('quantity') ?? 1000) / 1000,
      price: item.amount('price') ?? null,
      total: item.amount('total') ?? null,
      note: item.text('note', 200),
    });
  });
}

function customerOf(order: JsonReader): RegisterValues['customer'] | undefined {
  const customer = object(order, 'customer');
  if (customer === undefined) return undefined;
  const place = object(customer, 'location', 'customer.location');
  const lng = degrees(place, 'lng', 180);
  const lat = degrees(place, 'lat', 90);
  return {
    name: customer.text('name', 200) ?? null,
    phone: customer.text('phone', MAX_NUMBER) ?? null,
    address: customer.text('address') ?? null,
    location: lng === undefined || lat === undefined ? null : { lng, lat },
  };
}

function degrees(place: JsonReader | undefined, name: string, most: number): number | undefined {
  if (place === undefined) return undefined;
  const text = place.text(name, MAX_NUMBER) ?? '';
  const value = /^-?\d{1,3}(?:\.\d{1,20})?$/u.test(text) ? Number(text) : Infinity;
  return Math.abs(value) <= most ? value : place.wrong(name, `is not in degrees, from -${most} to ${most}`);
}

function takeawayOf(takeaway: JsonReader | undefined): RegisterValues['takeaway'] | undefined {
  if (takeaway === undefined) return undefined;
  const sequence = takeaway.thousandths('daySequence');
  if (sequence !== undefined && sequence % 1000 !== 0) takeaway.wrong('daySequence', 'is not a whole number');
  return {
    daySequence: sequence === undefined ? null : sequence / 1000,
    wantedAt: time(takeaway, 'wantedAt') ?? null,
    deliveryMode: takeaway.text('deliveryMode', MAX_NUMBER) ?? null,
  };
}

/** Scalars under names of the sender's own, kept as text, and beside them the platform that his code speaks for. */
function platformFieldsOf(order: JsonReader): RegisterValues['platformFields'] | undefined {
  const source = order.text('source', MAX_NUMBER);
  const own = order.object('platformFields');
  if (source === undefined && own === undefined) return undefined;
  const names = own?.names ?? [];
  if (names.length > MAX_OWN_FIELDS || names.some((name) => name.length > MAX_NUMBER)) {
    order.wrong(
      'platformFields',
      `has more than ${MAX_OWN_FIELDS} fields or a name longer than ${MAX_NUMBER} characters`,
    );
  }
  for (const name of names) own?.text(name);
  return { ...own?.raw(names), ...(source === undefined ? {} : { source }) };
}
