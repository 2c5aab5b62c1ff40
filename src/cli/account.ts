import { readFile } from 'node:fs/promises';
import { connectors, findConnector } from '../connectors/registry.ts';
import type { AccountField } from '../core/account-fields.ts';
import type { Connector } from '../core/connector.ts';
import type { Json } from '../core/json.ts';
import type { AccountJson } from '../hub/manage-accounts.ts';
import { UsageError, runVerbs, verb, wholeNumber } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime } from './table.ts';

const VALUE_OPTIONS = {
  credential: { type: 'string', multiple: true },
  setting: { type: 'string', multiple: true },
} as const;

const VERBS = {
  list: verb({
    usage: `[--platform P] [--merchant M] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the accounts.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, platform: { type: 'string' }, merchant: { type: 'string' } },
    async run(cli, options) {
      const { platform, merchant } = options;
      await printList<AccountJson>(cli, await connectHub(cli, options), '/accounts', { platform, merchant }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'PLATFORM', value: (account) => account.platform },
        { title: 'MODE', value: ({ mode }) => mode },
        { title: 'MERCHANT', value: (account) => account.merchant },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  show: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Show an account; its credentials only by their fingerprints.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      show(cli, await hub.call<AccountJson>('GET', `/accounts/${encodeURIComponent(id)}`), options.json);
    },
  }),
  add: verb({
    usage: `--platform P --id ID [--name TEXT] [--mode live|observe|paused] [--merchant M]\n      [--credential NAME=VALUE …] [--setting NAME=VALUE …] ${HUB_USAGE}`,
    summary: `Add an account. Platforms: ${connectors.map(({ id }) => id).join(', ')}.
      A VALUE of @FILE is read from a file; credentials that are missing are asked for at a terminal.`,
    options: {
      ...HUB_OPTIONS,
      ...VALUE_OPTIONS,
      platform: { type: 'string' },
      id: { type: 'string' },
      name: { type: 'string' },
      mode: { type: 'string' },
      merchant: { type: 'string' },
    },
    async run(cli, options) {
      const { platform, id, mode, merchant } = options;
      if (platform === undefined) throw new UsageError('--platform is missing');
      if (id === undefined) throw new UsageError('--id is missing');
      const connector = findConnector(platform);
      if (connector === undefined)
        throw new UsageError(`--platform is one of ${connectors.map((known) => known.id).join(', ')}`);
      const given = await readValues(options.credential ?? [], 'credential', connector.account.credentials);
      const credentials = await askForMissing(cli, connector, given);
      const settings = await readValues(options.setting ?? [], 'setting', connector.account.settings);
      const hub = await connectHub(cli, options);
      const body = { id, platform, name: options.name ?? id, mode, merchant, credentials, settings };
      show(cli, await hub.call<AccountJson>('POST', '/accounts', { body }), options.json);
    },
  }),
  change: verb({
    usage: `ID [--name TEXT] [--mode M] [--merchant M] [--credential NAME=VALUE …] [--setting NAME=VALUE …]\n      [--remove-credential NAME …] [--reset-setting NAME …] [--old-secrets-valid-seconds N|forever] ${HUB_USAGE}`,
    summary: 'Change what is named. Old callback secrets stay valid for 7 days unless another time is said.',
    options: {
      ...HUB_OPTIONS,
      ...VALUE_OPTIONS,
      name: { type: 'string' },
      mode: { type: 'string' },
      merchant: { type: 'string' },
      'remove-credential': { type: 'string', multiple: true },
      'reset-setting': { type: 'string', multiple: true },
      'old-secrets-valid-seconds': { type: 'string' },
    },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const path = `/accounts/${encodeURIComponent(id)}`;
      const { platform } = await hub.call<AccountJson>('GET', path);
      const spec = findConnector(platform)?.account;
      const credentials = {
        ...(await readValues(options.credential ?? [], 'credential', spec?.credentials ?? [])),
        ...nulls(options['remove-credential']),
      };
      const settings = {
        ...(await readValues(options.setting ?? [], 'setting', spec?.settings ?? [])),
        ...nulls(options['reset-setting']),
      };
      const body = {
        name: options.name,
        mode: options.mode,
        merchant: options.merchant,
        ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
        ...(Object.keys(settings).length === 0 ? {} : { settings }),
        ...validSeconds(options['old-secrets-valid-seconds']),
      };
      show(cli, await hub.call<AccountJson>('PATCH', path, { body }), options.json);
    },
  }),
  remove: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Delete an account: its secrets are wiped, its orders stay, its id is never used again.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      await (await connectHub(cli, options)).call('DELETE', `/accounts/${encodeURIComponent(id)}`);
      cli.note(`The account ${id} is deleted.\n`);
    },
  }),
  'remove-secret': verb({
    usage: `ID FIELD FINGERPRINT ${HUB_USAGE}`,
    summary: 'Remove one value of a secret, such as an old one before its time.',
    options: HUB_OPTIONS,
    positionals: ['ID', 'FIELD', 'FINGERPRINT'],
    async run(cli, options, ...words) {
      const [id = '', field = '', fingerprint = ''] = words.map(encodeURIComponent);
      await (await connectHub(cli, options)).call('DELETE', `/accounts/${id}/secrets/${field}/${fingerprint}`);
      cli.note('The secret is removed.\n');
    },
  }),
  check: verb({
    usage: `ID ${HUB_USAGE}`,
    summary: 'Prove the credentials of an account by one harmless call.',
    options: HUB_OPTIONS,
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      printJson(cli, await hub.call('POST', `/accounts/${encodeURIComponent(id)}/check`));
    },
  }),
};

/** `huidan account`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'account', VERBS, argv, 'list');
}

function show(cli: Cli, account: AccountJson, json: boolean): void {
  if (json) return printJson(cli, account);
  cli.out(
    pairs([
      ['id', account.id],
      ['platform', account.platform],
      ['name', account.name],
      ['mode', account.mode],
      ['merchant', account.merchant],
      ...account.callbacks.map(({ topic, url }) => [topic === '' ? 'callback' : `callback ${topic}`, url] as const),
      ...Object.entries(account.settings).map(
        ([name, value]) => [`setting ${name}`, typeof value === 'string' ? value : JSON.stringify(value)] as const,
      ),
      ...account.secrets.map(
        ({ field, fingerprint, validUntil }) =>
          [
            `secret ${field}`,
            `${fingerprint}${validUntil === null ? '' : `, valid until ${localTime(validUntil)}`}`,
          ] as const,
      ),
    ]),
  );
}

const nulls = (names: readonly string[] | undefined): Record<string, null> =>
  Object.fromEntries((names ?? []).map((name) => [name, null]));

function validSeconds(text: string | undefined): { oldSecretsValidSeconds?: number | null } {
  if (text === undefined) return {};
  return {
    oldSecretsValidSeconds: text === 'forever' ? null : wholeNumber('old-secrets-valid-seconds', text, 0, 31_536_000),
  };
}

async function readValues(
  texts: readonly string[],
  option: string,
  fields: readonly AccountField[],
): Promise<Record<string, Json>> {
  const values: Record<string, Json> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--${option} is NAME=VALUE, such as ${fields[0]?.name ?? 'name'}=…`);
    const name = text.slice(0, at);
    const field = fields.find((candidate) => candidate.name === name);
    values[name] = toValue(field, option, await readText(text.slice(at + 1)));
  }
  return values;
}

/** `@file` is the file's text without its last line end; `@@…` is a text that begins with `@`. */
async function readText(text: string): Promise<string> {
  if (text.startsWith('@@')) return text.slice(1);
  if (!text.startsWith('@')) return text;
  try {
    return (await readFile(text.slice(1), 'utf8')).replace(/\r?\n$/u, '');
  } catch (error) {
    throw new UsageError(
      `the file ${text.slice(1)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`,
    );
  }
}

function toValue(field: AccountField | undefined, option: string, text: string): Json {
  // What does not convert goes as text: the hub says what is wrong with it, for all fields at once.
  if (option === 'credential' || field === undefined) return text;
  if (field.kind === 'integer') return /^-?\d{1,15}$/u.test(text) ? Number(text) : text;
  if (field.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (field.kind !== 'json') return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new UsageError(`--${option} ${field.name} is not JSON`);
  }
}

/** Asks for the credentials that were not given; one that is not needed may be left empty. */
async function askForMissing(
  cli: Cli,
  connector: Connector,
  given: Record<string, Json>,
): Promise<Record<string, Json>> {
  const values = { ...given };
  for (const field of connector.account.credentials) {
    if (Object.hasOwn(values, field.name) || cli.ask === undefined) continue;
    cli.note(`${field.help.en} ${field.help.zh}\n`);
    const answer = await cli.ask(
      `${field.label.en} ${field.label.zh} (${field.name})${field.required ? '' : ', may stay empty'}`,
      true,
    );
    if (answer !== '') values[field.name] = answer;
  }
  return values;
}
