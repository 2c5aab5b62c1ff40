import type { Json } from '../core/json.ts';
import { callRunning } from './control-door.ts';
import type { ControlAddress } from './control-door.ts';
import { RunningSandbox } from './running-sandbox.ts';
import type { Sandbox, SandboxOptions } from './sandbox-contract.ts';
import type { VerifyReport } from './verify.ts';

export { NO_CHAOS, parseChaos } from './chaos.ts';
export { findRunning } from './control-door.ts';
export { hubOfLedger } from './ledger.ts';
export { SandboxError } from './sandbox-error.ts';
export { shortStatsLine, statsLine } from './stats.ts';
export { reportText } from './report-text.ts';

/** Reading the hub's list takes its time after the waiting. */
const VERIFY_GRACE_MS = 120_000;
/** The hub may wait for a platform before it answers a customer. */
const ASK_TIMEOUT_MS = 60_000;

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

/** Lets a running sandbox hold still and compare. */
export async function verifyRunning(address: ControlAddress, waitMs: number): Promise<VerifyReport> {
  const answer = await callRunning(address, 'verify', { waitSeconds: waitMs / 1000 }, waitMs + VERIFY_GRACE_MS);
  // Our own program's answer, checked by its token.
  return answer as unknown as VerifyReport;
}

/** Lets a customer of a running sandbox order through the hub, or the hub's next calls meet a fault. */
export async function askRunning(
  address: ControlAddress,
  call: 'shop' | 'fault',
  input: { readonly [name: string]: Json },
): Promise<Readonly<Record<string, unknown>>> {
  return callRunning(address, call, input, ASK_TIMEOUT_MS);
}
