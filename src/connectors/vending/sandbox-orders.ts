import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { toBeijingText } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { CLOSES_AFTER_MS } from './rest.ts';
import { findMachine, findSlot, machineNow, takeStock } from './sandbox-machines.ts';
import { isPlanned, keep, keepMachine, kept, nameOrder, orderOfTrade, plan } from './sandbox-memory.ts';
import type { End, KeptOrder, KeptRecord, MadeByHub } from './sandbox-memory.ts';

/** What the platform says to a call. */
export type Said =
  | { readonly data: Json; readonly order?: KeptOrder }
  | { readonly code: number; readonly message: string };

const no = (code: number, message: string): Said => ({ code, message });
export const BAD_FORM = no(10_001, '表单校验失败');
export const NO_RECORD = no(80_002, '记录不存在');
const WRONG_STATE = no(40_006, '订单状态无效');
const EXPIRED = no(40_005, '订单已过期');
const OFFLINE = no(30_002, '设备已离线');

/** Somebody fills up what has run out. */
const RESTOCK_MS = 10 * 60_000;

/** Creates an order and takes its stock (sheet, 4.1). */
export function createOrder(memory: PlatformMemory, body: string, at: TimeMs): Said {
  const wanted = readBody(body);
  if (wanted === undefined) return BAD_FORM;
  const { tradeId, machineNo, notifyUrl, items } = wanted;
  const machine = findMachine(machineNo);
  if (machine === undefined) return no(30_003, '设备不存在');
  if (!machine.isOnline) return OFFLINE;
  if (!machine.isOperating) return no(30_004, '设备未运营');
  const known = orderOfTrade(memory, tradeId);
  if (known !== undefined) {
    const order = kept(memory, known);
    if (order?.made !== undefined)
      keep(memory, { ...order, made: { ...order.made, isRepeated: true, isNamed: false } });
    return no(6040, 'sorry, this trade id is exists');
  }
  const { left } = machineNow(memory, machineNo);
  const wantedOf = (productId: number): number =>
    items.reduce((sum, item) => sum + (item.productId === productId ? item.quantity : 0), 0);
  for (const { productId } of items) {
    if (findSlot(machineNo, productId) === undefined) return no(60_002, '商品已下架');
    if ((left[productId] ?? 0) < wantedOf(productId)) {
      const isComing = isPlanned(memory, (deed) => deed.does === 'restock' && deed.machine === machineNo);
      if (!isComing) plan(memory, { at: at + RESTOCK_MS, does: 'restock', machine: machineNo });
      return no(60_003, '商品库存不足');
    }
  }
  const id = nameOrder(memory, tradeId);
  const records = items.map(({ productId, quantity }, index): KeptRecord => ({
    id: id * 100 + index,
    productId,
    quantity,
    priceFen: (findSlot(machineNo, productId)?.priceFen ?? 0) * quantity,
    status: '',
    reports: 0,
  }));
  const made: MadeByHub = { notifyUrl, isRepeated: false, isNamed: true, closedAt: null, closedBy: null };
  keep(memory, { id, tradeId, machineNo, placedAt: at, status: 'NOTPAY', records, made });
  takeStock(memory, machineNo, items);
  plan(memory, { at: at + CLOSES_AFTER_MS, does: 'close', order: id });
  return { data: { order_id: id } };
}

interface WantedOrder {
  readonly tradeId: string;
  readonly machineNo: string;
  readonly notifyUrl: string;
  readonly items: readonly { readonly productId: number; readonly quantity: number }[];
}

function readBody(body: string): WantedOrder | undefined {
  try {
    const fields = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const { machine_no: machineNo, notify_url: notifyUrl, trade_id: tradeId, products } = fields;
    if (typeof machineNo !== 'string' || !/^\d{8,20}$/u.test(machineNo)) return undefined;
    if (typeof tradeId !== 'string' || tradeId.length < 20 || tradeId.length > 32) return undefined;
    if (typeof notifyUrl !== 'string' || !URL.canParse(notifyUrl)) return undefined;
    if (!Array.isArray(products) || products.length === 0) return undefined;
    const items = (products as readonly Readonly<Record<string, unknown>>[]).map(
      ({ product_id: productId, quantity }) => ({ productId, quantity }),
    );
    const isItem = (item: (typeof items)[number]): item is { productId: number; quantity: number } =>
      Number.isSafeInteger(item.productId) && Number.isSafeInteger(item.quantity) && Number(item.quantity) > 0;
    return items.every(isItem) ? { tradeId, machineNo, notifyUrl, items } : undefined;
  } catch {
    return undefined;
  }
}

/** An order of the machine that the call names; it is known to its maker from then on. */
export function orderOf(
  memory: PlatformMemory,
  orderId: string,
  { machine_no: machineNo }: Readonly<Record<string, string>>,
): KeptOrder | undefined {
  const order = kept(memory, orderId);
  if (order === undefined || order.machineNo !== machineNo) return undefined;
  if (order.made === undefined) return order;
  const isNews = order.status === 'CLOSED' && order.made.isClosingTold !== true;
  if (order.made.isNamed && !isNews) return order;
  const named = {
    ...order,
    made: { ...order.made, isNamed: true, ...(isNews ? { isClosingTold: true as const } : {}) },
  };
  keep(memory, named);
  return named;
}

/** Changes an order's status (sheet, 4.2). */
export function updateOrder(memory: PlatformMemory, order: KeptOrder, status: string, at: TimeMs): Said {
  const { made } = order;
  if (made === undefined) return WRONG_STATE;
  if (status === '1') {
    if (order.status === 'SUCCESS') return no(6049, 'sorry, this order is paid');
    if (order.status !== 'NOTPAY') return made.closedBy === 'platform' ? EXPIRED : WRONG_STATE;
    keep(
      memory,
      withRecords({ ...order, status: 'SUCCESS' }, () => 'WAITING_PICKED_UP'),
    );
    return { data: '' };
  }
  if (status === '3') {
    if (order.status !== 'NOTPAY') return made.closedBy === 'platform' ? EXPIRED : WRONG_STATE;
    closeOrder(memory, order, 'merchant', at);
    return { data: '' };
  }
  if (status !== '2') return BAD_FORM;
  if (order.status !== 'SUCCESS' || order.records.some((record) => record.status === 'IS_DELIVERING'))
    return WRONG_STATE;
  takeStock(memory, order.machineNo, returned(order));
  const refunded = withRecords(order, (record) => (record === 'WAITING_PICKED_UP' ? 'IS_REFUND' : record));
  keep(memory, { ...refunded, status: 'REFUND' });
  return { data: '' };
}

const withRecords = (order: KeptOrder, statusOf: (status: string) => string): KeptOrder => ({
  ...order,
  records: order.records.map((record) => ({ ...record, status: statusOf(record.status) })),
});

/** What goes back into the machine's count: all that did not come out. */
const returned = ({ records }: KeptOrder): { readonly productId: number; readonly quantity: number }[] =>
  records
    .filter(({ status }) => status !== 'IS_SUCCESS')
    .map(({ productId, quantity }) => ({ productId, quantity: -quantity }));

export function closeOrder(memory: PlatformMemory, order: KeptOrder, by: 'merchant' | 'platform', at: TimeMs): void {
  takeStock(memory, order.machineNo, returned(order));
  const { made } = order;
  const closed = made === undefined ? {} : { made: { ...made, closedAt: at, closedBy: by } };
  keep(memory, { ...order, status: 'CLOSED', ...closed });
}

/** How long a motor turns; with the record's number, so that a seeded run repeats. */
const turnMs = (record: number): TimeMs => 3000 + (record % 5) * 1000;
/** The platform gives a machine up after so long. */
const GIVEN_UP_MS = 120_000;
/** A motor's lock. */
const LOCK_MS = 30_000;

/**
 * Sends an item's command to its machine (sheet, 4.4). What a locked machine answers is in no document: here the command
 * waits for the one before it.
 */
export function dispense(memory: PlatformMemory, order: KeptOrder, recordId: string, at: TimeMs, forced?: End): Said {
  const record = order.records.find(({ id }) => String(id) === recordId);
  if (record === undefined) return NO_RECORD;
  if (order.status === 'CLOSED' || at >= order.placedAt + CLOSES_AFTER_MS) {
    if (record.status === 'WAITING_PICKED_UP') keep(memory, withStatus(order, record.id, { isRefused: true }));
    return EXPIRED;
  }
  if (order.status !== 'SUCCESS' || record.status !== 'WAITING_PICKED_UP') return WRONG_STATE;
  if (findMachine(order.machineNo)?.isOnline !== true) return OFFLINE;
  const end = forced ?? findSlot(order.machineNo, record.productId)?.end ?? 'dispensed';
  const machine = machineNow(memory, order.machineNo);
  const startsAt = Math.max(at, machine.busyUntil);
  const endsAt = startsAt + (end === 'silent' ? GIVEN_UP_MS : turnMs(record.id));
  keepMachine(memory, order.machineNo, { ...machine, busyUntil: end === 'silent' ? startsAt + LOCK_MS : endsAt });
  keep(memory, withStatus(order, record.id, { status: 'IS_DELIVERING' }));
  plan(memory, { at: endsAt, does: 'result', order: order.id, record: record.id, end });
  return {
    data: { delivery_id: String(9_000_000_000_000_000 + record.id), delivered_at: toBeijingText(at), status: '出货中' },
  };
}

export const withStatus = (order: KeptOrder, recordId: number, change: Partial<KeptRecord>): KeptOrder => ({
  ...order,
  records: order.records.map((record) => (record.id === recordId ? { ...record, ...change } : record)),
});

/** The order as a query tells it (sheet, 4.3); what is zero is left out. */
export function queried(order: KeptOrder): Said {
  const { id, tradeId, placedAt, status, records } = order;
  const reports = records.reduce((sum, record) => sum + record.reports, 0);
  const data = {
    order_id: id,
    trade_id: tradeId,
    date: toBeijingText(placedAt),
    amount: fenToYuan(records.reduce((sum, record) => sum + record.priceFen, 0)),
    status,
    ...(reports === 0 ? {} : { notify_send_count: reports }),
    records: records.map((record) => ({
      id: record.id,
      product_id: record.productId,
      quantity: record.quantity,
      price: fenToYuan(record.priceFen),
      ...(record.status === '' ? {} : { status: record.status }),
      notify_sent: record.reports > 0 ? '1' : '0',
    })),
  };
  return { data, order };
}
