import type { Accepted } from '../../core/accept.ts';
import type { Parsed } from '../../core/connector.ts';
import type { Fact, RegisterRules, Report } from '../../core/fact.ts';
import { decodeUtf8 } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { ANSWER_ENDS_DOUBT, byTime, firstOf, furthest } from '../../core/register-rules.ts';
import { partLine } from '../../core/registers.ts';
import { fixedReplies, textReply } from '../../core/replies.ts';
import { aliasesOf, factsOn, told, wholeFacts } from '../../core/saying.ts';
import type { TokenContent } from './signature.ts';
import { REPORT_RESULTS } from './statuses.ts';

/**
 * A query's answer always beats a report, which is provisional and carries no time; of two answers the younger counts.
 * Of two reports about one record the better one does: a machine that was given up may still answer.
 */
export const registers: RegisterRules = {
  ...furthest('payment', 'refund'),
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, expired: 2, completed: 3 } },
  fulfilment: { by: 'time', ranks: { none: 0, delivering: 1, failed: 2, delivered: 3 } },
  ...byTime('flag.cancel_requested', 'flag.delivery_trouble', 'flag.refund_requested'),
  ...byTime('money.total', 'money.paid', 'items', 'parts', 'store', 'platformFields'),
  ...firstOf('placedAt', 'paidAt', 'closedAt'),
  ...ANSWER_ENDS_DOUBT,
};

export const DISPENSE_REPORT = 'device.delivery.response';
const DETAILS = ['deliver_status', 'floor_status', 'error_msg', 'fail_reason'] as const;

/**
 * Reads a dispense report (sheet, 4.5). Anything else at an order's address (expired, unpaid, not found: bodies that no
 * document describes) says only that the platform is to be asked.
 */
export function parse({ request, content }: Accepted<TokenContent>): Parsed {
  const body = JsonReader.over(decodeUtf8(request.body)) ?? new JsonReader(new Map());
  const said = readReport(body);
  const heard = { at: request.receivedAt, content, orderId: said?.orderId };
  if (said?.recordId === undefined) return told(body, doubtAbout(heard, []));
  const line = partLine(said.recordId);
  const facts = [
    // The platform dispenses nothing that is not paid or bought with a pick-up code; and the line of the whole order
    // speaks for the records that are not heard of yet.
    ...wholeFacts({ payment: 'paid', fulfilment: 'delivering' }),
    ...factsOn(line, { fulfilment: said.result }),
  ];
  const hint: Report = { aliases: numbersOf(heard), kind: 'vending', at: null, final: false, facts };
  return told(body, hint, doubtAbout(heard, factsOn(line, { platformFields: said.details })));
}

interface Heard {
  readonly at: number;
  readonly content: TokenContent;
  readonly orderId: string | undefined;
}

const numbersOf = ({ content, orderId }: Heard): Report['aliases'] =>
  aliasesOf({ platform: orderId, merchant: content.tradeId });

/** Every report is confirmed by a query before anything is given back. */
const doubtAbout = (heard: Heard, facts: readonly Fact[]): Report => ({
  aliases: numbersOf(heard),
  kind: 'vending',
  at: heard.at,
  doubt: 'dispense',
  // The store is our own word, from the address: the query wants the machine's number.
  facts: [...wholeFacts({ 'flag.doubt': true, store: { ref: heard.content.machineNo, name: null } }), ...facts],
});

function readReport(body: JsonReader) {
  const method = body.text('method', 64);
  const orderId = body.number('order_id');
  const recordId = body.number('record_id');
  if (method !== undefined && method !== DISPENSE_REPORT)
    return body.wrong('method', `${JSON.stringify(method)} is not known`);
  if (method === undefined || orderId === undefined || recordId === undefined) return { orderId };
  // A zero may be left out (protobuf rule).
  const isTold = body.text('deliver_status') !== undefined;
  const result = isTold ? body.oneOf('deliver_status', REPORT_RESULTS) : REPORT_RESULTS['0'];
  return { orderId, recordId, result, details: body.raw(DETAILS) };
}

/** The status alone counts; no body is prescribed. */
export const reply = fixedReplies(textReply('ok'), textReply('not found', 404));
