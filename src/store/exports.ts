import type { Queryable } from './pool.ts';

/** A file that is made in the background. */
export interface ExportRow {
  readonly id: string;
  /** Id of the key or the user. */
  readonly askedBy: string;
  readonly kind: 'orders';
  /** As `hub/exports.ts` writes it. */
  readonly request: { readonly columns: readonly string[]; readonly sealed: string };
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly done: number;
  /** null: not counted. */
  readonly total: number | null;
  /** Rows before this order's id are still to be written; null: all. */
  readonly beforeId: string | null;
  readonly chunks: number;
  /** Of the file as it is sent. */
  readonly bytes: number;
  readonly error: string | null;
  readonly leasedUntil: Date | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

const COLUMNS = `e.id, e.asked_by as "askedBy", e.kind, e.request, e.state, e.done, e.total, e.before_id as "beforeId",
  e.chunks, e.bytes, e.error, e.leased_until as "leasedUntil", e.created_at as "createdAt", e.finished_at as "finishedAt"`;

/** Any number that all who begin an export agree on. */
const EXPORTS_LOCK = 0x65_78_70_74;

/** Holds the asker's other beginnings back until the transaction ends: how many there are is a count. */
export async function lockExportsOf(tx: Queryable, askedBy: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [EXPORTS_LOCK, askedBy]);
}

/** How many exports somebody has that are not older than `since`: those still being made, and all. */
export async function countExportsOf(
  tx: Queryable,
  askedBy: string,
  since: Date,
): Promise<{ readonly open: number; readonly all: number }> {
  const found = await tx.query<{ open: number; all: number }>(
    `select count(*) filter (where state in ('queued', 'running'))::int as open, count(*)::int as "all"
       from exports where asked_by = $1 and coalesce(finished_at, created_at) > $2`,
    [askedBy, since],
  );
  return found.rows[0] ?? { open: 0, all: 0 };
}

export async function insertExport(
  tx: Queryable,
  row: Pick<ExportRow, 'id' | 'askedBy' | 'kind' | 'request' | 'createdAt'>,
): Promise<void> {
  await tx.query(
    `insert into exports (id, asked_by, kind, request, state, created_at) values ($1, $2, $3, $4, 'queued', $5)`,
    [row.id, row.askedBy, row.kind, JSON.stringify(row.request), row.createdAt],
  );
}

/** One's own export that is not past its time. */
export async function readExport(
  db: Queryable,
  askedBy: string,
  id: string,
  since: Date,
): Promise<ExportRow | undefined> {
  const found = await db.query<ExportRow>(
    `select ${COLUMNS} from exports e
      where e.id = $1 and e.asked_by = $2 and coalesce(e.finished_at, e.created_at) > $3`,
    [id, askedBy, since],
  );
  return found.rows[0];
}

/** One's own exports, the youngest first, those before `beforeId`. */
export async function listExports(
  db: Queryable,
  askedBy: string,
  since: Date,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ExportRow[]> {
  const found = await db.query<ExportRow>(
    `select ${COLUMNS} from exports e
      where e.asked_by = $1 and coalesce(e.finished_at, e.created_at) > $2 and ($3::text is null or e.id < $3)
      order by e.id desc limit $4`,
    [askedBy, since, page.beforeId, page.limit],
  );
  return found.rows;
}

/** False when there is none such. Its pieces go with it. */
export async function deleteExport(tx: Queryable, askedBy: string, id: string): Promise<boolean> {
  const deleted = await tx.query('delete from exports where id = $1 and asked_by = $2', [id, askedBy]);
  return deleted.rowCount === 1;
}

/** Removes what is past its time; returns how many. */
export async function forgetExports(db: Queryable, before: Date): Promise<number> {
  const deleted = await db.query('delete from exports where coalesce(finished_at, created_at) <= $1', [before]);
  return deleted.rowCount ?? 0;
}

/** Takes the export that has waited longest and that nobody holds, for the time of a lease. */
export async function claimExport(db: Queryable, now: Date, leaseUntil: Date): Promise<ExportRow | undefined> {
  const found = await db.query<ExportRow>(
    `update exports e set state = 'running', leased_until = $2
       from (select id from exports
              where state in ('queued', 'running') and (leased_until is null or leased_until <= $1)
              order by coalesce(leased_until, created_at), id
              limit 1
                for update skip locked) due
      where e.id = due.id
     returning ${COLUMNS}`,
    [now, leaseUntil],
  );
  return found.rows[0];
}

/**
 * Notes how far the holder of the lease has come; false: the lease is another's by now, or the export is gone, and
 * nothing was written. The count of pieces is part of the question, so that no piece is written twice.
 */
export async function moveExport(
  tx: Queryable,
  held: Pick<ExportRow, 'id' | 'chunks' | 'leasedUntil'>,
  next: Pick<ExportRow, 'state' | 'done' | 'total' | 'beforeId' | 'chunks' | 'bytes' | 'leasedUntil' | 'finishedAt'>,
): Promise<boolean> {
  const moved = await tx.query(
    `update exports
        set state = $4, done = $5, total = $6, before_id = $7, chunks = $8, bytes = $9, leased_until = $10,
            finished_at = $11
      where id = $1 and chunks = $2 and leased_until = $3 and state = 'running'`,
    [
      held.id,
      held.chunks,
      held.leasedUntil,
      next.state,
      next.done,
      next.total,
      next.beforeId,
      next.chunks,
      next.bytes,
      next.leasedUntil,
      next.finishedAt,
    ],
  );
  return moved.rowCount === 1;
}

/** Ends an export without a file. */
export async function failExport(
  tx: Queryable,
  held: Pick<ExportRow, 'id' | 'chunks' | 'leasedUntil'>,
  error: string,
  at: Date,
): Promise<void> {
  const failed = await tx.query(
    `update exports set state = 'failed', error = $4, finished_at = $5, leased_until = null, chunks = 0, bytes = 0
      where id = $1 and chunks = $2 and leased_until = $3 and state = 'running'`,
    [held.id, held.chunks, held.leasedUntil, error, at],
  );
  if (failed.rowCount === 1) await tx.query('delete from export_chunks where export_id = $1', [held.id]);
}

export async function insertChunk(tx: Queryable, exportId: string, nth: number, sealed: Buffer): Promise<void> {
  await tx.query('insert into export_chunks (export_id, nth, sealed) values ($1, $2, $3)', [exportId, nth, sealed]);
}

/** A piece of a file; `undefined` when it was removed meanwhile. */
export async function readChunk(db: Queryable, exportId: string, nth: number): Promise<Buffer | undefined> {
  const found = await db.query<{ sealed: Buffer }>(
    'select sealed from export_chunks where export_id = $1 and nth = $2',
    [exportId, nth],
  );
  return found.rows[0]?.sealed;
}
