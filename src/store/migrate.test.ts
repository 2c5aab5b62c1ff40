import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, test } from 'node:test';
import { createTestDatabase, testServerUrl, type TestDatabase } from '../../test/kit/database.ts';
import { migrate, MigrationError, type MigrationErrorCode } from './migrate.ts';
import { createPool } from './pool.ts';

let database: TestDatabase;
let directory: string;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'huidan-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

const put = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const refusedWith = (code: MigrationErrorCode) => (error: unknown) =>
  error instanceof MigrationError && error.code === code;

test('migrations run once, in order, and are reported', async () => {
  await put('0001_first.sql', 'create table things (id int);');
  await put('0002_second.sql', "alter table things add column name text; insert into things values (1, 'one');");
  const steps: unknown[] = [];
  const result = await migrate(database.pool, { directory, onProgress: (step) => steps.push(step) });
  assert.deepEqual(result, { applied: [1, 2], newest: 2 });
  assert.deepEqual(steps, [
    { number: 1, name: 'first', of: 2 },
    { number: 2, name: 'second', of: 2 },
  ]);
  await put('0003_third.sql', 'create table more ();');
  assert.deepEqual(await migrate(database.pool, { directory }), { applied: [3], newest: 3 });
  assert.deepEqual((await database.pool.query('select * from things')).rows, [{ id: 1, name: 'one' }]);
  const { rows } = await database.pool.query('select number, name from schema_migrations order by number');
  assert.deepEqual(rows, [
    { number: 1, name: 'first' },
    { number: 2, name: 'second' },
    { number: 3, name: 'third' },
  ]);
});

test('of several processes at once one migrates and the others wait for it', async () => {
  // Longer than the statement time-out of the pools: neither the work nor the waiting is cut off.
  await put('0001_slow.sql', 'create table things (id int); select pg_sleep(0.5);');
  const pools = [1, 2, 3].map(() => createPool({ url: database.url, statementTimeoutMs: 200 }));
  const results = await Promise.all(pools.map((pool) => migrate(pool, { directory })));
  assert.deepEqual(
    results.flatMap((result) => result.applied),
    [1],
  );
  await Promise.all(pools.map((pool) => pool.end()));
});

test('a failing migration leaves nothing of itself and everything of those before', async () => {
  await put('0001_good.sql', 'create table good ();');
  await put('0002_bad.sql', 'create table bad (); select 1 / 0;');
  await assert.rejects(migrate(database.pool, { directory }), refusedWith('migration_failed'));
  const { rows } = await database.pool.query(
    "select to_regclass('good') is not null as good, to_regclass('bad') is not null as bad",
  );
  assert.deepEqual(rows, [{ good: true, bad: false }]);
  await put('0002_bad.sql', 'create table bad ();');
  assert.deepEqual((await migrate(database.pool, { directory })).applied, [2]);
});

test('a migration that was changed after it ran is refused', async () => {
  await put('0001_first.sql', 'create table things (id int);\n');
  await migrate(database.pool, { directory });
  await put('0001_first.sql', 'create table things (id int);\r\n');
  await migrate(database.pool, { directory });
  await put('0001_first.sql', 'create table things (id bigint);\n');
  await assert.rejects(migrate(database.pool, { directory }), refusedWith('migration_changed'));
});

test('a database of a newer release is refused', async () => {
  await put('0001_first.sql', 'create table things (id int);');
  await put('0002_second.sql', 'create table more ();');
  await migrate(database.pool, { directory });
  await rm(join(directory, '0002_second.sql'));
  await assert.rejects(migrate(database.pool, { directory }), refusedWith('database_newer'));
});

test('files that are not numbered one by one are refused before anything runs', async () => {
  await put('0001_first.sql', 'create table things (id int);');
  await put('0003_third.sql', 'create table more ();');
  await assert.rejects(migrate(database.pool, { directory }), refusedWith('migration_files_wrong'));
  await rm(join(directory, '0003_third.sql'));
  await put('0001_again.sql', '');
  await assert.rejects(migrate(database.pool, { directory }), refusedWith('migration_files_wrong'));
  assert.deepEqual((await database.pool.query("select to_regclass('things') as things")).rows, [{ things: null }]);
});

test('a database that is not UTF-8 is refused', async () => {
  const name = 'huidan_test_latin1';
  const admin = createPool({ url: await testServerUrl() });
  await admin.query(`drop database if exists ${name}`);
  await admin.query(`create database ${name} template template0 encoding 'LATIN1' locale_provider libc locale 'C'`);
  const latin = createPool({ url: database.url.replace(/huidan_test_[0-9a-f]+/, name) });
  try {
    await assert.rejects(migrate(latin, { directory }), refusedWith('database_encoding'));
  } finally {
    await latin.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
});
