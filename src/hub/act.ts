import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { ActionState } from '../store/actions.ts';
import { lockClock } from '../store/events.ts';
import type { Tx } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { storeIntent } from './act-intent.ts';
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
 * Errors: `order_not_found`, `account_not_found`, `account_observes`, `account_paused`, and those of `storeIntent`.
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
  requireLive(account);
  await lockClock(tx, account.row.id);
  const intent = { ...wish, cause: null, askedBy: principal.id, own: false };
  const { id, state } = await storeIntent(ctx, tx, account, orderId, intent);
  return { id, state };
}

/** Errors: `account_observes`, `account_paused`. */
export function requireLive({ row }: KnownAccount): void {
  if (row.mode === 'observe') throw new HuidanError('account_observes');
  if (row.mode === 'paused') throw new HuidanError('account_paused');
}
