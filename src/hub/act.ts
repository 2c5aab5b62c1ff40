import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { ActionState } from '../store/actions.ts';
import { lockClock } from '../store/events.ts';
import { findWishOfOrder } from '../store/order-wishes.ts';
import type { Tx } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { specOf, storeIntent } from './act-intent.ts';
import type { HubContext } from './context.ts';
import { readVisibleOrder } from './read-orders.ts';

export interface ActionWish {
  readonly action: string;
  readonly params: Readonly<Record<string, Json>>;
}

/**
 * Stores the intent to do something to an order at its platform; a worker does it, unless it is done at once. Runs in
 * `tx`; the wakes are the caller's after the commit (see `storeIntent`).
 *
 * Errors: `order_not_found`, `account_not_found`, `action_unknown`, `account_observes`, `account_paused`, and those of
 * `storeIntent`.
 */
export async function requestAction(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  orderId: string,
  wish: ActionWish,
  tx: Tx,
): Promise<{ readonly id: string; readonly state: ActionState }> {
  const visible = await readVisibleOrder(ctx, principal, orderId);
  const account = await deps.accounts.find(visible.account_id);
  if (account === undefined) throw new HuidanError('account_not_found');
  // A name that means nothing is told as such in every mode: going live would not mend it.
  specOf(account, { action: wish.action, own: false });
  requireLive(account);
  await lockClock(tx, account.row.id);
  if (wish.action === 'paid') await requireNoPayment(tx, account, orderId);
  const intent = { ...wish, cause: null, askedBy: principal.id, own: false };
  const { id, state } = await storeIntent(ctx, tx, account, orderId, intent);
  return { id, state };
}

/**
 * An order that is paid at another account is paid there alone: were the shop to take the money too, the customer could
 * still pay the other one, and nobody would ever be told that it came twice. Error: `action_refused`.
 */
async function requireNoPayment(tx: Tx, account: KnownAccount, orderId: string): Promise<void> {
  // The wish, and not the payment itself: that is made only once the goods are held.
  const payer = (await findWishOfOrder(tx, account.row.id, orderId))?.paymentAccount ?? null;
  if (payer !== null) throw new HuidanError('action_refused', `It is paid at the account ${payer}.`);
}

/** Errors: `account_observes`, `account_paused`. */
export function requireLive({ row }: KnownAccount): void {
  if (row.mode === 'observe') throw new HuidanError('account_observes');
  if (row.mode === 'paused') throw new HuidanError('account_paused');
}
