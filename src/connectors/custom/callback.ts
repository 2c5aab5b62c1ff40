import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import type { Parsed, Reply } from '../../core/connector.ts';
import type { RegisterRules } from '../../core/fact.ts';
import { decodeUtf8 } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, furthest } from '../../core/register-rules.ts';
import { jsonReply } from '../../core/replies.ts';
import { told, unrecognised } from '../../core/saying.ts';
import { plausibleTime } from '../../core/time.ts';
import { readOrder } from './order-shape.ts';
import type { Signed } from './signature.ts';

/**
 * Your code knows the whole order, so its younger word wins, forwards and backwards; ranks only part two words of the
 * same moment. A refund is the exception: once it succeeded it stays so.
 */
export const registers: RegisterRules = {
  fulfilment: { by: 'time', ranks: { none: 0, accepted: 1, preparing: 2, delivering: 3, delivered: 4, failed: 5 } },
  lifecycle: { by: 'time', ranks: { open: 0, completed: 1, expired: 2, cancelled: 3 } },
  ...furthest('refund'),
  ...byTime('payment', 'settlement', 'money.original', 'money.total', 'money.paid', 'money.commission', 'fees'),
  ...byTime('flag.risk', 'flag.refund_requested', 'flag.cancel_requested', 'flag.delivery_trouble', 'flag.reminder'),
  ...byTime('items', 'sid', 'store', 'displayId', 'placedAt', 'paidAt', 'completedAt', 'closedAt', 'acceptBy'),
  ...byTime('takeaway', 'customer', 'note', 'rider', 'invoice', 'platformFields'),
};

/** Turns a verified body into one report about its order, or names the first field that it could not read. */
export function parse({ request, content }: Accepted<Signed>): Parsed {
  const reader = JsonReader.over(decodeUtf8(request.body));
  if (reader === undefined) return tellSender(unrecognised('the body is not a JSON object in UTF-8'));
  const { aliases, kind, at, facts } = readOrder(reader);
  // An older sending that comes late must not win, so `at` is better; the signed time is the next best.
  const time = at ?? plausibleTime(content.signedAt);
  if (time === undefined) reader.wrong('webhook-timestamp', 'is not a time between the years 2000 and 2200');
  return tellSender(told(reader, { aliases, kind, at: time ?? 0, facts }));
}

/** Answered as stored, because it is; the sender is told what was not understood. */
const tellSender = (parsed: Parsed): Parsed =>
  parsed.kind === 'unrecognised' ? { ...parsed, replyData: { unrecognised: parsed.reason } } : parsed;

/** 401 and not 400: what is wrong is the signature, and sending it again unchanged is no use. */
export function reply(outcome: 'stored' | 'rejected', _request: CallbackRequest, data?: Json): Reply {
  if (outcome === 'rejected') return jsonReply('{"ok":false,"error":"signature"}', 401);
  return jsonReply(JSON.stringify({ ok: true, ...(data as { readonly unrecognised: string } | undefined) }));
}
