import type { Accepted } from '../../core/accept.ts';
import type { Parsed } from '../../core/connector.ts';
import type { OrderKind, RegisterRules } from '../../core/fact.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, firstOf } from '../../core/register-rules.ts';
import { fixedReplies, textReply } from '../../core/replies.ts';
import { told, unrecognised, wholeFacts } from '../../core/saying.ts';
import type { StatusRow, Table } from '../../core/saying.ts';
import type { Notice } from './signature.ts';

/** `notify_type` of a notice, and the fields in which each says its number and status. */
export const NOTICES = {
  OUT_TRADE_AUDIT: { kind: 'supply', number: 'trade_no', status: 'trade_status' },
  IN_STOCK_AUDIT: { kind: 'stock_in', number: 'instock_no', status: 'instock_status' },
} as const satisfies Table<{ kind: OrderKind; number: string; status: string }>;

/** Both statuses have the same two values. A refusal by the auditor has none: it would be shown, never guessed. */
export const STATUSES: Table<StatusRow> = {
  '1': { stage: 1, says: { fulfilment: 'none' } },
  '2': { stage: 2, says: { fulfilment: 'accepted' } },
};

/** An approval does not revert. The fields follow the stage: a notice's only time is that of its sending. */
export const registers: RegisterRules = {
  fulfilment: { by: 'rank', ranks: { none: 0, accepted: 1 } },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1 } },
  // Items and customer of a trade that was made here: said once, and by nobody else.
  ...byTime('platformFields', 'items', 'customer', 'closedAt'),
  ...firstOf('placedAt'),
};

const MAX_NUMBER = 64;

/** Turns a verified notice into one report about its order or stock-in, or says which field it could not read. */
export function parse({ content }: Accepted<Notice>): Parsed {
  const data = JsonReader.over(content.request_data, 'request_data.');
  if (data === undefined) return unrecognised('request_data is not a JSON object');
  // The older format has no `notify_type` and tells only of orders.
  const isOlder = !data.has('notify_type') && data.has('trade_no');
  const type = isOlder ? 'OUT_TRADE_AUDIT' : data.needed('notify_type', data.text('notify_type', MAX_NUMBER));
  const notice = isOlder ? NOTICES.OUT_TRADE_AUDIT : data.oneOf('notify_type', NOTICES);
  if (notice === undefined) return told(data);
  const { kind, number, status } = notice;
  const value = data.needed(number, data.text(number, MAX_NUMBER));
  const row = data.oneOf(status, STATUSES);
  data.text('message');
  return told(
    data,
    row && {
      aliases: [{ kind: 'platform', value }],
      kind,
      // Without the timestamp: a resend may renew it, and every resend for an hour is one and the same statement.
      key: [content.appid, type, value, row.stage].join('/'),
      at: null,
      stage: row.stage,
      facts: wholeFacts({ ...row.says, platformFields: data.raw(['notify_type', status, 'message']) }),
    },
  );
}

/** The seven letters and nothing else; a refusal begins with ERROR, as in the vendor's sample handler. */
export const reply = fixedReplies(textReply('SUCCESS'), textReply('ERROR,signature'));
