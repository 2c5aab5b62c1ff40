import type { Queryable } from './pool.ts';

/** When the upkeep last ran, and since when its clock has gone on without a jump. Both by the hub's own clock. */
export interface RetentionClock {
  readonly seenAt: Date;
  readonly steadySince: Date;
}

const NAME = 'retention_clock';

export async function readRetentionClock(db: Queryable): Promise<RetentionClock | undefined> {
  const found = await db.query<{ value: string }>('select value from hub_state where name = $1', [NAME]);
  const [seenAt, steadySince] = found.rows[0]?.value.split(' ') ?? [];
  if (seenAt === undefined || steadySince === undefined) return undefined;
  return { seenAt: new Date(seenAt), steadySince: new Date(steadySince) };
}

export async function writeRetentionClock(db: Queryable, { seenAt, steadySince }: RetentionClock): Promise<void> {
  await db.query(
    `insert into hub_state (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`,
    [NAME, `${seenAt.toISOString()} ${steadySince.toISOString()}`],
  );
}

/** The database's own time. */
export async function readDatabaseTime(db: Queryable): Promise<Date> {
  const found = await db.query<{ now: Date }>('select clock_timestamp() as now');
  const [row] = found.rows;
  if (row === undefined) throw new Error('a query without a from clause gave no row');
  return row.now;
}
