import { KIND_OF_CONDITION } from '../core/attention.ts';
import type { AttentionKind } from '../core/attention.ts';
import { orderJson } from '../core/order-json.ts';
import type { TimeMs } from '../core/time.ts';
import {
  readAmountsThatDiffered,
  readConditions,
  readDeadLetters,
  readDoubtsThatStay,
  readFailedActions,
  readFailingQuestions,
  readHalfToldOrders,
  readOnlyThere,
  readPaidLate,
  readRefusedAccess,
  readRejections,
  readStoresInTrouble,
  readUnknownActions,
  readUnmatchedSids,
  readUnrecognised,
} from '../store/attention-causes.ts';
import type { CauseRow, ReadCauses } from '../store/attention-causes.ts';
import { readStoredOrder } from '../store/orders.ts';
import type { HubContext } from './context.ts';
import { sideOf } from './reconcile-compare.ts';

/** A cause with what it is to a person. */
export interface Cause extends CauseRow {
  readonly kind: AttentionKind;
}

/** What is looked for at once from one source: more of one kind is one trouble, not as many. */
export const MOST_OF_A_SOURCE = 200;

interface Source {
  readonly read: ReadCauses;
  kindOf(row: CauseRow): AttentionKind | undefined;
  /** Leaves out what is no cause any more, where SQL cannot tell. */
  narrow?(
    ctx: Pick<HubContext, 'pool' | 'sealer'>,
    accountId: string,
    rows: readonly CauseRow[],
  ): Promise<readonly CauseRow[]>;
}

const always = (kind: AttentionKind) => (): AttentionKind => kind;

const SOURCES: readonly Source[] = [
  { read: readConditions, kindOf: ({ name }) => KIND_OF_CONDITION[name] },
  { read: readHalfToldOrders, kindOf: always('unknown_order') },
  { read: readOnlyThere, kindOf: always('unknown_order') },
  { read: readPaidLate, kindOf: always('late_payment') },
  { read: readUnknownActions, kindOf: ({ name }) => (name === 'dispense' ? 'dispense_unknown' : 'action_unknown') },
  { read: readFailedActions, kindOf: always('action_failed') },
  { read: readUnmatchedSids, kindOf: always('unmatched_sid') },
  { read: readStoresInTrouble, kindOf: always('expired_token') },
  { read: readRefusedAccess, kindOf: always('expired_token') },
  { read: readDeadLetters, kindOf: always('dead_letter') },
  { read: readRejections, kindOf: always('repeated_rejection') },
  { read: readUnrecognised, kindOf: always('unrecognised_callback') },
  { read: readDoubtsThatStay, kindOf: always('doubt_stays') },
  { read: readFailingQuestions, kindOf: always('repair_failing') },
  { read: readAmountsThatDiffered, kindOf: always('amount_mismatch'), narrow: stillDifferent },
];

/** Everything of an account that wants attention now, and of which kinds there may be more than was read. */
export async function readCauses(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  accountId: string,
  nowMs: TimeMs,
): Promise<{ readonly causes: readonly Cause[]; readonly cut: ReadonlySet<AttentionKind> }> {
  const now = new Date(nowMs);
  const causes = new Map<string, Cause>();
  const cut = new Set<AttentionKind>();
  for (const source of SOURCES) {
    const read = await source.read(ctx.pool, accountId, now, MOST_OF_A_SOURCE);
    const rows = (await source.narrow?.(ctx, accountId, read)) ?? read;
    for (const row of rows) {
      const kind = source.kindOf(row);
      if (kind === undefined) continue;
      const key = `${kind} ${row.subject}`;
      // The source that is listed first says it better: what an order's life found, before what a flag shows.
      if (!causes.has(key)) causes.set(key, { ...row, kind });
    }
    if (read.length < MOST_OF_A_SOURCE) continue;
    for (const row of read) {
      const kind = source.kindOf(row);
      if (kind !== undefined) cut.add(kind);
    }
  }
  return { causes: [...causes.values()], cut };
}

/** An order that was corrected since its report is no trouble any more. */
async function stillDifferent(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  accountId: string,
  rows: readonly CauseRow[],
): Promise<readonly CauseRow[]> {
  const kept: CauseRow[] = [];
  for (const row of rows) {
    const { differences, theirs } = row.detail;
    const order =
      row.orderId === null ? undefined : await readStoredOrder(ctx.pool, ctx.sealer, accountId, row.orderId);
    if (order === undefined || theirs === null || typeof theirs !== 'object' || !Array.isArray(differences)) continue;
    const ours: Readonly<Record<string, unknown>> = { ...sideOf(orderJson(order.head, order.lines)) };
    const told = theirs as Readonly<Record<string, unknown>>;
    const isDifferent = (differences as readonly unknown[]).some(
      (name) => typeof name === 'string' && typeof told[name] === 'number' && told[name] !== ours[name],
    );
    if (isDifferent) kept.push(row);
  }
  return kept;
}
