import type { AttentionJson } from '../hub/attention-json.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--kind K] [--state open|dismissed|closed|any] [--order ID] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List what no rule can finish, the youngest first.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      kind: { type: 'string' },
      state: { type: 'string' },
      order: { type: 'string' },
    },
    async run(cli, options) {
      const { account, kind, state, order } = options;
      const query = { account, kind, state, order };
      await printList<AttentionJson>(cli, await connectHub(cli, options), '/attention', query, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AGE', value: ({ ageSeconds }) => ageOf(ageSeconds) },
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'WHAT', value: ({ title }) => title.en },
        { title: 'ABOUT', value: (row) => row.order ?? row.store ?? row.endpoint ?? row.callback },
        { title: 'CAUSE', value: ({ cause }) => causeOf(cause) },
        { title: 'STATE', value: (row) => (row.state === 'open' ? '' : row.state) },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show one: its cause, and what to do.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const item = await hub.call<AttentionJson>('GET', `/attention/${encodeURIComponent(id)}`);
      if (options.json) printJson(cli, item);
      else show(cli, item);
    },
  }),
  dismiss: verb({
    usage: `ID --reason TEXT ${HUB_USAGE}`,
    summary: 'Say that one needs nothing; it stays away as long as its cause lasts.',
    options: { ...HUB_OPTIONS, reason: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const body = { reason: options.reason ?? '' };
      const item = await hub.call<AttentionJson>('POST', `/attention/${encodeURIComponent(id)}/dismiss`, { body });
      if (options.json) printJson(cli, item);
      else cli.out(`${item.id} ${item.state}\n`);
    },
  }),
};

/** `huidan attention`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'attention', VERBS, argv, 'list');
}

function show(cli: Cli, item: AttentionJson): void {
  cli.out(
    pairs([
      ['id', item.id],
      ['what', `${item.title.en} (${item.title.zh})`],
      ['account', `${item.account} (${item.platform})`],
      ['state', item.state],
      ['cause', causeOf(item.cause)],
      ['order', item.order],
      ['action', item.action],
      ['callback', item.callback],
      ['endpoint', item.endpoint],
      ['store', item.store],
      ['since', localTime(item.since)],
      ['opened', localTime(item.openedAt)],
      ['closed', localTime(item.closedAt)],
      [
        'dismissed',
        item.dismissed === null ? null : `${item.dismissed.byName ?? item.dismissed.by}: ${item.dismissed.reason}`,
      ],
      ['to do', item.todo.en],
    ]),
  );
}

function causeOf(cause: AttentionJson['cause']): string {
  return Object.entries(cause)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function ageOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
