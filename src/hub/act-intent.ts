import { paramFaults } from '../core/action-params.ts';
import type { ParamFault } from '../core/action-params.ts';
import type { ActionRequest, ActionSpec, Actions } from '../core/action.ts';
import { HuidanError } from '../core/errors.ts';
import { read } from '../core/fact.ts';
import type { Report } from '../core/fact.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { refundLine } from '../core/registers.ts';
import { findActionByCause, insertAction, isUnderWay, readActionRow, readReservedRefunds } from '../store/actions.ts';
import type { ActionState, NewAction } from '../store/actions.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import { actionEvent } from './act-outcome.ts';
import { maskParams } from './action-json.ts';
import { newActionNumber } from './action-number.ts';
import { readOrderToActOn } from './action-order.ts';
import type { OrderToActOn } from './action-order.ts';
import { applyBatch } from './apply-batch.ts';
import type { HubContext } from './context.ts';

type Params = Readonly<Record<string, Json>>;
type Deps = Pick<HubContext, 'clock' | 'randomBytes' | 'sealer' | 'publicUrl' | 'allowPrivateTargets'>;

/** What is to be done to an order. */
export interface Intent {
  readonly action: string;
  readonly params: Params;
  /** Of an automatic action: an order has one of a cause, whatever asks again. null: somebody asked. */
  readonly cause: string | null;
  /** The API key that asked. */
  readonly askedBy: string | null;
  /** The hub's own steps (`internal`) may be asked for. */
  readonly own: boolean;
  /** Not before; left out: now. */
  readonly dueAt?: Date;
}

export interface StoredIntent {
  readonly id: string;
  readonly state: ActionState;
  /** False when the order had one of this cause already. */
  readonly isNew: boolean;
}

/**
 * Stores an intent in the transaction that holds the account's clock; what no platform hears of (`atOnce`) is done right
 * there. Two refunds at a time cannot both see the same money. After the commit the caller wakes: `ctx.wake.work()`, and
 * `ctx.wake.deliveries(account)` for what was done at once.
 *
 * Errors: `order_not_found`, `action_unknown`, `action_params_invalid`, `action_refused`, `refund_exceeds_paid`.
 */
export async function storeIntent(
  ctx: Deps,
  tx: Tx,
  account: KnownAccount,
  orderId: string,
  intent: Intent,
): Promise<StoredIntent> {
  const { actions, spec } = specOf(account, intent);
  const faults = paramFaults(spec.params, intent.params);
  if (faults.length > 0) throw faultsError(faults);
  const found = await readOrderToActOn(ctx, tx, account.row.id, orderId);
  if (found === undefined) throw new HuidanError('order_not_found');
  const json = found.order.json;
  if (intent.cause !== null) {
    const held = await findActionByCause(tx, account.row.id, json.id, intent.cause);
    if (held !== undefined) return { id: held.id, state: held.state, isNew: false };
  }
  const refusal = spec.refuses(json);
  if (refusal !== undefined) throw new HuidanError('action_refused', refusal.en);

  const given: Params = { ...defaultsOf(spec), ...spec.paramsFrom?.(json, found.lines), ...intent.params };
  const isRefund = spec.name === 'refund' && spec.moves === 'money';
  const amountFen = isRefund ? await reserveRefund(tx, account.row.id, found, given) : null;
  const params: Params =
    amountFen !== null && spec.params.some(({ name }) => name === 'amount') ? { ...given, amount: amountFen } : given;
  const nowMs = ctx.clock();
  const number = newActionNumber(nowMs, ctx.randomBytes);
  const request = { action: spec.name, params, number, order: found.order, at: nowMs, ...callbacksOf(ctx, account) };
  const row: Omit<NewAction, 'answer' | 'state' | 'dueAt'> = {
    account: account.row.id,
    id: newId('act', nowMs, ctx.randomBytes),
    orderId: json.id,
    action: spec.name,
    number,
    cause: intent.cause,
    askedBy: intent.askedBy,
    params: maskParams(params),
    sealedParams: Object.keys(params).length === 0 ? null : ctx.sealer.seal(JSON.stringify(params)),
    amountFen,
  };
  // Goods that moved twice are gone. Two people, or one and the order's life, may want the same at a time.
  if (spec.moves === 'goods' && (await isUnderWay(tx, account.row.id, json.id, row))) {
    throw new HuidanError('action_refused', 'The same is under way, or its outcome is not known yet.');
  }
  if (typeof spec.atOnce === 'function' ? spec.atOnce(account.view) : spec.atOnce === true) {
    const done = actions.doAtOnce?.(account.view, request) ?? { ok: true, reports: [] };
    if (!done.ok) throw faultsError(done.faults);
    const sealedHandOver = done.handOver === undefined ? null : ctx.sealer.seal(JSON.stringify(done.handOver));
    await writeDone(ctx, tx, account, found, { ...row, answer: done.answer ?? null, sealedHandOver }, done.reports);
    return { id: row.id, state: 'succeeded', isNew: true };
  }
  // What the sheet says about the parameters is said at once, and not by a failed action minutes later.
  const prepared = actions.prepare(account.view, request);
  if (!prepared.ok) throw faultsError(prepared.faults);
  const now = new Date(nowMs);
  await insertAction(tx, { ...row, answer: null, state: 'queued', dueAt: intent.dueAt ?? now }, now);
  return { id: row.id, state: 'queued', isNew: true };
}

/**
 * Lets the hub itself do something to an order, such as a step of its life: once an order and cause, internal steps too.
 * As `storeIntent`, but what is refused is a value, since nobody waits for an answer.
 */
export async function queueOwnAction(
  ctx: Deps,
  tx: Tx,
  account: KnownAccount,
  orderId: string,
  step: { readonly action: string; readonly params?: Params; readonly cause: string; readonly dueAt?: Date },
): Promise<(StoredIntent & { readonly ok: true }) | { readonly ok: false; readonly refusal: HuidanError }> {
  const { action, params = {}, cause, dueAt } = step;
  const intent: Intent = { action, params, cause, askedBy: null, own: true, ...(dueAt === undefined ? {} : { dueAt }) };
  try {
    return { ok: true, ...(await storeIntent(ctx, tx, account, orderId, intent)) };
  } catch (error) {
    // Thrown before anything was written: the transaction is as good as before.
    if (error instanceof HuidanError) return { ok: false, refusal: error };
    throw error;
  }
}

/** Where the platform reaches the hub about an account. */
export const callbacksOf = (
  { publicUrl, allowPrivateTargets = false }: Pick<HubContext, 'publicUrl' | 'allowPrivateTargets'>,
  { row }: KnownAccount,
): Required<Pick<ActionRequest, 'callbackBase' | 'plainCallbacks'>> => ({
  callbackBase: `${publicUrl()}/callbacks/${row.platform}/${row.id}`,
  plainCallbacks: allowPrivateTargets,
});

/** Writes an action that is done already, with what it says about its order and with its event. */
async function writeDone(
  ctx: Deps,
  tx: Tx,
  account: KnownAccount,
  { order }: OrderToActOn,
  row: Omit<NewAction, 'state' | 'dueAt'>,
  reports: readonly Report[],
): Promise<void> {
  const content = { kind: 'reports', reports } as const;
  const intakes = reports.length === 0 ? [] : [{ receipt: null, stored: false, content, source: 'action' } as const];
  await applyBatch(ctx, tx, account, intakes, async () => {
    const now = new Date(ctx.clock());
    await insertAction(tx, { ...row, state: 'succeeded', dueAt: null }, now);
    const written = await readActionRow(tx, row.account, row.id);
    return written === undefined ? [] : [await actionEvent(tx, account, order.json, written)];
  });
}

/** What the account's platform has of an action. Error: `action_unknown`, naming those that it has. */
export function specOf(
  { connector }: KnownAccount,
  { action, own }: Pick<Intent, 'action' | 'own'>,
): { readonly actions: Actions; readonly spec: ActionSpec } {
  const { actions } = connector;
  const known = (actions?.specs ?? []).filter(({ internal = false }) => own || !internal);
  const spec = known.find(({ name }) => name === action);
  if (actions !== undefined && spec !== undefined) return { actions, spec };
  const names = known.map(({ name }) => name).join(', ');
  throw new HuidanError('action_unknown', names === '' ? 'It takes no actions.' : `It takes ${names}.`);
}

function defaultsOf(spec: ActionSpec): Params {
  return Object.fromEntries(
    spec.params.flatMap((field) => (field.default === undefined ? [] : [[field.name, field.default]])),
  );
}

function faultsError(faults: readonly ParamFault[]): HuidanError {
  const fields = faults.map(({ field, message }) => ({ field: `params.${field}`, message }));
  const detail = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new HuidanError('action_params_invalid', detail, { fields });
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
