import { setTimeout as sleep } from 'node:timers/promises';
import { readActionRow } from '../store/actions.ts';
import type { ActionRow } from '../store/actions.ts';
import type { HubContext } from './context.ts';

/** A checkout waits for this on every order, so the first looks come soon; a platform answers within 50 to 300 ms. */
const LOOKS_MS = [10, 20, 30, 50, 80, 120, 200] as const;

/** Nothing more happens to the action by itself. */
export const isOver = ({ state, dueAt }: Pick<ActionRow, 'state' | 'dueAt'>): boolean =>
  state === 'succeeded' || state === 'failed' || dueAt === null;

/**
 * Waits until an action is over, for `limitMs` at most, and returns it as it is then. It may be done by another process,
 * so the database is looked at. `action` undefined: there is none. `waitedMs`: how much of the limit is used up.
 */
export async function waitForAction(
  ctx: Pick<HubContext, 'pool'>,
  accountId: string,
  actionId: string,
  limitMs: number,
): Promise<{ readonly action: ActionRow | undefined; readonly waitedMs: number }> {
  let waitedMs = 0;
  for (let look = 0; ; look += 1) {
    const action = await readActionRow(ctx.pool, accountId, actionId);
    if (action === undefined || isOver(action) || waitedMs >= limitMs) return { action, waitedMs };
    const waitMs = Math.min(LOOKS_MS[Math.min(look, LOOKS_MS.length - 1)] ?? 200, limitMs - waitedMs);
    await sleep(waitMs);
    waitedMs += waitMs;
  }
}
