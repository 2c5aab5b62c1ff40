import type { Alias, Report } from '../core/fact.ts';
import { reportKey } from '../core/fact.ts';
import { matchesEventPattern } from '../core/event.ts';
import { newId } from '../core/ids.ts';
import type { Parsed } from '../core/connector.ts';
import { markDue, readSubscriptions } from '../store/due-deliveries.ts';
import type { DueHead, Subscription } from '../store/due-deliveries.ts';
import { insertEvents, lockClock, moveClock } from '../store/events.ts';
import type { EventRow } from '../store/events.ts';
import { findKnownFacts, insertFacts, moveFacts } from '../store/facts.ts';
import type { FactSource } from '../store/facts.ts';
import { upsertOrders } from '../store/order-writes.ts';
import { aliasKey, findAliases, loadOrders, moveAliases, writeAliases } from '../store/orders.ts';
import { insertReceipts, updateReceiptVerdict } from '../store/receipts.ts';
import type { ReceiptRow, Verdict } from '../store/receipts.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { OrderSet } from './order-set.ts';
import type { OrderChange } from './order-set.ts';

/** A callback whose verdict is still open. */
export type OpenReceipt = Omit<ReceiptRow, 'verdict' | 'reason' | 'orderIds' | 'processedAt'>;

/** One message of an account, believed and parsed, waiting to be stored and applied. */
export interface Intake {
  readonly receipt: OpenReceipt | null;
  /** True when the receipt is stored already and only its verdict changes. */
  readonly stored: boolean;
  /** `held`: stored now, applied when the account goes live again. */
  readonly content: Parsed | { readonly kind: 'held' };
  readonly source: FactSource;
}

export interface IntakeResult {
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly orderIds: readonly string[];
}

/**
 * Applies messages of one account within `tx`, in the order given: receipts, facts, orders, events, and what is due to
 * whom. The account's clock row is locked first, so all of it is serial per account, and commit order is feed order.
 */
export async function applyBatch(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  account: KnownAccount,
  intakes: readonly Intake[],
): Promise<readonly IntakeResult[]> {
  const feed = await lockClock(tx, account.row.id);
  const reports = intakes.flatMap(reportsOf);
  const orders = await loadOrderSet(ctx, tx, account, reports);
  const now = new Date(ctx.clock());

  const results = intakes.map((intake) => applyIntake(orders, intake));
  await writeReceipts(tx, account.row.id, intakes, results, now);
  await writeOrders(ctx, tx, account.row.id, orders);
  await writeEvents(ctx, tx, account.row.id, orders.changes, feed, now);
  return results;
}

const reportsOf = (intake: Intake): readonly Report[] => (intake.content.kind === 'reports' ? intake.content.reports : []);

async function loadOrderSet(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  account: KnownAccount,
  reports: readonly Report[],
): Promise<OrderSet> {
  const accountId = account.row.id;
  const now = ctx.clock();
  const options = {
    account: accountId,
    platform: account.row.platform,
    merchant: account.row.merchant,
    rules: account.connector.registers,
    now,
    newOrderId: () => newId('ord', now, ctx.randomBytes),
  };
  if (reports.length === 0) return new OrderSet(options, { orders: [], aliases: new Map(), knownFacts: new Set() });

  const wanted = new Map<string, Alias>();
  for (const report of reports) for (const alias of report.aliases) wanted.set(aliasKey(alias), alias);
  const aliases = await findAliases(tx, accountId, [...wanted.values()]);
  const orders = await loadOrders(tx, ctx.sealer, accountId, [...new Set(aliases.values())]);

  const keys: { orderId: string; key: string }[] = [];
  for (const report of reports) {
    const key = reportKey(report);
    for (const alias of report.aliases) {
      const orderId = aliases.get(aliasKey(alias));
      if (orderId !== undefined) keys.push({ orderId, key });
    }
  }
  return new OrderSet(options, { orders, aliases, knownFacts: await findKnownFacts(tx, accountId, keys) });
}

function applyIntake(orders: OrderSet, intake: Intake): IntakeResult {
  const { content } = intake;
  if (content.kind === 'held') return { verdict: 'held', reason: 'the account is paused', orderIds: [] };
  if (content.kind === 'nothing') return { verdict: 'nothing', reason: content.note, orderIds: [] };
  if (content.kind === 'unrecognised') return { verdict: 'unrecognised', reason: content.reason, orderIds: [] };
  const verdicts = new Set<Verdict>();
  const orderIds = new Set<string>();
  for (const report of content.reports) {
    const { verdict, orderId } = orders.apply(report, intake.source, intake.receipt?.id ?? null);
    verdicts.add(verdict);
    orderIds.add(orderId);
  }
  const verdict = verdicts.has('applied') ? 'applied' : verdicts.has('stale') ? 'stale' : 'duplicate';
  return { verdict, reason: null, orderIds: [...orderIds] };
}

async function writeReceipts(
  tx: Tx,
  accountId: string,
  intakes: readonly Intake[],
  results: readonly IntakeResult[],
  processedAt: Date,
): Promise<void> {
  const fresh: ReceiptRow[] = [];
  for (const [index, { receipt, stored }] of intakes.entries()) {
    const result = results[index];
    if (receipt === null || result === undefined) continue;
    const row = { ...receipt, ...result, processedAt };
    if (stored) await updateReceiptVerdict(tx, accountId, row);
    else fresh.push(row);
  }
  await insertReceipts(tx, accountId, fresh);
}

async function writeOrders(ctx: Pick<HubContext, 'sealer'>, tx: Tx, accountId: string, orders: OrderSet): Promise<void> {
  await insertFacts(tx, ctx.sealer, accountId, orders.facts);
  await upsertOrders(tx, ctx.sealer, accountId, [...orders.touched()]);
  for (const { from, into } of orders.folded) {
    await moveFacts(tx, accountId, from, into);
    await moveAliases(tx, accountId, from, into);
  }
  await writeAliases(tx, accountId, orders.newAliases);
}

async function writeEvents(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  accountId: string,
  changes: readonly OrderChange[],
  feed: number,
  createdAt: Date,
): Promise<void> {
  if (changes.length === 0) return;
  const events = changes.map(
    (change, index): EventRow => ({
      feed: feed + index + 1,
      id: newId('evt', createdAt.getTime(), ctx.randomBytes),
      subject: change.json.id,
      sequence: change.json.version,
      type: change.type,
      previousStatus: change.previousStatus,
      merchant: change.json.merchant,
      shop: change.json.shop,
      receiptId: change.receiptId,
      body: change.json,
      createdAt,
    }),
  );
  await insertEvents(tx, accountId, events);
  await markDue(tx, accountId, dueHeads(accountId, events, await readSubscriptions(tx)), createdAt);
  await moveClock(tx, accountId, feed + events.length);
}

function dueHeads(accountId: string, events: readonly EventRow[], subscriptions: readonly Subscription[]): DueHead[] {
  const heads = new Map<string, DueHead>();
  const allows = (limit: readonly string[] | null, value: string | null): boolean =>
    limit === null || (value !== null && limit.includes(value));
  for (const subscription of subscriptions) {
    if (!allows(subscription.accounts, accountId)) continue;
    for (const event of events) {
      if (!matchesEventPattern(subscription.events, event.type)) continue;
      if (!allows(subscription.merchants, event.merchant) || !allows(subscription.shops, event.shop)) continue;
      const key = `${subscription.id} ${event.subject}`;
      const firstSequence = heads.get(key)?.firstSequence ?? event.sequence;
      heads.set(key, {
        endpointId: subscription.id,
        subject: event.subject,
        firstSequence,
        lastSequence: event.sequence,
      });
    }
  }
  return [...heads.values()];
}
