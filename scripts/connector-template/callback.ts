import type { Accepted } from '../../src/core/accept.ts';
import { jsonReply } from '../../src/core/connector.ts';
import type { Parsed } from '../../src/core/connector.ts';
import type { RegisterRules } from '../../src/core/fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from '../../src/core/json.ts';
import { JsonReader } from '../../src/core/json-reader.ts';
import { byTime } from '../../src/core/register-rules.ts';
import { PAYMENT_RANKS } from '../../src/core/registers.ts';
import type { Lifecycle, Payment } from '../../src/core/registers.ts';
import { fixedReplies } from '../../src/core/replies.ts';
import { aboutOrders, unrecognised } from '../../src/core/verification.ts';
import { wholeFacts } from '../../src/core/whole-facts.ts';

interface StatusRow {
  readonly payment?: Payment;
  readonly lifecycle?: Lifecycle;
}

/** `status` of a notice. One that is not in the table is `unrecognised`: kept and shown, never guessed. */
export const STATUSES: Readonly<Record<string, StatusRow>> = {
  paid: { payment: 'paid' },
  completed: { payment: 'paid', lifecycle: 'completed' },
  cancelled: { lifecycle: 'cancelled' },
  refunded: { payment: 'refunded' },
};

/** `rank` where a terminal statement never reverts, by time where the younger statement replaces the older. */
export const registers: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
  ...byTime('money.total', 'money.paid', 'platformFields'),
};

const MAX_NUMBER = 64;

/** Turns a verified notice into one report about its order, or names the first field that it could not read. */
export function parse({ request }: Accepted<null>): Parsed {
  const fields = parseLossless(decodeUtf8(request.body) ?? '');
  if (!isLosslessObject(fields)) return unrecognised('the body is not a JSON object');
  const notice = new JsonReader(fields);
  const value = notice.text('order_no', MAX_NUMBER) ?? notice.missing('order_no') ?? '';
  const row = notice.oneOf('status', STATUSES);
  const total = notice.yuan('amount');
  // What is undefined is not said; a field that could not be read makes the whole notice unrecognised.
  const facts = wholeFacts({
    platformFields: notice.raw(['status']),
    payment: row?.payment,
    lifecycle: row?.lifecycle,
    'money.total': total,
    'money.paid': row?.payment === undefined ? undefined : total,
  });
  const at = notice.time('updated_at') ?? notice.missing('updated_at') ?? null;
  return aboutOrders(notice, { aliases: [{ kind: 'platform', value }], kind: 'payment', at, facts });
}

/** The platform's own acknowledgement, byte for byte. */
export const reply = fixedReplies(jsonReply('{"code":0}'), jsonReply('{"code":401}', 401));
