import { catchUp } from './catch-up.ts';
import type { CatchUp } from './catch-up.ts';
import type { HubClient } from './hub-client.ts';
import type { LedgerState } from './ledger-state.ts';
import type { PlatformTruth } from './platform-truth.ts';
import { countOpenActions, createOutstanding, readHubOrders } from './verify.ts';

export interface CatchUpWorld {
  readonly waitMs: number;
  readonly hub: HubClient;
  readonly state: LedgerState;
  accounts(): readonly string[];
  truth(): PlatformTruth;
  /** Callbacks without a receipt, and customers under way. */
  unreceived(): number;
  /** Repeats are waited for as well: what they do wrong must show. */
  isIdle(): boolean;
  isOver(): boolean;
  /** How long a difference is waited for while nothing happens. */
  readonly settledMs: number;
  readonly onProgress?: (left: CatchUp) => void;
}

/** Waits until all is sent, the hub has done what it goes on with by itself, and every event of it has come. */
export function catchUpWithHub(world: CatchUpWorld): Promise<CatchUp> {
  const { state, hub, onProgress } = world;
  const outstanding = createOutstanding(state, world.truth, world.settledMs);
  return catchUp({
    waitMs: world.waitMs,
    unreceived: world.unreceived,
    isSent: () => world.unreceived() === 0 && world.isIdle(),
    eventsOutstanding: async () => {
      const actions = await countOpenActions(hub, world.accounts());
      return actions + outstanding(await readHubOrders(hub, world.accounts()));
    },
    eventsReceived: () => state.events.totals.events,
    isOver: world.isOver,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}
