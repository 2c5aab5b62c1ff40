import type { DeliveryJson } from '../hub/delivery-list.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printList } from './listing.ts';
import { localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--endpoint ID] [--account A] [--order ID] [--event ID] [--outcome delivered|failed|dead] [--undelivered]\n      ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List attempts to deliver, the latest first. Dead letters: --outcome dead --undelivered',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      endpoint: { type: 'string' },
      account: { type: 'string' },
      order: { type: 'string' },
      event: { type: 'string' },
      outcome: { type: 'string' },
      undelivered: { type: 'boolean' },
    },
    async run(cli, options) {
      const { endpoint, account, order, event, outcome, undelivered } = options;
      const query = { endpoint, account, order, event, outcome, undelivered };
      await printList<DeliveryJson>(cli, await connectHub(cli, options), '/deliveries', query, options, [
        { title: 'AT', value: ({ at }) => localTime(at) },
        { title: 'ENDPOINT', value: (delivery) => delivery.endpoint },
        { title: 'EVENT', value: (delivery) => delivery.event },
        { title: 'TYPE', value: ({ type }) => type },
        { title: 'SEQ', value: ({ sequence }) => sequence },
        { title: 'TRY', value: ({ attempt }) => attempt },
        { title: 'OUTCOME', value: (delivery) => delivery.outcome },
        { title: 'STATUS', value: ({ statusCode }) => statusCode },
        { title: 'MS', value: ({ durationMs }) => durationMs },
        { title: 'ERROR', value: ({ error }) => error },
      ]);
    },
  }),
};

/** `huidan deliveries`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'deliveries', VERBS, argv, 'list');
}
