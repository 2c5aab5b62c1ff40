import { autoAccepts } from '../core/auto-accept-rule.ts';
import { newId } from '../core/ids.ts';
import type { OrderJson } from '../core/order-json.ts';
import { insertAutomaticActions } from '../store/actions.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import { newActionNumber } from './action-number.ts';
import type { HubContext } from './context.ts';

const ACCEPT = { action: 'accept', cause: 'auto:accept' } as const;

/**
 * Queues what an account does by itself about orders that have just changed, in the transaction that changed them. An
 * order is accepted once by itself; what failed is a person's. Returns how many actions were asked for. Costs a look at
 * two fields where the platform takes no actions or the account wants none.
 */
export function queueAutomaticActions(
  ctx: Pick<HubContext, 'randomBytes'>,
  tx: Tx,
  account: KnownAccount,
  changed: readonly OrderJson[],
  now: Date,
): number {
  const { connector, row, view } = account;
  const setting = view.settings['autoAccept'];
  if (connector.actions === undefined || setting === undefined || setting === false || row.mode !== 'live') return 0;
  const spec = connector.actions.specs.find(({ name }) => name === ACCEPT.action);
  if (spec === undefined || changed.length === 0) return 0;
  const nowMs = now.getTime();
  const wanted = new Set<string>();
  for (const order of changed) {
    const isOpen = order.kind === 'takeaway' && order.fulfilment === 'none' && order.lifecycle === 'open';
    const isWanted = isOpen && order.mergedInto === null && autoAccepts(setting, order, nowMs);
    if (isWanted && spec.refuses(order) === undefined) wanted.add(order.id);
    // A later change of the same transaction counts: what was cancelled in the next breath is not accepted.
    else wanted.delete(order.id);
  }
  if (wanted.size === 0) return 0;
  const rows = [...wanted].map((orderId) => ({
    id: newId('act', nowMs, ctx.randomBytes),
    orderId,
    number: newActionNumber(nowMs, ctx.randomBytes),
  }));
  defer(tx, insertAutomaticActions(tx, row.id, ACCEPT, rows, now));
  return rows.length;
}
