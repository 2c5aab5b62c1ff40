import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { Parsed, Reply } from '../../core/connector.ts';
import type { RegisterRules } from '../../core/fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { PAYMENT_RANKS, RAISED_RANKS, REFUND_RANKS, SETTLEMENT_RANKS } from '../../core/registers.ts';
import { plausibleTime } from '../../core/time.ts';
import { readOrder } from './order-shape.ts';
import type { Signed } from './signature.ts';

/**
 * Your code knows the whole order, so its younger word wins, forwards and backwards; ranks only part two words of the
 * same moment. A refund is the exception: once it succeeded it stays so.
 */
export const registers: RegisterRules = {
  payment: { by: 'time', ranks: PAYMENT_RANKS },
  fulfilment: { by: 'time', ranks: { none: 0, accepted: 1, preparing: 2, delivering: 3, delivered: 4, failed: 5 } },
  lifecycle: { by: 'time', ranks: { open: 0, completed: 1, expired: 2, cancelled: 3 } },
  settlement: { by: 'time', ranks: SETTLEMENT_RANKS },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'flag.risk': { by: 'time', ranks: RAISED_RANKS },
  'flag.refund_requested': { by: 'time', ranks: RAISED_RANKS },
  'flag.cancel_requested': { by: 'time', ranks: RAISED_RANKS },
  'flag.delivery_trouble': { by: 'time', ranks: RAISED_RANKS },
  'flag.reminder': { by: 'time', ranks: RAISED_RANKS },
  'money.original': { by: 'time' },
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  'money.commission': { by: 'time' },
  fees: { by: 'time' },
  items: { by: 'time' },
  sid: { by: 'time' },
  store: { by: 'time' },
  displayId: { by: 'time' },
  placedAt: { by: 'time' },
  paidAt: { by: 'time' },
  completedAt: { by: 'time' },
  closedAt: { by: 'time' },
  acceptBy: { by: 'time' },
  takeaway: { by: 'time' },
  customer: { by: 'time' },
  note: { by: 'time' },
  rider: { by: 'time' },
  invoice: { by: 'time' },
  platformFields: { by: 'time' },
};

/** Turns a verified body into one report about its order, or names the first field that it could not read. */
export function parse({ request, content }: Accepted<Signed>): Parsed {
  const fields = parseLossless(decodeUtf8(request.body) ?? '');
  if (!isLosslessObject(fields)) return unrecognised('the body is not a JSON object in UTF-8');
  const reader = new JsonReader(fields);
  const { platformOrderId, merchantOrderId, kind, at, facts } = readOrder(reader);
  // An older sending that comes late must not win, so `at` is better; the signed time is the next best.
  const time = at ?? plausibleTime(content.signedAt);
  if (reader.fault !== undefined) return unrecognised(reader.fault);
  if (platformOrderId === undefined || kind === undefined || time === undefined) {
    return unrecognised('webhook-timestamp is not a time between the years 2000 and 2200');
  }
  const named = merchantOrderId === undefined ? [] : [{ kind: 'merchant', value: merchantOrderId } as const];
  return {
    kind: 'reports',
    reports: [{ aliases: [{ kind: 'platform', value: platformOrderId }, ...named], kind, at: time, facts }],
  };
}

/** Answered as stored, because it is; the sender is told what was not understood. */
const unrecognised = (reason: string): Parsed => ({
  kind: 'unrecognised',
  reason,
  replyData: { unrecognised: reason },
});

/** 401 and not 400: what is wrong is the signature, and sending it again unchanged is no use. */
export function reply(outcome: 'stored' | 'rejected', _request: CallbackRequest, data?: Json): Reply {
  if (outcome === 'rejected') return jsonReply('{"ok":false,"error":"signature"}', 401);
  return jsonReply(JSON.stringify({ ok: true, ...(data as { readonly unrecognised: string } | undefined) }));
}
