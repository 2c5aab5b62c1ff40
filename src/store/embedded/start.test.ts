import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPool, silentLog, type StoreLog } from '../pool.ts';
import { clusterOf } from './folders.ts';
import { commandLines } from './server-processes.ts';
import { clusterName } from './settings.ts';
import {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresErrorCode,
} from './start.ts';

type HubNews = { url: string; home: string; postmasterPid: number; guardPid: number };

const isRoot = process.getuid?.() === 0;
const forRoot = isRoot ? {} : { skip: 'only root drops to another user' };
const smallHub = fileURLToPath(new URL('../../../test/kit/small-hub.ts', import.meta.url));

/** Shared by the tests that need a database but not a new one: making one is most of the time of a first start. */
let dataDir: string;
const folders: string[] = [];
const running = new Set<EmbeddedPostgres>();
const children: ChildProcess[] = [];

async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'huidan-pg-')));
  await chmod(folder, 0o755);
  folders.push(folder);
  return folder;
}

async function start(folder: string, log: StoreLog = silentLog): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: folder, log });
  running.add(server);
  return server;
}

async function startHub(folder: string): Promise<{ hub: ChildProcess; news: HubNews }> {
  const hub = spawn(process.execPath, [smallHub, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(hub);
  const news = await new Promise<HubNews>((resolve, reject) => {
    hub.stdout.setEncoding('utf8').once('data', (line: string) => resolve(JSON.parse(line) as HubNews));
    hub.once('exit', () => reject(new Error('the small hub ended')));
  });
  return { hub, news };
}

/** Every process of the server in a home: postmaster, children, guard's leash. */
async function serverProcesses(home: string): Promise<string[]> {
  const cluster = clusterOf(home);
  const lines = await commandLines();
  const postmasters = [...lines].filter(([, command]) => command.includes(`postgres -D ${cluster} `));
  const pids = new Set(postmasters.map(([pid]) => String(pid)));
  return [...lines.values()].filter(
    (command) =>
      command.includes(`postgres -D ${cluster} `) ||
      command.startsWith(`postgres: ${clusterName(cluster)}:`) ||
      (command.includes('huidan-leash') && pids.has(command.split(' ').at(-1) ?? '')),
  );
}

async function eventually(limitMs: number, what: string, holds: () => Promise<boolean> | boolean): Promise<number> {
  const startedAt = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - startedAt < limitMs, `${what}: not within ${limitMs} ms`);
    await sleep(20);
  }
  return performance.now() - startedAt;
}

async function answer(url: string, statement: string): Promise<unknown> {
  const pool = createPool({ url, max: 1 });
  try {
    return (await pool.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await pool.end();
  }
}

const worksAt = (url: string): Promise<boolean> =>
  answer(url, 'select 1').then(
    () => true,
    () => false,
  );

const refusedWith =
  (code: EmbeddedPostgresErrorCode, words: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof EmbeddedPostgresError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };

before(async () => {
  dataDir = join(await makeFolder(), 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running) await server.stop();
  running.clear();
});
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

test('a first start makes the database, a stop ends every process, a second start is fast and has the data', async () => {
  const steps: string[] = [];
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog, onProgress: (step) => steps.push(step) });
  running.add(server);
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

  const startedAt = performance.now();
  const again = await start(dataDir);
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 1_500, `the second start took ${tookMs} ms`);
  assert.deepEqual(await answer(again.url, 'select name from kept'), [{ name: '汇单' }]);
});

test('a wrong password is refused', async () => {
  const server = await start(dataDir);
  const wrong = createPool({ connection: { ...server.connection, password: 'x' } });
  await assert.rejects(wrong.query('select 1'), { code: '28P01' });
  await wrong.end();
});

test('a second hub on the folder is refused, and the first goes on', async () => {
  const server = await start(dataDir);
  await assert.rejects(
    startEmbeddedPostgres({ dataDir, log: silentLog }),
    refusedWith('embedded_postgres_in_use', new RegExp(`process ${process.pid}`)),
  );
  assert.equal(await worksAt(server.url), true);
});

test('kill -9 of PostgreSQL under load: it comes back by itself, and what was acknowledged is there', async () => {
  const server = await start(dataDir);
  const pool = createPool({ url: server.url, max: 4 });
  await pool.query('create table written (n int primary key)');
  const acknowledged: number[] = [];
  let next = 0;
  let failures = 0;
  const load = { on: true };
  const writers = [1, 2, 3, 4].map(async () => {
    while (load.on) {
      const n = (next += 1);
      await pool.query('insert into written values ($1)', [n]).then(
        () => acknowledged.push(n),
        async () => {
          failures += 1;
          await sleep(10);
        },
      );
    }
  });
  for (let round = 0; round < 2; round += 1) {
    const killed = server.postmasterPid();
    await sleep(150);
    process.kill(killed, 'SIGKILL');
    await eventually(10_000, 'the server is back', () => server.postmasterPid() !== killed);
    const count = acknowledged.length;
    await eventually(5_000, 'the pool writes again', () => acknowledged.length > count);
  }
  load.on = false;
  await Promise.all(writers);
  assert.ok(failures > 0, 'the kill was noticed');
  const { rows } = await pool.query<{ n: number }>('select n from written');
  const stored = new Set(rows.map((row) => row.n));
  assert.deepEqual(
    acknowledged.filter((n) => !stored.has(n)),
    [],
  );
  await pool.end();
});

test('a backend that outlives its killed postmaster in a long computation does not keep the server down', async () => {
  const server = await start(dataDir);
  const pool = createPool({ url: server.url, max: 1, statementTimeoutMs: 20_000 });
  const computing = pool.query('do $$ begin loop end loop; end $$').catch(() => 'broken');
  const busy =
    "select count(*) from pg_stat_activity where state = 'active' and query like 'do %loop%' and pid <> pg_backend_pid()";
  await eventually(
    5_000,
    'it computes',
    async () => JSON.stringify(await answer(server.url, busy)) === '[{"count":1}]',
  );
  const killed = server.postmasterPid();
  process.kill(killed, 'SIGKILL');
  await eventually(15_000, 'the server is back', () => server.postmasterPid() !== killed);
  assert.equal(await computing, 'broken');
  assert.equal(await worksAt(server.url), true);
  await pool.end();
});

test('kill -9 of the hub: its server ends, and a new hub starts at once on the same data', async () => {
  const { hub, news } = await startHub(dataDir);
  await answer(news.url, 'create table from_hub ()');
  hub.kill('SIGKILL');
  const server = await start(dataDir);
  assert.deepEqual(await answer(server.url, "select to_regclass('from_hub') is not null as there"), [{ there: true }]);
  await server.stop();

  const second = await startHub(dataDir);
  second.hub.kill('SIGKILL');
  await eventually(15_000, 'no process is left', async () => (await serverProcesses(news.home)).length === 0);
});

test('kill -9 of hub and guard together: the server still ends', async () => {
  const { hub, news } = await startHub(dataDir);
  process.kill(news.guardPid, 'SIGKILL');
  hub.kill('SIGKILL');
  await eventually(15_000, 'no process is left', async () => (await serverProcesses(news.home)).length === 0);
});

test('kill -9 of the guard: a new one takes over', async () => {
  const server = await start(dataDir);
  const killed = { guard: server.guardPid(), postmaster: server.postmasterPid() };
  assert.ok(killed.guard !== null);
  process.kill(killed.guard, 'SIGKILL');
  await eventually(15_000, 'another server', () => server.postmasterPid() !== killed.postmaster);
  assert.notEqual(server.guardPid(), killed.guard);
  assert.equal(await worksAt(server.url), true);
});

test('Ctrl-C in the terminal does not reach the server', async () => {
  const { hub, news } = await startHub(dataDir);
  // What a terminal does: the signal goes to the whole group of the hub. Ours is the test runner's too, so look at the
  // group instead.
  const groupOf = async (pid: number): Promise<string | undefined> => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[2];
  };
  if (process.platform === 'linux') {
    assert.notEqual(await groupOf(news.guardPid), await groupOf(hub.pid ?? 0));
    assert.notEqual(await groupOf(news.postmasterPid), await groupOf(hub.pid ?? 0));
  }
  // And a service manager signals every process of the service: the guard leaves the server to the hub.
  process.kill(news.guardPid, 'SIGTERM');
  await sleep(200);
  assert.equal(await worksAt(news.url), true);
});

test('a server that an earlier run left alive is shut down and replaced', async () => {
  const first = await startHub(dataDir);
  const lines = await commandLines();
  const leash = [...lines].find(([, command]) => command.endsWith(`huidan-leash ${first.news.postmasterPid}`));
  assert.ok(leash, 'the leash is there');
  process.kill(leash[0], 'SIGKILL');
  first.hub.kill('SIGKILL');
  process.kill(first.news.guardPid, 'SIGKILL');
  await sleep(300);
  assert.notDeepEqual(await serverProcesses(first.news.home), [], 'nobody was left to stop it');
  const warnings: string[] = [];
  const server = await start(dataDir, { ...silentLog, warn: (_fields, message) => void warnings.push(message) });
  assert.match(warnings.join('\n'), /earlier run is still there/);
  assert.notEqual(server.postmasterPid(), first.news.postmasterPid);
  assert.equal(await worksAt(server.url), true);
});

test('a process number in postmaster.pid that is somebody else’s by now does not stop the start', async () => {
  const server = await start(dataDir);
  const pidFile = join(clusterOf(server.home), 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8');
  const owner = await stat(pidFile);
  await server.stop();
  const other = spawn('/bin/sleep', ['60'], {
    stdio: 'ignore',
    cwd: '/',
    ...(isRoot ? { uid: owner.uid, gid: owner.gid } : {}),
  });
  children.push(other);
  await writeFile(pidFile, text.replace(/^\d+/, String(other.pid)), { mode: 0o600 });
  if (isRoot) await chown(pidFile, owner.uid, owner.gid);
  assert.equal(await worksAt((await start(dataDir)).url), true);
  assert.equal(other.exitCode ?? other.signalCode, null, 'the other process was left alone');
});

test('an interrupted first start is begun anew', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'postgres', 'cluster.new', 'base'), { recursive: true });
  await writeFile(join(folder, 'postgres', 'cluster.new', 'PG_VERSION'), '18\n');
  assert.equal(await worksAt((await start(folder)).url), true);
});

test('a folder made by another major version is refused with instructions and left as it was', async () => {
  const folder = await makeFolder();
  const cluster = join(folder, 'postgres', 'cluster');
  await mkdir(cluster, { recursive: true });
  await writeFile(join(cluster, 'PG_VERSION'), '17\n');
  await assert.rejects(
    startEmbeddedPostgres({ dataDir: folder, log: silentLog }),
    refusedWith('embedded_postgres_version_mismatch', /made by PostgreSQL 17.*PostgreSQL 18.*pg_dump.*DATABASE_URL/s),
  );
  assert.equal(await readFile(join(cluster, 'PG_VERSION'), 'utf8'), '17\n');
});

test('a server that cannot start says why', async () => {
  const folder = await makeFolder();
  const server = await start(folder);
  await server.stop();
  await rm(join(clusterOf(server.home), 'global', 'pg_control'));
  await assert.rejects(
    startEmbeddedPostgres({ dataDir: folder, log: silentLog }),
    refusedWith('embedded_postgres_failed', /pg_control/),
  );
  assert.deepEqual(await serverProcesses(server.home), []);
});

test('a folder whose path is too long for a socket works', async () => {
  const folder = join(await makeFolder(), '很长的路径'.repeat(8), 'data');
  const server = await start(folder);
  assert.ok(Buffer.byteLength(server.connection.host) < 80);
  assert.equal(await worksAt(server.url), true);
  await server.stop();
  await assert.rejects(stat(server.connection.host), { code: 'ENOENT' });
});

test(
  'under a closed folder root keeps the data and programs in the state folder, says so, and finds them again',
  forRoot,
  async () => {
    const closed = await mkdtemp('/root/huidan-closed-');
    folders.push(closed);
    await chmod(closed, 0o700);
    const folder = join(closed, 'checkout', 'data');
    const said: string[] = [];
    const log = { ...silentLog, info: (_fields: object, message: string) => void said.push(message) };
    const server = await start(folder, log);
    folders.push(server.home);
    assert.match(server.home, /^\/var\/lib\/huidan\//);
    assert.ok(
      said.some((line) => line.includes(server.home)),
      said.join('\n'),
    );
    await answer(server.url, 'create table kept ()');
    await server.stop();
    assert.equal((await start(folder)).home, server.home);
    assert.deepEqual(await answer(server.url, "select to_regclass('kept') is not null as there"), [{ there: true }]);
    // The same data reached by another name is still taken.
    await assert.rejects(
      startEmbeddedPostgres({ dataDir: `${folder}/../data`, log: silentLog }),
      refusedWith('embedded_postgres_in_use', /process/),
    );
  },
);

test('a note that points to data which are gone is refused instead of beginning empty', forRoot, async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'postgres', 'location'), '/var/lib/huidan/no-such-data\n');
  await assert.rejects(
    startEmbeddedPostgres({ dataDir: folder, log: silentLog }),
    refusedWith('embedded_postgres_unavailable', /which is gone/),
  );
});

test('data that belong to root, as from a restored backup, are given to the database user', forRoot, async () => {
  const folder = await makeFolder();
  const server = await start(folder);
  await server.stop();
  const cluster = clusterOf(server.home);
  const { uid } = await stat(cluster);
  const done = spawn('chown', ['-R', '0:0', cluster]);
  await new Promise((resolve) => done.on('exit', resolve));
  assert.equal(await worksAt((await start(folder)).url), true);
  assert.equal((await stat(cluster)).uid, uid);
});

test('with a port it is an ordinary server for a DATABASE_URL', async () => {
  const server = await startEmbeddedPostgres({
    dataDir: await makeFolder(),
    log: silentLog,
    durability: 'test',
    tcp: true,
  });
  running.add(server);
  assert.match(server.url, /@127\.0\.0\.1:\d+\/huidan$/);
  assert.equal(await worksAt(server.url), true);
});

test('a hub that ends without stopping its server does not hang, and leaves none', async () => {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./start.ts', import.meta.url).href)};
    await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: { info() {}, warn() {}, error() {} } });`;
  const hub = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  children.push(hub);
  await eventually(10_000, 'it ends', () => hub.exitCode !== null);
  assert.equal(hub.exitCode, 0);
  await eventually(
    15_000,
    'no process is left',
    async () => (await serverProcesses(join(dataDir, 'postgres'))).length === 0,
  );
});
