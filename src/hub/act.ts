import { paramFaults } from '../core/action-params.ts';
import type { ParamFault } from '../core/action-params.ts';
import type { ActionSpec, Actions } from '../core/action.ts';
import { HuidanError } from '../core/errors.ts';
import { read } from '../core/fact.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { refundLine } from '../core/registers.ts';
import { insertAction, readReservedRefunds } from '../store/actions.ts';
import type { ActionState } from '../store/actions.ts';
import { lockClock } from '../store/events.ts';
import type { Tx } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { maskParams } from './action-json.ts';
import { newActionNumber } from './action-number.ts';
import { readOrderToActOn } from './action-order.ts';
import type { OrderToActOn } from './action-order.ts';
import type { HubContext } from './context.ts';
import { readVisibleOrder } from './read-orders.ts';

export interface ActionWish {
  readonly action: string;
  readonly params: Readonly<Record<string, Json>>;
}

type Params = ActionWish['params'];

/**
 * Stores the intent to do something to an order at its platform; a worker does it. Under the account's clock, so that two
 * refunds at a time cannot both see the same money. Runs in `tx`; the wake is the caller's after the commit.
 *
 * Errors: `order_not_found`, `account_not_found`, `account_observes`, `account_paused`, `action_unknown`,
 * `action_params_invalid`, `action_refused`, `refund_exceeds_paid`.
 */
export async function requestAction(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  orderId: string,
  wish: ActionWish,
  tx: Tx,
): Promise<{ readonly id: string; readonly state: ActionState }> {
  const visible = await readVisibleOrder(ctx, principal, orderId);
  const account = await deps.accounts.find(visible.account_id);
  if (account === undefined) throw new HuidanError('account_not_found');
  requireLive(account);
  const { actions, spec } = specOf(account, wish.action);
  refuseFaults(paramFaults(spec.params, wish.params));

  await lockClock(tx, account.row.id);
  const found = await readOrderToActOn(ctx, tx, account.row.id, orderId);
  if (found === undefined) throw new HuidanError('order_not_found');
  const refusal = spec.refuses(found.order.json);
  if (refusal !== undefined) throw new HuidanError('action_refused', refusal.en);

  const given: Params = { ...defaultsOf(spec), ...wish.params };
  const isRefund = spec.name === 'refund' && spec.moves === 'money';
  const amountFen = isRefund ? await reserveRefund(tx, account.row.id, found, given) : null;
  const params: Params =
    amountFen !== null && spec.params.some(({ name }) => name === 'amount') ? { ...given, amount: amountFen } : given;
  const nowMs = ctx.clock();
  const number = newActionNumber(nowMs, ctx.randomBytes);
  checkPrepared(actions, account, { action: spec.name, params, number, order: found.order, at: nowMs });

  const id = newId('act', nowMs, ctx.randomBytes);
  const row = {
    account: account.row.id,
    id,
    orderId: found.order.json.id,
    action: spec.name,
    number,
    askedBy: principal.id,
    params: maskParams(params),
    sealedParams: Object.keys(params).length === 0 ? null : ctx.sealer.seal(JSON.stringify(params)),
    amountFen,
  };
  await insertAction(tx, row, new Date(nowMs));
  return { id, state: 'queued' };
}

function requireLive({ row }: KnownAccount): void {
  if (row.mode === 'observe') throw new HuidanError('account_observes');
  if (row.mode === 'paused') throw new HuidanError('account_paused');
}

function specOf({ connector }: KnownAccount, action: string): { readonly actions: Actions; readonly spec: ActionSpec } {
  const { actions } = connector;
  const spec = actions?.specs.find(({ name }) => name === action);
  if (actions !== undefined && spec !== undefined) return { actions, spec };
  const known = (actions?.specs ?? []).map(({ name }) => name).join(', ');
  throw new HuidanError('action_unknown', known === '' ? 'It takes no actions.' : `It takes ${known}.`);
}

function defaultsOf(spec: ActionSpec): Params {
  return Object.fromEntries(
    spec.params.flatMap((field) => (field.default === undefined ? [] : [[field.name, field.default]])),
  );
}

/** What the sheet says about the parameters is said at once, and not by a failed action minutes later. */
function checkPrepared(actions: Actions, account: KnownAccount, request: Parameters<Actions['prepare']>[1]): void {
  const prepared = actions.prepare(account.view, request);
  if (!prepared.ok) refuseFaults(prepared.faults);
}

function refuseFaults(faults: readonly ParamFault[]): void {
  if (faults.length === 0) return;
  const fields = faults.map(({ field, message }) => ({ field: `params.${field}`, message }));
  const detail = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new HuidanError('action_params_invalid', detail, { fields });
}

/**
 * How much a refund gives back, once it is sure that it fits: succeeded + under way + new ≤ paid. What we asked for and
 * the order shows as succeeded under our number counts once; what succeeded and is not shown yet stays reserved.
 */
async function reserveRefund(
  tx: Tx,
  accountId: string,
  { order, lines }: OrderToActOn,
  { amount }: Params,
): Promise<number> {
  const { paid, refunded } = order.json.amounts;
  if (paid === null) throw new HuidanError('refund_exceeds_paid', 'It is not known what was paid.');
  if (refunded === null) throw new HuidanError('refund_exceeds_paid', 'It is not known what was given back already.');
  const asked = await readReservedRefunds(tx, accountId, order.json.id);
  const reserved = asked
    .filter(({ number }) => read(lines, refundLine(number), 'refund')?.state !== 'succeeded')
    .reduce((sum, { amountFen }) => sum + amountFen, 0);
  const left = paid - refunded - reserved;
  const wanted = typeof amount === 'number' ? amount : left;
  if (!Number.isSafeInteger(wanted) || wanted <= 0 || wanted > left) {
    throw new HuidanError(
      'refund_exceeds_paid',
      `Of ${paid} fen paid, ${refunded} are given back and ${reserved} under way: ${Math.max(0, left)} are left.`,
    );
  }
  return wanted;
}
