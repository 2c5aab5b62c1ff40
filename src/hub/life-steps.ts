import type { Alias, Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import type { Condition, Life, LifePlan, LifeView, RefundDue, WantedAction } from '../core/lives/life.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { TimeMs } from '../core/time.ts';
import { takeSequences } from '../store/event-subjects.ts';
import { lockClock } from '../store/events.ts';
import { writeConditions } from '../store/order-conditions.ts';
import { findAliasesOfOrder } from '../store/orders.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { queueOwnAction } from './act-intent.ts';
import { applyBatch } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import { readLife } from './life-view.ts';
import type { NewEvent } from './publish-events.ts';

/** A step that its connector refuses for now is looked at again, in case that nothing else happens. */
const REFUSED_WAIT_MS = 300_000;

/**
 * Takes the steps of an order in one transaction behind the account's lock: own words as facts, actions queued once under
 * their cause, events, conditions. What they follow from is read again there. Returns when to look again by itself.
 */
export async function takeSteps(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  account: KnownAccount,
  life: Life,
  orderId: string,
): Promise<TimeMs | null> {
  const accountId = account.row.id;
  const taken = await transaction(ctx.pool, async (tx) => {
    await lockClock(tx, accountId);
    const now = ctx.clock();
    const found = await readLife(ctx, deps, tx, account, orderId, now);
    if (found === undefined) return { lookAt: null, acts: 0, changes: 0 };
    const { view } = found;
    const plan = life.steps(view);
    const refused: Condition[] = [];
    let acts = 0;
    for (const wanted of plan.acts) {
      const refusal = await queue(ctx, tx, account, orderId, wanted);
      if (refusal === undefined) acts += 1;
      else if (wanted.action !== 'push')
        refused.push({ name: 'step_refused', detail: { action: wanted.action, reason: refusal } });
    }
    const conditions = [...plan.conditions, ...refused.slice(0, 1)];
    await writeConditions(tx, accountId, orderId, conditions, new Date(now));
    await say(ctx, tx, account, view, plan);
    ctx.crash('lives.before-commit');
    const again = refused.length === 0 ? plan.lookAt : Math.min(plan.lookAt ?? Infinity, now + REFUSED_WAIT_MS);
    return { lookAt: again, acts, changes: plan.words.length };
  });
  ctx.crash('lives.after-commit');
  if (taken.acts + taken.changes > 0) ctx.wake.work();
  if (taken.changes > 0) ctx.wake.deliveries(accountId);
  return taken.lookAt;
}

/** Queues an action; what the connector does not know of its params is left out. Returns why it is refused. */
async function queue(
  ctx: HubContext,
  tx: Tx,
  account: KnownAccount,
  orderId: string,
  { action, cause, params }: WantedAction,
): Promise<string | undefined> {
  const spec = account.connector.actions?.specs.find(({ name }) => name === action);
  const known = new Set((spec?.params ?? []).map(({ name }) => name));
  const own = Object.fromEntries(Object.entries(params).filter(([name]) => known.has(name)));
  const queued = await queueOwnAction(ctx, tx, account, orderId, { action, cause, params: own });
  if (queued.ok) return undefined;
  ctx.log.debug({ account: account.row.id, order: orderId, action, err: queued.refusal }, 'a step was refused');
  return queued.refusal.message;
}

/** Stores the hub's own words, through the same door as callbacks. */
async function say(
  ctx: HubContext,
  tx: Tx,
  account: KnownAccount,
  { order, now }: LifeView,
  { words, due }: LifePlan,
): Promise<void> {
  if (words.length === 0) return;
  const aliases = await findAliasesOfOrder(tx, account.row.id, order.json.id);
  const [first, ...others] = aliases;
  if (first === undefined) throw new TypeError(`order ${order.json.id} has no number`);
  const reports = words.map(({ name, generation, facts }): Report => {
    const named: readonly [Alias, ...Alias[]] = [first, ...others];
    const key = `own:${name}${generation === 0 ? '' : `:${generation}`}`;
    return { aliases: named, kind: order.json.kind, key, at: now, generation, facts };
  });
  const content = { kind: 'reports', reports } as const;
  await applyBatch(ctx, tx, account, [{ receipt: null, stored: false, content, source: 'own' }], async () => {
    const events: NewEvent[] = [];
    for (const one of due) events.push(await refundDueEvent(tx, account, order.json, one));
    return events;
  });
}

/** `order.refund_due`: the shop must give money back, since nobody else can. Numbered per order. */
async function refundDueEvent(
  tx: Tx,
  { row }: KnownAccount,
  order: OrderJson,
  { what, amount, reason, items }: RefundDue,
): Promise<NewEvent> {
  const subject = `refund_due:${order.id}`;
  const sequences = await takeSequences(tx, row.id, new Map([[subject, 1]]));
  const owing = { ...order, refundDue: (order.refundDue ?? 0) + amount };
  const body = { account: row.id, platform: row.platform, order: owing, what, amount, reason, items };
  return {
    subject,
    sequence: sequences.get(subject) ?? 1,
    type: 'order.refund_due',
    previousStatus: null,
    merchant: order.merchant,
    shop: order.shop,
    receiptId: null,
    body: body as unknown as Record<string, Json>,
  };
}
