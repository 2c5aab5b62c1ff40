import type { Accepted } from '../../core/accept.ts';
import type { Parsed, Reply } from '../../core/connector.ts';
import type { OrderKind, RegisterRules } from '../../core/fact.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { WHOLE } from '../../core/registers.ts';
import type { Fulfilment } from '../../core/registers.ts';
import type { Notice } from './signature.ts';

interface NoticeRow {
  readonly kind: OrderKind;
  readonly number: string;
  readonly status: string;
}

/** `notify_type` of a notice, and the fields in which each says its number and status. */
export const NOTICES = {
  OUT_TRADE_AUDIT: { kind: 'supply', number: 'trade_no', status: 'trade_status' },
  IN_STOCK_AUDIT: { kind: 'stock_in', number: 'instock_no', status: 'instock_status' },
} as const satisfies Record<string, NoticeRow>;

/** Both statuses have the same two values. A refusal by the auditor has none: it would be shown, never guessed. */
export const STATUSES: Readonly<Record<string, { readonly fulfilment: Fulfilment; readonly stage: number }>> = {
  1: { fulfilment: 'none', stage: 1 },
  2: { fulfilment: 'accepted', stage: 2 },
};

/** An approval does not revert. The fields follow the stage: a notice's only time is that of its sending. */
export const registers: RegisterRules = {
  fulfilment: { by: 'rank', ranks: { none: 0, accepted: 1 } },
  platformFields: { by: 'time' },
  // Of a trade that was made here: said once, and by nobody else.
  items: { by: 'time' },
  customer: { by: 'time' },
  placedAt: { by: 'rank', ranks: 'lowest' },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1 } },
  closedAt: { by: 'time' },
};

const MAX_NUMBER = 64;

/** Turns a verified notice into one report about its order or stock-in, or says which field it could not read. */
export function parse({ content }: Accepted<Notice>): Parsed {
  const data = JsonReader.over('request_data', content.request_data);
  if (data === undefined) return { kind: 'unrecognised', reason: 'request_data is not a JSON object' };
  const type = typeOf(data);
  if (type === undefined) return { kind: 'unrecognised', reason: data.fault ?? 'notify_type is missing' };
  const { kind, number, status } = NOTICES[type];
  const value = data.text(number, MAX_NUMBER) ?? data.wrong(number, 'is missing');
  const row = data.oneOf(status, STATUSES);
  data.text('message');
  if (value === undefined || row === undefined || data.fault !== undefined) {
    return { kind: 'unrecognised', reason: data.fault ?? 'the notice is not complete' };
  }
  const report = {
    aliases: [{ kind: 'platform', value }],
    kind,
    // Without the timestamp: a resend may renew it, and every resend for an hour is one and the same statement.
    key: [content.appid, type, value, row.stage].join('/'),
    at: null,
    stage: row.stage,
    facts: [
      { line: WHOLE, register: 'fulfilment', value: row.fulfilment },
      { line: WHOLE, register: 'platformFields', value: data.raw(['notify_type', status, 'message']) },
    ],
  } as const;
  return { kind: 'reports', reports: [report] };
}

/** The older format has no `notify_type` and tells only of orders. */
function typeOf(data: JsonReader): keyof typeof NOTICES | undefined {
  const text = data.text('notify_type', MAX_NUMBER);
  if (text === undefined)
    return data.fault === undefined && data.text('trade_no') !== undefined ? 'OUT_TRADE_AUDIT' : undefined;
  if (text === 'OUT_TRADE_AUDIT' || text === 'IN_STOCK_AUDIT') return text;
  return data.wrong('notify_type', `${JSON.stringify(text)} is not known`);
}

const text = (body: string): Reply => ({ status: 200, contentType: 'text/plain; charset=utf-8', body });
const STORED = text('SUCCESS');
const REJECTED = text('ERROR,signature');

/** The seven letters and nothing else; a refusal begins with ERROR, as in the vendor's sample handler. */
export function reply(outcome: 'stored' | 'rejected'): Reply {
  return outcome === 'stored' ? STORED : REJECTED;
}
