import type { OrderEventJson } from '../core/event.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { printJson } from './listing.ts';
import { localTime, table } from './table.ts';

interface Feed {
  readonly data: readonly OrderEventJson[];
  readonly nextCursor: string;
  readonly caughtUp: boolean;
}

/** Long enough to ask rarely, short enough for a proxy between not to lose patience. */
const WAIT_SECONDS = '25';

const VERBS = {
  list: verb({
    usage: `[--after CURSOR|now] [--types order.*,…] [--account A] [--limit N] [--follow] ${HUB_USAGE}`,
    summary: 'Read events, the oldest first; --follow goes on as they come.',
    options: {
      ...HUB_OPTIONS,
      after: { type: 'string' },
      types: { type: 'string' },
      account: { type: 'string' },
      limit: { type: 'string' },
      follow: { type: 'boolean', default: false },
    },
    async run(cli, options) {
      const hub = await connectHub(cli, options);
      const { types, account, limit, follow } = options;
      let { after } = options;
      for (;;) {
        const waitSeconds = follow ? WAIT_SECONDS : undefined;
        const feed: Feed = await hub.call<Feed>('GET', '/events', {
          query: { after, types, account, limit, waitSeconds },
        });
        if (options.json) cli.out(feed.data.map((event) => `${JSON.stringify(event)}\n`).join(''));
        else if (feed.data.length > 0) cli.out(rows(feed.data));
        after = feed.nextCursor;
        if (!follow) {
          cli.note(feed.caughtUp ? `That is all. What comes next: --after ${after}\n` : `More: --after ${after}\n`);
          return;
        }
      }
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show an event.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      printJson(cli, await hub.call('GET', `/events/${encodeURIComponent(id)}`));
    },
  }),
};

/** `huidan events`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'events', VERBS, argv, 'list');
}

function rows(events: readonly OrderEventJson[]): string {
  return table(
    [
      { title: 'AT', value: ({ timestamp }) => localTime(timestamp) },
      { title: 'EVENT', value: ({ id }) => id },
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'SEQ', value: ({ data }) => data.sequence },
      // Events of other things than orders bring no order.
      { title: 'ORDER', value: ({ data }) => (data.order as { readonly id?: string } | undefined)?.id },
    ],
    events,
  );
}
