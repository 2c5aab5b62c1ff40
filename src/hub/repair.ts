import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../core/ids.ts';
import { claimPolls, insertPolls, readLivingAccounts } from '../store/repair-polls.ts';
import type { ClaimedPoll } from '../store/repair-polls.ts';
import type { HubContext } from './context.ts';
import { LEASE_MS, pollsOf, runPoll } from './repair-run.ts';
import type { RepairDeps } from './repair-run.ts';

/** Questions under way at once in a process; each account's platform has a rate of its own. */
const RUNS_AT_ONCE = 8;
/** How soon a new account's questions are asked for the first time. */
const PLAN_EVERY_MS = 10_000;
/** So that the accounts of a start do not all ask in the same second. */
const SPREAD_MS = 5000;

export const waitMs: RepairDeps['sleep'] = (ms) => sleep(ms);

/** How long a step waits for what it has begun: the next ones that are due must not wait for a slow platform. */
const STEP_MS = 1000;

/**
 * Asks the platforms for what their pushes failed to tell: gives each account its questions, and runs those that are
 * due. `run` is a step that returns how many it began; what takes long goes on beside it, and `stop` waits for that.
 */
export function createRepair(ctx: HubContext, deps: RepairDeps): { run(): Promise<number>; stop(): Promise<void> } {
  let plannedMs: number | undefined;
  const running = new Set<Promise<void>>();
  const begin = (held: ClaimedPoll, lease: string): Promise<void> => {
    const own = runPoll(ctx, deps, held, lease)
      // The lease brings it back.
      .catch((error: unknown) => ctx.log.error({ err: error, account: held.account }, 'a question was interrupted'))
      .finally(() => running.delete(own));
    running.add(own);
    return own;
  };
  return {
    async run() {
      const nowMs = ctx.clock();
      if (plannedMs === undefined || Math.abs(nowMs - plannedMs) >= PLAN_EVERY_MS) {
        await planPolls(ctx);
        plannedMs = nowMs;
      }
      const free = RUNS_AT_ONCE - running.size;
      if (free === 0) return 0;
      const lease = newId('req', nowMs, ctx.randomBytes);
      const leaseUntil = new Date(nowMs + LEASE_MS);
      const claimed = await claimPolls(ctx.pool, { now: new Date(nowMs), leaseUntil, lease, limit: free });
      const begun = Promise.all(claimed.map((held) => begin(held, lease)));
      if (claimed.length > 0) await Promise.race([begun, sleep(STEP_MS, undefined, { ref: false })]);
      return claimed.length;
    },
    async stop() {
      await Promise.all(running);
    },
  };
}

/** Gives each account the questions of its platform that it has not got yet. */
async function planPolls(ctx: HubContext): Promise<void> {
  const nowMs = ctx.clock();
  const accounts = await readLivingAccounts(ctx.pool);
  const wanted = accounts.flatMap(({ id, platform }) => {
    const connector = ctx.registry.get(platform);
    return connector === undefined ? [] : pollsOf(connector).map(({ name }) => ({ account: id, poll: name }));
  });
  await insertPolls(
    ctx.pool,
    wanted.map((poll) => {
      const [byte = 0] = ctx.randomBytes(1);
      return { ...poll, dueAt: new Date(nowMs + Math.floor((byte / 256) * SPREAD_MS)) };
    }),
  );
}
