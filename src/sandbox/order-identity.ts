import type { PlatformOrder } from '../core/sandbox.ts';
import { orderKey } from './ledger-state.ts';
import type { LedgerState } from './ledger-state.ts';

/** Numbers of all platforms are as long as this; shorter words are looked up for nothing. */
const NUMBERS = /[A-Za-z0-9]{5,64}/gu;

/**
 * The order that a call or a callback is about, by a name that it has in every run of a seed: the shop's own number of what
 * a customer ordered through the hub, or the place of a told order among its platform's. The platforms' numbers will not do,
 * they follow the clock and the order of arrival. Undefined where it names no order, or several.
 * @param made the orders that the hub made at the platform; asked for only where nothing else names one
 */
export function orderIdentityIn(
  state: Pick<LedgerState, 'shopperNumbers' | 'byPlatformOrderId'>,
  platform: string,
  made: () => readonly PlatformOrder[],
  ...texts: readonly string[]
): string | undefined {
  const words = new Set(texts.flatMap((text) => text.match(NUMBERS) ?? []));
  const own = [...words].filter((word) => state.shopperNumbers.has(word));
  if (own.length > 0) return own.length === 1 ? own[0] : undefined;
  const told = [...words].flatMap((word) => state.byPlatformOrderId.get(orderKey(platform, word))?.order.number ?? []);
  if (told.length > 0) return told.length === 1 ? `told-${told[0] ?? ''}` : undefined;
  if (state.shopperNumbers.size === 0) return undefined;
  const named = made().filter(({ platformOrderId }) => words.has(platformOrderId));
  return named.length === 1 ? named[0]?.ownNumber : undefined;
}
