import type { HubContext } from './context.ts';

/** Work that rows with a due time wait for. */
export interface DueStep {
  readonly name: string;
  /** Does a portion of what is due; returns how much it took, 0: nothing was due. */
  run(): Promise<number>;
  /** Waits for what a run has left under way. */
  stop?(): Promise<void>;
}

/** What other processes made due, and what falls due by the clock, is found within this time. */
const POLL_MS = 1000;

/** Runs each step whenever something may be due, side by side, so that a slow platform holds up only its own step. */
export function startDueWork(
  ctx: Pick<HubContext, 'wake' | 'log'>,
  steps: readonly DueStep[],
  pollMs = POLL_MS,
): { stop(): Promise<void> } {
  const wakes = new Set<() => void>();
  let stopping = false;
  const stopListening = ctx.wake.onWork(() => {
    for (const wake of wakes) wake();
  });

  const loop = async (step: DueStep): Promise<void> => {
    let woken = false;
    let ring: (() => void) | undefined;
    const wake = (): void => {
      woken = true;
      ring?.();
    };
    wakes.add(wake);
    while (!stopping) {
      woken = false;
      let took = 0;
      try {
        took = await step.run();
      } catch (error) {
        ctx.log.warn({ err: error, step: step.name }, 'due work was interrupted; it is looked for again');
      }
      // A wake during the run may be about something that the run did not see.
      if (took > 0 || woken || stopping) continue;
      await new Promise<void>((resolve) => {
        ring = resolve;
        setTimeout(resolve, pollMs).unref();
      });
      ring = undefined;
    }
    wakes.delete(wake);
  };

  const loops = steps.map((step) => loop(step));
  return {
    async stop() {
      stopping = true;
      stopListening();
      for (const wake of wakes) wake();
      await Promise.all(loops);
      await Promise.all(steps.map(async (step) => step.stop?.()));
    },
  };
}
