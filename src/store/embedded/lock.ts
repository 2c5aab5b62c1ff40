import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.ts';

type Holder = { hubPid: number; state: 'running' | 'stopping' };

export type FolderLock = {
  /** Tells a hub that waits for the folder that it will be free soon. */
  announceStopping(): Promise<void>;
};

/** A hub that was killed is noticed by its guard at once; a folder that stays taken for longer has a living hub. */
const settleMs = 1_000;
/** Longer than a guard takes to end PostgreSQL by force. */
const stoppingLimitMs = 30_000;

/** Keeps the lock's database from being collected, which would close it. */
const held: DatabaseSync[] = [];

/**
 * Takes a folder for this process until it ends, or refuses with `embedded_postgres_in_use`. While the holder is
 * stopping, waits.
 *
 * Node has no flock. What it has is SQLite, and the exclusive lock of an empty SQLite database is a lock of the kernel:
 * gone in the moment the process is, by whatever end, and held between containers that share the folder. Files with
 * process numbers in them were rejected: after a restart of a container the same small numbers belong to others.
 */
export async function lockFolder(folder: string, hubPid: number): Promise<FolderLock> {
  const holderFile = join(folder, 'holder.json');
  const write = (holder: Holder): Promise<void> => writeFile(holderFile, JSON.stringify(holder), { mode: 0o644 });
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  let waitedMs = 0;
  while (!tryLock(database)) {
    const holder = await readHolder(holderFile);
    if (waitedMs >= (holder?.state === 'stopping' ? stoppingLimitMs : settleMs)) {
      database.close();
      const who = holder === null ? 'another hub' : `another hub (process ${holder.hubPid})`;
      throw new EmbeddedPostgresError(
        'embedded_postgres_in_use',
        `${who} is using the database in ${folder}. Stop it first, or give this one a folder of its own with HUIDAN_DATA_DIR`,
      );
    }
    await sleep(50);
    waitedMs += 50;
  }
  held.push(database);
  await write({ hubPid, state: 'running' });
  return { announceStopping: () => write({ hubPid, state: 'stopping' }) };
}

/** Whether some process holds a folder at this moment. */
export async function isFolderHeld(folder: string): Promise<boolean> {
  const path = join(folder, 'lock');
  if (
    !(await access(path).then(
      () => true,
      () => false,
    ))
  )
    return false;
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    return !tryLock(database);
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('pragma journal_mode = memory; begin exclusive');
    return true;
  } catch (error) {
    const busy = 5;
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}
