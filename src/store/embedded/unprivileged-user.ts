import type { StoreLog } from '../pool.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { runCommand, type UnixUser } from './run-command.ts';

const dedicatedName = 'huidan';

/**
 * PostgreSQL refuses to run as root, so a hub that is root runs it as a system user of its own, which is made when
 * absent. Where none can be made (a read-only /etc, no useradd) it is `nobody`: then other services that run as
 * `nobody` could reach the files, which is said aloud. A bare number without an entry in the user table is no way out:
 * initdb looks its own name up and stops.
 */
export async function findUnprivilegedUser(log: StoreLog): Promise<UnixUser> {
  const existing = await lookUp(dedicatedName);
  if (existing) return existing;

  const shell = '/usr/sbin/nologin';
  await runCommand('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    shell,
    dedicatedName,
  ]);
  let created = await lookUp(dedicatedName);
  if (!created) {
    await runCommand('adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', dedicatedName]); // BusyBox
    created = await lookUp(dedicatedName);
  }
  if (created) {
    log.info({ user: dedicatedName }, `PostgreSQL does not run as root: made the system user ${dedicatedName} for it`);
    return created;
  }

  const nobody = await lookUp('nobody');
  if (nobody) {
    log.warn(
      { user: nobody.name },
      `PostgreSQL does not run as root and the user ${dedicatedName} could not be made: running it as nobody`,
    );
    return nobody;
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_unavailable',
    `PostgreSQL does not run as root, and there is no user to run it as. Make one with "useradd --system ${dedicatedName}", ` +
      'start Huidan as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own',
  );
}

async function lookUp(name: string): Promise<UnixUser | null> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', name]), runCommand('id', ['-g', name])]);
  if (!uid.ok || !gid.ok) return null;
  return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
