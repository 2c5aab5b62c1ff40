import type { Alias, Report } from '../core/fact.ts';
import { reportKey } from '../core/fact.ts';
import { newId } from '../core/ids.ts';
import type { Parsed } from '../core/connector.ts';
import { findKnownFacts, insertFacts, moveFacts } from '../store/facts.ts';
import type { FactSource } from '../store/facts.ts';
import { setOrderClocks } from '../store/order-clocks.ts';
import { upsertOrders } from '../store/order-writes.ts';
import { aliasKey, findAliases, loadOrders, moveAliases, writeAliases } from '../store/orders.ts';
import { insertReceipts, updateReceiptVerdict } from '../store/receipts.ts';
import type { ReceiptRow, Verdict } from '../store/receipts.ts';
import { readStoreLabels } from '../store/stores.ts';
import type { StoreLabel } from '../store/stores.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { OrderSet } from './order-set.ts';
import type { OrderChange } from './order-set.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { NewEvent } from './publish-events.ts';
import { openStoreDesk, storeEvents } from './store-desk.ts';
import { takeNotice } from './store-notices.ts';

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
 *
 * Two round trips: what is read travels together behind the lock, what is written travels together with the commit. Ten
 * round trips one after the other held the lock three times as long under load.
 */
export async function applyBatch(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  account: KnownAccount,
  intakes: readonly Intake[],
): Promise<readonly IntakeResult[]> {
  const accountId = account.row.id;
  const keyed = intakes.flatMap(reportsOf).map((report) => ({ report, key: reportKey(report) }));
  const [held, loaded] = await Promise.all([holdFeed(ctx, tx, accountId), loadWorkingSet(ctx, tx, accountId, keyed)]);
  const orders = createOrderSet(ctx, account, loaded);
  const now = new Date(ctx.clock());

  const keys = new Map(keyed.map(({ report, key }) => [report, key]));
  const results = intakes.map((intake) => applyIntake(orders, intake, keys));
  const ofStores = await applyNotices(ctx, tx, account, intakes, results, now);
  writeReceipts(tx, accountId, intakes, results, now);
  writeOrders(ctx, tx, accountId, orders, now);
  const events = [...orders.changes.map((change) => orderEvent(change)), ...ofStores];
  publishEvents(ctx, tx, accountId, { ...held, createdAt: now }, events);
  return results;
}

const reportsOf = (intake: Intake): readonly Report[] =>
  intake.content.kind === 'reports' ? intake.content.reports : [];

/** Whether a message leaves something to do that is not a delivery: an order to be read, a store to be proved. */
export function leavesWork({ content }: Intake): boolean {
  if (content.kind !== 'reports') return false;
  return content.stores !== undefined || content.reports.some((report) => report.doubt !== undefined);
}

type Loaded = ConstructorParameters<typeof OrderSet>[1];

async function loadWorkingSet(
  ctx: Pick<HubContext, 'sealer'>,
  tx: Tx,
  accountId: string,
  keyed: readonly { readonly report: Report; readonly key: string }[],
): Promise<Loaded> {
  if (keyed.length === 0) return { orders: [], aliases: new Map(), knownFacts: new Set(), labels: new Map() };
  const wanted = new Map<string, Alias>();
  for (const { report } of keyed) for (const alias of report.aliases) wanted.set(aliasKey(alias), alias);
  const aliases = [...wanted.values()];
  const facts = keyed.flatMap(({ report, key }) => report.aliases.map((alias) => ({ alias, key })));
  const [known, orders, knownFacts, labels] = await Promise.all([
    findAliases(tx, accountId, aliases),
    loadOrders(tx, ctx.sealer, accountId, aliases),
    findKnownFacts(tx, accountId, facts),
    loadLabels(tx, accountId, keyed),
  ]);
  return { orders, aliases: known, knownFacts, labels };
}

/** Whose the stores are that the reports name; no statement where they name none. */
async function loadLabels(
  tx: Tx,
  accountId: string,
  keyed: readonly { readonly report: Report }[],
): Promise<ReadonlyMap<string, StoreLabel>> {
  const refs = new Set<string>();
  for (const { report } of keyed) {
    for (const fact of report.facts) if (fact.register === 'store') refs.add(fact.value.ref);
  }
  return refs.size === 0 ? new Map() : readStoreLabels(tx, accountId, [...refs]);
}

function createOrderSet(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  account: KnownAccount,
  loaded: Loaded,
): OrderSet {
  const now = ctx.clock();
  return new OrderSet(
    {
      account: account.row.id,
      platform: account.row.platform,
      merchant: account.row.merchant,
      rules: account.connector.registers,
      now,
      newOrderId: () => newId('ord', now, ctx.randomBytes),
    },
    loaded,
  );
}

function applyIntake(orders: OrderSet, intake: Intake, keys: ReadonlyMap<Report, string>): IntakeResult {
  const { content } = intake;
  if (content.kind === 'held') return { verdict: 'held', reason: 'the account is paused', orderIds: [] };
  if (content.kind === 'nothing') return { verdict: 'nothing', reason: content.note, orderIds: [] };
  if (content.kind === 'unrecognised') return { verdict: 'unrecognised', reason: content.reason, orderIds: [] };
  const verdicts = new Set<Verdict>();
  const orderIds = new Set<string>();
  for (const report of content.reports) {
    const { verdict, orderId } = orders.apply(
      report,
      keys.get(report) ?? reportKey(report),
      intake.source,
      intake.receipt?.id ?? null,
    );
    verdicts.add(verdict);
    orderIds.add(orderId);
  }
  return { verdict: strongest(verdicts), reason: null, orderIds: [...orderIds] };
}

const strongest = (verdicts: ReadonlySet<Verdict>): Verdict =>
  verdicts.has('applied') ? 'applied' : verdicts.has('stale') ? 'stale' : 'duplicate';

/** Lets what the messages say of stores take effect, and puts it into their results. Returns the events of it. */
async function applyNotices(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  account: KnownAccount,
  intakes: readonly Intake[],
  results: IntakeResult[],
  now: Date,
): Promise<readonly NewEvent[]> {
  if (!intakes.some(({ content }) => content.kind === 'reports' && (content.stores ?? []).length > 0)) return [];
  const desk = openStoreDesk(ctx, tx, account.row, now);
  for (const [index, { content, receipt }] of intakes.entries()) {
    const result = results[index];
    if (content.kind !== 'reports' || result === undefined) continue;
    const verdicts = new Set<Verdict>(content.reports.length === 0 ? [] : [result.verdict]);
    const reasons: string[] = [];
    for (const notice of content.stores ?? []) {
      const taken = await takeNotice(desk, notice, { source: 'callback', receiptId: receipt?.id ?? null });
      verdicts.add(taken.verdict);
      if (taken.reason !== undefined) reasons.push(taken.reason);
    }
    if (verdicts.size === 0) continue;
    const reason = reasons.length === 0 ? result.reason : reasons.join('; ');
    results[index] = { ...result, verdict: strongest(verdicts), reason };
  }
  return storeEvents(desk);
}

function writeReceipts(
  tx: Tx,
  accountId: string,
  intakes: readonly Intake[],
  results: readonly IntakeResult[],
  processedAt: Date,
): void {
  const fresh: Omit<ReceiptRow, 'processedAt'>[] = [];
  for (const [index, { receipt, stored }] of intakes.entries()) {
    const result = results[index];
    if (receipt === null || result === undefined) continue;
    const row = { ...receipt, ...result };
    if (stored) defer(tx, updateReceiptVerdict(tx, accountId, { ...row, processedAt }));
    else fresh.push(row);
  }
  defer(tx, insertReceipts(tx, accountId, fresh, processedAt));
}

function writeOrders(ctx: Pick<HubContext, 'sealer'>, tx: Tx, accountId: string, orders: OrderSet, now: Date): void {
  defer(tx, insertFacts(tx, ctx.sealer, accountId, orders.facts, now));
  defer(tx, upsertOrders(tx, ctx.sealer, accountId, [...orders.touched()]));
  for (const { from, into } of orders.folded) {
    defer(tx, moveFacts(tx, accountId, from, into));
    defer(tx, moveAliases(tx, accountId, from, into));
  }
  defer(tx, writeAliases(tx, accountId, orders.newAliases));
  defer(tx, setOrderClocks(tx, accountId, orders.clocks, now));
}

/** The event of an order's change. */
export const orderEvent = (change: OrderChange): NewEvent => ({
  subject: change.json.id,
  sequence: change.json.version,
  type: change.type,
  previousStatus: change.previousStatus,
  merchant: change.json.merchant,
  shop: change.json.shop,
  receiptId: change.receiptId,
  body: change.json,
});
