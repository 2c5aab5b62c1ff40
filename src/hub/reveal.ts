import { HuidanError } from '../core/errors.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { Queryable } from '../store/pool.ts';
import type { Principal } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';

/** A wish to see personal data, as the query says it. */
export interface RevealWish {
  readonly reveal?: 'personal' | undefined;
  readonly reason?: string | undefined;
}

/**
 * Whether personal data may be shown in this answer: only when it was asked for, by a key with the right, with a reason.
 * Errors: `forbidden`, `reveal_needs_reason`.
 */
export function mayReveal(principal: Principal, wish: RevealWish): boolean {
  if (wish.reveal === undefined) return false;
  if (!principal.reveal) throw new HuidanError('forbidden', 'It needs the right to reveal personal data.');
  if ((wish.reason ?? '').trim() === '') throw new HuidanError('reveal_needs_reason');
  return true;
}

/** What of orders may be shown: `live` only those that staff are at work on. */
export type OrderReveal = 'none' | 'live' | 'all';

/**
 * The same for orders. Staff, who signed in and are limited to shops or merchants, need no reason for the takeaway orders
 * that they are at work on: whoever packs a meal must read the door number. Errors: `forbidden`, `reveal_needs_reason`.
 */
export function orderReveal(principal: Principal, wish: RevealWish): OrderReveal {
  if (wish.reveal === undefined) return 'none';
  const isStaff = principal.role !== undefined && (principal.shops !== null || principal.merchants !== null);
  if (isStaff && principal.reveal && (wish.reason ?? '').trim() === '') return 'live';
  return mayReveal(principal, wish) ? 'all' : 'none';
}

const AT_WORK: ReadonlySet<OrderJson['status']> = new Set(['pending', 'paid', 'accepted', 'fulfilling']);

/** Whether somebody is still at work on the order. */
export const isLive = (order: Pick<OrderJson, 'kind' | 'status'>): boolean =>
  order.kind === 'takeaway' && AT_WORK.has(order.status);

/** Notes down whose personal data was shown to whom and why. Comes before the answer: unrecorded means unseen. */
export async function recordReveal(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  db: Queryable,
  principal: Principal,
  wish: RevealWish,
  subjects: readonly string[],
): Promise<void> {
  const [first] = subjects;
  if (first === undefined) return;
  const reason = (wish.reason ?? '').trim();
  await recordAudit(ctx, db, principal, {
    action: 'personal_data.revealed',
    subject: first,
    detail: { reason: reason === '' ? 'at work on it' : reason, ...(subjects.length === 1 ? {} : { subjects }) },
  });
}
