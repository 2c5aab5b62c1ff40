import { catchUp } from './catch-up.ts';
import type { CatchUp } from './catch-up.ts';
import type { HubClient } from './hub-client.ts';
import type { LedgerState } from './ledger-state.ts';
import { lookForLeftovers } from './leftovers.ts';
import type { Leftovers } from './leftovers.ts';
import type { PlatformTruth } from './platform-truth.ts';
import { countOpenActions, createOutstanding, readHubOrders } from './verify.ts';
import type { Difference } from './verify.ts';
import type { Fields } from './untrusted-json.ts';

export interface CatchUpWorld {
  readonly waitMs: number;
  readonly hub: HubClient;
  readonly state: LedgerState;
  accounts(): readonly string[];
  truth(): PlatformTruth;
  /** Lost callbacks that the hub did not find out about yet. */
  missed(
    hubOrders: ReadonlyMap<string, Fields>,
    differences: readonly Difference[],
    leftovers: Leftovers,
  ): readonly Difference[];
  /** Callbacks without a receipt, and customers under way. */
  unreceived(): number;
  /** Repeats are waited for as well: what they do wrong must show. */
  isIdle(): boolean;
  isOver(): boolean;
  /** How long a difference is waited for while nothing happens. */
  readonly settledMs: number;
  readonly onProgress?: (left: CatchUp) => void;
}

/**
 * What the hub asks every few hours, or again after minutes, it is told to ask now, as long as it has not found all that
 * got lost or waits for an answer about an order.
 */
const ASK_AGAIN_MS = 10_000;

/** Waits until all is sent, the hub has done what it goes on with by itself, and every event of it has come. */
export function catchUpWithHub(world: CatchUpWorld): Promise<CatchUp> {
  const { state, hub, onProgress } = world;
  let leftovers: Leftovers = { orders: new Set(), differences: [] };
  let isMissing = false;
  let askedMs = Number.NEGATIVE_INFINITY;
  const outstanding = createOutstanding(state, world.truth, world.settledMs, (hubOrders, differences) => {
    const missed = world.missed(hubOrders, differences, leftovers);
    isMissing = missed.length > 0;
    return missed;
  });
  return catchUp({
    waitMs: world.waitMs,
    unreceived: world.unreceived,
    isSent: () => world.unreceived() === 0 && world.isIdle(),
    eventsOutstanding: async () => {
      const accounts = world.accounts();
      if (state.totals.dropped > 0) leftovers = await lookForLeftovers(hub, accounts);
      const actions = await countOpenActions(hub, accounts);
      const left = actions + outstanding(await readHubOrders(hub, accounts));
      const isAsking = isMissing || (left > 0 && state.totals.dropped > 0);
      if (isAsking && performance.now() - askedMs > ASK_AGAIN_MS) {
        askedMs = performance.now();
        for (const account of accounts) await hub.call('POST', `/api/v1/repair/${encodeURIComponent(account)}/run`);
      }
      return left;
    },
    eventsReceived: () => state.events.totals.events,
    isOver: world.isOver,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}
