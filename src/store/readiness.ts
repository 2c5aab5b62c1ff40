import { migrationsDirectory, readMigrations } from './migrate.ts';
import type { Queryable } from './pool.ts';

/** Whether the database answers and has every migration of this release. */
export async function readReadiness(db: Queryable): Promise<'ready' | 'migrations_missing'> {
  const migrations = await readMigrations(migrationsDirectory);
  const found = await db.query<{ newest: number | null }>('select max(number) as newest from schema_migrations');
  return (found.rows[0]?.newest ?? 0) >= migrations.length ? 'ready' : 'migrations_missing';
}
