import { HuidanError } from '../core/errors.ts';
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
  await recordAudit(ctx, db, principal, {
    action: 'personal_data.revealed',
    subject: first,
    detail: { reason: wish.reason ?? '', ...(subjects.length === 1 ? {} : { subjects }) },
  });
}
