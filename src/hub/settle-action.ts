import type { ActionRequest, ActionSpec } from '../core/action.ts';
import { HuidanError } from '../core/errors.ts';
import type { Report } from '../core/fact.ts';
import { refundLine } from '../core/registers.ts';
import { findAction, readActionRow } from '../store/actions.ts';
import type { ActionRow } from '../store/actions.ts';
import { lockClock } from '../store/events.ts';
import type { Tx } from '../store/transaction.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { actionEvent } from './act-outcome.ts';
import { isCreation, notMade, requestOf } from './act-work.ts';
import { namedActionJson } from './action-json.ts';
import type { NamedActionJson } from './action-json.ts';
import { readOrderToActOn } from './action-order.ts';
import { applyBatch } from './apply-batch.ts';
import { recordAudit } from './audit.ts';
import { endAction } from './close-shown.ts';
import type { HubContext } from './context.ts';

/** What a person found out about an action, such as in the platform's console. */
export interface Settlement {
  readonly outcome: 'succeeded' | 'failed';
  /** How it is known, in words. */
  readonly reason: string;
}

/** Nobody knows what became of it: it left the hub, and no answer says. */
const canBeSettled = ({ state }: Pick<ActionRow, 'state'>): boolean => state === 'unknown' || state === 'sent';

/**
 * Ends an action of which the hub does not know what became, by a person's word: what a success says about the order takes
 * effect, a failed refund frees the money that it held. Nobody sends or asks any more. In the audit log. Runs in `tx`;
 * afterwards the caller wakes deliveries and work.
 *
 * While a call is under way no word is taken: who looked in the console just before could not see what that call does, and
 * money freed by "failed" would go back a second time.
 *
 * Errors: `action_not_found`, `action_not_open`, `action_under_way`.
 */
export async function settleAction(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  id: string,
  { outcome, reason }: Settlement,
  tx: Tx,
): Promise<NamedActionJson> {
  const seen = await findAction(ctx.pool, id);
  const account = seen === undefined ? undefined : await deps.accounts.find(seen.account);
  if (seen === undefined || account === undefined || !covers(principal, seen))
    throw new HuidanError('action_not_found');
  const accountId = account.row.id;
  await lockClock(tx, accountId);
  const row = await readActionRow(tx, accountId, id);
  const found = row === undefined ? undefined : await readOrderToActOn(ctx, tx, accountId, row.orderId);
  if (row === undefined || found === undefined) throw new HuidanError('action_not_found');
  if (!canBeSettled(row)) throw new HuidanError('action_not_open', `It is ${row.state}.`);

  const request = requestOf(ctx, { account, row }, found.order);
  const reports = reportsOf(account, request, row, outcome, ctx.clock());
  const content = { kind: 'reports', reports } as const;
  const intakes = reports.length === 0 ? [] : [{ receipt: null, stored: false, content, source: 'own' } as const];
  let over: ActionRow | undefined;
  await applyBatch(ctx, tx, account, intakes, async () => {
    const end = { state: outcome, code: 'settled_by_hand', reason };
    over = await endAction(ctx, tx, account, found.order.json, row, end, { evenUnderWay: false });
    if (over === undefined) return [];
    return [await actionEvent(tx, account, found.order.json, over)];
  });
  if (over === undefined) {
    const left = await readActionRow(tx, accountId, id);
    throw new HuidanError(left !== undefined && canBeSettled(left) ? 'action_under_way' : 'action_not_open');
  }
  await recordAudit(ctx, tx, principal, { action: 'action.settle', subject: id, detail: { outcome, reason } });
  return namedActionJson({ ...seen, ...over });
}

/** What the person's word says about the order. */
function reportsOf(
  account: KnownAccount,
  request: ActionRequest,
  row: ActionRow,
  outcome: Settlement['outcome'],
  nowMs: number,
): readonly Report[] {
  const { actions, registers } = account.connector;
  const spec: ActionSpec | undefined = actions?.specs.find(({ name }) => name === row.action);
  if (actions === undefined || spec === undefined) return [];
  if (outcome === 'failed') return isCreation(spec) ? [notMade(account, request, nowMs)] : [];
  if (actions.whenDone !== undefined) return actions.whenDone(account.view, request);
  const [first, ...others] = request.order.aliases;
  if (row.amountFen === null || first === undefined || registers.refund === undefined) return [];
  const value = { state: 'succeeded', amount: row.amountFen } as const;
  const facts = [{ line: refundLine(row.number), register: 'refund', value }] as const;
  return [
    { aliases: [first, ...others], kind: request.order.kind, key: `action:${row.number}:by-hand`, at: nowMs, facts },
  ];
}
