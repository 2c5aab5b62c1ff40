import { systemStateDirectory } from '../store/embedded/folders.ts';
import { listStateFolders, removeStateFolder, sizeOfFolder } from '../store/embedded/data-folders.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { table } from './table.ts';

const MEGABYTE = 2 ** 20;

const VERBS = {
  list: verb({
    usage: '',
    summary: `Databases under ${systemStateDirectory}, and those that no data folder leads to any more.`,
    options: {},
    async run(cli) {
      const folders = await listStateFolders();
      if (folders.length === 0) {
        cli.out(`No database is kept under ${systemStateDirectory}.\n`);
        return;
      }
      const rows = await Promise.all(
        folders.map(async (folder) => ({
          ...folder,
          megabytes: Math.ceil((await sizeOfFolder(folder.path)) / MEGABYTE),
        })),
      );
      cli.out(
        table(
          [
            { title: 'NAME', value: ({ name }) => name },
            { title: 'MB', value: ({ megabytes }) => megabytes },
            { title: 'STATE', value: ({ isForsaken }) => (isForsaken ? 'forsaken' : 'in its place') },
            { title: 'DATA FOLDER', value: ({ dataDir }) => dataDir },
          ],
          rows,
        ),
      );
    },
  }),
  remove: verb({
    usage: 'NAME [NAME …]',
    summary: 'Deletes databases that are forsaken, for good. One whose data folder is there is refused.',
    options: {},
    positionals: ['NAME'],
    // As many as there are on one line of the log.
    optional: Array.from({ length: 1000 }, () => 'NAME'),
    async run(cli, _values, ...names) {
      for (const name of names) {
        await removeStateFolder(name);
        cli.out(`${name} was removed.\n`);
      }
    },
  }),
};

/** `huidan data`. */
export function run(argv: readonly string[], cli: Cli): Promise<void> {
  return runVerbs(cli, 'data', VERBS, argv, 'list');
}
