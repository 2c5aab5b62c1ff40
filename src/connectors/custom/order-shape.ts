import type { Fact, OrderKind } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { Fen } from '../../core/money.ts';
import { refundLine, WHOLE } from '../../core/registers.ts';
import type { ItemValue, RegisterName, RegisterValues } from '../../core/registers.ts';
import { rfc3339Time } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';

/** Every field that is read, by the object that it stands in. Any other is a mistake of the sender, and named to him. */
export const FIELDS = {
  '': [
    ...['platformOrderId', 'merchantOrderId', 'displayId', 'kind', 'at', 'source', 'store', 'sid'],
    ...['payment', 'fulfilment', 'lifecycle', 'settlement', 'flags', 'refunds', 'amounts', 'items'],
    ...['customer', 'takeaway', 'placedAt', 'paidAt', 'completedAt', 'closedAt', 'acceptBy', 'platformFields'],
  ],
  amounts: [
    ...['currency', 'original', 'total', 'paid', 'deliveryFee', 'boxFee', 'platformFee', 'income', 'commission'],
  ],
  'items[]': ['line', 'sku', 'name', 'quantity', 'price', 'total', 'note'],
  'refunds[]': ['number', 'state', 'amount', 'reason'],
  customer: ['name', 'phone', 'address', 'location'],
  'customer.location': ['lng', 'lat'],
  takeaway: ['daySequence', 'note', 'wantedAt', 'deliveryMode', 'rider', 'invoice'],
  'takeaway.rider': ['name', 'phone'],
  'takeaway.invoice': ['title', 'taxpayerId'],
} as const satisfies Record<string, readonly string[]>;

/** The words that a field may hold; they are the registers' own. */
export const WORDS = {
  kind: ['takeaway', 'cps', 'payment', 'vending', 'supply', 'stock_in'],
  payment: ['unpaid', 'paid', 'partially_refunded', 'refunded'],
  fulfilment: ['none', 'accepted', 'preparing', 'delivering', 'delivered', 'failed'],
  lifecycle: ['open', 'completed', 'cancelled', 'expired'],
  settlement: ['none', 'settled'],
  flags: ['cancel_requested', 'delivery_trouble', 'refund_requested', 'reminder', 'risk'],
  state: ['requested', 'failed', 'succeeded'],
} as const;

const MAX_NUMBER = 64;
const MAX_OWN_FIELDS = 50;

/** What a body says. What it needs and has not is a fault of the reader. */
export interface ReadOrder {
  readonly platformOrderId: string | undefined;
  readonly merchantOrderId: string | undefined;
  readonly kind: OrderKind | undefined;
  readonly at: TimeMs | undefined;
  readonly facts: readonly Fact[];
}

/** Reads the whole body; the first thing that is wrong with it is the reader's `fault`. */
export function readOrder(order: JsonReader): ReadOrder {
  onlyKnown(order, '');
  const facts: Fact[] = [];
  /** What a body does not say makes no fact, and so changes nothing. */
  function say<R extends RegisterName>(register: R, value: RegisterValues[R] | undefined, line = WHOLE): void {
    if (value !== undefined) facts.push({ line, register, value } as Fact);
  }
  say('payment', word(order, 'payment'));
  say('fulfilment', word(order, 'fulfilment'));
  say('lifecycle', word(order, 'lifecycle'));
  say('settlement', word(order, 'settlement'));
  const flags = flagsOf(order);
  for (const flag of WORDS.flags) say(`flag.${flag}`, flags?.includes(flag));
  for (const { number, ...refund } of refundsOf(order)) say('refund', refund, refundLine(number));

  const amounts = object(order, 'amounts');
  const currency = amounts?.text('currency');
  if (currency !== undefined && currency !== 'CNY') amounts?.wrong('currency', 'is not CNY');
  say('money.original', amount(amounts, 'original'));
  say('money.total', amount(amounts, 'total'));
  say('money.paid', amount(amounts, 'paid'));
  say('money.commission', amounts?.fen('commission'));
  say('fees', feesOf(amounts));
  say('items', itemsOf(order));

  const store = order.text('store', MAX_NUMBER);
  say('store', store === undefined ? undefined : { ref: store, name: null });
  say('sid', order.text('sid', 512));
  say('displayId', order.text('displayId', MAX_NUMBER));
  for (const name of ['placedAt', 'paidAt', 'completedAt', 'closedAt', 'acceptBy'] as const)
    say(name, time(order, name));

  say('customer', customerOf(order));
  const takeaway = object(order, 'takeaway');
  say('takeaway', takeawayOf(takeaway));
  say('note', takeaway?.text('note'));
  const rider = object(takeaway, 'rider', 'takeaway.rider');
  say('rider', rider && { name: rider.text('name') ?? null, phone: rider.text('phone', MAX_NUMBER) ?? null });
  const invoice = object(takeaway, 'invoice', 'takeaway.invoice');
  say('invoice', invoice && { title: invoice.text('title') ?? null, taxpayerId: invoice.text('taxpayerId') ?? null });
  say('platformFields', platformFieldsOf(order));

  return {
    platformOrderId: required(order, 'platformOrderId'),
    merchantOrderId: order.text('merchantOrderId', MAX_NUMBER),
    kind: word(order, 'kind') ?? order.wrong('kind', `is missing; it is one of ${WORDS.kind.join(', ')}`),
    at: time(order, 'at'),
    facts,
  };
}

/** A misspelt field would be lost in silence. */
function onlyKnown(reader: JsonReader, where: keyof typeof FIELDS): void {
  const known: readonly string[] = FIELDS[where];
  for (const name of reader.names) {
    if (known.includes(name)) continue;
    reader.wrong(name.slice(0, MAX_NUMBER).toWellFormed(), `is not a field; known are ${known.join(', ')}`);
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

function required(reader: JsonReader, name: string): string | undefined {
  return reader.text(name, MAX_NUMBER) ?? reader.wrong(name, 'is missing');
}

function word<N extends keyof typeof WORDS>(reader: JsonReader, name: N): (typeof WORDS)[N][number] | undefined {
  const text = reader.text(name, MAX_NUMBER);
  if (text === undefined) return undefined;
  const words: readonly (typeof WORDS)[N][number][] = WORDS[name];
  return words.find((known) => known === text) ?? reader.wrong(name, `is not one of ${words.join(', ')}`);
}

/** Fen, never below zero. */
function amount(reader: JsonReader | undefined, name: string): Fen | undefined {
  const fen = reader?.fen(name);
  return fen !== undefined && fen < 0 ? reader?.wrong(name, 'is below zero') : fen;
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
    const number = required(refund, 'number');
    const state = word(refund, 'state') ?? refund.wrong('state', `is missing; it is one of ${WORDS.state.join(', ')}`);
    const reason = refund.text('reason', 200);
    if (number === undefined || state === undefined) return [];
    return [{ number, state, amount: amount(refund, 'amount') ?? null, ...(reason === undefined ? {} : { reason }) }];
  });
}

function feesOf(amounts: JsonReader | undefined): RegisterValues['fees'] | undefined {
  const deliveryFee = amount(amounts, 'deliveryFee') ?? null;
  const boxFee = amount(amounts, 'boxFee') ?? null;
  const platformFee = amounts?.fen('platformFee') ?? null;
  const income = amounts?.fen('income') ?? null;
  const saysNothing = deliveryFee === null && boxFee === null && platformFee === null && income === null;
  return saysNothing ? undefined : { deliveryFee, boxFee, platformFee, income };
}

function itemsOf(order: JsonReader): readonly ItemValue[] | undefined {
  if (!order.has('items')) return undefined;
  return objects(order, 'items').map((item, index) => {
    const note = item.text('note', 200);
    return {
      line: item.text('line', MAX_NUMBER) ?? String(index + 1),
      sku: item.text('sku', MAX_NUMBER) ?? null,
      name: item.text('name', 200) ?? item.wrong('name', 'is missing') ?? '',
      quantity: (item.thousandths('quantity') ?? 1000) / 1000,
      price: amount(item, 'price') ?? null,
      total: amount(item, 'total') ?? null,
      ...(note === undefined ? {} : { note }),
    };
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
