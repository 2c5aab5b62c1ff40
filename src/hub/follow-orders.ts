import { claimOrderClocks, removeOrderClock, setOrderClocks } from '../store/order-clocks.ts';
import { readWorldOfOrders } from '../store/commission-reads.ts';
import {
  claimCommissionTask,
  moveCommissionTask,
  readOrdersById,
  readPromotedOrders,
} from '../store/commission-tasks.ts';
import { upsertOrders } from '../store/order-writes.ts';
import type { StoredOrder } from '../store/orders.ts';
import { defer, transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { openCommissionDesk, orderEvent } from './apply-batch.ts';
import { AVAILABLE_CLOCK } from './commission-desk.ts';
import type { CommissionDesk } from './commission-desk.ts';
import type { HubContext } from './context.ts';
import { rulesOf } from './order-rules.ts';
import { OrderSet } from './order-set.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { HeldFeed } from './publish-events.ts';

/** Orders in one transaction: it holds the account's clock, and callbacks wait behind it. */
const CHUNK = 100;
const LEASE_MS = 30_000;

interface Deps {
  readonly accounts: AccountDirectory;
}

/**
 * Looks again at orders that a member or a plan came after: gives them their member and books what is due by now.
 * Returns how many it looked at. A process that dies in between goes on where it committed last.
 */
export async function followDueTasks(ctx: HubContext, deps: Deps): Promise<number> {
  const nowMs = ctx.clock();
  const task = await claimCommissionTask(ctx.pool, new Date(nowMs), new Date(nowMs + LEASE_MS));
  if (task === undefined) return 0;
  const account = await deps.accounts.find(task.account);
  const looked = await transaction(ctx.pool, async (tx) => {
    const held = await holdFeed(ctx, tx, task.account);
    // A deleted account's orders stay as they are.
    const orders =
      account === undefined
        ? []
        : await readPromotedOrders(tx, ctx.sealer, task.account, task.sid, task.afterId, CHUNK);
    if (account !== undefined) await followAgain(ctx, tx, account, held, orders, task.cause);
    const afterId = orders.at(-1)?.head.id ?? task.afterId;
    await moveCommissionTask(tx, { ...task, afterId }, orders.length < CHUNK ? null : held.createdAt);
    return Math.max(1, orders.length);
  });
  ctx.wake.deliveries(task.account);
  return looked;
}

/** Makes confirmed amounts available whose wait is over. Returns how many orders it looked at. */
export async function releaseDueCommission(ctx: HubContext, deps: Deps): Promise<number> {
  const nowMs = ctx.clock();
  const clocks = await claimOrderClocks(ctx.pool, {
    kinds: [AVAILABLE_CLOCK],
    now: new Date(nowMs),
    leaseUntil: new Date(nowMs + LEASE_MS),
    limit: CHUNK * 2,
    accountLimit: CHUNK,
  });
  for (const [accountId, own] of Map.groupBy(clocks, ({ account }) => account)) {
    const account = await deps.accounts.find(accountId);
    await transaction(ctx.pool, async (tx) => {
      const held = await holdFeed(ctx, tx, accountId);
      if (account !== undefined) {
        const ids = own.map(({ orderId }) => orderId);
        const orders = await readOrdersById(tx, ctx.sealer, accountId, ids);
        await followAgain(ctx, tx, account, held, orders, (booking) => `available:${booking}`);
      }
      for (const clock of own) await removeOrderClock(tx, clock);
    });
    ctx.wake.deliveries(accountId);
  }
  return clocks.length;
}

/** Follows orders once more behind the account's clock, in a transaction that the caller commits. */
export async function followAgain(
  ctx: Pick<HubContext, 'sealer' | 'randomBytes'>,
  tx: Tx,
  account: KnownAccount,
  held: HeldFeed,
  orders: readonly StoredOrder[],
  cause: string | ((booking: number) => string),
  before: (desk: CommissionDesk) => void = () => {},
): Promise<void> {
  const accountId = account.row.id;
  const now = held.createdAt;
  const ids = orders.map(({ head }) => head.id);
  const desk = openCommissionDesk(account, await readWorldOfOrders(tx, accountId, ids), now);
  before(desk);
  const set = new OrderSet(
    {
      account: accountId,
      platform: account.row.platform,
      merchant: account.row.merchant,
      rules: rulesOf(account.connector),
      now: now.getTime(),
      newOrderId: () => {
        throw new TypeError('following makes no order');
      },
      memberOf: (orderId, sid) => desk.memberOf(orderId, sid),
    },
    { orders, aliases: new Map(), knownFacts: new Set(), labels: new Map() },
  );
  set.reattribute();
  for (const id of ids) {
    const order = set.current(id);
    if (order !== undefined) desk.follow(order, cause);
  }
  defer(tx, upsertOrders(tx, ctx.sealer, accountId, [...set.touched()]));
  defer(tx, setOrderClocks(tx, accountId, desk.clocks, now));
  desk.write(tx);
  publishEvents(ctx, tx, accountId, held, [...set.changes.map((change) => orderEvent(change)), ...desk.events]);
}
