import { PlatformUnreachable } from '../core/outgoing.ts';
import type { CallPlatform, PlatformRefusal } from '../core/outgoing.ts';
import type { TimeMs } from '../core/time.ts';
import type { KnownAccount } from './account-directory.ts';
import type { ActGate } from './act-gate.ts';
import type { HubContext } from './context.ts';

/** Thrown through a connector: the platform is not to be called now, but again after so long. */
export class CallLater extends Error {
  readonly waitMs: number;
  constructor(waitMs: number) {
    super(`the platform is left alone for another ${waitMs} ms`);
    this.name = 'CallLater';
    this.waitMs = waitMs;
  }
}

/** Thrown through a connector: another worker has the work by now, nothing of this one counts any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** A full bucket is waited out on the spot; a breaker that is open is not. */
const LONGEST_WAIT_MS = 2000;
const WAITS = 50;

export interface GatedDeps {
  readonly gate: ActGate;
  /** Waits on the spot; handed in, so that tests can let the time pass. */
  sleep(ms: number): Promise<void>;
}

/** Pages of one list. A day of a million orders has 20 000; what goes on after that goes round in a circle. */
export const MOST_PAGES = 20_000;

/** Why a list that never ends is read no further: it would use up the rate of its account for ever, and hold its worker. */
export const ENDLESS: PlatformRefusal = {
  class: 'final',
  code: 'endless_list',
  message: 'The platform’s list never ends: its pages lead round in a circle.',
};

/** Waiting times before a question is sent once more: a line that breaks is most often there again at once. */
const AGAIN_MS = [500, 2000] as const;
/** What a gateway answers when the platform behind it did not. */
const isGateway = (status: number): boolean => status === 502 || status === 503 || status === 504;

/**
 * The way to a platform for questions, under the rate and the breaker that its account's actions go under too. `keep` is
 * asked before each call whether the work is still this worker's. Throws `CallLater` and `LeaseLost`.
 */
export function gatedCall(
  ctx: Pick<HubContext, 'clock' | 'callPlatform'>,
  { gate, sleep }: GatedDeps,
  { row, view }: KnownAccount,
  keep: () => Promise<boolean>,
): CallPlatform {
  return async (request) => {
    if (!(await keep())) throw new LeaseLost();
    for (let waits = 0; ; waits += 1) {
      const waitMs = gate.enter(row.id, view.settings, ctx.clock());
      if (waitMs === 0) break;
      if (waitMs > LONGEST_WAIT_MS || waits === WAITS) throw new CallLater(waitMs);
      await sleep(waitMs);
    }
    let answered = false;
    try {
      const response = await ctx.callPlatform(request);
      answered = true;
      return response;
    } finally {
      gate.leave(row.id, view.settings, answered, ctx.clock());
    }
  };
}

/** The same, and a question that nobody answered is sent again, twice: it changes nothing, so it may. */
export function patientCall(...[ctx, deps, account, keep]: Parameters<typeof gatedCall>): CallPlatform {
  const once = gatedCall(ctx, deps, account, keep);
  return async (request) => {
    for (const waitMs of AGAIN_MS) {
      try {
        const response = await once(request);
        if (!isGateway(response.status)) return response;
      } catch (error) {
        if (!(error instanceof PlatformUnreachable)) throw error;
      }
      await deps.sleep(waitMs);
    }
    return once(request);
  };
}

/** Keeps a lease alive: renews it once half of it is over. */
export function leaseKeeper(
  clock: () => TimeMs,
  leaseMs: number,
  renew: (until: Date) => Promise<boolean>,
): () => Promise<boolean> {
  let renewedMs = clock();
  return async () => {
    const nowMs = clock();
    if (nowMs - renewedMs < leaseMs / 2) return true;
    if (!(await renew(new Date(nowMs + leaseMs)))) return false;
    renewedMs = nowMs;
    return true;
  };
}
