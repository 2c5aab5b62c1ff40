import type { TimeMs } from '../core/time.ts';
import { renewLeases } from '../store/delivery-heads.ts';
import type { HeadKey } from '../store/delivery-heads.ts';
import type { HubContext } from './context.ts';

/** A row that this worker holds. */
export interface Lease extends HeadKey {
  readonly token: string;
  leaseUntilMs: TimeMs;
  /** Set once the row is, or may be, another worker's: nothing may be sent or written for it any more. */
  lost: boolean;
  /** Stops a request that is under way. */
  onLost: ((reason: string) => void) | undefined;
}

export interface LeaseKeeper {
  hold(lease: Lease): void;
  letGo(lease: Lease): void;
  stop(): void;
}

/** Prolongs the leases of what takes long, and ends work under a lease that could not be prolonged in time. */
export function createLeaseKeeper(ctx: Pick<HubContext, 'pool' | 'clock' | 'log'>, leaseMs: number): LeaseKeeper {
  const held = new Set<Lease>();
  const tickMs = Math.max(10, Math.floor(leaseMs / 5));
  let renewing = false;

  const lose = (lease: Lease, reason: string): void => {
    if (lease.lost || !held.has(lease)) return;
    lease.lost = true;
    lease.onLost?.(reason);
  };

  const renew = async (due: readonly Lease[]): Promise<void> => {
    renewing = true;
    try {
      const leaseUntilMs = ctx.clock() + leaseMs;
      const kept = await renewLeases(ctx.pool, due, new Date(leaseUntilMs));
      for (const [index, lease] of due.entries()) {
        if (kept.has(index)) lease.leaseUntilMs = Math.max(lease.leaseUntilMs, leaseUntilMs);
        else lose(lease, 'the lease was taken over');
      }
    } catch (error) {
      ctx.log.warn({ err: error, leases: due.length }, 'leases of deliveries could not be renewed');
    } finally {
      renewing = false;
    }
  };

  const timer = setInterval(() => {
    const nowMs = ctx.clock();
    const due: Lease[] = [];
    for (const lease of held) {
      // One tick early: the next look would come too late.
      if (lease.leaseUntilMs - nowMs <= tickMs) lose(lease, 'the lease could not be renewed');
      else if (!lease.lost && lease.leaseUntilMs - nowMs <= leaseMs - tickMs) due.push(lease);
    }
    if (due.length > 0 && !renewing) void renew(due);
  }, tickMs);

  return {
    hold(lease) {
      held.add(lease);
    },
    letGo(lease) {
      held.delete(lease);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
