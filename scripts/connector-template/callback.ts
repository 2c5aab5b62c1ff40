import type { Accepted } from '../../src/core/accept.ts';
import { jsonReply } from '../../src/core/connector.ts';
import type { Parsed, Reply } from '../../src/core/connector.ts';
import type { Fact, RegisterRules } from '../../src/core/fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from '../../src/core/json.ts';
import { JsonReader } from '../../src/core/json-reader.ts';
import { PAYMENT_RANKS, WHOLE } from '../../src/core/registers.ts';
import type { Lifecycle, Payment } from '../../src/core/registers.ts';

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

/** `rank` where a terminal statement never reverts, `time` where the younger statement replaces the older. */
export const registers: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  platformFields: { by: 'time' },
};

const MAX_NUMBER = 64;

/** Turns a verified notice into one report about its order, or names the first field that it could not read. */
export function parse({ request }: Accepted<null>): Parsed {
  const fields = parseLossless(decodeUtf8(request.body) ?? '');
  if (!isLosslessObject(fields)) return { kind: 'unrecognised', reason: 'the body is not a JSON object' };
  const notice = new JsonReader(fields);
  const number = notice.text('order_no', MAX_NUMBER) ?? notice.wrong('order_no', 'is missing');
  const row = notice.oneOf('status', STATUSES);
  const at = notice.time('updated_at') ?? notice.wrong('updated_at', 'is missing');
  const total = notice.yuan('amount');
  const platformFields = notice.raw(['status']);
  if (number === undefined || row === undefined || at === undefined || notice.fault !== undefined) {
    return { kind: 'unrecognised', reason: notice.fault ?? 'the notice is not complete' };
  }
  const { payment, lifecycle } = row;
  const facts: Fact[] = [{ line: WHOLE, register: 'platformFields', value: platformFields }];
  if (payment !== undefined) facts.push({ line: WHOLE, register: 'payment', value: payment });
  if (lifecycle !== undefined) facts.push({ line: WHOLE, register: 'lifecycle', value: lifecycle });
  if (total !== undefined) facts.push({ line: WHOLE, register: 'money.total', value: total });
  if (total !== undefined && payment !== undefined) facts.push({ line: WHOLE, register: 'money.paid', value: total });
  return { kind: 'reports', reports: [{ aliases: [{ kind: 'platform', value: number }], kind: 'payment', at, facts }] };
}

const STORED = jsonReply('{"code":0}');
const REJECTED = jsonReply('{"code":401}', 401);

/** The platform's own acknowledgement, byte for byte. */
export function reply(outcome: 'stored' | 'rejected'): Reply {
  return outcome === 'stored' ? STORED : REJECTED;
}
