import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/kit/database.ts';
import { createPool } from './pool.ts';
import { classifyPgError, transaction, type PgErrorClass, type Tx } from './transaction.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.pool.query(
    'create table numbers (id int primary key, value int not null default 0 check (value < 1000))',
  );
  await database.pool.query('insert into numbers (id) values (1), (2)');
});
after(() => database.drop());

const add = (tx: Tx, id: number): Promise<unknown> =>
  tx.query('update numbers set value = value + 1 where id = $1', [id]);
const valueOf = async (id: number): Promise<number | undefined> =>
  (await database.pool.query<{ value: number }>('select value from numbers where id = $1', [id])).rows[0]?.value;

test('what the work did is committed and its result given back', async () => {
  const earlier = await valueOf(1);
  assert.equal(await transaction(database.pool, async (tx) => (await add(tx, 1), 'done')), 'done');
  assert.equal(await valueOf(1), (earlier ?? 0) + 1);
});

test('an error of the work rolls back and comes out as it was', async () => {
  const earlier = await valueOf(1);
  const error = new Error('mine');
  await assert.rejects(
    transaction(database.pool, async (tx) => {
      await add(tx, 1);
      throw error;
    }),
    (thrown) => thrown === error,
  );
  assert.equal(await valueOf(1), earlier);
});

test('a failed statement whose error was swallowed is not reported as committed', async () => {
  await assert.rejects(
    transaction(database.pool, async (tx) => {
      await add(tx, 1);
      await tx.query('select 1 / 0').catch(() => {});
    }),
    /rolled back/,
  );
});

test('two transactions that deadlock are both done in the end', async () => {
  const meeting: (() => void)[] = [];
  const bothHere = (): Promise<void> =>
    new Promise((resolve) => {
      meeting.push(resolve);
      if (meeting.length >= 2) for (const go of meeting) go();
    });
  const runs = { first: 0, second: 0 };
  const crosswise = (who: 'first' | 'second', one: number, other: number): Promise<void> =>
    transaction(database.pool, async (tx) => {
      runs[who] += 1;
      await add(tx, one);
      if (runs[who] === 1) await bothHere();
      await add(tx, other);
    });
  const earlier = [await valueOf(1), await valueOf(2)];
  await Promise.all([crosswise('first', 1, 2), crosswise('second', 2, 1)]);
  assert.equal(runs.first + runs.second, 3, 'one of them ran again');
  assert.deepEqual([await valueOf(1), await valueOf(2)], [(earlier[0] ?? 0) + 2, (earlier[1] ?? 0) + 2]);
});

test('the tries are bounded', async () => {
  let tries = 0;
  const lose = transaction(
    database.pool,
    async (tx) => {
      tries += 1;
      await tx.query("do $$ begin raise exception 'lost' using errcode = '40001'; end $$");
    },
    { retries: 2, random: () => 0 },
  );
  await assert.rejects(lose, /lost/);
  assert.equal(tries, 3);
});

test('a connection that breaks in a transaction is thrown away and the next one works', async () => {
  const pool = createPool({ url: database.url, max: 1 });
  try {
    const broken = await transaction(pool, async (tx) => {
      await add(tx, 1);
      await tx.query('select pg_terminate_backend(pg_backend_pid())');
    }).catch((error: unknown) => error);
    assert.equal(classifyPgError(broken), 'unavailable');
    assert.equal(pool.totalCount, 0);
    assert.equal(await transaction(pool, async (tx) => (await tx.query('select 1')).rowCount), 1);
  } finally {
    await pool.end();
  }
});

test('a slow statement costs its transaction, not the connection', async () => {
  const pool = createPool({ url: database.url, max: 1, statementTimeoutMs: 50 });
  try {
    const backend = async (): Promise<unknown> => (await pool.query('select pg_backend_pid() as pid')).rows;
    const earlier = await backend();
    const slow = await transaction(pool, (tx) => tx.query('select pg_sleep(5)')).catch((error: unknown) => error);
    assert.equal(classifyPgError(slow), 'unavailable');
    assert.deepEqual(await backend(), earlier);
  } finally {
    await pool.end();
  }
});

test('errors of the server are sorted by what they mean for the caller', async () => {
  const classOf = (statement: string): Promise<PgErrorClass | null> =>
    database.pool.query(statement).then(
      () => null,
      (error: unknown) => classifyPgError(error),
    );
  assert.equal(await classOf('select 1 / 0'), 'data');
  assert.equal(await classOf("select '10000000000000000000'::bigint"), 'data');
  assert.equal(await classOf("select convert_from('\\x00', 'UTF8')"), 'data');
  assert.equal(await classOf('insert into numbers (id) values (1)'), 'data');
  assert.equal(await classOf('update numbers set value = 5000'), 'data');
  assert.equal(await classOf('select * from no_such_table'), 'bug');
  assert.equal(await classOf('selec 1'), 'bug');
  for (const [code, expected] of [
    ['40001', 'retry'],
    ['40P01', 'retry'],
    ['53300', 'unavailable'],
    ['53100', 'unavailable'],
    ['57P01', 'unavailable'],
    ['57P03', 'unavailable'],
    ['08006', 'unavailable'],
    ['42501', 'bug'],
  ] as const) {
    assert.equal(await classOf(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`), expected, code);
  }
});

test('a server that is not there is unavailable, by socket, port or name', async () => {
  for (const url of [
    'postgresql://a:b@localhost/x?host=%2Fno%2Fsuch%2Ffolder',
    'postgresql://a:b@127.0.0.1:1/x',
    'postgresql://a:b@localhost:1/x',
    'postgresql://a:b@no-such-host.invalid/x',
  ]) {
    const pool = createPool({ url });
    assert.equal(classifyPgError(await pool.query('select 1').catch((error: unknown) => error)), 'unavailable', url);
    await pool.end();
  }
});

test('a full pool is unavailable', async () => {
  const pool = createPool({ url: database.url, max: 1, connectTimeoutMs: 50 });
  const only = await pool.connect();
  const waited = await transaction(pool, (tx) => tx.query('select 1')).catch((error: unknown) => error);
  assert.equal(classifyPgError(waited), 'unavailable');
  only.release();
  await pool.end();
});

test('what is no error of a query is a bug', () => {
  for (const error of [new TypeError('x'), undefined, 'x', { code: 5 }]) assert.equal(classifyPgError(error), 'bug');
});
