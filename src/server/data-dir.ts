import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HuidanError } from '../core/errors.ts';
import { makeOpenDirectory } from '../store/embedded/folders.ts';
import { masterKeyFromText } from './config-variables.ts';

export interface HubSecrets {
  readonly masterKey: Buffer;
  readonly adminKey: string;
  /** True when the admin key was made just now: the one time to print it. */
  readonly adminKeyIsNew: boolean;
}

export const ADMIN_KEY_FILE = 'admin-key';
const MASTER_KEY_FILE = 'master-key';

/**
 * The hub's own secrets: given by the configuration, else kept in the data folder (mode 600), made at first start. The
 * admin key is kept there too, so that it can be read again by whoever may read the folder.
 */
export async function readHubSecrets(options: {
  readonly dataDir: string;
  readonly masterKey: Buffer | undefined;
  readonly adminKey: string | undefined;
}): Promise<HubSecrets> {
  await makeOpenDirectory(options.dataDir);
  const masterKey = options.masterKey ?? (await readMasterKey(join(options.dataDir, MASTER_KEY_FILE)));
  if (options.adminKey !== undefined) return { masterKey, adminKey: options.adminKey, adminKeyIsNew: false };
  const { text, isNew } = await readOrMake(
    join(options.dataDir, ADMIN_KEY_FILE),
    () => `hdk_${randomBytes(24).toString('base64url')}`,
  );
  return { masterKey, adminKey: text, adminKeyIsNew: isNew };
}

async function readMasterKey(path: string): Promise<Buffer> {
  const { text } = await readOrMake(path, () => randomBytes(32).toString('base64'));
  const key = masterKeyFromText(text);
  if (key === undefined) throw new HuidanError('config_invalid', `The file ${path} does not hold a master key.`);
  return key;
}

/** Reads a one-line file or makes it, synced, so that a crash never leaves data sealed with a key that is gone. */
async function readOrMake(
  path: string,
  make: () => string,
): Promise<{ readonly text: string; readonly isNew: boolean }> {
  try {
    return { text: (await readFile(path, 'utf8')).trim(), isNew: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const text = make();
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return { text, isNew: true };
}
