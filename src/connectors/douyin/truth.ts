import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Alias, Fact, Report } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { beijingTime, unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { ecpayRequest, readAnswer, refused } from './client.ts';
import { generationOfOrder, numberOf } from './order-numbers.ts';
import {
  joined,
  movesReport,
  objectOf,
  paidFacts,
  refundFacts,
  refundNumbers,
  settlementFacts,
  settlementNumbers,
  unpaidReport,
} from './told-payment.ts';
import type { Read, ReadPayment } from './told-payment.ts';
import { readTradeTruth } from './trade-truth.ts';

/**
 * `query_order` of guaranteed payment (sheet, 1.2): flat, with `payment_info`, an object or its JSON text. Paid, it has
 * the time of the payment, so it is one with the callback; of what is not paid the platform speaks as of now.
 */
export function readEcpayPayment(answer: LosslessObject, aliases: readonly Alias[], at: TimeMs): Read<ReadPayment> {
  const info = objectOf(answer.get('payment_info'));
  if (info === undefined) return { ok: false, reason: 'payment_info is missing' };
  const [outer, fields] = [new JsonReader(answer), new JsonReader(info)];
  const status = fields.text('order_status') ?? '';
  const total = fields.amount(['total_fee', 'total_amount']);
  const payTime = fields.text('pay_time');
  const paidAt = payTime === undefined ? undefined : (beijingTime(payTime) ?? unixTime(payTime));
  const numbers = joined(aliases, outer.text('order_id', 64), outer.text('out_order_no', 64));
  const kept = fields.kept(['way', 'channel_no', 'seller_uid', 'item_id']);
  const fault = fields.fault ?? outer.fault;
  if (fault !== undefined) return { ok: false, reason: fault };
  switch (status) {
    case 'SUCCESS':
      if (total === undefined || paidAt === undefined)
        return { ok: false, reason: 'a paid order has no total_fee or no pay_time' };
      return {
        ok: true,
        value: {
          status,
          report: { aliases: numbers, kind: 'payment', at: paidAt, facts: paidFacts(total, total, paidAt, kept) },
        },
      };
    case 'PROCESSING':
    case 'FAIL':
      return { ok: true, value: { status, report: unpaidReport(numbers, at, total) } };
    case 'TIMEOUT':
      return { ok: true, value: { status, report: unpaidReport(numbers, at, total, 'expired') } };
    default:
      return { ok: false, reason: `order_status ${JSON.stringify(status.slice(0, 32))} is not known` };
  }
}

/** `query_refund` (sheet, 1.4): `refundInfo`, written as no other answer writes its names. */
export function readEcpayRefund(answer: LosslessObject, number: string): Read<readonly Fact[]> {
  const info = objectOf(answer.get('refundInfo')) ?? objectOf(answer.get('refund_info'));
  if (info === undefined) return { ok: false, reason: 'refundInfo is missing' };
  return refundFacts(new JsonReader(info), number, 'refund_status', 'refund_amount', ['msg', 'message']);
}

/** `query_settle` (sheet, 1.5). */
export function readEcpaySettlement(answer: LosslessObject, number: string): Read<readonly Fact[]> {
  const info = objectOf(answer.get('settle_info'));
  if (info === undefined) return { ok: false, reason: 'settle_info is missing' };
  return settlementFacts(new JsonReader(info), number);
}

/**
 * Asks about an order: whether it is paid, and what became of its refunds and settlements. Guaranteed payment knows these
 * by their numbers alone, so the ones under way are asked about, and of an order that nobody doubts all that the hub knows.
 */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const { aliases, platformFields = {}, lines = {} } = order;
  if (generationOfOrder({ aliases, platformFields }, account) === 'trade')
    return readTradeTruth(account, call, order, at);
  const merchantNo = numberOf(aliases, 'merchant');
  const reports: Report[] = [];
  if (merchantNo !== undefined) {
    const asked = await askEcpay(account, call, 'query_order', { out_order_no: merchantNo }, (answer) =>
      readEcpayPayment(answer, aliases, at),
    );
    if (!asked.ok) return asked;
    reports.push(asked.value.report);
  }
  const facts: Fact[] = [];
  const isWhole = order.doubts.length === 0;
  for (const number of refundNumbers(lines, isWhole)) {
    const asked = await askEcpay(account, call, 'query_refund', { out_refund_no: number }, (answer) =>
      readEcpayRefund(answer, number),
    );
    // One that the platform does not know was never done; the others are asked about all the same.
    if (asked.ok) facts.push(...asked.value);
    else if (asked.refusal.class !== 'final') return asked;
  }
  for (const number of settlementNumbers(lines, isWhole)) {
    const asked = await askEcpay(account, call, 'query_settle', { out_settle_no: number }, (answer) =>
      readEcpaySettlement(answer, number),
    );
    if (asked.ok) facts.push(...asked.value);
    else if (asked.refusal.class !== 'final') return asked;
  }
  reports.push(...movesReport(aliases, at, facts));
  return { ok: true, value: reports };
}

async function askEcpay<T>(
  account: AccountView,
  call: CallPlatform,
  name: string,
  fields: Readonly<Record<string, string>>,
  readIt: (answer: LosslessObject) => Read<T>,
): Promise<PlatformResult<T>> {
  const answered = readAnswer('ecpay', await call(ecpayRequest(account, name, fields)));
  if (answered.kind === 'refused') return { ok: false, refusal: answered.refusal };
  if (answered.kind === 'unknown') return refused('retry', 'unknown', answered.reason);
  const said = readIt(answered.fields);
  return said.ok ? said : refused('final', 'unreadable_answer', said.reason);
}
