import { upsertOrders } from '../store/order-writes.ts';
import { claimRelabelTask, lockRelabelTask, moveRelabelTask, readOrdersOfStore } from '../store/relabel-tasks.ts';
import { readStoreLabels } from '../store/stores.ts';
import { defer, transaction } from '../store/transaction.ts';
import type { AccountDirectory } from './account-directory.ts';
import { orderEvent } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import { rulesOf } from './order-rules.ts';
import { OrderSet } from './order-set.ts';
import { holdFeed, publishEvents } from './publish-events.ts';

/** Orders in one transaction: it holds the account's clock, and callbacks wait behind it. */
const CHUNK = 100;
const LEASE_MS = 30_000;

/**
 * Tells a portion of the orders of a store which shop and merchant they belong to by now; an event each, as for every
 * change that shows. Returns how many it looked at. A process that dies in between goes on where it committed last.
 */
export async function relabelDueOrders(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
): Promise<number> {
  const nowMs = ctx.clock();
  const claimed = await claimRelabelTask(ctx.pool, new Date(nowMs), new Date(nowMs + LEASE_MS));
  if (claimed === undefined) return 0;
  const account = await deps.accounts.find(claimed.account);
  const looked = await transaction(ctx.pool, async (tx) => {
    const held = await holdFeed(ctx, tx, claimed.account);
    const task = await lockRelabelTask(tx, claimed);
    if (task === undefined) return 1;
    if (account === undefined) {
      await moveRelabelTask(tx, task, null, held.createdAt);
      return 1;
    }
    const { store } = task;
    const orders = await readOrdersOfStore(tx, ctx.sealer, task.account, store, task.afterId, CHUNK);
    const labels = await readStoreLabels(tx, task.account, [store]);
    const set = new OrderSet(
      {
        account: task.account,
        platform: account.row.platform,
        merchant: account.row.merchant,
        rules: rulesOf(account.connector),
        now: held.createdAt.getTime(),
        newOrderId: () => {
          throw new TypeError('relabelling makes no order');
        },
      },
      { orders, aliases: new Map(), knownFacts: new Set(), labels },
    );
    set.relabel();
    defer(tx, upsertOrders(tx, ctx.sealer, task.account, [...set.touched()]));
    publishEvents(
      ctx,
      tx,
      task.account,
      held,
      set.changes.map((change) => orderEvent(change)),
    );
    const last = orders.at(-1)?.head.id ?? task.afterId;
    const next = { ...task, afterId: last, done: task.done + orders.length };
    await moveRelabelTask(tx, next, orders.length < CHUNK ? null : held.createdAt, held.createdAt);
    return Math.max(1, orders.length);
  });
  ctx.wake.deliveries(claimed.account);
  return looked;
}
