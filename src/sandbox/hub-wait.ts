import { setTimeout as sleep } from 'node:timers/promises';
import { HubUnreachable } from './hub-client.ts';
import { SandboxError } from './sandbox-error.ts';

const STEP_MS = 500;

export interface HubWait {
  /** Left out: for ever. */
  readonly hubWaitMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  onNote(text: string): void;
}

/** Repeats a call until the hub answers: it may be starting. Throws `SandboxError` when the time is over. */
export async function whenHubAnswers<T>(call: () => Promise<T>, wait: HubWait): Promise<T> {
  const deadlineMs = performance.now() + (wait.hubWaitMs ?? Number.POSITIVE_INFINITY);
  for (let told = false; ; told = true) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof HubUnreachable)) throw error;
      if (performance.now() > deadlineMs || wait.signal?.aborted === true) throw new SandboxError(error.message);
      if (!told) wait.onNote(`${error.message}; trying again until it does.`);
    }
    await sleep(STEP_MS);
  }
}
