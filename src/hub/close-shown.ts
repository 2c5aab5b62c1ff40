import type { OrderJson } from '../core/order-json.ts';
import { endOpenAction, readOpenActions } from '../store/action-ends.ts';
import type { ActionRow } from '../store/actions.ts';
import { claimOrderClocks, putOffOrderClock, removeOrderClock, setOrderClocks } from '../store/order-clocks.ts';
import type { ClaimedClock } from '../store/order-clocks.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { actionEvent } from './act-outcome.ts';
import { SHOWN_KIND, SHOWN_REASON, shownOutcome } from './act-shown.ts';
import { paramsOf } from './act-work.ts';
import { readOrderToActOn } from './action-order.ts';
import { applyBatch } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import { clockAfterAction } from './life-clocks.ts';
import type { NewEvent } from './publish-events.ts';

const CLAIM_LIMIT = 64;
const ACCOUNT_LIMIT = 16;
const LEASE_MS = 30_000;
/** After a fault of ours; the order may well be looked at sooner, by its next change. */
const AGAIN_MS = 10_000;

/**
 * Ends the actions whose effect their orders show by now, such as an acceptance of which a callback told before the
 * answer came: nobody sends or asks any more. Returns how many orders were looked at.
 */
export async function closeShownActions(
  ctx: HubContext,
  deps: {
    readonly accounts: AccountDirectory;
    /** Called when an action is over, with what it became. */
    onOver?(platform: string, action: string, state: string): void;
  },
): Promise<number> {
  const nowMs = ctx.clock();
  const clocks = await claimOrderClocks(ctx.pool, {
    kinds: [SHOWN_KIND],
    now: new Date(nowMs),
    leaseUntil: new Date(nowMs + LEASE_MS),
    limit: CLAIM_LIMIT,
    accountLimit: ACCOUNT_LIMIT,
  });
  for (const clock of clocks) {
    try {
      const account = await deps.accounts.find(clock.account);
      const ended = account === undefined ? [] : await closeOfOrder(ctx, account, clock);
      for (const { action, state } of ended) deps.onOver?.(account?.row.platform ?? '', action, state);
      await removeOrderClock(ctx.pool, clock);
    } catch (error) {
      ctx.log.warn({ err: error, account: clock.account, order: clock.orderId }, 'open actions could not be looked at');
      const dueAt = new Date(ctx.clock() + AGAIN_MS);
      await putOffOrderClock(ctx.pool, clock, { dueAt, attempts: clock.attempts + 1, reason: 'interrupted' });
    }
  }
  return clocks.length;
}

async function closeOfOrder(
  ctx: HubContext,
  account: KnownAccount,
  { orderId }: ClaimedClock,
): Promise<readonly ActionRow[]> {
  const specs = account.connector.actions?.specs ?? [];
  const ended: ActionRow[] = [];
  await transaction(ctx.pool, async (tx) => {
    ended.length = 0;
    await applyBatch(ctx, tx, account, [], async () => {
      const found = await readOrderToActOn(ctx, tx, account.row.id, orderId);
      if (found === undefined) return [];
      const events: NewEvent[] = [];
      for (const row of await readOpenActions(tx, account.row.id, found.order.json.id)) {
        const spec = specs.find(({ name }) => name === row.action);
        const asked = { params: paramsOf(ctx, row), number: row.number };
        const state = spec === undefined ? undefined : shownOutcome(spec, found, asked);
        if (state === undefined) continue;
        const end = { state, code: 'shown', reason: SHOWN_REASON };
        const over = await endAction(ctx, tx, account, found.order.json, row, end, { evenUnderWay: true });
        if (over === undefined) continue;
        ended.push(over);
        events.push(await actionEvent(tx, account, found.order.json, over));
      }
      return events;
    });
  });
  if (ended.length > 0) {
    ctx.wake.deliveries(account.row.id);
    ctx.wake.work();
  }
  return ended;
}

/**
 * Ends an open action of an order within the account's clock; the order's life is told. Returns it as it is then;
 * `undefined`: it was over already, or is in a worker's hands and that counts (`evenUnderWay` false).
 */
export async function endAction(
  ctx: Pick<HubContext, 'clock'>,
  tx: Tx,
  account: KnownAccount,
  order: Pick<OrderJson, 'id' | 'kind'>,
  row: ActionRow,
  end: { readonly state: 'succeeded' | 'failed'; readonly code: string; readonly reason: string },
  { evenUnderWay }: { readonly evenUnderWay: boolean },
): Promise<ActionRow | undefined> {
  const now = new Date(ctx.clock());
  if (!(await endOpenAction(tx, { account: account.row.id, id: row.id }, end, now, evenUnderWay))) return undefined;
  await setOrderClocks(tx, account.row.id, clockAfterAction(account, order, now), now);
  return { ...row, ...end, dueAt: null, finishedAt: now, updatedAt: now };
}
