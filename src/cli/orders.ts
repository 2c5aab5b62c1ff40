import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderJson } from '../core/order-json.ts';
import type { ExportJson } from '../hub/exports.ts';
import type { TimelineEntry } from '../hub/timeline.ts';
import { UsageError, jsonOption, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime, yuan } from './table.ts';

const REVEAL_OPTIONS = { reveal: { type: 'boolean', default: false }, reason: { type: 'string' } } as const;
const REVEAL_USAGE = '[--reveal --reason TEXT]';

const EXPORT_POLL_MS = 300;

/** Option to parameter of the API. */
const FILTERS = {
  account: 'account',
  platform: 'platform',
  status: 'status',
  'platform-order-id': 'platformOrderId',
  'merchant-order-id': 'merchantOrderId',
  merchant: 'merchant',
  shop: 'shop',
  store: 'store',
  sid: 'sid',
  member: 'member',
  flag: 'flag',
  'placed-from': 'placedFrom',
  'placed-to': 'placedTo',
  q: 'q',
} as const;

/** The same as options. */
const FILTER_OPTIONS = {
  legs: { type: 'boolean' },
  account: { type: 'string' },
  platform: { type: 'string' },
  status: { type: 'string' },
  'platform-order-id': { type: 'string' },
  'merchant-order-id': { type: 'string' },
  merchant: { type: 'string' },
  shop: { type: 'string' },
  store: { type: 'string' },
  sid: { type: 'string' },
  member: { type: 'string' },
  flag: { type: 'string' },
  'placed-from': { type: 'string' },
  'placed-to': { type: 'string' },
  q: { type: 'string' },
} as const;

const FILTER_USAGE = `[--q NUMBER-OR-PHONE] [--account A] [--platform P] [--status S] [--sid S] [--flag F] [--store S]\n      [--platform-order-id N] [--merchant-order-id N] [--merchant M] [--shop S] [--member M]\n      [--placed-from TIME] [--placed-to TIME] [--legs]`;

const VERBS = {
  list: verb({
    usage: `${FILTER_USAGE} ${REVEAL_USAGE} ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List orders, the youngest first.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      ...REVEAL_OPTIONS,
      ...FILTER_OPTIONS,
    },
    async run(cli, options) {
      const query = { ...filterOf(options), ...reveal(options) };
      await printList<OrderJson>(cli, await connectHub(cli, options), '/orders', query, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'ACCOUNT', value: ({ account }) => account },
        { title: 'NUMBER', value: (order) => order.platformOrderId },
        { title: 'STATUS', value: ({ status, flags }) => [status, ...flags].join(' +') },
        { title: 'PAID', value: ({ amounts }) => yuan(amounts.paid) },
        { title: 'PLACED', value: ({ placedAt }) => localTime(placedAt) },
        { title: 'V', value: ({ version }) => version },
      ]);
    },
  }),
  export: verb({
    usage: `FILE [--columns A,B] ${FILTER_USAGE} ${HUB_USAGE}`,
    summary: 'Write all orders that the filter finds to a CSV file. Personal data stays masked.',
    options: { ...HUB_OPTIONS, ...FILTER_OPTIONS, columns: { type: 'string' } },
    positionals: ['FILE'],
    async run(cli, options, file = '') {
      const hub = await connectHub(cli, options);
      const columns = options.columns === undefined ? {} : { columns: options.columns.split(',') };
      const body = { kind: 'orders', filter: filterOf(options), ...columns };
      let made = await hub.call<ExportJson>('POST', '/exports', { body });
      while (made.state === 'queued' || made.state === 'running') {
        await sleep(EXPORT_POLL_MS);
        made = await hub.call<ExportJson>('GET', `/exports/${made.id}`);
      }
      // A failed one has no file either, and the hub's answer to that says why.
      await hub.save(`/exports/${made.id}/file`, file);
      await hub.call('DELETE', `/exports/${made.id}`);
      if (options.json) printJson(cli, made);
      else cli.out(`${made.progress.done} orders in ${file}\n`);
    },
  }),
  show: verb({
    usage: `ID ${REVEAL_USAGE} ${HUB_USAGE}`,
    summary: 'Show an order. Personal data is masked unless it is revealed; that needs the right and is recorded.',
    options: { ...HUB_OPTIONS, ...REVEAL_OPTIONS },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const order = await hub.call<OrderJson>('GET', `/orders/${encodeURIComponent(id)}`, { query: reveal(options) });
      if (options.json) printJson(cli, order);
      else showOrder(cli, order);
    },
  }),
  create: verb({
    usage: `ACCOUNT NUMBER [--fields JSON] [--payment ACCOUNT [--payment-fields JSON]] ${HUB_USAGE}`,
    summary: 'Make an order at its platform under your own number. The same again goes on and never makes two.',
    options: {
      ...HUB_OPTIONS,
      fields: { type: 'string' },
      payment: { type: 'string' },
      'payment-fields': { type: 'string' },
    },
    positionals: ['ACCOUNT', 'NUMBER'],
    async run(cli, options, account = '', merchantOrderId = '') {
      const paid = jsonOption('payment-fields', options['payment-fields']);
      if (options.payment === undefined && paid !== undefined) throw new UsageError('--payment-fields wants --payment');
      const payment = options.payment === undefined ? {} : { payment: { ...paid, account: options.payment } };
      const body = { ...jsonOption('fields', options.fields), account, merchantOrderId, ...payment };
      const hub = await connectHub(cli, options);
      showMade(cli, options.json, await hub.call<Made>('POST', '/orders', { body }));
    },
  }),
  adopt: verb({
    usage: `ACCOUNT [--merchant-order-id N] [--platform-order-id N] [--store S] [--fields JSON] ${HUB_USAGE}`,
    summary: 'Take in an order that exists at its platform, by either number.',
    options: {
      ...HUB_OPTIONS,
      'merchant-order-id': { type: 'string' },
      'platform-order-id': { type: 'string' },
      store: { type: 'string' },
      fields: { type: 'string' },
    },
    positionals: ['ACCOUNT'],
    async run(cli, options, account = '') {
      const numbers = {
        merchantOrderId: options['merchant-order-id'],
        platformOrderId: options['platform-order-id'],
        store: options.store,
      };
      const body = { ...jsonOption('fields', options.fields), account, ...numbers };
      const hub = await connectHub(cli, options);
      showMade(cli, options.json, await hub.call<Made>('POST', '/orders/adopt', { body }));
    },
  }),
  checkout: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show what the customer’s app needs to pay an order that the hub made.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      printJson(cli, await hub.call('GET', `/orders/${encodeURIComponent(id)}/checkout`));
    },
  }),
  timeline: verb({
    usage: `ID ${REVEAL_USAGE} ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'What happened to an order, the oldest first: callbacks, facts, events, deliveries, actions.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, ...REVEAL_OPTIONS },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      await printList<TimelineEntry>(cli, hub, `/orders/${encodeURIComponent(id)}/timeline`, reveal(options), options, [
        { title: 'AT', value: ({ at }) => localTime(at) },
        { title: 'WHAT', value: ({ kind }) => kind },
        { title: 'ID', value: (entry) => entry.id },
        { title: 'DETAIL', value: detailOf },
      ]);
    },
  }),
};

/** `huidan orders`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'orders', VERBS, argv, 'list');
}

function filterOf(
  options: { readonly legs?: boolean | undefined } & {
    readonly [Option in keyof typeof FILTERS]?: string | undefined;
  },
): Record<string, string | boolean | undefined> {
  const filter: Record<string, string | boolean | undefined> = { legs: options.legs };
  for (const [option, parameter] of Object.entries(FILTERS))
    filter[parameter] = options[option as keyof typeof FILTERS];
  return filter;
}

function reveal(options: {
  readonly reveal: boolean;
  readonly reason?: string | undefined;
}): Record<string, string | undefined> {
  return options.reveal ? { reveal: 'personal', reason: options.reason } : {};
}

type Made = OrderJson & { readonly checkout: unknown };

function showMade(cli: Cli, json: boolean, made: Made): void {
  if (json) return printJson(cli, made);
  showOrder(cli, made);
  if (made.expiresAt !== null) cli.out(pairs([['held until', localTime(made.expiresAt)]]));
  if (made.checkout !== null) cli.out(`checkout  ${JSON.stringify(made.checkout)}\n`);
}

function showOrder(cli: Cli, order: OrderJson): void {
  const { amounts, customer, attribution, takeaway } = order;
  cli.out(
    pairs([
      ['id', order.id],
      ['account', `${order.account} (${order.platform})`],
      ['number', order.platformOrderId],
      ['status', [order.status, ...order.flags].join(' +')],
      ['payment', order.payment],
      ['fulfilment', order.fulfilment],
      ['lifecycle', order.lifecycle],
      ['total', yuan(amounts.total)],
      ['paid', yuan(amounts.paid)],
      ['refunded', yuan(amounts.refunded)],
      ...order.items.map((item) => ['item', `${item.quantity} × ${item.name} ${yuan(item.price)}`] as const),
      ...(attribution === null ? [] : [['sid', attribution.sid] as const]),
      ...(customer === null
        ? []
        : [
            [
              'customer',
              [customer.name, customer.phone, customer.address].filter((text) => text !== null).join(' '),
            ] as const,
          ]),
      ...(takeaway === null ? [] : [['note', takeaway.note] as const]),
      ['placed', localTime(order.placedAt)],
      ['paid at', localTime(order.paidAt)],
      ['completed', localTime(order.completedAt)],
      ['updated', localTime(order.updatedAt)],
      ['version', order.version],
    ]),
  );
}

function detailOf(entry: TimelineEntry): string {
  const say = (...names: readonly string[]): string =>
    names
      .filter((name) => entry[name] !== null && entry[name] !== undefined)
      .map((name) => `${name}=${typeof entry[name] === 'string' ? entry[name] : JSON.stringify(entry[name])}`)
      .join(' ');
  switch (entry.kind) {
    case 'callback':
      return say('verdict', 'reason');
    case 'fact':
      return `${say('verdict', 'version')} ${JSON.stringify(factsOf(entry))}`;
    case 'event':
      return say('type', 'sequence');
    case 'delivery':
      return say('endpoint', 'outcome', 'statusCode', 'error', 'attempt', 'durationMs');
    case 'action':
      return say('action', 'state', 'cause', 'code', 'reason', 'attempts', 'durationMs');
  }
}

function factsOf(entry: TimelineEntry): Record<string, unknown> {
  const facts = entry['facts'] as unknown as readonly {
    line: string;
    register: string;
    value: unknown;
    masked?: boolean;
  }[];
  return Object.fromEntries(
    facts.map(({ line, register, value, masked }) => [
      `${line}${line === '' ? '' : ' '}${register}`,
      masked === true ? '***' : value,
    ]),
  );
}
