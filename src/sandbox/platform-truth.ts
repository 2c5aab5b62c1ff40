import type { Connector } from '../core/connector.ts';
import type { ExpectedOrder, PlatformOrder, SandboxPlatform } from '../core/sandbox.ts';
import { memoryOf } from './ledger-state.ts';
import type { LedgerState, OrderRecord } from './ledger-state.ts';
import { expectedNow } from './lives.ts';
import { playedAccount } from './played-account.ts';

/** What the platforms themselves say now, from their memories: also of orders that the hub made, and of what it did. */
export interface PlatformTruth {
  expected(record: OrderRecord): ExpectedOrder | null;
  /** By account, then by the platform's number. */
  readonly orders: ReadonlyMap<string, ReadonlyMap<string, PlatformOrder>>;
  /** By account: what is on sale, by machine and product. */
  readonly stock: ReadonlyMap<string, ReturnType<NonNullable<SandboxPlatform['stock']>>>;
}

export function readPlatformTruth(state: LedgerState, platforms: ReadonlyMap<string, Connector>): PlatformTruth {
  const orders = new Map<string, ReadonlyMap<string, PlatformOrder>>();
  const stock = new Map<string, ReturnType<NonNullable<SandboxPlatform['stock']>>>();
  for (const account of state.accounts.values()) {
    const platform = platforms.get(account.platform);
    const view = platform === undefined ? undefined : playedAccount(platform, account, account.id);
    if (platform === undefined || view === undefined) continue;
    const onSale = platform.sandbox.stock?.(view, memoryOf(state, account.id));
    if (onSale !== undefined) stock.set(account.id, onSale);
    if (platform.sandbox.orders === undefined) continue;
    const known = platform.sandbox.orders(view, memoryOf(state, account.id));
    orders.set(account.id, new Map(known.map((order) => [order.platformOrderId, order])));
  }
  return {
    orders,
    stock,
    expected(record) {
      const platform = platforms.get(record.order.platform);
      if (platform?.sandbox.answer === undefined) return record.expected;
      return expectedNow(platform, record, memoryOf(state, record.order.account));
    },
  };
}
