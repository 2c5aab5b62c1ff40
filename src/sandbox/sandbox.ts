import { RunningSandbox } from './running-sandbox.ts';
import type { Sandbox, SandboxOptions } from './sandbox-contract.ts';

export { NO_CHAOS, parseChaos } from './chaos.ts';
export { callRunning, findRunning } from './control-door.ts';
export { SandboxError } from './sandbox-error.ts';
export { statsLine } from './stats.ts';

/** Starts the platforms' side against a running hub. Throws `SandboxError` for what a person has to put right. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new RunningSandbox(options);
  try {
    await sandbox.start();
    return sandbox;
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}
