import { tellWork } from '../store/work-channel.ts';
import type { HubContext } from './context.ts';

/** Within it several wakes are one: a flood of callbacks would have the others look a thousand times a second. */
const GAP_MS = 50;

/**
 * Passes the wakes of a process that does no work itself on to those that do, so that an action or an order is taken up at
 * once. One that gets lost costs the second until the others look by themselves.
 */
export function wakeOthers(ctx: Pick<HubContext, 'pool' | 'wake' | 'log'>, gapMs = GAP_MS): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isWanted = false;
  const tell = (): void => {
    isWanted = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) tell();
    }, gapMs);
    tellWork(ctx.pool).catch((error: unknown) => ctx.log.debug({ err: error }, 'no other process could be woken'));
  };
  const stopListening = ctx.wake.onWork(() => {
    if (timer === undefined) tell();
    else isWanted = true;
  });
  return {
    stop() {
      stopListening();
      clearTimeout(timer);
    },
  };
}
