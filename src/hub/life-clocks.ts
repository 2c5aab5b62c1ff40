import type { OrderJson } from '../core/order-json.ts';
import { lifeSettings } from '../core/lives/life-settings.ts';
import { LIVES, lookAfterChange } from '../core/lives/lives.ts';
import type { OrderClock } from '../store/order-clocks.ts';
import type { KnownAccount } from './account-directory.ts';

/** The clock by which an order's life is looked at. */
export const LIFE_CLOCK = 'life:next';

/**
 * The clocks of orders that have just changed, set in the transaction that changed them. Promoted orders have no life, so
 * their callbacks cost nothing here.
 */
export function lifeClocks(
  { view }: Pick<KnownAccount, 'view'>,
  changed: readonly OrderJson[],
  now: Date,
): readonly OrderClock[] {
  const clocks = new Map<string, OrderClock>();
  for (const order of changed) {
    if (LIVES[order.kind] === undefined) continue;
    const lookAt = lookAfterChange(order, now.getTime());
    if (lookAt === undefined) continue;
    clocks.set(order.id, { orderId: order.id, kind: LIFE_CLOCK, dueAt: new Date(lookAt) });
  }
  if (clocks.size === 0 || !lifeSettings(view.settings).isOn) return [];
  return [...clocks.values()];
}

/** The clock that the end of an action sets; none where the life does not go by actions. */
export function clockAfterAction(
  { view }: Pick<KnownAccount, 'view'>,
  order: Pick<OrderJson, 'id' | 'kind'>,
  now: Date,
): readonly OrderClock[] {
  const isFollowed = LIVES[order.kind]?.followsActions === true && lifeSettings(view.settings).isOn;
  return isFollowed ? [{ orderId: order.id, kind: LIFE_CLOCK, dueAt: now }] : [];
}
