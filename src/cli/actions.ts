import type { NamedActionJson } from '../hub/action-json.ts';
import { UsageError, jsonOption, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--order ID] [--state S] [--action NAME] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List what was done at the platforms, the youngest first.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      order: { type: 'string' },
      state: { type: 'string' },
      action: { type: 'string' },
    },
    async run(cli, options) {
      const { account, order, state, action } = options;
      const query = { account, order, state, action };
      await printList<NamedActionJson>(cli, await connectHub(cli, options), '/actions', query, options, [
        { title: 'AT', value: ({ createdAt }) => localTime(createdAt) },
        { title: 'ID', value: ({ id }) => id },
        { title: 'ORDER', value: (row) => row.order },
        { title: 'ACTION', value: (row) => row.action },
        { title: 'STATE', value: (row) => row.state },
        { title: 'BY', value: ({ cause, askedByName, askedBy }) => cause ?? askedByName ?? askedBy },
        { title: 'REASON', value: ({ reason }) => reason },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show an action: its parameters, the request, the answer.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const action = await hub.call<NamedActionJson>('GET', `/actions/${encodeURIComponent(id)}`);
      if (options.json) printJson(cli, action);
      else show(cli, action);
    },
  }),
  act: verb({
    usage: `ORDER ACTION [--params JSON] ${HUB_USAGE}`,
    summary: 'Do something to an order at its platform: accept, cancel, refund, …',
    options: { ...HUB_OPTIONS, params: { type: 'string' } },
    positionals: ['ORDER', 'ACTION'],
    async run(cli, options, order = '', action = '') {
      const hub = await connectHub(cli, options);
      const body = { action, params: jsonOption('params', options.params) ?? {} };
      const path = `/orders/${encodeURIComponent(order)}/actions`;
      const made = await hub.call<{ readonly id: string; readonly state: string }>('POST', path, { body });
      if (options.json) printJson(cli, made);
      else cli.out(`${made.id} ${made.state}\n`);
    },
  }),
  settle: verb({
    usage: `ID succeeded|failed --reason TEXT ${HUB_USAGE}`,
    summary: 'Say what became of an action whose outcome is unknown, as seen in the platform’s console.',
    options: { ...HUB_OPTIONS, reason: { type: 'string' } },
    positionals: ['ID', 'OUTCOME'],
    async run(cli, options, id = '', outcome = '') {
      if (outcome !== 'succeeded' && outcome !== 'failed') throw new UsageError('OUTCOME is succeeded or failed');
      if (options.reason === undefined) throw new UsageError('--reason TEXT is missing: how it is known');
      const hub = await connectHub(cli, options);
      const path = `/actions/${encodeURIComponent(id)}/settle`;
      const settled = await hub.call<NamedActionJson>('POST', path, { body: { outcome, reason: options.reason } });
      if (options.json) printJson(cli, settled);
      else cli.out(`${settled.id} ${settled.state}\n`);
    },
  }),
};

/** `huidan actions`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'actions', VERBS, argv, 'list');
}

function show(cli: Cli, action: NamedActionJson): void {
  const { request } = action;
  cli.out(
    pairs([
      ['id', action.id],
      ['order', action.order],
      ['account', `${action.account} (${action.platform})`],
      ['action', action.action],
      ['params', JSON.stringify(action.params)],
      ['state', action.state],
      ['number', action.number],
      ['by', action.cause ?? action.askedByName ?? action.askedBy],
      ['request', request === null ? null : `${request.call} ${request.method} ${request.host}${request.path}`],
      ['answer', action.answer === null ? null : JSON.stringify(action.answer)],
      ['reason', [action.code, action.reason].filter((part) => part !== null).join(': ')],
      ['attempts', action.attempts],
      ['questions', action.questions],
      ['took', action.durationMs === null ? null : `${action.durationMs} ms`],
      ['made', localTime(action.createdAt)],
      ['sent', localTime(action.sentAt)],
      ['finished', localTime(action.finishedAt)],
      ['next', localTime(action.nextAt)],
    ]),
  );
}
