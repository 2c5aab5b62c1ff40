import { readFile } from 'node:fs/promises';
import { writeCsv } from '../core/csv.ts';
import type { Json } from '../core/json.ts';
import type { StoreHistoryJson, StoreJson } from '../hub/read-stores.ts';
import type { BindingJson } from '../hub/store-bindings.ts';
import type { ImportResult } from '../hub/store-import.ts';
import { UsageError, jsonOption, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime, table } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--platform P] [--state S] [--merchant M] [--shop S] [--q TEXT] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the stores and how they stand.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      platform: { type: 'string' },
      state: { type: 'string' },
      merchant: { type: 'string' },
      shop: { type: 'string' },
      q: { type: 'string' },
    },
    async run(cli, options) {
      const { account, platform, state, merchant, shop, q } = options;
      const query = { account, platform, state, merchant, shop, q };
      await printList<StoreJson>(cli, await connectHub(cli, options), '/stores', query, options, [
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'STORE', value: ({ store }) => store },
        { title: 'STATE', value: (row) => row.state },
        { title: 'OPEN', value: ({ open }) => open },
        { title: 'SHOP', value: (row) => row.shop },
        { title: 'MERCHANT', value: (row) => row.merchant },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'REASON', value: ({ reason }) => reason },
      ]);
    },
  }),
  show: verb({
    usage: `ACCOUNT STORE ${HUB_USAGE}`,
    summary: 'Show a store and what happened to it lately.',
    options: HUB_OPTIONS,
    positionals: ['ACCOUNT', 'STORE'],
    async run(cli, options, account = '', store = '') {
      const hub = await connectHub(cli, options);
      const path = `/stores/${encodeURIComponent(account)}/${encodeURIComponent(store)}`;
      const shown = await hub.call<StoreJson>('GET', path);
      const history = await hub.call<{ readonly data: readonly StoreHistoryJson[] }>('GET', `${path}/history`);
      if (options.json) return printJson(cli, { ...shown, history: history.data });
      const fields = Object.entries(shown).map(([name, value]) => [name, shownValue(value as Json)] as const);
      cli.out(pairs(fields));
      if (history.data.length === 0) return;
      cli.out('\n');
      cli.out(
        table(
          [
            { title: 'AT', value: ({ at }: StoreHistoryJson) => localTime(at) },
            { title: 'WHAT', value: ({ kind }) => kind },
            { title: 'FROM', value: ({ source }) => source },
            { title: 'DETAIL', value: ({ detail }) => JSON.stringify(detail) },
          ],
          history.data,
        ),
      );
    },
  }),
  bind: verb({
    usage: `--account A [--store NUMBER] [--name TEXT] [--option NAME=VALUE …] ${HUB_USAGE}`,
    summary: 'Make an address at which a merchant binds his store, or his account.',
    options: {
      ...HUB_OPTIONS,
      account: { type: 'string' },
      store: { type: 'string' },
      name: { type: 'string' },
      option: { type: 'string', multiple: true },
    },
    async run(cli, options) {
      const { account, store, name } = options;
      if (account === undefined) throw new UsageError('--account is missing');
      const body = { ...readOptions(options.option ?? []), account, store, name };
      const made = await (await connectHub(cli, options)).call<BindingJson>('POST', '/stores/bindings', { body });
      if (options.json) return printJson(cli, made);
      cli.out(`${made.url ?? ''}\n`);
      cli.note(`${made.id}; valid until ${localTime(made.expiresAt)}.\n`);
    },
  }),
  'bind-many': verb({
    usage: `FILE.csv --account A ${HUB_USAGE}`,
    summary: `Make an address for every line of a CSV file (columns store, name and options of the page);
      prints CSV with the addresses.`,
    options: { ...HUB_OPTIONS, account: { type: 'string' } },
    positionals: ['FILE.csv'],
    async run(cli, options, file = '') {
      const { account } = options;
      if (account === undefined) throw new UsageError('--account is missing');
      const hub = await connectHub(cli, options);
      const answer = await hub.call<{ readonly data: readonly BindingJson[] }>('POST', '/stores/bindings', {
        query: { account },
        csv: await readBytes(file),
      });
      if (options.json) return printJson(cli, answer.data);
      const columns = ['store', 'name', 'url', 'id', 'state', 'expiresAt'] as const;
      const rows = answer.data.map((row) => columns.map((column) => row[column]));
      cli.out(writeCsv(columns, rows));
      cli.note(`${rows.length} addresses.\n`);
    },
  }),
  bindings: verb({
    usage: `[--account A] [--store NUMBER] [--state S] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the addresses that were given out.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      store: { type: 'string' },
      state: { type: 'string' },
    },
    async run(cli, options) {
      const { account, store, state } = options;
      const hub = await connectHub(cli, options);
      await printList<BindingJson>(cli, hub, '/stores/bindings', { account, store, state }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'STORE', value: (row) => row.store },
        { title: 'STATE', value: (row) => row.state },
        { title: 'UNTIL', value: ({ expiresAt }) => localTime(expiresAt) },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'REASON', value: ({ reason }) => reason },
      ]);
    },
  }),
  cancel: verb({
    usage: `BINDING ${HUB_USAGE}`,
    summary: 'Take an address back.',
    options: HUB_OPTIONS,
    positionals: ['BINDING'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/stores/bindings/${encodeURIComponent(id)}`);
      cli.note(`The address ${id} binds nothing any more.\n`);
    },
  }),
  act: verb({
    usage: `ACCOUNT STORE ACTION [--field NAME=VALUE …] [--params JSON] ${HUB_USAGE}`,
    summary: `Do something to a store at its platform: open, close, hours, info, …
      A field is text; --params takes any JSON.`,
    options: { ...HUB_OPTIONS, field: { type: 'string', multiple: true }, params: { type: 'string' } },
    positionals: ['ACCOUNT', 'STORE', 'ACTION'],
    async run(cli, options, account = '', store = '', action = '') {
      const params = {
        ...jsonOption('params', options.params),
        ...Object.fromEntries((options.field ?? []).map((text) => named('field', text))),
      };
      const hub = await connectHub(cli, options);
      const path = `/stores/${encodeURIComponent(account)}/${encodeURIComponent(store)}/actions`;
      const done = await hub.call<{ readonly action: string; readonly answer: Json }>('POST', path, {
        body: { action, params },
      });
      if (options.json) return printJson(cli, done);
      const { answer } = done;
      const said =
        typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? Object.entries(answer) : [];
      if (said.length === 0) cli.note(`${action}: done.\n`);
      else cli.out(pairs(said.map(([name, value]) => [name, shownValue(value)] as const)));
    },
  }),
  release: verb({
    usage: `ACCOUNT STORE ${HUB_USAGE}`,
    summary: 'Print the address at which the merchant releases a bound store.',
    options: HUB_OPTIONS,
    positionals: ['ACCOUNT', 'STORE'],
    async run(cli, options, account = '', store = '') {
      const path = `/stores/${encodeURIComponent(account)}/${encodeURIComponent(store)}/release-link`;
      const { url } = await (await connectHub(cli, options)).call<{ readonly url: string }>('POST', path);
      cli.out(`${url}\n`);
    },
  }),
  import: verb({
    usage: `FILE.csv --account A ${HUB_USAGE}`,
    summary: `Take over tokens that exist, each proved by one call. Columns: store or ePoiId, accessToken or appAuthToken;
      for a seller's pair accessToken, refreshToken, expiresAt or expiresIn.`,
    options: { ...HUB_OPTIONS, account: { type: 'string' } },
    positionals: ['FILE.csv'],
    async run(cli, options, file = '') {
      const { account } = options;
      if (account === undefined) throw new UsageError('--account is missing');
      const hub = await connectHub(cli, options);
      const report = await hub.call<Readonly<Record<string, number>> & { readonly data: readonly ImportResult[] }>(
        'POST',
        '/stores/import',
        { query: { account }, csv: await readBytes(file) },
      );
      if (options.json) return printJson(cli, report);
      cli.out(
        table(
          [
            { title: 'LINE', value: ({ line }: ImportResult) => line },
            { title: 'STORE', value: ({ store, stores }) => store ?? stores.join(' ') },
            { title: 'OUTCOME', value: ({ outcome }) => outcome },
            { title: 'REASON', value: ({ reason }) => reason },
          ],
          report.data,
        ),
      );
      const { bound, unchanged, refused, failed } = report;
      cli.note(`${bound} bound, ${unchanged} unchanged, ${refused} refused, ${failed} failed.\n`);
    },
  }),
};

/** `huidan stores`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'stores', VERBS, argv, 'list');
}

const shownValue = (value: Json): string | number | null =>
  typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : typeof value === 'boolean'
      ? String(value)
      : value;

function named(option: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--${option} is NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What reads as a number or a truth value is one. */
function readOptions(texts: readonly string[]): Record<string, Json> {
  const options: Record<string, Json> = {};
  for (const text of texts) {
    const [name, value] = named('option', text);
    const isWord = value === 'true' || value === 'false';
    options[name] = /^\d{1,9}$/u.test(value) ? Number(value) : isWord ? value === 'true' : value;
  }
  return options;
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`the file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
}
