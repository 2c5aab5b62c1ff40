import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chown, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedBench, answer, eventually, isRoot, serverProcesses, worksAt } from '../../../test/kit/embedded.ts';
import { createPool, silentLog } from '../pool.ts';
import { clusterOf } from './folders.ts';
import { commandLines } from './server-processes.ts';

const bench = embeddedBench();
/** Shared by the tests that need a database but not a new one: making one is most of the time of a first start. */
let dataDir: string;
before(async () => {
  dataDir = join(await bench.makeFolder(), 'data');
});

test('kill -9 of PostgreSQL under load: it comes back by itself, and what was acknowledged is there', async () => {
  const server = await bench.start(dataDir);
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
  const server = await bench.start(dataDir);
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
  const { hub, news } = await bench.startHub(dataDir);
  await answer(news.url, 'create table from_hub ()');
  hub.kill('SIGKILL');
  const server = await bench.start(dataDir);
  assert.deepEqual(await answer(server.url, "select to_regclass('from_hub') is not null as there"), [{ there: true }]);
  await server.stop();

  const second = await bench.startHub(dataDir);
  second.hub.kill('SIGKILL');
  await eventually(15_000, 'no process is left', async () => (await serverProcesses(news.home)).length === 0);
});

test('kill -9 of hub and guard together: the server still ends', async () => {
  const { hub, news } = await bench.startHub(dataDir);
  process.kill(news.guardPid, 'SIGKILL');
  hub.kill('SIGKILL');
  await eventually(15_000, 'no process is left', async () => (await serverProcesses(news.home)).length === 0);
});

test('kill -9 of the guard: a new one takes over', async () => {
  const server = await bench.start(dataDir);
  const killed = { guard: server.guardPid(), postmaster: server.postmasterPid() };
  assert.ok(killed.guard !== null);
  process.kill(killed.guard, 'SIGKILL');
  await eventually(15_000, 'another server', () => server.postmasterPid() !== killed.postmaster);
  assert.notEqual(server.guardPid(), killed.guard);
  assert.equal(await worksAt(server.url), true);
});

test('Ctrl-C in the terminal does not reach the server', async () => {
  const { hub, news } = await bench.startHub(dataDir);
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
  const first = await bench.startHub(dataDir);
  const lines = await commandLines();
  const leash = [...lines].find(([, command]) => command.endsWith(`huidan-leash ${first.news.postmasterPid}`));
  assert.ok(leash, 'the leash is there');
  process.kill(leash[0], 'SIGKILL');
  first.hub.kill('SIGKILL');
  process.kill(first.news.guardPid, 'SIGKILL');
  await sleep(300);
  assert.notDeepEqual(await serverProcesses(first.news.home), [], 'nobody was left to stop it');
  const warnings: string[] = [];
  const server = await bench.start(dataDir, {
    log: { ...silentLog, warn: (_fields, message) => void warnings.push(message) },
  });
  assert.match(warnings.join('\n'), /earlier run is still there/);
  assert.notEqual(server.postmasterPid(), first.news.postmasterPid);
  assert.equal(await worksAt(server.url), true);
});

test('a process number in postmaster.pid that is somebody else’s by now does not stop the start', async () => {
  const server = await bench.start(dataDir);
  const pidFile = join(clusterOf(server.home), 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8');
  const owner = await stat(pidFile);
  await server.stop();
  const other = spawn('/bin/sleep', ['60'], {
    stdio: 'ignore',
    cwd: '/',
    ...(isRoot ? { uid: owner.uid, gid: owner.gid } : {}),
  });
  bench.children.push(other);
  await writeFile(pidFile, text.replace(/^\d+/, String(other.pid)), { mode: 0o600 });
  if (isRoot) await chown(pidFile, owner.uid, owner.gid);
  assert.equal(await worksAt((await bench.start(dataDir)).url), true);
  assert.equal(other.exitCode ?? other.signalCode, null, 'the other process was left alone');
});

test('a hub that ends without stopping its server does not hang, and leaves none', async () => {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./start.ts', import.meta.url).href)};
    await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: { info() {}, warn() {}, error() {} } });`;
  const hub = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  bench.children.push(hub);
  await eventually(10_000, 'it ends', () => hub.exitCode !== null);
  assert.equal(hub.exitCode, 0);
  await eventually(
    15_000,
    'no process is left',
    async () => (await serverProcesses(join(dataDir, 'postgres'))).length === 0,
  );
});
