import type { ReplayJson } from '../hub/replay.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime } from './table.ts';

const VERBS = {
  start: verb({
    usage: `--endpoint ID (--event ID … | --from TIME [--to TIME] [--types order.*,…] [--account A] [--order ID] [--dead])\n      [--preview] ${HUB_USAGE}`,
    summary: 'Send past events again, in sequence per order and with the ids they had. --preview only counts them.',
    options: {
      ...HUB_OPTIONS,
      endpoint: { type: 'string' },
      event: { type: 'string', multiple: true },
      from: { type: 'string' },
      to: { type: 'string' },
      types: { type: 'string' },
      account: { type: 'string' },
      order: { type: 'string' },
      dead: { type: 'boolean', default: false },
      preview: { type: 'boolean', default: false },
    },
    async run(cli, options) {
      const { endpoint, event, from, to, account, order, preview } = options;
      if (endpoint === undefined) throw new UsageError('--endpoint is missing');
      if ((event === undefined) === (from === undefined)) throw new UsageError('either --event or --from is needed');
      const scope =
        event === undefined
          ? { from, to, types: options.types?.split(','), account, order, ...(options.dead ? { outcome: 'dead' } : {}) }
          : { events: event };
      const hub = await connectHub(cli, options);
      const body = { endpoint, ...scope, ...(preview ? { preview } : {}) };
      const answer = await hub.call<Partial<ReplayJson> & { events: number }>('POST', '/deliveries/replay', { body });
      if (options.json) printJson(cli, answer);
      else
        cli.out(
          preview
            ? `${answer.events} events would be sent.\n`
            : `${answer.id ?? ''}: ${answer.events} events are sent again.\n`,
        );
    },
  }),
  list: verb({
    usage: `[--endpoint ID] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List replays, the latest first.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, endpoint: { type: 'string' } },
    async run(cli, options) {
      const { endpoint } = options;
      await printList<ReplayJson>(cli, await connectHub(cli, options), '/replays', { endpoint }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'ENDPOINT', value: (replay) => replay.endpoint },
        { title: 'EVENTS', value: ({ events }) => events },
        { title: 'STARTED', value: ({ createdAt }) => localTime(createdAt) },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show how far a replay has come.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const replay = await hub.call<ReplayJson>('GET', `/replays/${encodeURIComponent(id)}`);
      if (options.json) printJson(cli, replay);
      else
        cli.out(
          pairs([
            ['id', replay.id],
            ['endpoint', replay.endpoint],
            ['events', replay.events],
            ['orders left', replay.remaining],
            ['started', localTime(replay.createdAt)],
          ]),
        );
    },
  }),
  stop: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Stop a replay; what is on its way may still arrive.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/replays/${encodeURIComponent(id)}`);
      cli.note(`The replay ${id} is stopped.\n`);
    },
  }),
};

/** `huidan replay`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'replay', VERBS, argv, 'start');
}
