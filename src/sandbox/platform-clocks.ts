import type { OutgoingCallback } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Agenda } from './agenda.ts';
import { changeWorld, findPlayed } from './platform-door.ts';
import type { PlatformDoorContext } from './platform-door.ts';

/** What the platforms do by their own clocks: an unpaid order is closed, a machine reports what it dropped. */
export interface PlatformClocks {
  /** Something changed at this platform: its next deed may be due sooner. */
  changed(platform: string): void;
  stop(): void;
}

export function createPlatformClocks(
  context: PlatformDoorContext,
  agenda: Agenda,
  onFault: (error: unknown) => void,
): PlatformClocks {
  /** Platforms whose tick runs now, so that its own change does not set off another. */
  const ticking = new Set<string>();
  /** When the next tick of a platform is due, so that each change does not add one more. */
  const due = new Map<string, TimeMs>();
  let stopped = false;

  function tick(id: string, at: TimeMs): void {
    const played = findPlayed(context, id);
    const { tick: run } = played?.platform.sandbox ?? {};
    if (played === undefined || run === undefined || stopped || ticking.has(id)) return;
    ticking.add(id);
    let nextAt: TimeMs | null = null;
    try {
      const { noted } = changeWorld(context, played, { method: 'TICK', path: '', at }, (memory) => {
        const done: { readonly callbacks: readonly OutgoingCallback[]; readonly nextAt: TimeMs | null } =
          played.platform.sandbox.tick?.(at, played.view, memory) ?? { callbacks: [], nextAt: null };
        ({ nextAt } = done);
        return done;
      });
      noted.catch(onFault);
    } catch (error) {
      onFault(error);
    } finally {
      ticking.delete(id);
    }
    if (nextAt !== null) schedule(id, at, nextAt);
  }

  function schedule(id: string, nowAt: TimeMs, nextAt: TimeMs): void {
    const known = due.get(id);
    if (known !== undefined && known <= nextAt) return;
    due.set(id, nextAt);
    agenda.after(Math.max(1, nextAt - nowAt), () => {
      if (due.get(id) !== nextAt) return;
      due.delete(id);
      // A hurried clock is ahead of the wall's.
      tick(id, Math.max(nextAt, context.clock()));
    });
  }

  return {
    changed: (id) => tick(id, context.clock()),
    stop() {
      stopped = true;
    },
  };
}
