import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { test } from 'node:test';
import { createTestDatabase, testServerUrl } from './database.ts';
import { eventually, worksAt } from './embedded.ts';

test('two test databases have the whole schema and share nothing', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  try {
    const migrations = 'select max(number) >= 1 as migrated from schema_migrations';
    assert.deepEqual((await one.pool.query(migrations)).rows, [{ migrated: true }]);
    await one.pool.query('create table only_here ()');
    const there = "select to_regclass('only_here') is not null as there";
    assert.deepEqual((await other.pool.query(there)).rows, [{ there: false }]);
  } finally {
    await one.drop();
    await other.drop();
  }
  assert.equal(await worksAt(one.url), false);
  assert.equal(await worksAt(await testServerUrl()), true);
});

const ownServer = process.env['TEST_DATABASE_URL'] === undefined ? {} : { skip: 'an external server is used' };

test('the shared server ends with the run that started it, even one that is killed', ownServer, async () => {
  const script = `
    import { testServerUrl } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)};
    console.log(await testServerUrl());
    setInterval(() => {}, 60_000);`;
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, TEST_RUN_PID: undefined };
  const run = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((resolve) => {
      run.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()));
    });
    assert.notEqual(url, await testServerUrl());
    assert.equal(await worksAt(url), true);
    run.kill('SIGKILL');
    await eventually(10_000, 'the server is gone', async () => !(await worksAt(url)));
    const folder = (new URL(url).searchParams.get('host') ?? '').split('/data/')[0] ?? '';
    await eventually(5_000, 'its folder is gone', () =>
      access(folder).then(
        () => false,
        () => true,
      ),
    );
  } finally {
    run.kill('SIGKILL');
  }
});
