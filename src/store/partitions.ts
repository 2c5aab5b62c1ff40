import { plausibleTime } from '../core/time.ts';
import type { TimeMs } from '../core/time.ts';
import type { Queryable } from './pool.ts';

/** Tables that grow with traffic. They are cut by week, so that retention drops whole partitions and never rows. */
export const PARTITIONED = [
  { table: 'receipts', column: 'received_at' },
  { table: 'events', column: 'created_at' },
  { table: 'delivery_attempts', column: 'at' },
  { table: 'stock_changes', column: 'at' },
] as const;

const WEEK_MS = 7 * 86_400_000;
// A Monday, so that weeks begin on Mondays UTC.
const ORIGIN_MS = Date.UTC(2024, 0, 1);
const WEEKS_AHEAD = 4;

/** Number of the week that a time lies in; the partitions are cut by it. */
export const weekOf = (timeMs: TimeMs): number => Math.floor((timeMs - ORIGIN_MS) / WEEK_MS);
const startOf = (week: number): Date => new Date(ORIGIN_MS + week * WEEK_MS);
const nameOf = (table: string, week: number): string =>
  `${table}_${startOf(week).toISOString().slice(0, 10).replaceAll('-', '')}`;

/**
 * Makes the partitions of this week, the one before (a clock that was set back must not stop intake) and the next four.
 * Safe to run at any time and by several processes at once.
 */
export async function ensurePartitions(db: Queryable, nowMs: TimeMs): Promise<readonly string[]> {
  const made: string[] = [];
  for (const { table } of PARTITIONED) {
    for (let week = weekOf(nowMs) - 1; week <= weekOf(nowMs) + WEEKS_AHEAD; week += 1) {
      const name = nameOf(table, week);
      const known = await db.query<{ there: boolean }>('select to_regclass($1) is not null as there', [name]);
      if (known.rows[0]?.there === true) continue;
      await db.query(
        `create table if not exists ${name} partition of ${table}
           for values from ('${startOf(week).toISOString()}') to ('${startOf(week + 1).toISOString()}')`,
      );
      made.push(name);
    }
  }
  return made;
}

/**
 * The end of the youngest week that any of the tables has a row of; null: they are empty. By asking partition by partition
 * for one row: the youngest row itself would be found by reading all of them.
 */
export async function endOfNewestWeek(db: Queryable): Promise<TimeMs | null> {
  const partitions: { readonly name: string; readonly startMs: TimeMs }[] = [];
  for (const { table } of PARTITIONED) partitions.push(...(await partitionsOf(db, table)));
  for (const { name, startMs } of partitions.toSorted((a, b) => b.startMs - a.startMs)) {
    const found = await db.query<{ has: boolean }>(`select exists (select from ${name}) as has`);
    if (found.rows[0]?.has === true) return startMs + WEEK_MS;
  }
  return null;
}

/** Drops every partition of `table` that ended before `beforeMs`. Returns their names. */
export async function dropPartitionsBefore(
  db: Queryable,
  table: (typeof PARTITIONED)[number]['table'],
  beforeMs: TimeMs,
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const { name, startMs } of await partitionsOf(db, table)) {
    if (startMs + WEEK_MS > beforeMs) continue;
    await db.query(`drop table if exists ${name}`);
    dropped.push(name);
  }
  return dropped;
}

async function partitionsOf(
  db: Queryable,
  table: string,
): Promise<readonly { readonly name: string; readonly startMs: TimeMs }[]> {
  const found = await db.query<{ name: string }>(
    `select c.relname as name
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = $1::regclass`,
    [table],
  );
  return found.rows.flatMap(({ name }) => {
    const day = /_(\d{4})(\d{2})(\d{2})$/u.exec(name);
    if (day === null) return [];
    const startMs = plausibleTime(Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])));
    return startMs === undefined ? [] : [{ name, startMs }];
  });
}
