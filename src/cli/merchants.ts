import type { MerchantJson } from '../hub/merchants.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the merchants.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<MerchantJson>(cli, await connectHub(cli, options), '/merchants', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'CREATED', value: ({ createdAt }) => localTime(createdAt) },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  add: verb({
    usage: `--name TEXT [--id ID] ${HUB_USAGE}`,
    summary: 'Add a merchant.',
    options: { ...HUB_OPTIONS, id: { type: 'string' }, name: { type: 'string' } },
    async run(cli, options) {
      const { id, name } = options;
      if (name === undefined) throw new UsageError('--name is missing');
      const made = await (
        await connectHub(cli, options)
      ).call<MerchantJson>('POST', '/merchants', { body: { id, name } });
      if (options.json) return printJson(cli, made);
      cli.out(`${made.id}\n`);
    },
  }),
  rename: verb({
    usage: `ID --name TEXT ${HUB_USAGE}`,
    summary: 'Give a merchant another name.',
    options: { ...HUB_OPTIONS, name: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const { name } = options;
      if (name === undefined) throw new UsageError('--name is missing');
      const path = `/merchants/${encodeURIComponent(id)}`;
      const changed = await (await connectHub(cli, options)).call<MerchantJson>('PATCH', path, { body: { name } });
      if (options.json) printJson(cli, changed);
    },
  }),
  remove: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Remove a merchant without shops and accounts.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/merchants/${encodeURIComponent(id)}`);
      cli.note(`The merchant ${id} is removed.\n`);
    },
  }),
};

/** `huidan merchants`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'merchants', VERBS, argv, 'list');
}
