import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';

/** How an order, or one voucher of it, stands at the platform. */
export interface PlayedRow {
  readonly coupon: string | null;
  readonly status: number;
  readonly risk: boolean;
  readonly paidFen: number;
  readonly returnedFen: number;
  readonly title: string;
  readonly sid: string;
}

/** An order at the platform. */
export interface PlayedOrder {
  readonly id: string;
  /** Unix seconds. */
  readonly paid: number;
  readonly updated: number;
  /** The fields that its lists filter by and show: `actId`, `businessLine`, …. */
  readonly fields: Readonly<Record<string, string>>;
  readonly rows: readonly PlayedRow[];
}

/** 3 % for the sale, and 50 fen for a new customer on every order above 50 yuan; what went back takes its part along. */
export function commissionOf({ paidFen, returnedFen, risk }: PlayedRow): {
  readonly cps: number;
  readonly cpa: number;
  readonly refundedCps: number;
  readonly refundedCpa: number;
} {
  const cps = Math.floor((paidFen * 3) / 100);
  const cpa = paidFen > 5000 ? 50 : 0;
  const isGone = risk || returnedFen >= paidFen;
  const refundedCps = isGone ? cps : Math.floor((cps * returnedFen) / paidFen);
  return { cps, cpa, refundedCps, refundedCpa: isGone ? cpa : 0 };
}

const orderKey = (id: string): string => `order ${id}`;
// By the minute, so that noting an order down writes a short list again and not a day's.
const minuteKey = (by: 'paid' | 'updated', seconds: number): string => `${by} ${Math.floor(seconds / 60)}`;

/** Notes down how an order stands, where the lists find it. */
export function noteOrder(memory: PlatformMemory, order: PlayedOrder): void {
  const before = memory[orderKey(order.id)] as unknown as PlayedOrder | undefined;
  memory[orderKey(order.id)] = order as unknown as Json;
  if (before === undefined) note(memory, minuteKey('paid', order.paid), order.id);
  note(memory, minuteKey('updated', order.updated), order.id);
}

function note(memory: PlatformMemory, name: string, id: string): void {
  const ids = (memory[name] ?? []) as readonly string[];
  if (!ids.includes(id)) memory[name] = [...ids, id];
}

export const orderOf = (memory: PlatformMemory, id: string): PlayedOrder | undefined =>
  memory[orderKey(id)] as unknown as PlayedOrder | undefined;

/** The orders that were paid, or that changed last, within these seconds, both ends included; the earliest first. */
export function ordersWithin(
  memory: PlatformMemory,
  by: 'paid' | 'updated',
  from: number,
  to: number,
): readonly PlayedOrder[] {
  const found: PlayedOrder[] = [];
  for (let seconds = from - (from % 60); seconds <= to; seconds += 60) {
    const ids = (memory[minuteKey(by, seconds)] ?? []) as readonly string[];
    const orders = ids.map((id) => orderOf(memory, id)).filter((order) => order !== undefined);
    // An order stays noted at each minute in which it changed; only its last change counts.
    const here = orders.filter((order) => Math.floor(order[by] / 60) === Math.floor(seconds / 60));
    found.push(...here.filter((order) => order[by] >= from && order[by] <= to).sort((a, b) => a[by] - b[by]));
  }
  return found;
}

/** A row of g2's answers. A list shows an order in one row, without its vouchers (sheet 3.1). */
export function g2Row(order: PlayedOrder, row: PlayedRow, isList: boolean): Record<string, Json> {
  const { cps, cpa, refundedCps, refundedCpa } = commissionOf(row);
  const { actId = '', businessLine = '', subBusinessLine, productId, productName } = order.fields;
  return {
    [isList ? 'orderid' : 'orderId']: order.id,
    paytime: String(order.paid),
    actId: Number(actId),
    businessLine: Number(businessLine),
    ...(subBusinessLine === undefined ? {} : { subBusinessLine: Number(subBusinessLine) }),
    ...(productId === undefined ? {} : { productId }),
    ...(productName === undefined ? {} : { productName }),
    status: row.status,
    riskOrder: row.risk ? 1 : 0,
    smstitle: row.title,
    sid: row.sid,
    payprice: isList ? (order.fields['payPrice'] ?? '') : fenToYuan(row.paidFen),
    profit: fenToYuan(cps),
    cpaProfit: fenToYuan(cpa),
    refundprice: row.returnedFen === 0 ? '' : fenToYuan(row.returnedFen),
    refundprofit: fenToYuan(refundedCps),
    cpaRefundProfit: fenToYuan(refundedCpa),
    ...(isList ? {} : { quantity: Number(order.fields['quantity'] ?? 1) }),
    ...(isList || row.coupon === null ? {} : { couponCode: row.coupon }),
  };
}

const MEDIA_STATUSES: Readonly<Record<number, string>> = { 1: '2', 8: '3', 9: '4' };
const SUB_STATUSES: Readonly<Record<number, number>> = { 1: 1, 8: 2, 9: 4 };

/** A row of cps_open: one an order, whose vouchers stand under `orderDetail`. */
export function mediaRow(order: PlayedOrder): Record<string, Json> {
  const [first] = order.rows;
  const sums = order.rows.map((row) => ({ ...commissionOf(row), returned: row.returnedFen }));
  const sum = (name: keyof (typeof sums)[number]): number => sums.reduce((total, row) => total + row[name], 0);
  const hasVouchers = order.rows.some(({ coupon }) => coupon !== null);
  const details = order.rows.map((row) => ({
    itemOrderId: `${order.id}${row.coupon ?? ''}`,
    couponStatus: SUB_STATUSES[row.status] ?? 1,
    refundAmount: fenToYuan(row.returnedFen),
  }));
  return {
    orderId: order.id,
    payTime: order.paid,
    updateTime: order.updated,
    businessLine: mediaLine(order).businessLine,
    actId: order.fields['actId'] ?? '',
    productName: first?.title ?? '',
    status: order.rows.some(({ risk }) => risk) ? '5' : (MEDIA_STATUSES[first?.status ?? 1] ?? '2'),
    sid: first?.sid ?? '',
    payPrice: order.fields['payPrice'] ?? '',
    profit: fenToYuan(sum('cps')),
    cpaProfit: fenToYuan(sum('cpa')),
    // Not filled for orders in shops and voucher packs (sheet 3.3).
    refundPrice: sum('returned') === 0 || hasVouchers ? 'null' : fenToYuan(sum('returned')),
    refundProfit: fenToYuan(sum('refundedCps')),
    cpaRefundProfit: fenToYuan(sum('refundedCpa')),
    orderDetail: details,
  };
}

/** Where cps_open has an order: its business lines are numbered otherwise than those of g2. */
export function mediaLine({ fields }: PlayedOrder): { readonly platform: number; readonly businessLine: number } {
  const line = fields['businessLine'];
  if (line === '7' || line === '10') return { platform: 2, businessLine: 2 };
  return { platform: 1, businessLine: line === '4' ? 4 : 1 };
}
