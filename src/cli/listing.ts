import type { Cli } from './command.ts';
import type { HubClient } from './hub-client.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';

/** The options of every list. */
export const LIST_OPTIONS = {
  limit: { type: 'string' },
  cursor: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const;

export const LIST_USAGE = '[--limit N] [--cursor C] [--all]';

interface Page<Row> {
  readonly data: readonly Row[];
  readonly nextCursor: string | null;
}

/** Prints a list of the API: one page, or all of it; as JSON, one entry a line, or as a table. */
export async function printList<Row>(
  cli: Cli,
  hub: HubClient,
  path: string,
  query: Readonly<Record<string, string | boolean | undefined>>,
  options: {
    readonly limit?: string | undefined;
    readonly cursor?: string | undefined;
    readonly all: boolean;
    readonly json: boolean;
  },
  columns: readonly Column<Row>[],
): Promise<void> {
  let cursor = options.cursor;
  let isFirst = true;
  do {
    const limit = options.limit ?? (options.all ? '500' : undefined);
    const page = await hub.call<Page<Row>>('GET', path, { query: { ...query, limit, cursor } });
    if (options.json) cli.out(page.data.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (page.data.length > 0) cli.out(table(columns, page.data));
    else if (isFirst) cli.note('There are none.\n');
    isFirst = false;
    cursor = page.nextCursor ?? undefined;
  } while (options.all && cursor !== undefined);
  if (cursor !== undefined) cli.note(`More: --cursor ${cursor}\n`);
}

/** Prints one thing of the API as it is. */
export function printJson(cli: Cli, value: unknown): void {
  cli.out(`${JSON.stringify(value, null, 2)}\n`);
}
