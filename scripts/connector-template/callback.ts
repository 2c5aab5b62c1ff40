import type { Accepted } from '../../src/core/accept.ts';
import type { Parsed } from '../../src/core/connector.ts';
import type { RegisterRules } from '../../src/core/fact.ts';
import { decodeUtf8 } from '../../src/core/json.ts';
import { JsonReader } from '../../src/core/json-reader.ts';
import { byTime, furthest } from '../../src/core/register-rules.ts';
import { fixedReplies, jsonReply } from '../../src/core/replies.ts';
import { told, unrecognised, wholeFacts } from '../../src/core/saying.ts';
import type { StatusRow, Table } from '../../src/core/saying.ts';

/** `status` of a notice. One that is not in the table is `unrecognised`: kept and shown, never guessed. */
export const STATUSES: Table<StatusRow> = {
  paid: { stage: 1, says: { payment: 'paid' } },
  completed: { stage: 2, says: { payment: 'paid', lifecycle: 'completed' } },
  cancelled: { stage: 2, says: { lifecycle: 'cancelled' } },
  refunded: { stage: 3, says: { payment: 'refunded' } },
};

/** The furthest where a terminal statement never reverts, by time where the younger statement replaces the older. */
export const registers: RegisterRules = {
  ...furthest('payment'),
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
  ...byTime('money.total', 'money.paid', 'platformFields'),
};

const MAX_NUMBER = 64;

/** Turns a verified notice into one report about its order, or names the first field that it could not read. */
export function parse({ request }: Accepted<null>): Parsed {
  const notice = JsonReader.over(decodeUtf8(request.body));
  if (notice === undefined) return unrecognised('the body is not a JSON object');
  const value = notice.needed('order_no', notice.text('order_no', MAX_NUMBER));
  const row = notice.oneOf('status', STATUSES);
  const total = notice.yuan('amount');
  // What is undefined is not said; a field that could not be read makes the whole notice unrecognised.
  const facts = wholeFacts({
    platformFields: notice.raw(['status']),
    ...row?.says,
    'money.total': total,
    'money.paid': row?.says.payment === undefined ? undefined : total,
  });
  const at = notice.time('updated_at') ?? notice.missing('updated_at') ?? null;
  return told(notice, { aliases: [{ kind: 'platform', value }], kind: 'payment', at, stage: row?.stage ?? 0, facts });
}

/** The platform's own acknowledgement, byte for byte. */
export const reply = fixedReplies(jsonReply('{"code":0}'), jsonReply('{"code":401}', 401));
