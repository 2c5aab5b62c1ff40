/**
 * The process that keeps the shared PostgreSQL of a test run: `database-host.ts <folder> <pid of the run> <its start>`.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeDataFolder } from '../../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { silentLog } from '../../src/store/pool.ts';
import { isRunning, type ServerInfo } from './run-owner.ts';

const [folder, run, start] = process.argv.slice(2);
if (folder === undefined || run === undefined || start === undefined)
  throw new Error('database-host.ts <folder> <pid> <start>');

/** Renamed into place, so that nobody reads half of it. */
async function announce(info: ServerInfo | { error: string }): Promise<void> {
  const file = join(folder ?? '', 'server.json');
  await writeFile(`${file}.new`, JSON.stringify(info), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

try {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), log: silentLog, durability: 'test' });
  await announce({ url: server.url });
  while (await isRunning(Number(run), start)) await sleep(300);
  await server.stop();
} catch (error) {
  await announce({ error: error instanceof Error ? error.message : String(error) });
  while (await isRunning(Number(run), start)) await sleep(300);
} finally {
  await removeDataFolder(folder);
}
