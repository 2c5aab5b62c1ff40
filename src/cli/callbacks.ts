import type { CallbackDetailJson, CallbackJson } from '../hub/read-callbacks.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--platform P] [--verdict V] [--order ID] [--from TIME] [--to TIME] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List what the platforms sent, the youngest first.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      platform: { type: 'string' },
      verdict: { type: 'string' },
      order: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
    },
    async run(cli, options) {
      const { account, platform, verdict, order, from, to } = options;
      const query = { account, platform, verdict, order, from, to };
      await printList<CallbackJson>(cli, await connectHub(cli, options), '/callbacks', query, options, [
        { title: 'RECEIVED', value: ({ receivedAt }) => localTime(receivedAt) },
        { title: 'ID', value: ({ id }) => id },
        { title: 'ACCOUNT', value: (callback) => callback.account },
        { title: 'VERDICT', value: (callback) => callback.verdict },
        { title: 'ORDERS', value: ({ orders }) => orders.join(' ') },
        { title: 'REASON', value: ({ reason }) => reason },
      ]);
    },
  }),
  show: verb({
    usage: `ID [--reveal --reason TEXT] ${HUB_USAGE}`,
    summary: 'Show a callback as it came. Where it may hold personal data, that must be revealed.',
    options: { ...HUB_OPTIONS, reveal: { type: 'boolean', default: false }, reason: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const query = options.reveal ? { reveal: 'personal', reason: options.reason } : {};
      const hub = await connectHub(cli, options);
      const callback = await hub.call<CallbackDetailJson>('GET', `/callbacks/${encodeURIComponent(id)}`, { query });
      if (options.json) printJson(cli, callback);
      else show(cli, callback);
    },
  }),
  redrive: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Verify and apply a callback once more, such as after a secret was put right.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const callback = await hub.call<CallbackJson>('POST', `/callbacks/${encodeURIComponent(id)}/redrive`);
      if (options.json) printJson(cli, callback);
      else cli.out(`${callback.verdict}${callback.reason === null ? '' : `: ${callback.reason}`}\n`);
    },
  }),
};

/** `huidan callbacks`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'callbacks', VERBS, argv, 'list');
}

function show(cli: Cli, callback: CallbackDetailJson): void {
  const { request } = callback;
  cli.out(
    pairs([
      ['id', callback.id],
      ['account', `${callback.account} (${callback.platform})`],
      ['received', localTime(callback.receivedAt)],
      ['verdict', callback.verdict],
      ['reason', callback.reason],
      ['orders', callback.orders.join(' ')],
      ['secret', callback.secretFingerprint],
      ['reply', `${callback.reply.status} ${callback.reply.body}`],
    ]),
  );
  if (request === null) {
    cli.note('The request may hold personal data: --reveal --reason TEXT\n');
    return;
  }
  cli.out(`\n${callback.method} ${callback.topic}${request.query === '' ? '' : `?${request.query}`}\n`);
  for (const [name, value] of Object.entries(request.headers)) cli.out(`${name}: ${value}\n`);
  cli.out(`\n${request.body ?? `(base64) ${request.bodyBase64}`}\n`);
}
