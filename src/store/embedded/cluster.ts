import { randomBytes } from 'node:crypto';
import { chmod, chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './errors.ts';
import { clusterOf, makePrivateDirectory } from './folders.ts';
import type { GuardPlan } from './guard-messages.ts';
import { runCommand } from './run-command.ts';

/** The file of the generated password, in the home, mode 600. */
export function passwordFileOf(home: string): string {
  return join(home, 'password');
}

/**
 * Makes the cluster when there is none, else checks that this release can run it. A new one is made beside its place
 * and renamed when it is whole, so an interrupted first start leaves nothing that looks like a database.
 */
export async function prepareCluster(plan: GuardPlan, onCreate: () => void, signal: AbortSignal): Promise<void> {
  const cluster = clusterOf(plan.home);
  const present = await stat(cluster).then(
    () => true,
    () => false,
  );
  if (present) return checkVersion(plan, cluster);
  onCreate();
  await createCluster(plan, cluster, signal);
}

async function checkVersion(plan: GuardPlan, cluster: string): Promise<void> {
  const found = (await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (found === plan.majorVersion) return;
  throw new EmbeddedPostgresError(
    'embedded_postgres_version_mismatch',
    `the database in ${cluster} was made by PostgreSQL ${found || '(unknown)'}, and this release of Huidan brings PostgreSQL ` +
      `${plan.majorVersion}, which cannot read it. Either go back to the release of Huidan that made it; or dump it there with ` +
      '"pg_dump", start this release with an empty HUIDAN_DATA_DIR (keep the other files of the folder, above all the master key), and ' +
      `load the dump with "psql"; or run a PostgreSQL ${found} of your own on it and set DATABASE_URL`,
  );
}

async function createCluster(plan: GuardPlan, cluster: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${cluster}.new`;
  const passwordCopy = join(plan.home, 'password.new');
  await rm(unfinished, { recursive: true, force: true });
  await makePrivateDirectory(unfinished, plan.user);

  const password = randomBytes(24).toString('base64url');
  await writeSynced(passwordFileOf(plan.home), password);
  await writeFile(passwordCopy, password, { mode: 0o600 });
  await chmod(passwordCopy, 0o600);
  if (plan.user !== null) await chown(passwordCopy, plan.user.uid, plan.user.gid);

  const result = await runCommand(
    join(plan.binDir, 'initdb'),
    [
      `--pgdata=${unfinished}`,
      '--username=postgres',
      `--pwfile=${passwordCopy}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The builtin provider sorts and folds by code point alike on every system; a libc that is upgraded below us
      // breaks indexes.
      '--no-locale',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--set=timezone=UTC',
      '--set=log_timezone=UTC',
      '--no-instructions',
      ...(plan.durability === 'test' ? ['--no-sync'] : []),
    ],
    { user: plan.user, signal },
  );
  await rm(passwordCopy, { force: true });
  if (!result.ok) {
    await rm(unfinished, { recursive: true, force: true });
    const why = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-5).join('\n');
    throw new EmbeddedPostgresError(
      'embedded_postgres_failed',
      `PostgreSQL could not make its database in ${plan.home}: ${why}`,
    );
  }
  await rename(unfinished, cluster);
  await syncDirectory(plan.home);
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
