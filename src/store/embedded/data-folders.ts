import { lstat, readFile, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoreLog } from '../pool.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { systemStateDirectory } from './folders.ts';
import { isFolderHeld } from './lock.ts';

/** A database in the system's state folder: root started the hub where PostgreSQL's user may not go. */
export interface StateFolder {
  /** Such as `data-1a2b3c4d-5e6f7a8b`. */
  readonly name: string;
  readonly path: string;
  /** The data folder that it was made for; null where it does not say. */
  readonly dataDir: string | null;
  /** Nothing leads to it any more: its data folder is gone, or has another database by now. */
  readonly isForsaken: boolean;
}

const NAME = /^data-[0-9a-f]{8}-[0-9a-f]{8}$/u;

const textOf = async (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );

/** The databases in the state folder, by name. */
export async function listStateFolders(stateDirectory: string = systemStateDirectory): Promise<readonly StateFolder[]> {
  const names = await readdir(stateDirectory).catch(() => []);
  return Promise.all(
    names
      .filter((name) => NAME.test(name))
      .toSorted()
      .map(async (name) => {
        const path = join(stateDirectory, name);
        // `<data folder>/postgres`; the note in there decides which database it has.
        const home = await textOf(join(path, 'belongs-to'));
        const noted = home === null ? null : await textOf(join(home, 'location'));
        return { name, path, dataDir: home === null ? null : dirname(home), isForsaken: noted !== path };
      }),
  );
}

/** Bytes of all files below a folder, as far as they can be read. */
export async function sizeOfFolder(path: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) bytes += await sizeOfFolder(inside);
    else
      bytes += await lstat(inside).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
}

/**
 * Says in one line of the log which databases of the state folder nothing leads to any more: a data folder that root
 * deletes leaves its database behind. Never deletes: a disk that is not mounted at the moment looks the same.
 */
export async function tellForsaken(
  log: Pick<StoreLog, 'warn'>,
  stateDirectory: string = systemStateDirectory,
): Promise<void> {
  const forsaken = (await listStateFolders(stateDirectory)).filter(({ isForsaken }) => isForsaken);
  if (forsaken.length === 0) return;
  let bytes = 0;
  for (const { path } of forsaken) bytes += await sizeOfFolder(path);
  const names = forsaken.map(({ name }) => name);
  log.warn(
    { names, bytes },
    `${names.length === 1 ? 'a database' : `${names.length} databases`} in ${stateDirectory} ` +
      `${names.length === 1 ? 'belongs' : 'belong'} to no data folder any more (${Math.ceil(bytes / 2 ** 20)} MB). ` +
      `To delete: npx huidan data remove ${names.join(' ')}`,
  );
}

/**
 * Deletes a database of the state folder that nothing leads to any more. Errors: `embedded_postgres_unavailable` where
 * there is none of that name, or its data folder still leads to it; `embedded_postgres_in_use`.
 */
export async function removeStateFolder(name: string, stateDirectory: string = systemStateDirectory): Promise<void> {
  const found = (await listStateFolders(stateDirectory)).find((folder) => folder.name === name);
  if (found === undefined) {
    throw new EmbeddedPostgresError('embedded_postgres_unavailable', `${stateDirectory} holds no database ${name}`);
  }
  if (!found.isForsaken) {
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `${name} is the database of ${found.dataDir}. To remove both, delete that folder first`,
    );
  }
  if (await isFolderHeld(found.path)) {
    throw new EmbeddedPostgresError('embedded_postgres_in_use', `${name} is in use. Stop its hub first`);
  }
  await removeHome(found.path);
}

/**
 * Deletes a data folder and the database that it leads to, wherever that is; of a test or a benchmark, whose hub has
 * stopped. Data folders within it go the same way.
 */
export async function removeDataFolder(dataDir: string): Promise<void> {
  const whole = await realpath(dataDir).catch(() => null);
  if (whole === null) return;
  const entries = await readdir(whole, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory() && entry.name !== 'postgres') await removeNoted(join(whole, entry.name));
  }
  await removeNoted(whole);
  await rm(whole, { recursive: true, force: true, maxRetries: 3 });
}

async function removeNoted(dataDir: string): Promise<void> {
  const ordinary = join(dataDir, 'postgres');
  const noted = await textOf(join(ordinary, 'location'));
  // Both notes must agree: what belongs to somebody else is not ours to delete.
  if (noted === null || noted === '') await removeSocket(ordinary);
  else if ((await textOf(join(noted, 'belongs-to'))) === ordinary) await removeHome(noted);
}

async function removeHome(home: string): Promise<void> {
  await removeSocket(home);
  await rm(home, { recursive: true, force: true, maxRetries: 3 });
}

/** Where the home's path is too long for a socket, that is elsewhere. */
async function removeSocket(home: string): Promise<void> {
  const socket = await textOf(join(home, 'socket-directory'));
  if (socket !== null && /\/huidan-\w{6}$/u.test(socket)) await rm(socket, { recursive: true, force: true });
}
