import { readFile } from 'node:fs/promises';
import { decodeCsv } from '../core/csv.ts';
import type { MemberJson } from '../hub/members.ts';
import type { BalanceRow } from '../store/commission-lists.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

const path = (id: string): string => `/members/${encodeURIComponent(id)}`;

const VERBS = {
  list: verb({
    usage: `[--inviter ID] [--sid SID] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List members.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, inviter: { type: 'string' }, sid: { type: 'string' } },
    async run(cli, options) {
      const { inviter, sid } = options;
      await printList<MemberJson>(cli, await connectHub(cli, options), '/members', { inviter, sid }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'SIDS', value: ({ sids }) => sids.join(' ') },
        { title: 'INVITER', value: (row) => row.inviter },
        { title: 'SINCE', value: ({ createdAt }) => localTime(createdAt) },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  add: verb({
    usage: `ID [--name TEXT] [--sids A,…] [--inviter ID] ${HUB_USAGE}`,
    summary: 'Add a member; without --sids its id is its sid.',
    options: {
      ...HUB_OPTIONS,
      name: { type: 'string' },
      sids: { type: 'string' },
      inviter: { type: 'string' },
    },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const { name, sids, inviter } = options;
      const body = { id, name, sids: sids?.split(','), inviter };
      printJson(cli, await (await connectHub(cli, options)).call('POST', '/members', { body }));
    },
  }),
  import: verb({
    usage: `FILE ${HUB_USAGE}`,
    summary: 'Add members from CSV (columns id, name, sids, inviter), all of them or none.',
    options: HUB_OPTIONS,
    positionals: ['FILE'],
    async run(cli, options, file = '') {
      const csv = decodeCsv(await readFile(file));
      if (csv === undefined) throw new UsageError(`${file} is neither UTF-8 nor GB18030`);
      const hub = await connectHub(cli, options);
      const { added } = await hub.call<{ added: number }>('POST', '/members/import', { body: { csv } });
      cli.note(`${added} members were added.\n`);
    },
  }),
  link: verb({
    usage: `ID --account ID --act ID --type N ${HUB_USAGE}`,
    summary: 'Get a promotion link of a member; the platform is called once.',
    options: { ...HUB_OPTIONS, account: { type: 'string' }, act: { type: 'string' }, type: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const { account, act, type } = options;
      if (account === undefined) throw new UsageError('--account is missing');
      if (act === undefined) throw new UsageError('--act is missing');
      if (type === undefined) throw new UsageError('--type is missing');
      const hub = await connectHub(cli, options);
      const body = { account, actId: act, linkType: type };
      const made = await hub.call<{ link: string }>('POST', `${path(id)}/links`, { body });
      if (options.json) printJson(cli, made);
      else cli.out(`${made.link}\n`);
    },
  }),
  balance: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'What a member has, in fen.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      printJson(cli, await hub.call<BalanceRow>('GET', `${path(id)}/balance`));
    },
  }),
  statement: verb({
    usage: `ID [--by day|order] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'What moved in the balance of a member, in fen.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, by: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      await printList<BalanceRow & { readonly day: string | null; readonly order: string | null }>(
        cli,
        hub,
        `${path(id)}/statement`,
        { by: options.by },
        options,
        [
          { title: options.by === 'order' ? 'ORDER' : 'DAY', value: ({ day, order }) => day ?? order },
          { title: 'ESTIMATED', value: ({ estimated }) => estimated },
          { title: 'CONFIRMED', value: ({ confirmed }) => confirmed },
          { title: 'AVAILABLE', value: ({ available }) => available },
          { title: 'PAID', value: ({ paid }) => paid },
          { title: 'TAKEN BACK', value: ({ takenBack }) => takenBack },
        ],
      );
    },
  }),
};

/** `huidan members`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'members', VERBS, argv, 'list');
}
