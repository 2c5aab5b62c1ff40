import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dumpSchema } from './dump-schema.ts';
import { plainEnvironment, runCommand } from './embedded/run-command.ts';
import { findUnprivilegedUser } from './embedded/unprivileged-user.ts';
import { migrate } from './migrate.ts';
import { createPool, silentLog } from './pool.ts';
import { transaction } from './transaction.ts';

/** Folders of PostgreSQL programs that the system itself has, oldest first: the promise is 15 and newer. */
function systemBinaries(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const versions = readdirSync(root)
    .map(Number)
    .filter((version) => version >= 15)
    .toSorted((a, b) => a - b);
  return versions.map((version) => join(root, String(version), 'bin')).filter((bin) => existsSync(join(bin, 'initdb')));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function onSystemServer(bin: string, work: (url: string) => Promise<void>): Promise<void> {
  const user = process.getuid?.() === 0 ? await findUnprivilegedUser(silentLog) : null;
  const folder = await mkdtemp(join(tmpdir(), 'huidan-external-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await chmod(folder, 0o755);
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, 'p@ss/word');
  if (user !== null) await chown(data, user.uid, user.gid);
  const port = await freePort();
  const made = await runCommand(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'owner',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-locale',
      '--no-sync',
    ],
    { user },
  );
  assert.ok(made.ok, made.stderr);
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
  ];
  const server = spawn(join(bin, 'postgres'), args, {
    cwd: '/',
    env: plainEnvironment,
    stdio: 'ignore',
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  });
  try {
    await work(`postgresql://owner:p%40ss%2Fword@127.0.0.1:${port}/postgres`);
  } finally {
    server.kill('SIGQUIT');
    await new Promise((resolve) => server.once('exit', resolve));
    await rm(folder, { recursive: true });
  }
}

const binaries = systemBinaries();

test(
  'a PostgreSQL of the system, reached by DATABASE_URL, is migrated to the same schema',
  { skip: binaries.length === 0 },
  async () => {
    const checkedIn = await readFile(new URL('./schema.txt', import.meta.url), 'utf8');
    for (const bin of binaries) {
      await onSystemServer(bin, async (url) => {
        const pool = createPool({ url });
        for (
          let tries = 0;
          tries < 200 &&
          !(await pool.query('select 1').then(
            () => true,
            () => false,
          ));
          tries += 1
        )
          await sleep(50);
        await Promise.all([migrate(pool), migrate(pool)]);
        assert.deepEqual((await dumpSchema(pool)).split('\n'), checkedIn.replaceAll('\r\n', '\n').split('\n'));
        assert.equal(await transaction(pool, async (tx) => (await tx.query('select from accounts')).rowCount), 0);
        await pool.end();
      });
    }
  },
);
