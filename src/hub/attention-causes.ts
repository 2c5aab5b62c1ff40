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
  readonly kinds: readonly AttentionKind[];
  kindOf(row: CauseRow): AttentionKind | undefined;
  /** Leaves out what is no cause any more, where SQL cannot tell. */
  narrow?(
    ctx: Pick<HubContext, 'pool' | 'sealer'>,
    accountId: string,
    rows: readonly CauseRow[],
  ): Promise<readonly CauseRow[]>;
}

const one = (read: ReadCauses, kind: AttentionKind): Source => ({ read, kinds: [kind], kindOf: () => kind });

const SOURCES: readonly Source[] = [
  {
    read: readConditions,
    kinds: [...new Set(Object.values(KIND_OF_CONDITION))],
    kindOf: ({ name }) => KIND_OF_CONDITION[name],
  },
  one(readHalfToldOrders, 'unknown_order'),
  one(readOnlyThere, 'unknown_order'),
  one(readPaidLate, 'late_payment'),
  {
    read: readUnknownActions,
    kinds: ['dispense_unknown', 'action_unknown'],
    kindOf: ({ name }) => (name === 'dispense' ? 'dispense_unknown' : 'action_unknown'),
  },
  one(readFailedActions, 'action_failed'),
  one(readUnmatchedSids, 'unmatched_sid'),
  one(readStoresInTrouble, 'expired_token'),
  one(readRefusedAccess, 'expired_token'),
  one(readDeadLetters, 'dead_letter'),
  one(readRejections, 'repeated_rejection'),
  one(readUnrecognised, 'unrecognised_callback'),
  one(readDoubtsThatStay, 'doubt_stays'),
  one(readFailingQuestions, 'repair_failing'),
  { ...one(readAmountsThatDiffered, 'amount_mismatch'), narrow: stillDifferent },
];

/** Everything of an account that wants attention now, and of which kinds there may be more than was read. */
export async function readCauses(
  ctx: Pick<HubContext, 'pool' | 'sealer' | 'log'>,
  accountId: string,
  nowMs: TimeMs,
): Promise<{ readonly causes: readonly Cause[]; readonly cut: ReadonlySet<AttentionKind> }> {
  const now = new Date(nowMs);
  const causes = new Map<string, Cause>();
  const cut = new Set<AttentionKind>();
  for (const { read, kinds, kindOf, narrow } of SOURCES) {
    let rows: readonly CauseRow[] = [];
    try {
      const found = await read(ctx.pool, accountId, now, MOST_OF_A_SOURCE);
      if (found.length === MOST_OF_A_SOURCE) for (const kind of kinds) cut.add(kind);
      rows = narrow === undefined ? found : await narrow(ctx, accountId, found);
    } catch (error) {
      // One source that fails must neither hide the others nor close what it would have found.
      ctx.log.warn({ err: error, account: accountId, kinds }, 'what wants attention could not be read');
      for (const kind of kinds) cut.add(kind);
    }
    for (const row of rows) {
      const kind = kindOf(row);
      const key = `${kind ?? ''} ${row.subject}`;
      // The source that is listed first says it better: what an order's life found, before what a flag shows.
      if (kind !== undefined && !causes.has(key)) causes.set(key, { ...row, kind });
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
