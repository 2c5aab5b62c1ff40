import { parseArgs } from 'node:util';
import { explainConfig, readConfig } from '../server/config.ts';
import type { ConfigRow } from '../server/config.ts';
import type { Cli } from './command.ts';
import { printJson } from './listing.ts';
import { table } from './table.ts';

const HELP = `Shows the effective configuration and where each value comes from; secrets are masked.

  huidan config [--json]

It ends with 1 and names every fault when the configuration is not valid. The variables: docs/settings.md
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** `huidan config`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.help) {
    cli.out(HELP);
    return;
  }
  const rows = explainConfig(cli.environment);
  if (values.json) {
    printJson(cli, Object.fromEntries(rows.map(({ name, value, source }) => [name, { value, source }])));
  } else {
    cli.out(
      table<ConfigRow>(
        [
          { title: 'VARIABLE', value: ({ name }) => name },
          { title: 'VALUE', value: ({ value }) => value },
          { title: 'FROM', value: ({ source }) => source },
        ],
        rows,
      ),
    );
  }
  // After the table, so that it helps to find what is wrong.
  readConfig(cli.environment);
}
