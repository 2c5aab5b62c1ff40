import type { EndpointJson } from '../hub/endpoints.ts';
import { UsageError, runVerbs, verb, wholeNumber } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs } from './table.ts';

const INPUT_OPTIONS = {
  url: { type: 'string' },
  events: { type: 'string' },
  kind: { type: 'string' },
  retry: { type: 'string' },
  description: { type: 'string' },
  'personal-data': { type: 'boolean' },
  strict: { type: 'boolean' },
  accounts: { type: 'string' },
  merchants: { type: 'string' },
  shops: { type: 'string' },
} as const;

const INPUT_USAGE =
  "[--events order.*,…] [--kind events|raw] [--personal-data] [--strict] [--retry 'every 30 s for 1 h']\n" +
  '      [--accounts A,…] [--merchants M,…] [--shops S,…] [--description TEXT]';

const VERBS = {
  list: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the endpoints.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<EndpointJson>(cli, await connectHub(cli, options), '/endpoints', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'EVENTS', value: ({ events }) => events.join(',') },
        { title: 'URL', value: ({ url }) => url },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show an endpoint and how its queue stands.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const path = `/endpoints/${encodeURIComponent(id)}`;
      const endpoint = await hub.call<EndpointJson>('GET', path);
      const queue = await hub.call<Record<string, number | string | null>>('GET', `${path}/queue`);
      if (options.json) printJson(cli, { ...endpoint, queue });
      else cli.out(pairs([...fieldsOf(endpoint), ...Object.entries(queue)]));
    },
  }),
  add: verb({
    usage: `--url URL ${INPUT_USAGE} ${HUB_USAGE}`,
    summary: 'Subscribe an endpoint to events (default: all). Its secret is shown this once.',
    options: { ...HUB_OPTIONS, ...INPUT_OPTIONS },
    async run(cli, options) {
      if (options.url === undefined) throw new UsageError('--url is missing');
      const hub = await connectHub(cli, options);
      const body = { ...inputOf(options), events: options.events?.split(',') ?? ['*'] };
      const endpoint = await hub.call<EndpointJson & { readonly secret: string }>('POST', '/endpoints', { body });
      if (options.json) return printJson(cli, endpoint);
      cli.out(pairs([...fieldsOf(endpoint), ['secret', endpoint.secret]]));
      cli.note('The secret is shown this once.\n');
    },
  }),
  change: verb({
    usage: `ID [--url URL] ${INPUT_USAGE} [--no-personal-data] [--no-strict] [--enable|--disable] ${HUB_USAGE}`,
    summary: 'Change what is named. A limit of "all" takes it away.',
    options: {
      ...HUB_OPTIONS,
      ...INPUT_OPTIONS,
      'no-personal-data': { type: 'boolean' },
      'no-strict': { type: 'boolean' },
      enable: { type: 'boolean' },
      disable: { type: 'boolean' },
    },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      if (options.enable === true && options.disable === true)
        throw new UsageError('--enable and --disable exclude each other');
      const body = {
        ...inputOf(options),
        ...(options['no-personal-data'] === true ? { personalData: false } : {}),
        ...(options['no-strict'] === true ? { strict: false } : {}),
        ...(options.enable === true ? { state: 'enabled' } : {}),
        ...(options.disable === true ? { state: 'disabled' } : {}),
      };
      const hub = await connectHub(cli, options);
      const endpoint = await hub.call<EndpointJson>('PATCH', `/endpoints/${encodeURIComponent(id)}`, { body });
      if (options.json) printJson(cli, endpoint);
      else cli.out(pairs(fieldsOf(endpoint)));
    },
  }),
  remove: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Remove an endpoint and what waits for it.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/endpoints/${encodeURIComponent(id)}`);
      cli.note(`The endpoint ${id} is removed.\n`);
    },
  }),
  rotate: verb({
    usage: `ID [--old-valid-seconds N] ${HUB_USAGE}`,
    summary: 'Give an endpoint a new secret; the old one stays valid for a day unless another time is said.',
    options: { ...HUB_OPTIONS, 'old-valid-seconds': { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const seconds = options['old-valid-seconds'];
      const body =
        seconds === undefined ? {} : { oldValidSeconds: wholeNumber('old-valid-seconds', seconds, 0, 2_592_000) };
      const hub = await connectHub(cli, options);
      const answer = await hub.call<{ secret: string; oldValidUntil: string }>(
        'POST',
        `/endpoints/${encodeURIComponent(id)}/secret`,
        { body },
      );
      if (options.json) printJson(cli, answer);
      else cli.out(pairs(Object.entries(answer)));
    },
  }),
  test: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Send a test event now and show what came of it.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const answer = await hub.call<Record<string, string | number | boolean | null>>(
        'POST',
        `/endpoints/${encodeURIComponent(id)}/test`,
      );
      if (options.json) printJson(cli, answer);
      else
        cli.out(
          pairs(
            Object.entries(answer).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]),
          ),
        );
    },
  }),
  retry: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Send what waits for a retry now.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const { subjects } = await hub.call<{ subjects: number }>('POST', `/endpoints/${encodeURIComponent(id)}/retry`);
      cli.out(`${subjects} orders are sent again now.\n`);
    },
  }),
};

/** `huidan endpoints`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'endpoints', VERBS, argv, 'list');
}

interface Input {
  readonly url?: string | undefined;
  readonly events?: string | undefined;
  readonly kind?: string | undefined;
  readonly retry?: string | undefined;
  readonly description?: string | undefined;
  readonly 'personal-data'?: boolean | undefined;
  readonly strict?: boolean | undefined;
  readonly accounts?: string | undefined;
  readonly merchants?: string | undefined;
  readonly shops?: string | undefined;
}

function inputOf(options: Input): Record<string, unknown> {
  const names = (text: string | undefined): readonly string[] | null | undefined =>
    text === undefined ? undefined : text === 'all' ? null : text.split(',');
  return {
    url: options.url,
    events: options.events?.split(','),
    kind: options.kind,
    retry: options.retry,
    description: options.description,
    personalData: options['personal-data'],
    strict: options.strict,
    accounts: names(options.accounts),
    merchants: names(options.merchants),
    shops: names(options.shops),
  };
}

function fieldsOf(endpoint: EndpointJson): [string, string | number | null][] {
  const limit = (names: readonly string[] | null): string => names?.join(',') ?? 'all';
  return [
    ['id', endpoint.id],
    ['url', endpoint.url],
    ['state', endpoint.state],
    ['kind', endpoint.kind],
    ['events', endpoint.events.join(',')],
    ['accounts', limit(endpoint.accounts)],
    ['merchants', limit(endpoint.merchants)],
    ['shops', limit(endpoint.shops)],
    ['personal data', String(endpoint.personalData)],
    ['strict', String(endpoint.strict)],
    ['retry', endpoint.retry === null ? 'default' : JSON.stringify(endpoint.retry)],
    ['description', endpoint.description],
  ];
}
