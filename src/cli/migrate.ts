import { parseArgs } from 'node:util';
import { readConfig } from '../server/config.ts';
import { openDatabase } from '../server/database.ts';
import { silentLog } from '../store/pool.ts';
import type { Cli } from './command.ts';

const HELP = `Brings the database to the newest migration and ends. A hub does the same when it starts.

  huidan migrate

The database is that of DATABASE_URL, else the embedded one of HUIDAN_DATA_DIR.
`;

/** `huidan migrate`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    cli.out(HELP);
    return;
  }
  let applied = 0;
  const database = await openDatabase(readConfig(cli.environment), {
    log: silentLog,
    clock: Date.now,
    onProgress: (step) => {
      if (step.step !== 'migration') return;
      applied += 1;
      cli.note(`Migration ${step.number} of ${step.of} ...\n`);
    },
  });
  await database.stop();
  cli.out(applied === 0 ? 'The database is at the newest migration.\n' : `${applied} migrations were applied.\n`);
}
