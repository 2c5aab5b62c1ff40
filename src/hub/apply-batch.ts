import type { Alias, Report } from '../core/fact.ts';
import { reportKey } from '../core/fact.ts';
import { availableAfterMs } from '../core/commission/available-after.ts';
import { newId } from '../core/ids.ts';
import type { Parsed } from '../core/connector.ts';
import { moveActions } from '../store/actions.ts';
import { NO_COMMISSION, readWorldOfAliases } from '../store/commission-reads.ts';
import type { CommissionWorld } from '../store/commission-reads.ts';
import { findKnownFacts, insertFacts, moveFacts } from '../store/facts.ts';
import type { FactSource } from '../store/facts.ts';
import { setOrderClocks } from '../store/order-clocks.ts';
import { upsertOrders } from '../store/order-writes.ts';
import { aliasKey, loadOrders, moveAliases, writeAliases } from '../store/orders.ts';
import { insertReceipts, updateReceiptVerdict } from '../store/receipts.ts';
import type { ReceiptRow, Verdict } from '../store/receipts.ts';
import { insertUnboundStores, readStoreLabels } from '../store/stores.ts';
import type { StoreLabel } from '../store/stores.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import { queueAutomaticActions } from './act-auto.ts';
import { lookForShownActions } from './act-shown.ts';
import { CommissionDesk } from './commission-desk.ts';
import type { HubContext } from './context.ts';
import { lifeClocks } from './life-clocks.ts';
import { rulesOf } from './order-rules.ts';
import { OrderSet } from './order-set.ts';
import type { OrderChange } from './order-set.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { NewEvent } from './publish-events.ts';
import { moveStock } from './stock.ts';
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
  /** The order, maybe of another account, that the reported one is a leg of, such as the payment of a machine's sale. */
  readonly parent?: string;
}

export interface IntakeResult {
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly orderIds: readonly string[];
}

/** What one transaction did. */
export interface AppliedBatch {
  readonly results: readonly IntakeResult[];
  /** Actions that were queued by themselves, and looks at orders that are due now. */
  readonly dueWork: number;
}

/**
 * Applies messages of one account within `tx`, in the order given: receipts, facts, orders, events, and what is due to
 * whom. The account's clock row is locked first, so all of it is serial per account, and commit order is feed order.
 *
 * Two round trips: what is read travels together behind the lock, what is written travels together with the commit. Ten
 * round trips one after the other held the lock three times as long under load.
 *
 * `beside` is work of the same transaction, behind the lock; the events that it returns go out with those of the orders.
 */
export async function applyBatch(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  account: KnownAccount,
  intakes: readonly Intake[],
  beside?: () => Promise<readonly NewEvent[]>,
): Promise<AppliedBatch> {
  const accountId = account.row.id;
  const keyed = intakes.flatMap(reportsOf).map((report) => ({ report, key: reportKey(report) }));
  const [held, loaded, world] = await Promise.all([
    holdFeed(ctx, tx, accountId),
    loadWorkingSet(ctx, tx, accountId, keyed),
    loadCommissionWorld(tx, accountId, keyed),
  ]);
  const now = new Date(ctx.clock());
  const commission = openCommissionDesk(account, world, now);
  const orders = createOrderSet(ctx, account, loaded, commission);

  const keys = new Map(keyed.map(({ report, key }) => [report, key]));
  const results = intakes.map((intake) => applyIntake(orders, commission, intake, keys));
  const ofStores = await applyNotices(ctx, tx, account, intakes, results, now);
  writeReceipts(tx, accountId, intakes, results, now);
  writeOrders(ctx, tx, accountId, orders, now);
  const unknown = storesNamed(keyed).filter(({ ref }) => !loaded.labels.has(ref));
  defer(tx, insertUnboundStores(tx, accountId, unknown, now));
  const changed = orders.changes.map(({ json }) => json);
  const ofLives = lifeClocks(account, changed, now);
  defer(tx, setOrderClocks(tx, accountId, [...orders.clocks, ...commission.clocks, ...ofLives], now));
  commission.write(tx);
  const queuedActions = queueAutomaticActions(ctx, tx, account, changed, now);
  lookForShownActions(tx, account, changed, now);
  // Of all other platforms not a statement.
  const ofMachines = account.connector.machines === undefined ? [] : await moveStock(tx, account, changed, now);
  const ofOthers = beside === undefined ? [] : await beside();
  const ofOrders = orders.changes.map((change) => orderEvent(change));
  const events = [...ofOrders, ...commission.events, ...ofStores, ...ofMachines, ...ofOthers];
  publishEvents(ctx, tx, accountId, { ...held, createdAt: now }, events);
  return { results, dueWork: queuedActions + ofLives.filter(({ dueAt }) => dueAt <= now).length };
}

const reportsOf = (intake: Intake): readonly Report[] =>
  intake.content.kind === 'reports' ? intake.content.reports : [];

/**
 * Whether a message leaves something to do that is not a delivery: an order to be read, a store to be proved. Promoted
 * orders are found by their time: every push of one raises a doubt, and a wake for each would keep the workers looking.
 */
export function leavesWork({ content }: Intake): boolean {
  if (content.kind !== 'reports') return false;
  return (
    content.stores !== undefined || content.reports.some(({ doubt, kind }) => doubt !== undefined && kind !== 'cps')
  );
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
  const [named, knownFacts, labels] = await Promise.all([
    loadOrders(tx, ctx.sealer, accountId, aliases),
    findKnownFacts(tx, accountId, facts),
    loadLabels(tx, accountId, keyed),
  ]);
  return { ...named, knownFacts, labels };
}

/** Whose the stores are that the reports name; no statement where they name none. */
async function loadLabels(
  tx: Tx,
  accountId: string,
  keyed: readonly { readonly report: Report }[],
): Promise<ReadonlyMap<string, StoreLabel>> {
  const named = storesNamed(keyed);
  return named.length === 0
    ? new Map()
    : readStoreLabels(
        tx,
        accountId,
        named.map(({ ref }) => ref),
      );
}

/** The stores that reports name, each once. */
function storesNamed(
  keyed: readonly { readonly report: Report }[],
): readonly { readonly ref: string; readonly name: string | null }[] {
  const names = new Map<string, string | null>();
  for (const { report } of keyed) {
    for (const fact of report.facts) {
      if (fact.register === 'store') names.set(fact.value.ref, fact.value.name ?? names.get(fact.value.ref) ?? null);
    }
  }
  return [...names].map(([ref, name]) => ({ ref, name }));
}

function createOrderSet(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  account: KnownAccount,
  loaded: Loaded,
  commission: CommissionDesk,
): OrderSet {
  const now = ctx.clock();
  return new OrderSet(
    {
      account: account.row.id,
      platform: account.row.platform,
      merchant: account.row.merchant,
      rules: rulesOf(account.connector),
      now,
      newOrderId: () => newId('ord', now, ctx.randomBytes),
      memberOf: (orderId, sid) => commission.memberOf(orderId, sid),
    },
    loaded,
  );
}

/** What the split of promoted orders depends on; no statement where no message is about one. */
async function loadCommissionWorld(
  tx: Tx,
  accountId: string,
  keyed: readonly { readonly report: Report }[],
): Promise<CommissionWorld> {
  const reports = keyed.map(({ report }) => report).filter(({ kind }) => kind === 'cps');
  if (reports.length === 0) return NO_COMMISSION;
  const sids = new Set<string>();
  for (const { facts } of reports) for (const fact of facts) if (fact.register === 'sid') sids.add(fact.value);
  return readWorldOfAliases(
    tx,
    accountId,
    [...sids],
    reports.flatMap(({ aliases }) => aliases),
  );
}

/** The ledger of an account, to follow its orders. */
export function openCommissionDesk(account: KnownAccount, world: CommissionWorld, now: Date): CommissionDesk {
  const { row, view } = account;
  return new CommissionDesk(
    {
      account: row.id,
      platform: row.platform,
      nowMs: now.getTime(),
      availableAfterMs: availableAfterMs(view.settings),
    },
    world,
  );
}

function applyIntake(
  orders: OrderSet,
  commission: CommissionDesk,
  intake: Intake,
  keys: ReadonlyMap<Report, string>,
): IntakeResult {
  const { content } = intake;
  if (content.kind === 'held') return { verdict: 'held', reason: 'the account is paused', orderIds: [] };
  if (content.kind === 'nothing') return { verdict: 'nothing', reason: content.note, orderIds: [] };
  if (content.kind === 'unrecognised') return { verdict: 'unrecognised', reason: content.reason, orderIds: [] };
  const verdicts = new Set<Verdict>();
  const orderIds = new Set<string>();
  for (const report of content.reports) {
    const key = keys.get(report) ?? reportKey(report);
    const folded = orders.folded.length;
    const { verdict, orderId } = orders.apply(report, key, intake.source, intake.receipt?.id ?? null, intake.parent);
    for (const id of [...orders.folded.slice(folded).map(({ from }) => from), orderId]) {
      const order = orders.current(id);
      if (order !== undefined && verdict !== 'duplicate') commission.follow(order, `fact:${key}`);
    }
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
    defer(tx, moveActions(tx, accountId, from, into));
  }
  defer(tx, writeAliases(tx, accountId, orders.newAliases));
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
