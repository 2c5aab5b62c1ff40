import type { Alias, Fact, Lines, Report } from '../../core/fact.ts';
import { read } from '../../core/fact.ts';
import { isLosslessObject, parseLossless } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { FieldNames, JsonReader } from '../../core/json-reader.ts';
import { dueLine, refundLine, REFUND_RANKS } from '../../core/registers.ts';
import type { RegisterValues } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { topicFacts, whole } from '../../core/saying.ts';
import { REFUNDS, SETTLEMENTS } from './callback.ts';
import { isLastSettlement, settleLine } from './order-numbers.ts';

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** What a query says of a payment, and under which word. */
export interface ReadPayment {
  readonly report: Report;
  readonly status: string;
}

export const objectOf = (value: unknown): LosslessObject | undefined => {
  const inner = typeof value === 'string' ? parseLossless(value) : value;
  return isLosslessObject(inner as never) ? (inner as LosslessObject) : undefined;
};

export function joined(
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

export const paidFacts = (
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

export function unpaidReport(
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

export function refundFacts(
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

/** What an answer says of a settlement, on its own line. */
export function settlementFacts(fields: JsonReader, number: string): Read<readonly Fact[]> {
  const status = fields.text('settle_status') ?? '';
  const row = Object.hasOwn(SETTLEMENTS, status) ? SETTLEMENTS[status] : undefined;
  const kept = fields.kept([
    'settle_no',
    'settle_id',
    'settle_amount',
    'settle_detail',
    'rake',
    'commission',
    'message',
  ]);
  if (fields.fault !== undefined) return { ok: false, reason: fields.fault };
  if (row === undefined)
    return { ok: false, reason: `settle_status ${JSON.stringify(status.slice(0, 32))} is not known` };
  const facts: Fact[] = [{ line: settleLine(number), register: 'platformFields', value: { status, ...kept } }];
  if (row.says.settlement === 'settled' && isLastSettlement(number)) facts.push(whole('settlement', 'settled'));
  return { ok: true, value: facts };
}

/** The numbers of an order's refunds that are under way, or of all that are known; what is due has no number yet. */
export const refundNumbers = (lines: Lines, isWhole: boolean): readonly string[] =>
  Object.keys(lines)
    .filter((line) => line.startsWith(refundLine('')) && !line.startsWith(dueLine('')))
    .filter((line) => isWhole || read(lines, line, 'refund')?.state === 'requested')
    .map((line) => line.slice(refundLine('').length));

export const settlementNumbers = (lines: Lines, isWhole: boolean): readonly string[] =>
  Object.keys(lines)
    .filter((line) => line.startsWith(settleLine('')))
    .filter((line) => isWhole || !['SUCCESS', 'FAIL'].includes(String(read(lines, line, 'platformFields')?.['status'])))
    .map((line) => line.slice(settleLine('').length));

/** What became of refunds and settlements, as one statement; it is asked for again, the later the longer it takes. */
export function movesReport(aliases: readonly Alias[], at: TimeMs, facts: readonly Fact[]): readonly Report[] {
  const [first, ...others] = aliases;
  if (facts.length === 0 || first === undefined) return [];
  const doubt = facts.some(isUnderWay) ? { doubt: 'result' } : {};
  return [{ aliases: [first, ...others], kind: 'payment', at, stage: stageOf(facts), facts, ...doubt }];
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
