import { commissionOf } from './commission/order-commission.ts';
import { deriveFacets } from './derive.ts';
import type { OrderStatus } from './derive.ts';
import { read } from './fact.ts';
import type { Lines, OrderKind } from './fact.ts';
import { sameJson } from './json.ts';
import type { Json } from './json.ts';
import { maskAddress, maskName, maskNote, maskPhone } from './mask.ts';
import type { Fen } from './money.ts';
import { dueLine, WHOLE } from './registers.ts';
import type { Fulfilment, Lifecycle, Payment, RegisterValues, Settlement } from './registers.ts';
import { toRfc3339 } from './time.ts';
import type { TimeMs } from './time.ts';

/** Money of an order in fen; null is unknown, never zero. */
export interface Amounts {
  readonly currency: 'CNY';
  readonly original: Fen | null;
  readonly total: Fen | null;
  readonly paid: Fen | null;
  readonly refunded: Fen | null;
  readonly deliveryFee: Fen | null;
  readonly boxFee: Fen | null;
  readonly platformFee: Fen | null;
  readonly income: Fen | null;
  readonly commission: Fen | null;
}

export interface OrderItem {
  readonly line: string;
  readonly sku: string | null;
  readonly name: string;
  readonly quantity: number;
  readonly price: Fen | null;
  readonly total: Fen | null;
  readonly note: string | null;
}

export interface Customer {
  readonly name: string | null;
  readonly phone: string | null;
  readonly address: string | null;
  readonly location: { readonly lng: number; readonly lat: number } | null;
}

export interface Takeaway {
  readonly daySequence: number | null;
  readonly note: string | null;
  readonly wantedAt: string | null;
  readonly deliveryMode: string | null;
  readonly rider: { readonly name: string | null; readonly phone: string | null } | null;
  readonly invoice: { readonly title: string | null; readonly taxpayerId: string | null } | null;
}

/** An order as every reader sees it (API, events, console). Times are RFC 3339 UTC. */
export interface OrderJson {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly store: string | null;
  readonly parent: string | null;
  readonly kind: OrderKind;
  readonly platformOrderId: string | null;
  readonly displayId: string | null;
  readonly merchantOrderId: string | null;
  readonly status: OrderStatus;
  readonly payment: Payment;
  readonly fulfilment: Fulfilment;
  readonly lifecycle: Lifecycle;
  readonly settlement: Settlement;
  readonly flags: readonly string[];
  readonly amounts: Amounts;
  readonly items: readonly OrderItem[];
  readonly customer: Customer | null;
  readonly takeaway: Takeaway | null;
  readonly attribution: { readonly sid: string | null; readonly member: string | null } | null;
  /** What promoting the order earns, once the platform has said it. */
  readonly commission: CommissionJson | null;
  /** The platform's own fields that have no noun here, under the platform's names. */
  readonly platformFields: RegisterValues['platformFields'];
  /** Parts with a fate of their own: vouchers, dispense records. */
  readonly parts: readonly OrderPart[];
  readonly acceptBy: string | null;
  /** Until when the open request to cancel or to refund must be answered; null: none is open, or nobody knows. */
  readonly answerBy: string | null;
  /** Until when the goods are held, or the payment stays open, for an order that nobody has paid. */
  readonly expiresAt: string | null;
  /** Fen that the hub found must be given back and that has not gone back yet; null: nothing. */
  readonly refundDue: Fen | null;
  readonly placedAt: string | null;
  readonly paidAt: string | null;
  readonly completedAt: string | null;
  /** The order that this one was folded into, when a later fact showed that both are one. */
  readonly mergedInto: string | null;
  readonly updatedAt: string;
  readonly version: number;
}

/** Rewards of a promoted order in fen. */
export interface CommissionJson {
  readonly gross: Fen;
  /** What is left after refunds and risk control. */
  readonly net: Fen;
  /** Whether it is no estimate any more: the order is completed, and the amount is the one for that. */
  readonly final: boolean;
  /** What the platform said, by voucher; `line` '' for the whole order. */
  readonly parts: readonly ({ readonly line: string } & RegisterValues['commission'])[];
}

export interface OrderPart {
  readonly line: string;
  readonly payment: Payment | null;
  readonly fulfilment: Fulfilment | null;
  readonly lifecycle: Lifecycle | null;
  /** The platform's own fields that belong to this part. */
  readonly platformFields: RegisterValues['platformFields'];
}

/** What the hub knows of an order beside its facts. */
export interface OrderHead {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly kind: OrderKind;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly parent: string | null;
  readonly member: string | null;
  readonly platformOrderId: string | null;
  readonly displayId: string | null;
  readonly merchantOrderId: string | null;
  readonly mergedInto: string | null;
  readonly updatedAtMs: TimeMs;
  readonly version: number;
}

const DUE_LINES = dueLine('');

/** Builds the public order from its lines. Personal data is masked unless `reveal`. */
export function orderJson(head: OrderHead, lines: Lines, reveal = false): OrderJson {
  const facets = deriveFacets(lines);
  const sid = read(lines, WHOLE, 'sid');
  const fees = read(lines, WHOLE, 'fees');
  const said = read(lines, WHOLE, 'payment');
  const commission = commissionJson(lines);
  return {
    id: head.id,
    account: head.account,
    platform: head.platform,
    merchant: head.merchant,
    shop: head.shop,
    store: read(lines, WHOLE, 'store')?.ref ?? null,
    parent: head.parent,
    kind: head.kind,
    platformOrderId: head.platformOrderId,
    displayId: read(lines, WHOLE, 'displayId') ?? head.displayId,
    merchantOrderId: read(lines, WHOLE, 'merchantOrderId') ?? head.merchantOrderId,
    status: facets.status,
    payment: facets.payment,
    fulfilment: facets.fulfilment,
    lifecycle: facets.lifecycle,
    settlement: facets.settlement,
    flags: facets.flags,
    amounts: {
      currency: 'CNY',
      original: read(lines, WHOLE, 'money.original') ?? null,
      total: read(lines, WHOLE, 'money.total') ?? null,
      paid: read(lines, WHOLE, 'money.paid') ?? (said === 'unpaid' ? 0 : null),
      refunded: facets.refunded,
      deliveryFee: fees?.deliveryFee ?? null,
      boxFee: fees?.boxFee ?? null,
      platformFee: fees?.platformFee ?? null,
      income: fees?.income ?? null,
      commission: read(lines, WHOLE, 'money.commission') ?? commission?.net ?? null,
    },
    // Named one by one: `jsonb` gives names back in an order of its own.
    items: (read(lines, WHOLE, 'items') ?? []).map(({ line, sku, name, quantity, price, total, note }) => ({
      line,
      sku,
      name,
      quantity,
      price,
      total,
      note: note ?? null,
    })),
    customer: customerOf(lines, reveal),
    takeaway: takeawayOf(lines, reveal),
    attribution: head.kind === 'cps' || sid !== undefined ? { sid: sid ?? null, member: head.member } : null,
    commission,
    platformFields: fieldsOf(lines),
    parts: partsOf(lines),
    acceptBy: toRfc3339(read(lines, WHOLE, 'acceptBy')),
    answerBy: hasOpenRequest(facets.flags) ? toRfc3339(read(lines, WHOLE, 'answerBy')) : null,
    expiresAt: toRfc3339(read(lines, WHOLE, 'expiresAt')),
    refundDue: refundDueOf(lines),
    placedAt: toRfc3339(read(lines, WHOLE, 'placedAt')),
    paidAt: toRfc3339(read(lines, WHOLE, 'paidAt')),
    completedAt: toRfc3339(facets.completedAt),
    mergedInto: head.mergedInto,
    updatedAt: new Date(head.updatedAtMs).toISOString(),
    version: head.version,
  };
}

function commissionJson(lines: Lines): CommissionJson | null {
  const names = Object.keys(lines).filter((line) => lines[line]?.commission !== undefined);
  if (names.length === 0) return null;
  const { parts, phase } = commissionOf(lines);
  return {
    gross: parts.reduce((sum, { gross }) => sum + gross, 0),
    net: parts.reduce((sum, { net }) => sum + net, 0),
    final: phase === 'confirmed',
    parts: names.sort().flatMap((name) => {
      const value = read(lines, name, 'commission');
      if (value === undefined) return [];
      const { cps, cpa, refundedCps, refundedCpa, final } = value;
      return [{ line: name.replace(/^part:/u, ''), cps, cpa, refundedCps, refundedCpa, final }];
    }),
  };
}

function refundDueOf(lines: Lines): Fen | null {
  let due = 0;
  for (const line of Object.keys(lines)) {
    if (!line.startsWith(DUE_LINES)) continue;
    const refund = read(lines, line, 'refund');
    if (refund?.state === 'requested') due += refund.amount ?? 0;
  }
  return due === 0 ? null : due;
}

const hasOpenRequest = (flags: readonly string[]): boolean =>
  flags.includes('refund_requested') || flags.includes('cancel_requested');

/** The number at which the user is reached: the own one where it was told. */
export const customerPhone = (lines: Lines): string | null =>
  read(lines, WHOLE, 'realPhone') ?? read(lines, WHOLE, 'customer')?.phone ?? null;

const NO_CUSTOMER: Customer = { name: null, phone: null, address: null, location: null };

function customerOf(lines: Lines, reveal: boolean): Customer | null {
  const told = read(lines, WHOLE, 'customer');
  const phone = customerPhone(lines);
  if (told === undefined && phone === null) return null;
  const customer = { ...(told ?? NO_CUSTOMER), phone };
  if (reveal) return customer;
  return {
    name: customer.name === null ? null : maskName(customer.name),
    phone: customer.phone === null ? null : maskPhone(customer.phone),
    address: customer.address === null ? null : maskAddress(customer.address),
    location: null,
  };
}

function takeawayOf(lines: Lines, reveal: boolean): Takeaway | null {
  const takeaway = read(lines, WHOLE, 'takeaway');
  if (takeaway === undefined) return null;
  const note = read(lines, WHOLE, 'note');
  const rider = read(lines, WHOLE, 'rider');
  const invoice = read(lines, WHOLE, 'invoice');
  const name = (value: string | null): string | null => (value === null || reveal ? value : maskName(value));
  return {
    daySequence: takeaway.daySequence,
    note: note === undefined ? null : reveal ? note : maskNote(note),
    wantedAt: toRfc3339(takeaway.wantedAt),
    deliveryMode: takeaway.deliveryMode,
    rider:
      rider === undefined
        ? null
        : { name: name(rider.name), phone: rider.phone === null || reveal ? rider.phone : maskPhone(rider.phone) },
    invoice: invoice === undefined ? null : { title: name(invoice.title), taxpayerId: name(invoice.taxpayerId) },
  };
}

/** The platform's own fields of the whole order, and beside them those that came by messages of their own. */
function fieldsOf(lines: Lines): RegisterValues['platformFields'] {
  const topics = Object.keys(lines).filter((line) => line.startsWith('topic:'));
  const fields = topics.sort().map((line) => read(lines, line, 'platformFields') ?? {});
  return Object.assign({}, ...fields, read(lines, WHOLE, 'platformFields')) as RegisterValues['platformFields'];
}

function partsOf(lines: Lines): readonly OrderPart[] {
  return Object.keys(lines)
    .filter((line) => line.startsWith('part:'))
    .sort()
    .map((line) => ({
      line: line.slice('part:'.length),
      payment: read(lines, line, 'payment') ?? null,
      fulfilment: read(lines, line, 'fulfilment') ?? null,
      lifecycle: read(lines, line, 'lifecycle') ?? null,
      platformFields: read(lines, line, 'platformFields') ?? {},
    }));
}

/** Lays the personal fields of `revealed` over a masked order, such as an event's snapshot about to be sent. */
export function withPersonalData(masked: OrderJson, revealed: OrderJson): OrderJson {
  return {
    ...masked,
    customer: revealed.customer,
    takeaway:
      masked.takeaway === null || revealed.takeaway === null
        ? masked.takeaway
        : {
            ...masked.takeaway,
            note: revealed.takeaway.note,
            rider: revealed.takeaway.rider,
            invoice: revealed.takeaway.invoice,
          },
  };
}

/** True when nothing but version and time differs, so that no event is due. */
export function looksTheSame(a: OrderJson, b: OrderJson): boolean {
  const plain = ({ version: _version, updatedAt: _updatedAt, ...rest }: OrderJson): Json => rest as unknown as Json;
  return sameJson(plain(a), plain(b));
}
