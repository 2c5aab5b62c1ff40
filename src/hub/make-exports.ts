import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeCsv, writeCsvRows } from '../core/csv.ts';
import { orderCells } from '../core/order-csv.ts';
import { readApiKey } from '../store/api-keys.ts';
import * as store from '../store/exports.ts';
import type { ExportRow } from '../store/exports.ts';
import { countOrders, listOrders } from '../store/order-reads.ts';
import type { OrderFilter } from '../store/order-reads.ts';
import { toOrderJson } from '../store/orders.ts';
import { QUERY_CANCELED, pgErrorCode } from '../store/pg-errors.ts';
import { transaction } from '../store/transaction.ts';
import { readUser } from '../store/users.ts';
import { ADMIN_PRINCIPAL, containsLimits } from './access.ts';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';
import { requestOf } from './exports.ts';
import type { ExportRequest } from './exports.ts';
import { filterOf } from './read-orders.ts';

const zip = promisify(gzip);

type Deps = Pick<HubContext, 'pool' | 'clock' | 'sealer'>;

/** Orders in one piece of the file. */
const PAGE = 500;
/** Then another export has its turn, so that a small one need not wait for millions of orders. */
const PAGES_OF_A_TURN = 10;
/** Far longer than a page takes; a dead process's export rests for so long. */
const LEASE_MS = 30_000;
/** Counting a million takes as long as writing thousands: beyond it the progress has no end to show. */
const MOST_COUNTED = 200_000;

/**
 * Writes a few pages of the export that has waited longest; returns how many, 0: nothing is wanted. Each page is
 * committed with the place where the next begins, so a process that dies in between loses at most one.
 */
export async function makeDueExport(ctx: Deps): Promise<number> {
  const claimed = await store.claimExport(ctx.pool, new Date(ctx.clock()), leaseEnd(ctx));
  if (claimed === undefined) return 0;
  let held: ExportRow | undefined = claimed;
  try {
    const request = requestOf(ctx.sealer, claimed);
    for (let nth = 1; nth <= PAGES_OF_A_TURN && held?.state === 'running'; nth += 1) {
      if (!(await mayStillRead(ctx, held.askedBy, request.limits))) {
        await fail(ctx, held, 'access_changed');
        return nth;
      }
      held = await writePage(ctx, held, request, nth === PAGES_OF_A_TURN);
    }
    return PAGES_OF_A_TURN;
  } catch (error) {
    // What took too long once will again; all else is tried anew when the lease has run out.
    if (held === undefined || pgErrorCode(error) !== QUERY_CANCELED) throw error;
    await fail(ctx, held, 'too_slow');
    return 1;
  }
}

const leaseEnd = (ctx: Pick<Deps, 'clock'>): Date => new Date(ctx.clock() + LEASE_MS);

async function fail(ctx: Deps, held: ExportRow, error: string): Promise<void> {
  await transaction(ctx.pool, (tx) => store.failExport(tx, held, error, new Date(ctx.clock())));
}

/** Whether the key or the user still exists and may still see all that the file is made of. */
async function mayStillRead(ctx: Deps, askedBy: string, limits: Limits): Promise<boolean> {
  if (askedBy === ADMIN_PRINCIPAL.id) return true;
  const key = await readApiKey(ctx.pool, askedBy);
  const asker = key === undefined ? await readUser(ctx.pool, askedBy) : key.revokedAt === null ? key : undefined;
  return asker !== undefined && containsLimits(asker, limits);
}

/** Writes the next page; returns the export as it is then, `undefined` when it is no longer held. */
async function writePage(
  ctx: Deps,
  held: ExportRow,
  request: ExportRequest,
  isLastOfTurn: boolean,
): Promise<ExportRow | undefined> {
  const filter = filterOfRequest(ctx, request);
  const total = held.chunks === 0 ? await countFor(ctx, filter) : held.total;
  const rows = await listOrders(ctx.pool, filter, { beforeId: held.beforeId, limit: PAGE });
  const cells = rows.map((row) => orderCells(toOrderJson(ctx.sealer, row, false), request.columns));
  const text = Buffer.from(held.chunks === 0 ? writeCsv(request.columns, cells) : writeCsvRows(cells));
  const isOver = rows.length < PAGE;
  const done = held.done + rows.length;
  const next: ExportRow = {
    ...held,
    state: isOver ? 'done' : 'running',
    done,
    // Orders may have come to fit the filter, or ceased to, since they were counted.
    total: isOver ? done : total === null ? null : Math.max(total, done),
    beforeId: rows.at(-1)?.id ?? held.beforeId,
    chunks: held.chunks + 1,
    bytes: held.bytes + text.length,
    leasedUntil: isOver ? null : isLastOfTurn ? new Date(ctx.clock()) : leaseEnd(ctx),
    finishedAt: isOver ? new Date(ctx.clock()) : null,
  };
  const sealed = ctx.sealer.seal(await zip(text));
  const moved = await transaction(ctx.pool, async (tx) => {
    const isHeld = await store.moveExport(tx, held, next);
    if (isHeld) await store.insertChunk(tx, held.id, held.chunks, sealed);
    return isHeld;
  });
  return moved ? next : undefined;
}

function filterOfRequest(ctx: Deps, { filter, limits }: ExportRequest): OrderFilter {
  const { placedFrom, placedTo, ...rest } = filter;
  const times = {
    placedFrom: placedFrom === undefined ? null : new Date(placedFrom),
    placedTo: placedTo === undefined ? null : new Date(placedTo),
  };
  return filterOf(ctx.sealer, { ...ADMIN_PRINCIPAL, ...limits }, { ...rest, ...times });
}

/** null where counting would take too long. */
async function countFor(ctx: Deps, filter: OrderFilter): Promise<number | null> {
  if (filter.search !== null) return null;
  try {
    const counted = await countOrders(ctx.pool, filter, MOST_COUNTED);
    return counted < MOST_COUNTED ? counted : null;
  } catch (error) {
    if (pgErrorCode(error) === QUERY_CANCELED) return null;
    throw error;
  }
}
