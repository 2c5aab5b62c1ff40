import type { Accepted } from '../../core/accept.ts';
import type { Parsed, Reply } from '../../core/connector.ts';
import type { Alias, Fact, RegisterRules, Report } from '../../core/fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { partLine, PAYMENT_RANKS, REFUND_RANKS, WHOLE } from '../../core/registers.ts';
import type { TokenContent } from './signature.ts';
import { REPORT_RESULTS } from './statuses.ts';

/**
 * A query's answer always beats a report, which is provisional and carries no time; of two answers the younger counts.
 * Of two reports about one record the better one does: a machine that was given up may still answer.
 */
export const registers: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, expired: 2, completed: 3 } },
  fulfilment: { by: 'time', ranks: { none: 0, delivering: 1, failed: 2, delivered: 3 } },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'flag.cancel_requested': { by: 'time' },
  'flag.delivery_trouble': { by: 'time' },
  // In the millisecond of a report the answer counts: it was asked for because of the report.
  'flag.doubt': { by: 'time', ranks: { true: 0, false: 1 } },
  'flag.refund_requested': { by: 'time' },
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  items: { by: 'time' },
  paidAt: { by: 'rank', ranks: 'lowest' },
  closedAt: { by: 'rank', ranks: 'lowest' },
  parts: { by: 'time' },
  store: { by: 'time' },
  placedAt: { by: 'rank', ranks: 'lowest' },
  platformFields: { by: 'time' },
};

export const DISPENSE_REPORT = 'device.delivery.response';
const DETAILS = ['deliver_status', 'floor_status', 'error_msg', 'fail_reason'] as const;

/**
 * Reads a dispense report (sheet, 4.5). Anything else at an order's address (expired, unpaid, not found: bodies that no
 * document describes) says only that the platform is to be asked.
 */
export function parse({ request, content }: Accepted<TokenContent>): Parsed {
  const value = parseLossless(decodeUtf8(request.body) ?? '');
  const body = isLosslessObject(value) ? new JsonReader(value) : undefined;
  const said = body === undefined ? undefined : readReport(body);
  if (body?.fault !== undefined) return { kind: 'unrecognised', reason: body.fault };
  const heard = { at: request.receivedAt, content, orderId: said?.orderId };
  if (said?.recordId === undefined) return { kind: 'reports', reports: [doubtAbout(heard, [])] };

  const line = partLine(said.recordId);
  const facts: Fact[] = [
    // The platform dispenses nothing that is not paid or bought with a pick-up code.
    { line: WHOLE, register: 'payment', value: 'paid' },
    // Speaks for the records that are not heard of yet.
    { line: WHOLE, register: 'fulfilment', value: 'delivering' },
    { line, register: 'fulfilment', value: said.result },
  ];
  const hint: Report = { aliases: aliasesOf(heard), kind: 'vending', at: null, final: false, facts };
  const details: Fact = { line, register: 'platformFields', value: said.details };
  return { kind: 'reports', reports: [hint, doubtAbout(heard, [details])] };
}

interface Heard {
  readonly at: number;
  readonly content: TokenContent;
  readonly orderId: string | undefined;
}

const aliasesOf = ({ content, orderId }: Heard): readonly [Alias, ...Alias[]] => {
  const ours: Alias = { kind: 'merchant', value: content.tradeId };
  return orderId === undefined ? [ours] : [{ kind: 'platform', value: orderId }, ours];
};

/** Every report is confirmed by a query before anything is given back. */
const doubtAbout = (heard: Heard, facts: readonly Fact[]): Report => ({
  aliases: aliasesOf(heard),
  kind: 'vending',
  at: heard.at,
  doubt: 'dispense',
  facts: [
    { line: WHOLE, register: 'flag.doubt', value: true },
    // Our own words, from the address: the query wants the machine's number.
    { line: WHOLE, register: 'store', value: { ref: heard.content.machineNo, name: null } },
    ...facts,
  ],
});

function readReport(body: JsonReader) {
  const method = body.text('method', 64);
  if (method !== undefined && method !== DISPENSE_REPORT) {
    body.wrong('method', `${JSON.stringify(method)} is not known`);
    return undefined;
  }
  const orderId = body.number('order_id');
  const recordId = body.number('record_id');
  if (method === undefined || orderId === undefined || recordId === undefined) return { orderId };
  const status = body.text('deliver_status', 64) ?? '0';
  const result = Object.hasOwn(REPORT_RESULTS, status) ? REPORT_RESULTS[status] : undefined;
  if (result === undefined) {
    body.wrong('deliver_status', `${JSON.stringify(status)} is not known`);
    return undefined;
  }
  return { orderId, recordId, result, details: body.raw(DETAILS) };
}

/** The status alone counts; no body is prescribed. */
export const reply = (outcome: 'stored' | 'rejected'): Reply => ({
  status: outcome === 'stored' ? 200 : 404,
  contentType: 'text/plain; charset=utf-8',
  body: outcome === 'stored' ? 'ok' : 'not found',
});
