import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/kit/database.ts';
import { dumpSchema } from './dump-schema.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase();
});
after(() => database.drop());

test('the checked-in schema is what the migrations make (refresh it with node scripts/dump-schema.ts)', async () => {
  const checkedIn = await readFile(new URL('./schema.txt', import.meta.url), 'utf8');
  const written = checkedIn.replaceAll('\r\n', '\n').split('\n');
  const made = (await dumpSchema(database.pool)).split('\n');
  // First only what differs: two whole schemas side by side show nothing to a reader.
  assert.deepEqual(
    {
      missing: made.filter((line) => !written.includes(line)),
      tooMuch: written.filter((line) => !made.includes(line)),
    },
    { missing: [], tooMuch: [] },
  );
  assert.deepEqual(made, written);
});

test('the dump shows every kind of thing that a migration may make', async () => {
  await database.pool.query(`
    create type dump_mood as enum ('calm', 'angry');
    create domain dump_fen as bigint not null check (value >= 0);
    create sequence dump_numbers start 5;
    create table dump_parent (
      id bigint generated always as identity,
      at timestamptz not null default now(),
      note text collate "C" default 'x',
      twice bigint generated always as (1 + 1) stored,
      primary key (id, at)
    ) partition by range (at);
    create table dump_child partition of dump_parent for values from ('2030-01-01') to ('2030-02-01');
    create unique index dump_note on dump_parent (note, at) where note <> '';
    create table dump_tuned (id int) with (fillfactor = 70);
    create view dump_view as select id from dump_tuned;
    create function dump_one() returns int language sql as 'select 1'`);
  const text = await dumpSchema(database.pool);
  for (const line of [
    "type dump_mood = enum ('calm', 'angry')",
    'type dump_fen = domain over bigint not null CHECK ((VALUE >= 0))',
    'sequence dump_numbers as bigint start 5 by 1',
    'table dump_parent partition by RANGE (at)',
    '  id bigint not null generated always as identity',
    '  at timestamp with time zone not null default now()',
    '  note text collate "C" default \'x\'::text',
    '  twice bigint generated always as ((1 + 1))',
    '  constraint dump_parent_pkey PRIMARY KEY (id, at)',
    "  unique index dump_note ON ONLY public.dump_parent USING btree (note, at) WHERE (note <> ''::text)",
    'table dump_tuned with (fillfactor=70)',
    'view dump_view',
    'function dump_one',
  ]) {
    assert.ok(text.split('\n').includes(line), `the dump lacks: ${line}`);
  }
  assert.ok(!text.includes('dump_child'), 'partitions are left out');
});
