import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { OrderColumn } from '../core/order-csv.ts';
import * as store from '../store/exports.ts';
import type { ExportRow } from '../store/exports.ts';
import type { Sealer } from '../store/seal.ts';
import type { Tx } from '../store/transaction.ts';
import { containsLimits } from './access.ts';
import type { Limits, Principal } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';
import type { OrderQuery } from './read-orders.ts';

const unzip = promisify(gunzip);

/** A file is for now: it tells how things stood when it was made. */
const KEPT_MS = 86_400_000;
/** Of one key or user, still being made. */
const MOST_OPEN = 3;
/** Of one key or user in all: a script that asks every minute must not fill the disk. */
const MOST_KEPT = 50;

/** An export as its asker sees it. */
export interface ExportJson {
  readonly id: string;
  readonly kind: 'orders';
  readonly state: ExportRow['state'];
  /** Orders; `total` null: not counted. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly columns: readonly string[];
  /** Of the file, once it is done. */
  readonly bytes: number | null;
  /** Why there is no file: `access_changed`, `too_slow`. */
  readonly error: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly expiresAt: string;
}

export function toExportJson(row: ExportRow): ExportJson {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    progress: { done: row.done, total: row.total },
    columns: row.request.columns,
    bytes: row.state === 'done' ? row.bytes : null,
    error: row.error,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    expiresAt: new Date((row.finishedAt ?? row.createdAt).getTime() + KEPT_MS).toISOString(),
  };
}

/** What a file is made of. Sealed in the row: what is searched for may be a phone number. */
export interface ExportRequest {
  readonly columns: readonly OrderColumn[];
  /** Times are RFC 3339. */
  readonly filter: Omit<OrderQuery, 'placedFrom' | 'placedTo'> & {
    readonly placedFrom?: string | undefined;
    readonly placedTo?: string | undefined;
  };
  readonly limits: Limits;
}

const sinceOf = (nowMs: number): Date => new Date(nowMs - KEPT_MS);

/** Begins a file of orders. Error: `export_refused` (too many at once). */
export async function startExport(
  ctx: Pick<HubContext, 'clock' | 'randomBytes' | 'sealer'>,
  tx: Tx,
  principal: Principal,
  wish: Pick<ExportRequest, 'columns' | 'filter'>,
): Promise<ExportJson> {
  const nowMs = ctx.clock();
  await store.lockExportsOf(tx, principal.id);
  const { open, all } = await store.countExportsOf(tx, principal.id, sinceOf(nowMs));
  if (open >= MOST_OPEN) throw new HuidanError('export_refused', `At most ${MOST_OPEN} are made at once.`);
  if (all >= MOST_KEPT) throw new HuidanError('export_refused', `At most ${MOST_KEPT} are kept; delete one.`);
  const { accounts, merchants, shops } = principal;
  const request: ExportRequest = { ...wish, limits: { accounts, merchants, shops } };
  const row = {
    id: newId('exp', nowMs, ctx.randomBytes),
    askedBy: principal.id,
    kind: 'orders' as const,
    request: { columns: wish.columns, sealed: ctx.sealer.seal(JSON.stringify(request)).toString('base64') },
    createdAt: new Date(nowMs),
  };
  await store.insertExport(tx, row);
  await recordAudit(ctx, tx, principal, {
    action: 'export.started',
    subject: row.id,
    detail: { kind: row.kind, columns: [...wish.columns] },
  });
  const fresh = { done: 0, total: null, beforeId: null, chunks: 0, bytes: 0, error: null };
  return toExportJson({ ...row, ...fresh, state: 'queued', leasedUntil: null, finishedAt: null });
}

/** What `startExport` kept in the row. */
export function requestOf(sealer: Pick<Sealer, 'open'>, row: Pick<ExportRow, 'request'>): ExportRequest {
  return JSON.parse(sealer.open(Buffer.from(row.request.sealed, 'base64')).toString('utf8')) as ExportRequest;
}

/** One's own exports, the youngest first. */
export async function readExports(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  principal: Principal,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ExportJson[]> {
  const rows = await store.listExports(ctx.pool, principal.id, sinceOf(ctx.clock()), page);
  return rows.map((row) => toExportJson(row));
}

/** One's own export. Error: `export_not_found`, also for another's. */
export async function readOneExport(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  principal: Principal,
  id: string,
): Promise<ExportRow> {
  const row = await store.readExport(ctx.pool, principal.id, id, sinceOf(ctx.clock()));
  if (row === undefined) throw new HuidanError('export_not_found');
  return row;
}

/** Removes one's own export, or stops it. Error: `export_not_found`. */
export async function removeExport(tx: Tx, principal: Principal, id: string): Promise<void> {
  if (!(await store.deleteExport(tx, principal.id, id))) throw new HuidanError('export_not_found');
}

/**
 * The file of an export, piece by piece. `stillAsks` is asked before each: whoever has lost the key, the session or a
 * limit gets no more of it, and the transfer breaks off. Errors: `export_not_found`, `export_not_ready`, `export_refused`.
 */
export async function openExport(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer'>,
  principal: Principal,
  id: string,
  stillAsks: () => Promise<Principal | undefined>,
): Promise<{ readonly bytes: number; readonly createdAt: Date; readonly pieces: AsyncGenerator<Buffer, void, void> }> {
  const row = await readOneExport(ctx, principal, id);
  if (row.state === 'failed') throw new HuidanError('export_refused', `It was not made: ${row.error ?? ''}.`);
  if (row.state !== 'done') throw new HuidanError('export_not_ready', undefined, { retryAfterSeconds: 1 });
  const { limits } = requestOf(ctx.sealer, row);
  if (!containsLimits(principal, limits)) throw new HuidanError('export_refused', 'The limits have changed since.');
  async function* pieces(): AsyncGenerator<Buffer, void, void> {
    for (let nth = 0; nth < row.chunks; nth += 1) {
      const asker = await stillAsks();
      if (asker === undefined || !containsLimits(asker, limits)) throw new HuidanError('forbidden');
      const sealed = await store.readChunk(ctx.pool, id, nth);
      if (sealed === undefined) throw new HuidanError('export_not_found');
      yield await unzip(ctx.sealer.open(sealed));
    }
  }
  return { bytes: row.bytes, createdAt: row.createdAt, pieces: pieces() };
}

/** Removes files past their time. */
export async function forgetOldExports(ctx: Pick<HubContext, 'pool' | 'clock'>): Promise<void> {
  await store.forgetExports(ctx.pool, sinceOf(ctx.clock()));
}
