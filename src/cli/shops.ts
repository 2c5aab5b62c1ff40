import type { ShopJson } from '../hub/shops.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--merchant M] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the shops with their stores.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, merchant: { type: 'string' } },
    async run(cli, options) {
      const { merchant } = options;
      await printList<ShopJson>(cli, await connectHub(cli, options), '/shops', { merchant }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'MERCHANT', value: (row) => row.merchant },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'STORES', value: ({ stores }) => stores.map(({ account, store }) => `${account}/${store}`).join(' ') },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show a shop and how its stores stand.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      show(cli, await (await connectHub(cli, options)).call<ShopJson>('GET', pathOf(id)), options.json);
    },
  }),
  add: verb({
    usage: `--name TEXT [--id ID] [--merchant M] [--store ACCOUNT/NUMBER …] ${HUB_USAGE}`,
    summary: 'Add a shop and join its stores.',
    options: {
      ...HUB_OPTIONS,
      id: { type: 'string' },
      name: { type: 'string' },
      merchant: { type: 'string' },
      store: { type: 'string', multiple: true },
    },
    async run(cli, options) {
      const { id, name, merchant } = options;
      if (name === undefined) throw new UsageError('--name is missing');
      const stores = (options.store ?? []).map((text) => storeName(text));
      const body = { id, name, merchant, stores };
      const made = await (await connectHub(cli, options)).call<ShopJson>('POST', '/shops', { body });
      if (options.json) return printJson(cli, made);
      cli.out(`${made.id}\n`);
    },
  }),
  change: verb({
    usage: `ID [--name TEXT] [--merchant M | --no-merchant] ${HUB_USAGE}`,
    summary: 'Change a shop; its merchant is also that of its stores and their orders.',
    options: {
      ...HUB_OPTIONS,
      name: { type: 'string' },
      merchant: { type: 'string' },
      'no-merchant': { type: 'boolean', default: false },
    },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const body = { name: options.name, merchant: options['no-merchant'] ? null : options.merchant };
      const changed = await (await connectHub(cli, options)).call<ShopJson>('PATCH', pathOf(id), { body });
      show(cli, changed, options.json);
    },
  }),
  join: verb({
    usage: `ID ACCOUNT/NUMBER ${HUB_USAGE}`,
    summary: 'Join a store to a shop; its orders follow in the background.',
    options: HUB_OPTIONS,
    positionals: ['ID', 'ACCOUNT/NUMBER'],
    async run(cli, options, id = '', store = '') {
      const hub = await connectHub(cli, options);
      show(cli, await hub.call<ShopJson>('POST', `${pathOf(id)}/stores`, { body: storeName(store) }), options.json);
    },
  }),
  leave: verb({
    usage: `ID ACCOUNT/NUMBER ${HUB_USAGE}`,
    summary: 'Take a store out of a shop.',
    options: HUB_OPTIONS,
    positionals: ['ID', 'ACCOUNT/NUMBER'],
    async run(cli, options, id = '', text = '') {
      const { account, store } = storeName(text);
      const path = `${pathOf(id)}/stores/${encodeURIComponent(account)}/${encodeURIComponent(store)}`;
      show(cli, await (await connectHub(cli, options)).call<ShopJson>('DELETE', path), options.json);
    },
  }),
  remove: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Remove a shop without stores.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', pathOf(id));
      cli.note(`The shop ${id} is removed.\n`);
    },
  }),
};

/** `huidan shops`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'shops', VERBS, argv, 'list');
}

const pathOf = (id: string): string => `/shops/${encodeURIComponent(id)}`;

function storeName(text: string): { readonly account: string; readonly store: string } {
  const at = text.indexOf('/');
  if (at < 1 || at === text.length - 1) throw new UsageError(`a store is ACCOUNT/NUMBER, not '${text}'`);
  return { account: text.slice(0, at), store: text.slice(at + 1) };
}

function show(cli: Cli, shop: ShopJson, json: boolean): void {
  if (json) return printJson(cli, shop);
  cli.out(
    pairs([
      ['id', shop.id],
      ['name', shop.name],
      ['merchant', shop.merchant],
      ...shop.stores.map(({ account, store, state, relabelling }) => {
        const progress = relabelling === null ? '' : `, orders ${relabelling.done} of ${relabelling.total}`;
        return ['store', `${account}/${store} ${state}${progress}`] as const;
      }),
    ]),
  );
}
