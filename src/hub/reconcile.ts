import type { PollAsk } from '../core/poll.ts';
import { newId } from '../core/ids.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { sameJson } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformRefusal } from '../core/outgoing.ts';
import { beijingDay, beijingTime } from '../core/time.ts';
import type { TimeMs } from '../core/time.ts';
import { readOrdersOfDay } from '../store/day-orders.ts';
import { aliasKey, loadOrders } from '../store/orders.ts';
import {
  claimReconciliation,
  endReconciliation,
  failReconciliation,
  insertLines,
  insertReconciliation,
  moveReconciliation,
} from '../store/reconciliations.ts';
import type { ReconciliationLine, ReconciliationRow } from '../store/reconciliations.ts';
import { readLivingAccounts } from '../store/repair-polls.ts';
import { transaction } from '../store/transaction.ts';
import { accessTokenOf } from './access-tokens.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { knowledgeOf } from './repair-asks.ts';
import { CallLater, ENDLESS, leaseKeeper, LeaseLost, MOST_PAGES, patientCall } from './repair-call.ts';
import type { GatedDeps } from './repair-call.ts';
import { AMOUNT_FIELDS, differencesOf, sideOf, ToldDay } from './reconcile-compare.ts';
import type { ToldOrder } from './reconcile-compare.ts';
import { askAboutDay, canReconcile } from './reconcile-orders.ts';
import type { AskedDay } from './reconcile-orders.ts';

export interface ReconcileDeps extends GatedDeps {
  readonly accounts: AccountDirectory;
}

const DAY_MS = 86_400_000;
const LEASE_MS = 120_000;
/** Orders in one look at the hub's own. */
const PORTION = 500;
const LINES_AT_ONCE = 2000;
const WAITS_MS = [10_000, 60_000, 300_000, 900_000, 3_600_000] as const;
const PAUSED_WAIT_MS = 600_000;

/**
 * Holds one business day that is due against its platform: reads the platform's orders of the day, folds them in memory,
 * and compares them with the hub's. What was read is lost with the process, and read anew by the next one. Returns how
 * many were worked on.
 */
export async function reconcileDueDay(ctx: HubContext, deps: ReconcileDeps): Promise<number> {
  const nowMs = ctx.clock();
  const lease = newId('rec', nowMs, ctx.randomBytes);
  const claimed = await claimReconciliation(ctx.pool, {
    now: new Date(nowMs),
    leaseUntil: new Date(nowMs + LEASE_MS),
    lease,
  });
  if (claimed === undefined) return 0;
  try {
    await reconcile(ctx, deps, claimed, lease);
  } catch (error) {
    if (error instanceof LeaseLost) return 1;
    const later = error instanceof CallLater ? error.waitMs : undefined;
    const isUsual = error instanceof PlatformUnreachable || later !== undefined;
    if (!isUsual)
      if (!isUsual) ctx.log.error({ err: error, account: claimed.account, id: claimed.id }, 'a reconciliation failed');
    const message = isUsual && error instanceof Error ? error.message : 'The hub failed; the log has the details.';
    await putOff(ctx, claimed, lease, { class: 'retry', code: 'unreachable', message }, later);
  }
  return 1;
}

async function reconcile(ctx: HubContext, deps: ReconcileDeps, row: ReconciliationRow, lease: string): Promise<void> {
  const account = await deps.accounts.find(row.account);
  if (account === undefined || !canReconcile(account.connector)) {
    const message = 'The platform neither lists the orders of a day nor can be asked about one.';
    return putOff(ctx, row, lease, { class: 'final', code: 'unsupported', message });
  }
  if (account.row.mode === 'paused') {
    const refusal = { class: 'retry', code: 'account_paused', message: 'The account is paused.' } as const;
    return putOff(ctx, { ...row, attempts: 0 }, lease, refusal, PAUSED_WAIT_MS);
  }
  const range = rangeOf(row.day);
  if (account.connector.readDay === undefined) return reconcileByAsking(ctx, deps, account, row, lease);
  const told = await readTold(ctx, deps, account, row, lease, range);
  if (!(told instanceof ToldDay)) return putOff(ctx, row, lease, told);
  const lines = await compare(ctx, account, told, range);
  await write(ctx, row, lease, { read: told.size, lines, unasked: 0 });
}

/** Order by order, where the platform lists nothing. */
async function reconcileByAsking(
  ctx: HubContext,
  deps: ReconcileDeps,
  account: KnownAccount,
  row: ReconciliationRow,
  lease: string,
): Promise<void> {
  const hold = async (orders: number | null): Promise<boolean> =>
    moveReconciliation(ctx.pool, row, lease, new Date(ctx.clock() + LEASE_MS), orders);
  const call = patientCall(
    ctx,
    deps,
    account,
    leaseKeeper(ctx.clock, LEASE_MS, () => hold(null)),
  );
  const asked = await askAboutDay(ctx, account, call, rangeOf(row.day), async (orders) => {
    if (!(await hold(orders))) throw new LeaseLost();
  });
  return 'class' in asked ? putOff(ctx, row, lease, asked) : write(ctx, row, lease, asked);
}

/** The first and the last ms of a business day (Asia/Shanghai). */
export function rangeOf(day: string): { readonly from: TimeMs; readonly to: TimeMs } {
  const from = beijingTime(`${day} 00:00:00`);
  if (from === undefined) throw new TypeError(`${day} is no day`);
  return { from, to: from + DAY_MS - 1 };
}

async function readTold(
  ctx: HubContext,
  deps: ReconcileDeps,
  account: KnownAccount,
  row: ReconciliationRow,
  lease: string,
  range: { readonly from: TimeMs; readonly to: TimeMs },
): Promise<ToldDay | PlatformRefusal> {
  const { connector, view } = account;
  const keep = leaseKeeper(ctx.clock, LEASE_MS, (until) => moveReconciliation(ctx.pool, row, lease, until, null));
  const call = patientCall(ctx, deps, account, keep);
  const { stores } = await knowledgeOf(ctx, account.row.id);
  const told = new ToldDay(connector.registers);
  let page: Json = null;
  for (let pages = 1; ; pages += 1) {
    const ask: Pick<PollAsk, 'at' | 'page' | 'stores'> = { at: ctx.clock(), page, stores };
    const token = connector.accessTokens === undefined ? undefined : await accessTokenOf(ctx, account);
    if (token?.ok === false) return token.refusal;
    const accessToken = token === undefined ? {} : { accessToken: token.value };
    const answer = await connector.readDay?.(view, call, { ...ask, ...accessToken, ...range });
    if (answer === undefined) return { class: 'final', code: 'unsupported', message: '' };
    if (!answer.ok) return answer.refusal;
    for (const report of answer.value.reports) told.take(report);
    const until = new Date(ctx.clock() + LEASE_MS);
    if (!(await moveReconciliation(ctx.pool, row, lease, until, told.size))) throw new LeaseLost();
    const { next } = answer.value;
    if (next === null) return told;
    if (pages >= MOST_PAGES || sameJson(next, page)) return ENDLESS;
    page = next;
  }
}

type Line = Omit<ReconciliationLine, 'nth'>;

/** Each order that one of the two sides has. */
async function compare(
  ctx: HubContext,
  account: KnownAccount,
  told: ToldDay,
  { from, to }: { readonly from: TimeMs; readonly to: TimeMs },
): Promise<readonly Line[]> {
  const accountId = account.row.id;
  const lines: Line[] = [];
  const met = new Set<string>();
  const theirs = told.orders(accountId, account.row.platform);
  for (let index = 0; index < theirs.length; index += PORTION) {
    const portion = theirs.slice(index, index + PORTION);
    const ours = await readNamed(ctx, accountId, portion);
    for (const order of portion) {
      const own = ours(order);
      if (own !== undefined) met.add(own.id);
      lines.push(lineOf(order, own));
    }
  }
  const day = { by: account.connector.dayBy ?? 'placed', from: new Date(from), to: new Date(to + 1) };
  for (let afterId = ''; ;) {
    const orders = await readOrdersOfDay(ctx.pool, ctx.sealer, accountId, day, { afterId, limit: PORTION });
    for (const { head, lines: own } of orders) {
      if (met.has(head.id)) continue;
      const json = orderJson(head, own);
      const { id: orderId, platformOrderId } = json;
      lines.push({ kind: 'only_here', differences: [], orderId, platformOrderId, theirs: null, ours: sideOf(json) });
    }
    const last = orders.at(-1)?.head.id;
    if (orders.length < PORTION || last === undefined) break;
    afterId = last;
  }
  return lines;
}

const RANKS = { only_there: 0, differs: 1, only_here: 2, same: 3 } as const;

/** The hub's orders of these numbers. */
async function readNamed(
  ctx: HubContext,
  accountId: string,
  told: readonly ToldOrder[],
): Promise<(order: ToldOrder) => OrderJson | undefined> {
  const named = told.flatMap(({ aliases }) => aliases);
  const { aliases, orders } = await loadOrders(ctx.pool, ctx.sealer, accountId, named);
  const byId = new Map(orders.map(({ head, lines }) => [head.id, orderJson(head, lines)]));
  return (order) => {
    const ids = order.aliases.map((alias) => aliases.get(aliasKey(alias))).filter((id) => id !== undefined);
    return ids.map((id) => byId.get(id)).find((json) => json !== undefined);
  };
}

function lineOf(there: ToldOrder, here: OrderJson | undefined): Line {
  const theirs = sideOf(there.json);
  const platformOrderId = there.json.platformOrderId ?? here?.platformOrderId ?? null;
  if (here === undefined)
    return { kind: 'only_there', differences: [], orderId: null, platformOrderId, theirs, ours: null };
  const differences = differencesOf(there, here);
  const kind = differences.length === 0 ? 'same' : 'differs';
  return { kind, differences, orderId: here.id, platformOrderId, theirs, ours: sideOf(here) };
}

async function write(
  ctx: HubContext,
  row: ReconciliationRow,
  lease: string,
  { read: readOrders, lines: compared, unasked }: AskedDay,
): Promise<void> {
  const lines = compared.toSorted((a, b) => RANKS[a.kind] - RANKS[b.kind]);
  const count = (test: (line: Line) => boolean): number => lines.filter(test).length;
  const sums = {
    both: count(({ kind }) => kind === 'same' || kind === 'differs'),
    onlyThere: count(({ kind }) => kind === 'only_there'),
    onlyHere: count(({ kind }) => kind === 'only_here'),
    amountsDiffer: count(({ differences }) => differences.some((name) => AMOUNT_FIELDS.has(name))),
    statusDiffers: count(({ differences }) => differences.some((name) => !AMOUNT_FIELDS.has(name))),
  };
  await transaction(ctx.pool, async (tx) => {
    const reason =
      unasked === 0 ? null : `${unasked} orders could not be asked about: no number of them is known that could.`;
    const end = { account: row.account, id: row.id, readOrders, reason, ...sums };
    if (!(await endReconciliation(tx, end, lease, new Date(ctx.clock())))) return;
    for (let index = 0; index < lines.length; index += LINES_AT_ONCE) {
      const portion = lines.slice(index, index + LINES_AT_ONCE);
      await insertLines(
        tx,
        row.account,
        row.id,
        portion.map((line, nth) => ({ ...line, nth: index + nth + 1 })),
      );
    }
  });
  ctx.log.info({ account: row.account, day: row.day, ...sums }, 'a business day was held against its platform');
}

async function putOff(
  ctx: HubContext,
  row: ReconciliationRow,
  lease: string,
  { class: kind, code, message }: PlatformRefusal,
  afterMs?: number,
): Promise<void> {
  const now = ctx.clock();
  const attempts = row.attempts + 1;
  const waitMs = afterMs ?? WAITS_MS[attempts - 1];
  const isOver = kind !== 'retry' || waitMs === undefined;
  const dueAt = isOver ? null : new Date(now + waitMs);
  if (isOver) ctx.log.warn({ account: row.account, day: row.day, code }, 'a business day could not be reconciled');
  await failReconciliation(ctx.pool, row, lease, {
    dueAt,
    // What only waits for its turn is no failure.
    attempts: afterMs === undefined ? attempts : row.attempts,
    reason: `${code}: ${message}`.slice(0, 500),
    now: new Date(now),
  });
}

/** Asks for yesterday to be reconciled, once an account that can. Returns for how many. */
export async function planNightlyReconciliations(ctx: HubContext): Promise<number> {
  const nowMs = ctx.clock();
  const day = beijingDay(nowMs - DAY_MS);
  let planned = 0;
  for (const { id, platform } of await readLivingAccounts(ctx.pool)) {
    if (!canReconcile(ctx.registry.get(platform))) continue;
    const row = {
      account: id,
      id: newId('rec', nowMs, ctx.randomBytes),
      day,
      askedBy: null,
      createdAt: new Date(nowMs),
    };
    if (await insertReconciliation(ctx.pool, row)) planned += 1;
  }
  if (planned > 0) ctx.wake.work();
  return planned;
}
