import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Alias, Fact, Report } from '../../core/fact.ts';
import { isLosslessObject } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { refundNumberFor } from './callback.ts';
import { readAnswer, refused, tradeRequest } from './client.ts';
import { numberOf } from './order-numbers.ts';
import {
  joined,
  movesReport,
  objectOf,
  paidFacts,
  refundFacts,
  settlementFacts,
  unpaidReport,
} from './told-payment.ts';
import type { Read, ReadPayment } from './told-payment.ts';

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

/**
 * Asks the trade system about an order, which the account's access token vouches for: whether it is paid, and of a paid one
 * all its refunds and settlements, which that system lists by the order. So a refund that the user asked for, and of which no
 * callback came, is found too.
 */
export async function readTradeTruth(
  account: AccountView,
  call: CallPlatform,
  { aliases, accessToken }: Pick<OrderToRead, 'aliases' | 'accessToken'>,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const orderId = numberOf(aliases, 'platform');
  const outOrderNo = numberOf(aliases, 'merchant');
  if (orderId === undefined && outOrderNo === undefined) return refused('final', 'no_number', 'It has no number.');
  const token = await accessToken?.();
  if (token === undefined) return refused('alert', 'no_token', 'The account has no access token.');
  if (!token.ok) return token;
  const ask = async <T>(
    name: string,
    about: Readonly<Record<string, string | undefined>>,
    readIt: (answer: LosslessObject) => Read<T>,
  ): Promise<PlatformResult<T>> => {
    const answered = readAnswer('trade', await call(tradeRequest(account, name, about, token.value)));
    if (answered.kind === 'refused') return { ok: false, refusal: answered.refusal };
    if (answered.kind === 'unknown') return refused('retry', 'unknown', answered.reason);
    const said = readIt(answered.fields);
    return said.ok ? said : refused('final', 'unreadable_answer', said.reason);
  };
  const about = orderId === undefined ? { out_order_no: outOrderNo } : { order_id: orderId };
  const paid = await ask('order_query', about, (answer) => readTradePayment(answer, aliases, at, account));
  if (!paid.ok) return paid;
  const { report, status } = paid.value;
  const theirs = numberOf(report.aliases, 'platform');
  if (status !== 'SUCCESS' || theirs === undefined) return { ok: true, value: [report] };
  const facts: Fact[] = [];
  for (const [name, readIt] of [
    ['refund_query', readTradeRefunds],
    ['settle_query', readTradeSettlements],
  ] as const) {
    const asked = await ask(name, { order_id: theirs }, readIt);
    // An order without any is refused as one that there is not; what is said of the payment holds all the same.
    if (asked.ok) facts.push(...asked.value);
    else if (asked.refusal.class !== 'final') return asked;
  }
  return { ok: true, value: [report, ...movesReport(report.aliases, at, facts)] };
}

const entriesOf = (list: Lossless | undefined): readonly JsonReader[] =>
  (Array.isArray(list) ? (list as readonly Lossless[]) : list === undefined ? [] : [list])
    .filter(isLosslessObject)
    .map((entry) => new JsonReader(entry));

/**
 * `refund_query` by the order: `data.refund_list`, each with `out_refund_no`, `refund_id`, `refund_status`,
 * `refund_total_amount`. A refund in a state that is not known is left as it is.
 */
export function readTradeRefunds(answer: LosslessObject): Read<readonly Fact[]> {
  const data = objectOf(answer.get('data'));
  if (data === undefined) return { ok: false, reason: 'data is missing' };
  const facts = entriesOf(data.get('refund_list')).flatMap((fields) => {
    const [own, theirs] = [fields.text('out_refund_no', 64), fields.text('refund_id', 64)];
    const number = own ?? (theirs === undefined ? undefined : refundNumberFor(theirs));
    if (number === undefined) return [];
    const said = refundFacts(fields, number, 'refund_status', ['refund_total_amount', 'refund_amount'], 'message');
    return said.ok ? said.value : [];
  });
  return { ok: true, value: facts };
}

/** `settle_query` by the order: `data` is a list (one, in older texts), each with `out_settle_no` and `settle_status`. */
export function readTradeSettlements(answer: LosslessObject): Read<readonly Fact[]> {
  const facts = entriesOf(answer.get('data')).flatMap((fields) => {
    const number = fields.text('out_settle_no', 64);
    const said = number === undefined ? undefined : settlementFacts(fields, number);
    return said?.ok === true ? said.value : [];
  });
  return { ok: true, value: facts };
}
