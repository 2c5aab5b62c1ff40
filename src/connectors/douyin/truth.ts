import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Alias, Fact, Lines, Report } from '../../core/fact.ts';
import { read } from '../../core/fact.ts';
import { isLosslessObject, parseLossless } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { FieldNames } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { refundLine, REFUND_RANKS } from '../../core/registers.ts';
import type { RegisterValues } from '../../core/registers.ts';
import { beijingTime, unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { topicFacts, whole } from '../../core/whole-facts.ts';
import { REFUNDS, SETTLEMENTS } from './callback.ts';
import { ecpayRequest, readAnswer, refused, tradeRequest } from './client.ts';
import { generationOfOrder, isLastSettlement, numberOf, settleLine } from './order-numbers.ts';

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** What a query says of a payment, and under which word. */
export interface ReadPayment {
  readonly report: Report;
  readonly status: string;
}

const objectOf = (value: unknown): LosslessObject | undefined => {
  const inner = typeof value === 'string' ? parseLossless(value) : value;
  return isLosslessObject(inner as never) ? (inner as LosslessObject) : undefined;
};

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

/** `order_query` of the trade system (sheet, 7): times in ms. */
export function readTradePayment(
  answer: LosslessObject,
  aliases: readonly Alias[],
  at: TimeMs,
  account: AccountView,
): Read<ReadPayment> {
  const data = objectOf(answer.get('data'));
  if (data === undefined) return { ok: false, reason: 'data is missing' };
  const fields = new JsonReader(data);
  const status = fields.text('pay_status') ?? '';
  const total = fields.amount('total_amount');
  const discount = account.settings['discountReducesPaid'] === false ? 0 : (fields.amount('discount_amount') ?? 0);
  const paidAt = fields.time('pay_time');
  const numbers = joined(aliases, fields.text('order_id', 64), fields.text('out_order_no', 64));
  const kept = fields.kept(['pay_channel', 'channel_pay_id', 'merchant_uid', 'discount_amount']);
  if (fields.fault !== undefined) return { ok: false, reason: fields.fault };
  switch (status) {
    case 'SUCCESS': {
      if (total === undefined || paidAt === undefined || discount > total)
        return { ok: false, reason: 'a paid order has no total_amount or no pay_time' };
      const facts = paidFacts(total, total - discount, paidAt, kept);
      return { ok: true, value: { status, report: { aliases: numbers, kind: 'payment', at: paidAt, facts } } };
    }
    case 'PROCESS':
    case 'PROCESSING':
    case 'FAIL':
      return { ok: true, value: { status, report: unpaidReport(numbers, at, total) } };
    case 'TIMEOUT':
      return { ok: true, value: { status, report: unpaidReport(numbers, at, total, 'expired') } };
    default:
      return { ok: false, reason: `pay_status ${JSON.stringify(status.slice(0, 32))} is not known` };
  }
}

function joined(
  aliases: readonly Alias[],
  platform: string | undefined,
  merchant: string | undefined,
): Report['aliases'] {
  const all: Alias[] = [...aliases.filter(({ kind }) => kind === 'platform' || kind === 'merchant')];
  const add = (kind: Alias['kind'], value: string | undefined): void => {
    if (value !== undefined && !all.some((held) => held.kind === kind && held.value === value))
      all.push({ kind, value });
  };
  add('platform', platform);
  add('merchant', merchant);
  const [first, ...others] = all;
  if (first === undefined) throw new TypeError('an order without a number was asked about');
  return [first, ...others];
}

const paidFacts = (
  total: number,
  paid: number,
  paidAt: TimeMs,
  kept: RegisterValues['platformFields'],
): readonly Fact[] => [
  whole('payment', 'paid'),
  whole('money.total', total),
  whole('money.paid', paid),
  whole('paidAt', paidAt),
  ...topicFacts('query', kept),
];

function unpaidReport(
  aliases: Report['aliases'],
  at: TimeMs,
  total: number | undefined,
  lifecycle?: 'expired',
): Report {
  const facts: Fact[] = [whole('payment', 'unpaid')];
  if (total !== undefined && total > 0) facts.push(whole('money.total', total, null));
  if (lifecycle !== undefined) facts.push(whole('lifecycle', lifecycle), whole('closedAt', at));
  return { aliases, kind: 'payment', at, facts };
}

/** `query_refund` (sheet, 1.4): `refundInfo`, written as no other answer writes its names. */
export function readEcpayRefund(answer: LosslessObject, number: string): Read<readonly Fact[]> {
  const info = objectOf(answer.get('refundInfo')) ?? objectOf(answer.get('refund_info'));
  if (info === undefined) return { ok: false, reason: 'refundInfo is missing' };
  return refundFacts(new JsonReader(info), number, 'refund_status', 'refund_amount', ['msg', 'message']);
}

function refundFacts(
  fields: JsonReader,
  number: string,
  statusNames: FieldNames,
  amountNames: FieldNames,
  reasonNames: FieldNames,
): Read<readonly Fact[]> {
  const status = fields.text(statusNames) ?? '';
  const state = Object.hasOwn(REFUNDS, status) ? REFUNDS[status] : undefined;
  const amount = fields.amount(amountNames) ?? null;
  const reason = fields.text(reasonNames);
  if (fields.fault !== undefined) return { ok: false, reason: fields.fault };
  if (state === undefined)
    return { ok: false, reason: `refund_status ${JSON.stringify(status.slice(0, 32))} is not known` };
  const value = { state, amount, ...(reason === undefined ? {} : { reason }) };
  return { ok: true, value: [{ line: refundLine(number), register: 'refund', value }] };
}

/** `query_settle` (sheet, 1.5). */
export function readEcpaySettlement(answer: LosslessObject, number: string): Read<readonly Fact[]> {
  const info = objectOf(answer.get('settle_info'));
  if (info === undefined) return { ok: false, reason: 'settle_info is missing' };
  const fields = new JsonReader(info);
  const status = fields.text('settle_status') ?? '';
  const row = Object.hasOwn(SETTLEMENTS, status) ? SETTLEMENTS[status] : undefined;
  const kept = fields.kept(['settle_no', 'settle_amount', 'settle_detail', 'rake', 'commission', 'message']);
  if (fields.fault !== undefined) return { ok: false, reason: fields.fault };
  if (row === undefined)
    return { ok: false, reason: `settle_status ${JSON.stringify(status.slice(0, 32))} is not known` };
  const facts: Fact[] = [{ line: settleLine(number), register: 'platformFields', value: { status, ...kept } }];
  if (row.settlement === 'settled' && isLastSettlement(number)) facts.push(whole('settlement', 'settled'));
  return { ok: true, value: facts };
}

const pendingRefunds = (lines: Lines): readonly string[] =>
  Object.keys(lines)
    .filter((line) => line.startsWith(refundLine('')) && !line.startsWith(refundLine('due-')))
    .filter((line) => read(lines, line, 'refund')?.state === 'requested')
    .map((line) => line.slice(refundLine('').length));

const pendingSettlements = (lines: Lines): readonly string[] =>
  Object.keys(lines)
    .filter((line) => line.startsWith(settleLine('')))
    .filter((line) => !['SUCCESS', 'FAIL'].includes(String(read(lines, line, 'platformFields')?.['status'])))
    .map((line) => line.slice(settleLine('').length));

/**
 * Asks guaranteed payment about an order: whether it is paid, and what became of each refund and settlement under way.
 * The trade system is asked whether it is paid.
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
  for (const number of pendingRefunds(lines)) {
    const asked = await askEcpay(account, call, 'query_refund', { out_refund_no: number }, (answer) =>
      readEcpayRefund(answer, number),
    );
    // One that the platform does not know was never done; the others are asked about all the same.
    if (asked.ok) facts.push(...asked.value);
    else if (asked.refusal.class !== 'final') return asked;
  }
  for (const number of pendingSettlements(lines)) {
    const asked = await askEcpay(account, call, 'query_settle', { out_settle_no: number }, (answer) =>
      readEcpaySettlement(answer, number),
    );
    if (asked.ok) facts.push(...asked.value);
    else if (asked.refusal.class !== 'final') return asked;
  }
  const [first, ...others] = aliases;
  if (facts.length > 0 && first !== undefined)
    reports.push({
      ...{ aliases: [first, ...others], kind: 'payment', at, stage: stageOf(facts), facts },
      // Asked for again, the later the longer it takes.
      ...(facts.some(isUnderWay) ? { doubt: 'result' } : {}),
    });
  return { ok: true, value: reports };
}

/** One question of the trade system, which the account's access token vouches for. */
async function readTradeTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const { aliases } = order;
  const orderId = numberOf(aliases, 'platform');
  const outOrderNo = numberOf(aliases, 'merchant');
  const about = orderId === undefined ? { out_order_no: outOrderNo } : { order_id: orderId };
  if (orderId === undefined && outOrderNo === undefined) return refused('final', 'no_number', 'It has no number.');
  const token = await order.accessToken?.();
  if (token === undefined) return refused('alert', 'no_token', 'The account has no access token.');
  if (!token.ok) return token;
  const answered = readAnswer('trade', await call(tradeRequest(account, 'order_query', about, token.value)));
  if (answered.kind === 'refused') return { ok: false, refusal: answered.refusal };
  if (answered.kind === 'unknown') return refused('retry', 'unknown', answered.reason);
  const said = readTradePayment(answered.fields, aliases, at, account);
  return said.ok ? { ok: true, value: [said.value.report] } : refused('final', 'unreadable_answer', said.reason);
}

const isUnderWay = (fact: Fact): boolean =>
  (fact.register === 'refund' && fact.value.state === 'requested') ||
  (fact.register === 'platformFields' && ['INIT', 'PROCESSING'].includes(String(fact.value['status'])));

/** As callbacks have it: the further statement of one moment wins. */
const stageOf = (facts: readonly Fact[]): number =>
  Math.max(
    0,
    ...facts.map((fact) => {
      if (fact.register === 'refund') return REFUND_RANKS[fact.value.state];
      const status = fact.register === 'platformFields' ? String(fact.value['status']) : '';
      return SETTLEMENTS[status]?.stage ?? 0;
    }),
  );

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
