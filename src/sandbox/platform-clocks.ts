import type { PlatformTick } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Agenda } from './agenda.ts';
import { changeWorld, findPlayed } from './platform-door.ts';
import type { PlatformDoorContext } from './platform-door.ts';

/** What the platforms do by their own clocks: an unpaid order is closed, a machine reports what it dropped. */
export interface PlatformClocks {
  /** Something changed at this platform: its next deed may be due sooner. */
  changed(platform: string): void;
  /** While hurried what a platform has begun ends at once; what lapses keeps its time. */
  hurry(on: boolean): void;
  /** Platforms that have yet to end something that they began. */
  unfinished(): number;
  stop(): void;
}

interface Due {
  readonly at: TimeMs;
  readonly isHurried: boolean;
  /** What `at` was chosen from. */
  wish: Omit<PlatformTick, 'callbacks'>;
}

/**
 * @param agenda by the wall's clock: what these deeds are about is counted by the hub's clock too (the hold of an order,
 *   the watchdog of a machine), and that one nobody hurries.
 */
export function createPlatformClocks(
  context: PlatformDoorContext,
  agenda: Agenda,
  onFault: (error: unknown) => void,
): PlatformClocks {
  /** Platforms whose tick runs now, so that its own change does not set off another. */
  const ticking = new Set<string>();
  /** When the next tick of a platform is due, so that each change does not add one more. */
  const due = new Map<string, Due>();
  let hurried = false;
  let stopped = false;

  function tick(id: string, at: TimeMs): void {
    const played = findPlayed(context, id);
    const { tick: run } = played?.platform.sandbox ?? {};
    if (played === undefined || run === undefined || stopped || ticking.has(id)) return;
    ticking.add(id);
    let next: PlatformTick | undefined;
    try {
      const { noted } = changeWorld(context, played, { method: 'TICK', path: '', at }, (memory) => {
        next = run(at, played.view, memory);
        return next;
      });
      noted.catch(onFault);
    } catch (error) {
      onFault(error);
    } finally {
      ticking.delete(id);
    }
    if (next !== undefined) schedule(id, next);
  }

  function schedule(id: string, wish: Omit<PlatformTick, 'callbacks'>): void {
    const { nextAt, lapsesAt = null } = wish;
    const at = Math.min(nextAt ?? Number.POSITIVE_INFINITY, lapsesAt ?? Number.POSITIVE_INFINITY);
    if (at === Number.POSITIVE_INFINITY) {
      due.delete(id);
      return;
    }
    const isHurried = hurried && at === nextAt;
    const known = due.get(id);
    if (known?.at === at && known.isHurried === isHurried) {
      known.wish = wish;
      return;
    }
    const planned: Due = { at, isHurried, wish };
    due.set(id, planned);
    agenda.after(isHurried ? 1 : Math.max(1, at - context.clock()), () => {
      // A later change has planned anew.
      if (due.get(id) !== planned) return;
      due.delete(id);
      // A hurried clock is ahead of the wall's.
      tick(id, Math.max(at, context.clock()));
    });
  }

  return {
    changed: (id) => tick(id, context.clock()),
    hurry(on) {
      hurried = on;
      for (const [id, { wish }] of [...due]) schedule(id, wish);
    },
    unfinished: () => [...due.values()].filter(({ wish }) => wish.nextAt !== null).length,
    stop() {
      stopped = true;
    },
  };
}
