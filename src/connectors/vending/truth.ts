import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { isLosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { Fen } from '../../core/money.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { partLine, WHOLE } from '../../core/registers.ts';
import type { ItemValue } from '../../core/registers.ts';
import { beijingTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { failed, queryOrder } from './client.ts';
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
  const orderId = named('platform');
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
  if (!isLosslessObject(answer.value)) return failed('retry', 'unreadable_answer', 'data is not an object');
  const body = new JsonReader(answer.value, 'data.');
  const tradeId = body.text('trade_id', 200);
  const ours = named('merchant');
  if (body.number('order_id') !== orderId) body.wrong('order_id', 'is of another order');
  if (ours !== undefined && tradeId !== undefined && tradeId !== ours) body.wrong('trade_id', 'is of another order');
  const reports = readOrder(body, account, at);
  if (body.fault !== undefined) return failed('final', 'unreadable_answer', body.fault);
  const aliases: Report['aliases'] = [
    { kind: 'platform', value: orderId },
    ...(tradeId === undefined ? [] : [{ kind: 'merchant' as const, value: tradeId }]),
  ];
  return { ok: true, value: reports.map((report) => ({ aliases, kind: 'vending' as const, ...report })) };
}

interface PlatformRecord {
  readonly id: string;
  readonly row: RecordStatusRow | undefined;
  readonly item: ItemValue;
  readonly total: Fen;
  readonly status: string;
}

function readOrder(body: JsonReader, account: AccountView, at: TimeMs): readonly Omit<Report, 'aliases' | 'kind'>[] {
  const row = body.oneOf('status', ORDER_STATUSES);
  const records = body.objects('records').map(readRecord);
  const placedAt = readDate(body);
  const total = body.yuan('amount') ?? records.reduce((sum, record) => sum + record.total, 0);
  if (row === undefined) return [];

  const isVague = records.some((record) => record.row?.vague === true);
  const failures = records.filter((record) => record.row?.fulfilment === 'failed').length;
  const facts: Fact[] = [
    ...wholeFacts(row, total, account),
    { line: WHOLE, register: 'flag.doubt', value: isVague },
    { line: WHOLE, register: 'flag.delivery_trouble', value: failures > 0 && failures < records.length },
    { line: WHOLE, register: 'parts', value: records.length },
    { line: WHOLE, register: 'items', value: records.map(({ item }) => item) },
    ...(placedAt === undefined ? [] : [{ line: WHOLE, register: 'placedAt', value: placedAt } as const]),
    { line: WHOLE, register: 'platformFields', value: fieldsOf(body, records) },
  ];
  const vague: Fact[] = [];
  for (const record of records) {
    const line = partLine(record.id);
    if (record.row === undefined) continue;
    const { fulfilment } = record.row;
    (record.row.vague === true ? vague : facts).push({ line, register: 'fulfilment', value: fulfilment });
    if (fulfilment === 'delivered') facts.push({ line, register: 'lifecycle', value: 'completed' });
  }
  // As vague as a report, and beaten by any.
  const hints = vague.length === 0 ? [] : [{ at: null, final: false, facts: vague }];
  return [{ at, facts }, ...hints];
}

function wholeFacts(
  { payment, lifecycle, paid, refund }: OrderStatusRow,
  total: Fen,
  { settings }: AccountView,
): readonly Fact[] {
  const facts: Fact[] = [
    { line: WHOLE, register: 'lifecycle', value: lifecycle },
    // Takes back what a report said for the records that were not heard of yet.
    { line: WHOLE, register: 'fulfilment', value: 'none' },
    { line: WHOLE, register: 'money.total', value: total },
  ];
  if (payment !== undefined) facts.push({ line: WHOLE, register: 'payment', value: payment });
  if (paid !== undefined) facts.push({ line: WHOLE, register: 'money.paid', value: paid === 'amount' ? total : 0 });
  if (refund === true) {
    const isBack = settings['refundStatus'] !== 'requested';
    facts.push({ line: WHOLE, register: 'payment', value: isBack ? 'refunded' : 'paid' });
    if (!isBack) facts.push({ line: WHOLE, register: 'flag.refund_requested', value: true });
  }
  return facts;
}

function readRecord(record: JsonReader): PlatformRecord {
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
    // The query gives no name; the number is what the machine's operator knows the slot's product by.
    item: { line: id, sku, name: sku ?? '', quantity, price, total },
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
