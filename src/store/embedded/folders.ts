import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { StoreLog } from '../pool.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { runCommand, type UnixUser } from './run-command.ts';

/** Where copies and data live when root started the hub in a folder that the database user may not enter. */
export const systemStateDirectory = process.platform === 'darwin' ? '/var/db/huidan' : '/var/lib/huidan';

/** The longest path of a Unix socket is 103 bytes on macOS and 107 on Linux. */
const longestSocketPathBytes = 103;

export const socketPort = 5432;

/** Makes a folder that everyone may enter, with what is missing above it, whatever the umask is. */
export async function makeOpenDirectory(path: string): Promise<void> {
  const whole = resolve(path);
  const above = dirname(whole);
  // Step by step, not `recursive`: where a folder is there and takes none (/proc), Node 24 tries for ever.
  if (!(await makeOne(whole)) && above !== whole) {
    await makeOpenDirectory(above);
    await makeOne(whole, true);
  }
}

/** False: what is above it is missing. `last`: that is then the error. */
async function makeOne(path: string, last = false): Promise<boolean> {
  try {
    await mkdir(path);
    await chmod(path, 0o755);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !last) return false;
    if ((await stat(path).catch(() => null))?.isDirectory() === true) return true;
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `the folder ${path} cannot be made (${code}). Set HUIDAN_DATA_DIR to a folder on a disk`,
      { cause: error },
    );
  }
}

/** The folder of the cluster inside a home. */
export function clusterOf(home: string): string {
  return join(home, 'cluster');
}

async function canEnter(user: UnixUser, path: string): Promise<boolean> {
  const result = await runCommand('/bin/sh', ['-c', 'cd "$1"', 'sh', path], { user });
  return result.ok;
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | null> {
  const info = await lstat(path).catch(() => null);
  return info === null ? null : { uid: info.uid, gid: info.gid };
}

export type Home = {
  /** Holds cluster, password, lock and socket. */
  readonly path: string;
  /** Who runs PostgreSQL; null when it is simply us. */
  readonly user: UnixUser | null;
};

/**
 * Decides where the database of a data folder lives and who runs it, and makes the folder.
 *
 * Usually `<dataDir>/postgres`. When root starts the hub and the database user may not enter there, it is a folder
 * under the system's state folder, and `<dataDir>/postgres/location` says which; the note is what counts, so a checkout
 * that is moved keeps its data and a fresh clone at an old path does not find somebody else's.
 *
 * A cluster that exists is run by its owner, because PostgreSQL wants nothing else: data made by an ordinary user keep
 * working when root starts the hub once. Only what belongs to root itself (a restored backup) is given to the database
 * user.
 */
export async function findHome(
  dataDir: string,
  options: { stateDirectory: string; findUser: () => Promise<UnixUser>; log: StoreLog },
): Promise<Home> {
  const { log } = options;
  await makeOpenDirectory(dataDir);
  const ordinary = join(await realpath(dataDir), 'postgres');
  await makeOpenDirectory(ordinary);
  const locationFile = join(ordinary, 'location');
  const noted = (await readFile(locationFile, 'utf8').catch(() => '')).trim();
  const path = noted || ordinary;
  const owner = await ownerOf(clusterOf(path));
  if (noted && owner === null && (await ownerOf(noted)) === null) {
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `the database of ${dataDir} was kept in ${noted}, which is gone. Put it back, or delete ${locationFile} to begin with an empty one`,
    );
  }

  const ownUid = process.getuid?.() ?? -1;
  if (ownUid !== 0) {
    if (owner !== null && owner.uid !== ownUid) {
      throw new EmbeddedPostgresError(
        'embedded_postgres_unavailable',
        `the database in ${path} belongs to the user with the number ${owner.uid}; start Huidan as that user or as root`,
      );
    }
    return { path, user: null };
  }

  const dedicated = await options.findUser();
  const user = owner === null || owner.uid === 0 ? dedicated : { name: `number ${owner.uid}`, ...owner };
  if (owner?.uid === 0) {
    log.info({ user: user.name, path }, `the database in ${path} belongs to root: giving it to ${user.name}`);
    await giveTree(clusterOf(path), user);
  }
  if (await canEnter(user, path)) {
    if (noted)
      log.info(
        { path },
        `the data of PostgreSQL live in ${path}, because ${dataDir} is closed to the user ${user.name}`,
      );
    return { path, user };
  }
  if (owner !== null || noted) {
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `the database in ${path} is closed to its owner, the user ${user.name}: open the folders above it (chmod a+x)`,
    );
  }
  const hash = createHash('sha256').update(ordinary).digest('hex').slice(0, 8);
  const moved = join(options.stateDirectory, `data-${hash}-${randomBytes(4).toString('hex')}`);
  await makeOpenDirectory(moved);
  await writeFile(join(moved, 'belongs-to'), `${ordinary}\n`);
  // Two first starts at once: the one who writes the note decides.
  const first = await writeFile(locationFile, `${moved}\n`, { flag: 'wx' }).then(
    () => true,
    () => false,
  );
  if (!first) {
    await rm(moved, { recursive: true });
    return findHome(dataDir, options);
  }
  log.info(
    { user: user.name, path: moved },
    `${dataDir} is closed to the user ${user.name} that PostgreSQL runs as: its data live in ${moved}`,
  );
  return { path: moved, user };
}

/** Makes a folder that only the database user (and root) may enter. */
export async function makePrivateDirectory(path: string, user: UnixUser | null): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  if (user !== null) await chown(path, user.uid, user.gid);
}

async function giveTree(path: string, user: UnixUser): Promise<void> {
  await chown(path, user.uid, user.gid);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const inside = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) await chown(inside, user.uid, user.gid);
  }
}

/**
 * A private folder for the Unix socket: inside the home, or, where that path is too long for a socket, a new one under
 * the folder for temporary files, noted in the home so that the next start finds what a crash left.
 */
export async function makeSocketDirectory(home: string, user: UnixUser | null): Promise<string> {
  const fits = (directory: string): boolean =>
    Buffer.byteLength(join(directory, '.s.PGSQL.65535')) <= longestSocketPathBytes;
  const inside = join(home, 'socket');
  if (fits(inside)) {
    await makePrivateDirectory(inside, user);
    return inside;
  }
  const note = join(home, 'socket-directory');
  const previous = (await readFile(note, 'utf8').catch(() => '')).trim();
  if (previous && (await isOurs(previous, user)) && fits(previous)) return previous;
  const base = Buffer.byteLength(tmpdir()) <= 40 ? tmpdir() : '/tmp';
  const short = await mkdtemp(join(base, 'huidan-'));
  await makePrivateDirectory(short, user);
  await writeFile(note, `${short}\n`);
  return short;
}

/** In a folder that all may write in, a name that was ours may be somebody else's by now. */
async function isOurs(path: string, user: UnixUser | null): Promise<boolean> {
  const info = await lstat(path).catch(() => null);
  return (
    info !== null && info.isDirectory() && info.uid === (user?.uid ?? process.getuid?.()) && (info.mode & 0o077) === 0
  );
}
