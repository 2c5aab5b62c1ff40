/**
 * Writes src/store/schema.txt anew from the migrations: `node scripts/dump-schema.ts`. Look at the difference before
 * you commit it.
 */
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpSchema } from '../src/store/dump-schema.ts';
import { removeDataFolder } from '../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/start.ts';
import { migrate } from '../src/store/migrate.ts';
import { createPool, silentLog } from '../src/store/pool.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'huidan-schema-'));
await chmod(dataDir, 0o755);
const server = await startEmbeddedPostgres({ dataDir, log: silentLog, durability: 'test' });
const pool = createPool({ url: server.url });
try {
  await migrate(pool);
  await writeFile(new URL('../src/store/schema.txt', import.meta.url), await dumpSchema(pool));
} finally {
  await pool.end();
  await server.stop();
  await removeDataFolder(dataDir);
}
