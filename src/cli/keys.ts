import type { ApiKeyJson } from '../hub/api-keys.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { limitsText } from './limits-text.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the API keys, without the keys themselves.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<ApiKeyJson>(cli, await connectHub(cli, options), '/keys', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'RIGHT', value: ({ right, reveal }) => `${right}${reveal ? ' +reveal' : ''}` },
        { title: 'LIMITS', value: limitsText },
        { title: 'CREATED', value: ({ createdAt }) => localTime(createdAt) },
        { title: 'REVOKED', value: ({ revokedAt }) => localTime(revokedAt) },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  add: verb({
    usage: `--name TEXT --right read|write|admin [--reveal] [--accounts A,…] [--merchants M,…] [--shops S,…] ${HUB_USAGE}`,
    summary: 'Make an API key; it is shown this once.',
    options: {
      ...HUB_OPTIONS,
      name: { type: 'string' },
      right: { type: 'string' },
      reveal: { type: 'boolean', default: false },
      accounts: { type: 'string' },
      merchants: { type: 'string' },
      shops: { type: 'string' },
    },
    async run(cli, options) {
      const { name, right, reveal, accounts, merchants, shops } = options;
      if (name === undefined) throw new UsageError('--name is missing');
      if (right === undefined) throw new UsageError('--right is missing');
      const hub = await connectHub(cli, options);
      const body = {
        name,
        right,
        reveal,
        accounts: accounts?.split(','),
        merchants: merchants?.split(','),
        shops: shops?.split(','),
      };
      const made = await hub.call<ApiKeyJson & { readonly key: string }>('POST', '/keys', { body });
      if (options.json) return printJson(cli, made);
      cli.out(`${made.key}\n`);
      cli.note(`This is the key of ${made.id}; it is shown this once.\n`);
    },
  }),
  revoke: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'End a key at once.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/keys/${encodeURIComponent(id)}`);
      cli.note(`The key ${id} is revoked.\n`);
    },
  }),
};

/** `huidan keys`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'keys', VERBS, argv, 'list');
}
