import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { isLosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { Fen } from '../../core/money.ts';
import type { OrderItem } from '../../core/order-json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { partLine, WHOLE } from '../../core/registers.ts';
import type { ItemValue } from '../../core/registers.ts';
import { beijingTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { failed, queryOrder } from './client.ts';
import type { Data } from './client.ts';
import { revivedOrderId, revivedTradeId } from './revival.ts';
import { ORDER_STATUSES, RECORD_STATUSES } from './statuses.ts';
import type { OrderStatusRow, RecordStatusRow } from './statuses.ts';

/** Asks the platform how an order and each of its dispense records stand. */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const named = (kind: string): string | undefined => order.aliases.find((alias) => alias.kind === kind)?.value;
  const orderId = revivedOrderId(order.platformFields) ?? named('platform');
  if (orderId === undefined || !/^\d{1,20}$/u.test(orderId)) {
    return failed(
      'final',
      'no_order_id',
      'The platform has not said its own number of the order, so it cannot be asked.',
    );
  }
  if (order.store === null) return failed('final', 'no_machine', 'The machine of the order is not known.');
  const answer = await queryOrder(account, call, { orderId, machineNo: order.store }, at);
  if (!answer.ok) return answer;
  const read = readQueriedOrder(account, answer.value, { ...order, orderId, tradeId: named('merchant') }, at);
  return read.ok ? { ok: true, value: read.value.reports } : read;
}

/** What is known of an order before it is asked about. */
export interface AskedOrder {
  readonly orderId: string;
  readonly tradeId: string | undefined;
  /** The query names no product. */
  readonly items?: readonly Pick<OrderItem, 'sku' | 'name'>[];
}

export interface QueriedOrder {
  readonly reports: readonly Report[];
  /** The platform's word for the order and for each of its records. */
  readonly status: string;
  readonly records: ReadonlyMap<string, string>;
}

/** Reads an answer to the order query. One about another order is no truth. */
export function readQueriedOrder(
  account: AccountView,
  data: Data,
  { orderId, tradeId: ours, items = [] }: AskedOrder,
  at: TimeMs,
): PlatformResult<QueriedOrder> {
  if (!isLosslessObject(data)) return failed('retry', 'unreadable_answer', 'data is not an object');
  const body = new JsonReader(data, 'data.');
  const tradeId = body.text('trade_id', 200);
  if (body.number('order_id') !== orderId) body.wrong('order_id', 'is of another order');
  const isOurs = ours === undefined || tradeId === undefined || tradeId === ours || tradeId === revivedTradeId(ours);
  if (!isOurs) body.wrong('trade_id', 'is of another order');
  const names = new Map(items.flatMap(({ sku, name }) => (sku === null ? [] : [[sku, name] as const])));
  const { reports, records } = readOrder(body, account, names, at);
  if (body.fault !== undefined) return failed('final', 'unreadable_answer', body.fault);
  const aliases: Report['aliases'] = [
    { kind: 'platform', value: orderId },
    ...(tradeId === undefined ? [] : [{ kind: 'merchant' as const, value: tradeId }]),
  ];
  return {
    ok: true,
    value: {
      reports: reports.map((report) => ({ aliases, kind: 'vending' as const, ...report })),
      status: body.text('status', 64) ?? '',
      records: new Map(records.map(({ id, status }) => [id, status])),
    },
  };
}

interface PlatformRecord {
  readonly id: string;
  readonly row: RecordStatusRow | undefined;
  readonly item: ItemValue;
  readonly total: Fen;
  readonly status: string;
}

type Said = Omit<Report, 'aliases' | 'kind'>;

function readOrder(
  body: JsonReader,
  account: AccountView,
  names: ReadonlyMap<string, string>,
  at: TimeMs,
): { readonly reports: readonly Said[]; readonly records: readonly PlatformRecord[] } {
  const row = body.oneOf('status', ORDER_STATUSES);
  const records = body.objects('records').map((record) => readRecord(record, names));
  const placedAt = readDate(body);
  const total = body.yuan('amount') ?? records.reduce((sum, record) => sum + record.total, 0);
  if (row === undefined) return { reports: [], records };

  const failures = records.filter((record) => record.row?.fulfilment === 'failed').length;
  const facts: Fact[] = [
    ...wholeFacts(row, account),
    { line: WHOLE, register: 'flag.doubt', value: records.some((record) => record.row?.vague === true) },
    { line: WHOLE, register: 'flag.delivery_trouble', value: failures > 0 && failures < records.length },
    { line: WHOLE, register: 'parts', value: records.length },
    { line: WHOLE, register: 'items', value: records.map(({ item }) => item) },
    ...(placedAt === undefined ? [] : [{ line: WHOLE, register: 'placedAt', value: placedAt } as const]),
    { line: WHOLE, register: 'platformFields', value: fieldsOf(body, records) },
  ];
  const unsettled: Fact[] = [...moneyFacts(row, total)];
  const vague: Fact[] = [];
  for (const record of records) {
    const line = partLine(record.id);
    if (record.row === undefined) continue;
    const { fulfilment } = record.row;
    const where = record.row.vague === true ? vague : fulfilment === 'none' ? unsettled : facts;
    where.push({ line, register: 'fulfilment', value: fulfilment });
    if (fulfilment === 'delivered') facts.push({ line, register: 'lifecycle', value: 'completed' });
  }
  return {
    records,
    reports: [
      { at, facts },
      // What the hub knows better where the order is its own: what the user pays, that a record was given up.
      { at, final: false, facts: unsettled },
      // As vague as a report, and beaten by any.
      ...(vague.length === 0 ? [] : [{ at: null, final: false, facts: vague }]),
    ],
  };
}

function wholeFacts({ payment, lifecycle, refund }: OrderStatusRow, { settings }: AccountView): readonly Fact[] {
  const facts: Fact[] = [
    { line: WHOLE, register: 'lifecycle', value: lifecycle },
    // Takes back what a report said for the records that were not heard of yet.
    { line: WHOLE, register: 'fulfilment', value: 'none' },
  ];
  if (payment !== undefined) facts.push({ line: WHOLE, register: 'payment', value: payment });
  if (refund === true) {
    const isBack = settings['refundStatus'] !== 'requested';
    facts.push({ line: WHOLE, register: 'payment', value: isBack ? 'refunded' : 'paid' });
    if (!isBack) facts.push({ line: WHOLE, register: 'flag.refund_requested', value: true });
  }
  return facts;
}

/** The platform's own prices; what was really paid is known to whoever took the money. */
function moneyFacts({ paid }: OrderStatusRow, total: Fen): readonly Fact[] {
  const facts: Fact[] = [{ line: WHOLE, register: 'money.total', value: total }];
  if (paid !== undefined) facts.push({ line: WHOLE, register: 'money.paid', value: paid === 'amount' ? total : 0 });
  return facts;
}

function readRecord(record: JsonReader, names: ReadonlyMap<string, string>): PlatformRecord {
  const id = record.number('id') ?? record.wrong('id', 'is missing') ?? '';
  const status = record.text('status', 64);
  const total = record.yuan('price') ?? 0;
  const thousandths = record.thousandths('quantity') ?? 0;
  if (thousandths % 1000 !== 0) record.wrong('quantity', 'is not a whole number');
  const quantity = Math.floor(thousandths / 1000);
  const sku = record.number('product_id') ?? null;
  const price = quantity > 0 && total % quantity === 0 ? total / quantity : null;
  return {
    id,
    // There is none before the order is paid.
    row: status === undefined ? undefined : record.oneOf('status', RECORD_STATUSES),
    status: status ?? '',
    total,
    // Without a name the number is what the machine's operator knows the slot's product by.
    item: { line: id, sku, name: names.get(sku ?? '') ?? sku ?? '', quantity, price, total },
  };
}

/** `YYYY-MM-DD HH:mm:ss`; the documents' own example has the day alone, which is no time of an order. */
function readDate(body: JsonReader): TimeMs | undefined {
  const text = body.text('date', 40);
  if (text === undefined || beijingTime(`${text} 00:00:00`) !== undefined) return undefined;
  return beijingTime(text) ?? body.wrong('date', 'is not a time between the years 2000 and 2200');
}

const FIELDS = ['status', 'amount', 'date', 'notify_send_count', 'pickup_code_id'] as const;

const fieldsOf = (
  body: JsonReader,
  records: readonly PlatformRecord[],
): Extract<Fact, { register: 'platformFields' }>['value'] => ({
  ...body.raw(FIELDS),
  record_status: records.filter(({ status }) => status !== '').map(({ id, status }) => `${id} ${status}`),
});
