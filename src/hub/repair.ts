import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../core/ids.ts';
import { claimPolls, insertPolls, readLivingAccounts } from '../store/repair-polls.ts';
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

/**
 * A step that asks the platforms for what their pushes failed to tell: gives each account its questions, and runs those
 * that are due. Returns how many it ran.
 */
export function createRepair(ctx: HubContext, deps: RepairDeps): () => Promise<number> {
  let plannedMs: number | undefined;
  return async () => {
    const nowMs = ctx.clock();
    if (plannedMs === undefined || Math.abs(nowMs - plannedMs) >= PLAN_EVERY_MS) {
      await planPolls(ctx);
      plannedMs = nowMs;
    }
    const lease = newId('req', nowMs, ctx.randomBytes);
    const claimed = await claimPolls(ctx.pool, {
      now: new Date(nowMs),
      leaseUntil: new Date(nowMs + LEASE_MS),
      lease,
      limit: RUNS_AT_ONCE,
    });
    await Promise.all(claimed.map((held) => runPoll(ctx, deps, held, lease)));
    return claimed.length;
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
