import type { ActionRequest } from '../../core/action.ts';
import { read } from '../../core/fact.ts';
import type { Lines } from '../../core/fact.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { maskNote } from '../../core/mask.ts';
import { WHOLE } from '../../core/registers.ts';
import type { RegisterValues } from '../../core/registers.ts';
import { answeredRequest } from '../../core/takeaway-actions.ts';
import { requestLine } from '../../core/takeaway-order.ts';
import type { RequestKind as Kind } from '../../core/takeaway-order.ts';

type Said = RegisterValues['platformFields'];

/** What the youngest request's own message said, and its name; undefined: that message did not come, or told no time. */
function toldOf(lines: Lines, kind: Kind): { readonly name: string; readonly said: Said } | undefined {
  const said = read(lines, requestLine(kind), 'platformFields');
  const second = said?.['request.updateTime'];
  return said !== undefined && typeof second === 'string' ? { name: `${kind}-${second}`, said } : undefined;
}

const isOpen = (lines: Lines, kind: Kind): boolean => read(lines, WHOLE, `flag.${kind}_requested`) === true;
const openKind = (lines: Lines): Kind => (isOpen(lines, 'refund') ? 'refund' : 'cancel');

/**
 * The name of the open request. None where a list showed it: between its message and that list one request may have ended
 * and the next begun.
 */
export function openRequest(lines: Lines): string | undefined {
  const kind = openKind(lines);
  const told = toldOf(lines, kind);
  const toldAt = lines[requestLine(kind)]?.platformFields?.t;
  return isOpen(lines, kind) && lines[WHOLE]?.[`flag.${kind}_requested`]?.t === toldAt ? told?.name : undefined;
}

/**
 * Whether the open request that `getRefundOrder` answers is the one that was answered: no message told of another since,
 * and it asks for the same with the same words. Two that are the same in all of it are one decision to whoever made it.
 */
export function isAnsweredRequest(request: ActionRequest, body: JsonReader): boolean {
  const { lines = {} } = request.order;
  const kind = openKind(lines);
  const told = toldOf(lines, kind);
  if (!isOpen(lines, kind) || told === undefined || told.name !== answeredRequest(request)) return false;
  const { 'request.refundType': extent, 'request.totalPrice': amount, 'request.reason': reason } = told.said;
  const now = { extent: body.text('refundType'), amount: body.roundedYuan('totalPrice') };
  const words = body.text(['applyRefundReason', 'reason']);
  if (typeof reason !== 'string' || words === undefined || maskNote(words) !== reason) return false;
  // A request to cancel is about everything, and so need not name a sum.
  if (kind === 'cancel' && extent === undefined && amount === undefined) return true;
  const asked = typeof amount === 'string' ? new JsonReader(new Map([['amount', amount]])).roundedYuan('amount') : null;
  return asked === now.amount && (extent ?? 'part') === (now.extent ?? 'part');
}
