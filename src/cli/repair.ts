import type { RepairJson, RepairedOrderJson } from '../hub/read-repair.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--since TIME] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'Show what the hub asks the platforms regularly, and how many callbacks never came.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, account: { type: 'string' }, since: { type: 'string' } },
    async run(cli, options) {
      const { account, since } = options;
      await printList<RepairJson>(cli, await connectHub(cli, options), '/repair', { account, since }, options, [
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'QUESTIONS', value: ({ polls }) => polls.map(({ poll }) => poll).join(', ') },
        { title: 'NEXT', value: ({ polls }) => localTime(polls.map(({ nextAt }) => nextAt).sort()[0]) },
        { title: 'NEVER CAME', value: ({ repaired }) => repaired.count },
        { title: 'FOUND AFTER', value: ({ repaired }) => shortTime(repaired.medianSeconds) },
        { title: 'LONGEST', value: ({ repaired }) => shortTime(repaired.longestSeconds) },
        {
          title: 'TROUBLE',
          value: ({ polls }) =>
            polls
              .filter(({ code }) => code !== null)
              .map(({ poll, code }) => `${poll}: ${code ?? ''}`)
              .join('; '),
        },
      ]);
    },
  }),
  orders: verb({
    usage: `ACCOUNT ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the orders of which only a question told, the youngest first.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    positionals: ['ACCOUNT'],
    async run(cli, options, account = '') {
      const path = `/repair/${encodeURIComponent(account)}/orders`;
      await printList<RepairedOrderJson>(cli, await connectHub(cli, options), path, {}, options, [
        { title: 'FOUND', value: ({ foundAt }) => localTime(foundAt) },
        { title: 'HAPPENED', value: ({ happenedAt }) => localTime(happenedAt) },
        { title: 'ORDER', value: ({ order }) => order },
        { title: 'NUMBER', value: ({ platformOrderId }) => platformOrderId },
        { title: 'BEFORE', value: ({ statusBefore }) => statusBefore },
        { title: 'AFTER', value: ({ statusAfter }) => statusAfter },
        { title: 'BY', value: ({ poll }) => poll },
      ]);
    },
  }),
  run: verb({
    usage: `ACCOUNT [--poll NAME] ${HUB_USAGE}`,
    summary: 'Ask the platform now.',
    options: { ...HUB_OPTIONS, poll: { type: 'string' } },
    positionals: ['ACCOUNT'],
    async run(cli, options, account = '') {
      const hub = await connectHub(cli, options);
      const body = options.poll === undefined ? {} : { poll: options.poll };
      const path = `/repair/${encodeURIComponent(account)}/run`;
      const answer = await hub.call<{ readonly data: readonly { readonly poll: string; readonly state: string }[] }>(
        'POST',
        path,
        { body },
      );
      if (options.json) printJson(cli, answer);
      else cli.out(answer.data.map(({ poll, state }) => `${poll} ${state}\n`).join(''));
    },
  }),
};

/** `huidan repair`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'repair', VERBS, argv, 'list');
}

/** Seconds as a person says them. */
function shortTime(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
