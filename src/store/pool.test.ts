import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/kit/database.ts';
import { createPool, sql } from './pool.ts';
import { classifyPgError } from './transaction.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase({ migrated: false });
});
after(() => database.drop());

test('values come back as the types that the hub reckons with', async () => {
  const { rows } = await database.pool.query<Record<string, unknown>>(`
    select 9007199254740991::bigint as big, array[1, null, -2]::bigint[] as bigs, '{}'::bigint[] as none,
           '2026-02-03'::date as day, array['2026-02-03']::date[] as days, '2026-02-03 04:05:06'::timestamp as wall,
           '2026-02-03 04:05:06.789+08'::timestamptz as moment, 20.00::numeric as exact, '\\x00ff'::bytea as bytes, '{"a":1}'::jsonb as json`);
  assert.deepEqual(rows[0], {
    big: 9007199254740991,
    bigs: [1, null, -2],
    none: [],
    day: '2026-02-03',
    days: ['2026-02-03'],
    wall: '2026-02-03 04:05:06',
    moment: new Date('2026-02-02T20:05:06.789Z'),
    exact: '20.00',
    bytes: Buffer.from([0, 255]),
    json: { a: 1 },
  });
});

test('arrays of a named statement arrive item by item, whatever stands in them', async () => {
  const odd = [
    '',
    ' ',
    'NULL',
    'null',
    '{}',
    'a,b',
    '"',
    '\\',
    '\\"',
    '\\\\',
    "'",
    '$1',
    '\n\t\u001e',
    '外卖 🍜',
    '{"a":"\\u0041"}',
  ];
  const asked = sql(
    'pool_test_arrays',
    `select array(select unnest($1::text[])) as texts, array(select unnest($2::bigint[])) as numbers,
            array(select unnest($3::boolean[])) as flags, array(select unnest($4::timestamptz[])) as moments,
            array(select unnest($5::bytea[])) as bytes, cardinality($6::text[]) as none`,
  );
  const moment = new Date('2026-02-03T04:05:06.789Z');
  const { rows } = await database.pool.query<Record<string, unknown>>(
    asked(
      [...odd, null],
      [0, -1, 9007199254740991, null],
      [true, false, null],
      [moment, null],
      [Buffer.from([0, 255])],
      [],
    ),
  );
  assert.deepEqual(rows[0], {
    texts: [...odd, null],
    numbers: [0, -1, 9007199254740991, null],
    flags: [true, false, null],
    moments: [moment, null],
    bytes: [Buffer.from([0, 255])],
    none: 0,
  });
});

test('a bigint beyond 2^53 fails the query instead of being rounded, and the connection stays good', async () => {
  const pool = createPool({ url: database.url, max: 1 });
  try {
    await assert.rejects(pool.query('select 9007199254740993::bigint as n'), /9007199254740993 does not fit/);
    await assert.rejects(pool.query('select array[-9007199254740993]::bigint[] as n'), /does not fit/);
    assert.deepEqual((await pool.query('select 1::bigint as n')).rows, [{ n: 1 }]);
  } finally {
    await pool.end();
  }
});

test('statements and waiting transactions are cut off by the server after their time', async () => {
  const pool = createPool({ url: database.url, max: 1, statementTimeoutMs: 50, idleInTransactionTimeoutMs: 50 });
  try {
    const tooSlow = await pool.query('select pg_sleep(5)').catch((error: unknown) => error);
    assert.equal(classifyPgError(tooSlow), 'unavailable');

    const client = await pool.connect();
    await client.query('begin');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const cutOff = await client.query('select 1').catch((error: unknown) => error);
    assert.equal(classifyPgError(cutOff), 'unavailable');
    client.release(true);
    assert.deepEqual((await pool.query('select 1 as one')).rows, [{ one: 1 }]);
  } finally {
    await pool.end();
  }
});

test('a server that no longer answers is given up on by the client', { timeout: 20_000 }, async () => {
  const pool = createPool({ url: database.url, max: 1, statementTimeoutMs: 1 });
  try {
    // The server is told to wait for ever, so that only the clock on our side is left.
    const frozen = await pool.query('set statement_timeout = 0; select pg_sleep(30)').catch((error: unknown) => error);
    assert.match(String(frozen), /Query read timeout/);
    assert.equal(classifyPgError(frozen), 'unavailable');
  } finally {
    await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)' and pid <> pg_backend_pid()",
    );
    await pool.end();
  }
});

test('connections that break while idle or lent out are logged or thrown, and the pool goes on', async () => {
  const warnings: string[] = [];
  const log = { info() {}, warn: (_fields: object, message: string) => void warnings.push(message), error() {} };
  const pool = createPool({ url: database.url, max: 2, log });
  try {
    const lent = await pool.connect();
    const idle = await pool.connect();
    idle.release();
    await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'huidan' and datname = current_database() and pid <> pg_backend_pid()",
    );
    while (pool.idleCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(warnings, ['an idle database connection broke']);
    await assert.rejects(lent.query('select 1'));
    lent.release(true);
    assert.deepEqual((await pool.query('select 1 as one')).rows, [{ one: 1 }]);
  } finally {
    await pool.end();
  }
});

test('a named statement is prepared once per connection', async () => {
  const addTwo = sql('test_add_two', 'select $1::int + $2::int as sum');
  const pool = createPool({ url: database.url, max: 1 });
  try {
    assert.deepEqual((await pool.query(addTwo(1, 2))).rows, [{ sum: 3 }]);
    assert.deepEqual((await pool.query(addTwo(3, 4))).rows, [{ sum: 7 }]);
    const { rows } = await pool.query(
      "select generic_plans + custom_plans as plans from pg_prepared_statements where name = 'test_add_two'",
    );
    assert.deepEqual(rows, [{ plans: 2 }]);
  } finally {
    await pool.end();
  }
  assert.throws(() => sql('test_add_two', 'select 1'), /two statements are named/);
  assert.throws(() => sql('x'.repeat(64), 'select 1'), RangeError);
});

test('a pool wants one address, not none or two', () => {
  assert.throws(() => createPool({}), TypeError);
});
