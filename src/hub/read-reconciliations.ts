import { writeCsv } from '../core/csv.ts';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { fenToYuan } from '../core/money.ts';
import { beijingDay, beijingTime } from '../core/time.ts';
import { readAccountRecord } from '../store/accounts.ts';
import { findReconciliation, insertReconciliation, listLines, listReconciliations } from '../store/reconciliations.ts';
import type { LineKind, ReconciledSide, ReconciliationLine, ReconciliationRow } from '../store/reconciliations.ts';
import type { Tx } from '../store/transaction.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import { nameOfAsker } from './action-json.ts';
import type { HubContext } from './context.ts';
import { canReconcile } from './reconcile-orders.ts';

/** A report of a business day. Times are RFC 3339; counts are null until it is done. */
export interface ReconciliationJson {
  readonly id: string;
  readonly account: string;
  readonly day: string;
  readonly state: ReconciliationRow['state'];
  /** null: the hub by itself, once a night. */
  readonly askedBy: string | null;
  /** The name of that user or key. */
  readonly askedByName: string | null;
  /** How many orders the platform has told so far. */
  readonly read: number;
  readonly counts: {
    readonly both: number;
    readonly onlyThere: number;
    readonly onlyHere: number;
    readonly amountsDiffer: number;
    readonly statusDiffers: number;
  } | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface ReconciliationLineJson {
  readonly kind: LineKind;
  readonly differences: readonly string[];
  readonly order: string | null;
  readonly platformOrderId: string | null;
  readonly theirs: ReconciledSide | null;
  readonly ours: ReconciledSide | null;
}

type Deps = Pick<HubContext, 'pool' | 'clock' | 'registry' | 'randomBytes'>;

/**
 * Asks for a business day to be held against its platform. Errors: `account_not_found`, `account_paused`,
 * `reconcile_unsupported`, `malformed_request` (no day, or one that has not begun).
 */
export async function requestReconciliation(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  wish: { readonly account: string; readonly day: string },
): Promise<ReconciliationJson> {
  const record = await readAccountRecord(tx, wish.account);
  if (record === undefined || !covers(principal, { account: record.id, merchant: record.merchant, shop: null })) {
    throw new HuidanError('account_not_found');
  }
  if (record.mode === 'paused') throw new HuidanError('account_paused');
  if (!canReconcile(ctx.registry.get(record.platform))) throw new HuidanError('reconcile_unsupported');
  const from = beijingTime(`${wish.day} 00:00:00`);
  const nowMs = ctx.clock();
  if (from === undefined || beijingDay(from) !== wish.day || from > nowMs) {
    const fields = [{ field: 'day', message: 'is no day in Asia/Shanghai that has begun' }];
    throw new HuidanError('malformed_request', 'day is no day that has begun.', { fields });
  }
  const id = newId('rec', nowMs, ctx.randomBytes);
  const createdAt = new Date(nowMs);
  await insertReconciliation(tx, { account: record.id, id, day: wish.day, askedBy: principal.id, createdAt });
  const made = await findReconciliation(tx, id);
  if (made === undefined) throw new HuidanError('internal');
  return reconciliationJson(made);
}

/** Reports, the youngest first, those before `beforeId`. A key that is limited to shops sees none. */
export async function readReconciliations(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  { account = null, day = null }: { readonly account?: string | null; readonly day?: string | null },
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ReconciliationJson[]> {
  if (principal.shops !== null) return [];
  const { accounts, merchants } = principal;
  const rows = await listReconciliations(ctx.pool, { account, day, accounts, merchants }, page);
  return rows.map((row) => reconciliationJson(row));
}

/** One report. Error: `reconciliation_not_found`. */
export async function readReconciliation(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  id: string,
): Promise<ReconciliationJson> {
  return reconciliationJson(await visible(ctx, principal, id));
}

/** Lines of a report, those that want a look first. Error: `reconciliation_not_found`. */
export async function readReconciliationLines(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  id: string,
  kind: LineKind | null,
  page: { readonly afterNth: number; readonly limit: number },
): Promise<readonly (ReconciliationLineJson & { readonly nth: number })[]> {
  const row = await visible(ctx, principal, id);
  const lines = await listLines(ctx.pool, row, kind, page);
  return lines.map((line) => ({ nth: line.nth, ...lineJson(line) }));
}

const CSV_PORTION = 5000;
const HEAD = [
  'kind',
  'platform_order_id',
  'order',
  'differences',
  'status_there',
  'status_here',
  'payment_there',
  'payment_here',
  'total_there',
  'total_here',
  'paid_there',
  'paid_here',
  'refunded_there',
  'refunded_here',
] as const;

/** A report as CSV: with a byte order mark, ids as text, amounts in yuan. Error: `reconciliation_not_found`. */
export async function reconciliationCsv(ctx: Pick<Deps, 'pool'>, principal: Principal, id: string): Promise<string> {
  const row = await visible(ctx, principal, id);
  const cells: (readonly (string | null)[])[] = [];
  for (let afterNth = 0; ;) {
    const lines = await listLines(ctx.pool, row, null, { afterNth, limit: CSV_PORTION });
    cells.push(...lines.map((line) => csvRow(line)));
    const last = lines.at(-1)?.nth;
    if (lines.length < CSV_PORTION || last === undefined) break;
    afterNth = last;
  }
  return writeCsv(HEAD, cells);
}

function csvRow({
  kind,
  platformOrderId,
  orderId,
  differences,
  theirs,
  ours,
}: ReconciliationLine): readonly (string | null)[] {
  const yuan = (side: ReconciledSide | null, name: 'total' | 'paid' | 'refunded'): string | null => {
    const fen = side?.[name] ?? null;
    return fen === null ? null : fenToYuan(fen);
  };
  return [
    kind,
    platformOrderId,
    orderId,
    differences.join(' '),
    theirs?.status ?? null,
    ours?.status ?? null,
    theirs?.payment ?? null,
    ours?.payment ?? null,
    yuan(theirs, 'total'),
    yuan(ours, 'total'),
    yuan(theirs, 'paid'),
    yuan(ours, 'paid'),
    yuan(theirs, 'refunded'),
    yuan(ours, 'refunded'),
  ];
}

async function visible(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  id: string,
): Promise<ReconciliationRow & { readonly merchant: string | null }> {
  const row = await findReconciliation(ctx.pool, id);
  if (row === undefined || !covers(principal, { account: row.account, merchant: row.merchant, shop: null })) {
    throw new HuidanError('reconciliation_not_found');
  }
  return row;
}

const lineJson = ({
  kind,
  differences,
  orderId,
  platformOrderId,
  theirs,
  ours,
}: ReconciliationLine): ReconciliationLineJson => ({
  kind,
  differences,
  order: orderId,
  platformOrderId,
  theirs,
  ours,
});

function reconciliationJson(row: ReconciliationRow): ReconciliationJson {
  const { both, onlyThere, onlyHere, amountsDiffer, statusDiffers } = row;
  const isDone =
    both !== null && onlyThere !== null && onlyHere !== null && amountsDiffer !== null && statusDiffers !== null;
  return {
    id: row.id,
    account: row.account,
    day: row.day,
    state: row.state,
    askedBy: row.askedBy,
    askedByName: nameOfAsker(row.askedBy, row.askedByName),
    read: row.readOrders,
    counts: isDone ? { both, onlyThere, onlyHere, amountsDiffer, statusDiffers } : null,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}
