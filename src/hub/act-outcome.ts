import type { Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { patchAction } from '../store/actions.ts';
import type { ActionPatch, ActionRow } from '../store/actions.ts';
import { takeSequences } from '../store/event-subjects.ts';
import { setOrderClocks } from '../store/order-clocks.ts';
import { classifyPgError, transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { Decision } from './act-decide.ts';
import { actionJson } from './action-json.ts';
import { applyBatch } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import { clockAfterAction } from './life-clocks.ts';
import type { NewEvent } from './publish-events.ts';

/** An action in the hands of a worker. */
export interface HeldAction {
  readonly account: KnownAccount;
  readonly row: ActionRow;
  readonly order: OrderJson;
  readonly lease: string;
}

/** The lease is another's by now: nothing of this worker counts any more. */
class LeaseLost extends Error {}

/**
 * Writes what came of a call. What ends an action, or lets its order go on without it, goes in one transaction with what it
 * says about the order and with its event, through the same door as callbacks. Returns false when the lease was lost: then
 * nothing was written.
 */
export async function writeOutcome(ctx: HubContext, held: HeldAction, decision: Decision): Promise<boolean> {
  const { account, row, lease } = held;
  if (!decision.isOver && decision.isOverdue !== true)
    return patchAction(ctx.pool, row, lease, decision.patch, new Date(ctx.clock()));
  try {
    await commitEnd(ctx, held, decision.patch, decision.reports);
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    const kind = classifyPgError(error);
    // The lease brings it back, and by its number the platform tells the repeat.
    if (kind === 'unavailable' || kind === 'retry' || decision.reports.length === 0) throw error;
    const about = { err: error, account: account.row.id, action: row.id };
    ctx.log.error(about, 'what an action did to its order could not be applied');
    const reason = 'It is done, but the hub could not apply what the answer says; the log has the details.';
    await commitEnd(ctx, held, { ...decision.patch, code: 'answer_not_applied', reason }, []);
  }
  ctx.wake.deliveries(account.row.id);
  ctx.wake.work();
  return true;
}

async function commitEnd(
  ctx: HubContext,
  held: HeldAction,
  patch: ActionPatch,
  reports: readonly Report[],
): Promise<void> {
  const { account, row, lease } = held;
  const content = { kind: 'reports', reports } as const;
  const intakes = reports.length === 0 ? [] : [{ receipt: null, stored: false, content, source: 'action' } as const];
  await transaction(ctx.pool, async (tx) => {
    await applyBatch(ctx, tx, account, intakes, async () => {
      const now = new Date(ctx.clock());
      if (!(await patchAction(tx, row, lease, patch, now))) throw new LeaseLost();
      await setOrderClocks(tx, account.row.id, clockAfterAction(account, held.order, now), now);
      return [await actionEvent(tx, account, held.order, { ...row, ...patch })];
    });
  });
}

/** `action.succeeded`, `action.failed` or `action.unknown`, numbered per action; within the account's clock. */
export async function actionEvent(
  tx: Tx,
  account: KnownAccount,
  order: Pick<OrderJson, 'id' | 'merchant' | 'shop'>,
  row: ActionRow,
): Promise<NewEvent> {
  const { id, platform } = account.row;
  const subject = `action:${row.id}`;
  const sequences = await takeSequences(tx, id, new Map([[subject, 1]]));
  const shown = actionJson(row, platform);
  return {
    subject,
    sequence: sequences.get(subject) ?? 1,
    type: `action.${shown.state}`,
    previousStatus: null,
    merchant: order.merchant,
    shop: order.shop,
    receiptId: null,
    body: { account: id, platform, order: order.id, action: shown as unknown as Json },
  };
}
