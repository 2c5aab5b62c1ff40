import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/server/metrics.ts';
import { createTestDatabase } from '../kit/database.ts';
import { proseOf, readPage } from './pages.ts';

test('the architecture page has every table of the schema and no other', async () => {
  const database = await createTestDatabase();
  try {
    const found = await database.pool.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'schema_migrations'`,
    );
    const section = /^## Tables$([^]*?)^## /mu.exec(proseOf(readPage('docs/architecture.md')))?.[1] ?? '';
    const cells = [...section.matchAll(/^\| (`[^|]+`) \|/gmu)].flatMap(
      ([, cell = '']) => cell.match(/[a-z_]+/gu) ?? [],
    );
    const wanted = found.rows.map(({ name }) => name);
    assert.deepEqual(
      wanted.filter((name) => !cells.includes(name)),
      [],
      'add a row to the section Tables of docs/architecture.md',
    );
    for (const name of cells) assert.ok(wanted.includes(name), `there is no table ${name}`);

    const text = await createMetrics().render(database.pool);
    for (const [name] of readPage('docs/operations.md').text.matchAll(/huidan_[a-z_]+/gu)) {
      assert.ok(new RegExp(`^# TYPE ${name} `, 'mu').test(text), name);
    }
  } finally {
    await database.drop();
  }
});
