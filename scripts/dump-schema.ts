/** Writes src/store/schema.txt anew from the migrations: `node scripts/dump-schema.ts`. Look at the difference before you commit it. */
import { writeFile } from 'node:fs/promises';
import { dumpSchema } from '../src/store/dump-schema.ts';
import { createTestDatabase } from '../test/kit/database.ts';

const database = await createTestDatabase();
try {
  await writeFile(new URL('../src/store/schema.txt', import.meta.url), await dumpSchema(database.pool));
} finally {
  await database.drop();
}
