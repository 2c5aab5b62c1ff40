import { read } from '../../core/fact.ts';
import type { Lines } from '../../core/fact.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import { refundLine } from '../../core/registers.ts';
import { REFUND_NOTICE_LINES } from './callback.ts';

const IS_WHOLE = '2';
const PREFIX = refundLine('');
const NOTICES: ReadonlySet<string> = new Set(Object.values(REFUND_NOTICE_LINES));

/** A refund's number is its `refund_id`; answers without one tell refunds apart by their kind and time. */
export function refundNumber(entry: JsonReader): string {
  const kind = entry.text('refund_type') === IS_WHOLE ? 2 : 1;
  return entry.number('refund_id') ?? `${kind}-${Math.floor((entry.time('refund_apply_time') ?? 0) / 1000)}`;
}

/**
 * The number of the refund that waits for the merchant. None after a push until the platform's list was read: a push says
 * that something is asked for, and not under which number.
 */
export function openRefund(lines: Lines): string | undefined {
  const open = Object.keys(lines).filter(
    (line) => line.startsWith(PREFIX) && read(lines, line, 'refund')?.state === 'requested',
  );
  const [only] = open;
  return only === undefined || open.length > 1 || NOTICES.has(only) ? undefined : only.slice(PREFIX.length);
}
