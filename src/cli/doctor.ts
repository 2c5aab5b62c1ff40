import { readFile } from 'node:fs/promises';
import { buffer, text as readStream } from 'node:stream/consumers';
import type { DiagnosisJson } from '../hub/diagnose.ts';
import { runVerbs, UsageError, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { printJson } from './listing.ts';
import { list as pairs } from './table.ts';

const VERBS = {
  diagnose: verb({
    usage: `[--callback ID | --body-file F|- [--headers-file F]] [--account A] [--platform P] [--direction in|out] [--method M] [--path P] [--query Q] [--secret NAME=VALUE|NAME=@FILE]… [--signature S] [--reveal --reason TEXT] ${HUB_USAGE}`,
    summary:
      'Find out why a signature does not verify: of a stored callback, or of a request that you have. Exit code 1 where nothing matches.',
    options: {
      ...HUB_OPTIONS,
      callback: { type: 'string' },
      account: { type: 'string' },
      platform: { type: 'string' },
      direction: { type: 'string' },
      method: { type: 'string' },
      path: { type: 'string' },
      query: { type: 'string' },
      topic: { type: 'string' },
      'headers-file': { type: 'string' },
      'body-file': { type: 'string' },
      secret: { type: 'string', multiple: true, default: [] },
      signature: { type: 'string' },
      reveal: { type: 'boolean', default: false },
      reason: { type: 'string' },
    },
    async run(cli, options) {
      const { callback, account, platform, direction, method, path, query, topic, signature } = options;
      const headersFile = options['headers-file'];
      const bodyFile = options['body-file'];
      if (callback === undefined && bodyFile === undefined && headersFile === undefined && query === undefined) {
        throw new UsageError('what is to be looked at? --callback ID, or --body-file FILE with --headers-file FILE');
      }
      if (direction !== undefined && direction !== 'in' && direction !== 'out') {
        throw new UsageError(`--direction is in or out, not '${direction}'`);
      }
      const body = bodyFile === undefined ? undefined : await readBytes(bodyFile);
      const question = {
        callback,
        account,
        platform,
        direction,
        method,
        path,
        query,
        topic,
        signature,
        headers: headersFile === undefined ? undefined : headersOf(await readText(headersFile)),
        bodyBase64: body?.toString('base64'),
        secrets: await secretsOf(options.secret),
      };
      const hub = await connectHub(cli, options);
      const diagnosis = await hub.call<DiagnosisJson>('POST', '/signatures/diagnose', {
        query: options.reveal ? { reveal: 'personal', reason: options.reason } : {},
        body: question,
      });
      if (options.json) printJson(cli, diagnosis);
      else show(cli, diagnosis);
      if (diagnosis.matches.length === 0) process.exitCode = 1;
    },
  }),
};

/** `huidan doctor`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'doctor', VERBS, argv, 'diagnose');
}

function show(cli: Cli, { matches, nearMisses, advice, tried, tookMs, exhausted, verification }: DiagnosisJson): void {
  cli.out(`${plain(advice.en)}\n${plain(advice.zh)}\n`);
  for (const [index, { scheme, secret, deviations, text, hashed, confidence }] of matches.entries()) {
    if (index > 0) cli.out(`\n${plain(text.en)}\n${plain(text.zh)}\n`);
    cli.out(
      `\n${pairs([
        ['scheme', `${scheme.platform === '' ? '' : `${scheme.platform} `}${scheme.code}`],
        ['secret', secret === null ? 'none' : `${secret.name} ${secret.fingerprint}, ${secret.state}`],
        ['differs', deviations.map(({ code, field }) => (field === null ? code : `${code} (${field})`)).join(', ')],
        ['sure', confidence],
        ['hashed', hashed],
      ])}`,
    );
  }
  // Of what matches, the advice says them all.
  if (matches.length === 0 && nearMisses.length > 1) {
    cli.out('\nAlso 此外:\n');
    for (const { text } of nearMisses.slice(1)) cli.out(`  ${plain(text.en)}\n  ${plain(text.zh)}\n`);
  }
  if (verification?.ok === true) {
    cli.out('\nThe hub would take it now: huidan callbacks redrive ID\n现在可通过验签：huidan callbacks redrive ID\n');
  }
  cli.out(
    `\n${tried} tried in ${tookMs} ms${exhausted || matches.length > 0 ? '' : ', not everything that there is to try'}\n`,
  );
}

/** What a platform wrote must not steer the terminal. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');

async function secretsOf(given: readonly string[]): Promise<Record<string, string[]>> {
  const secrets: Record<string, string[]> = {};
  for (const pair of given) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError('--secret is NAME=VALUE, or NAME=@FILE to keep it out of the shell’s history');
    const value = pair.slice(at + 1);
    const name = pair.slice(0, at);
    const text =
      value.startsWith('@') && !value.startsWith('@@')
        ? (await readText(value.slice(1))).replace(/\r?\n$/u, '')
        : value.replace(/^@@/u, '@');
    secrets[name] = [...(secrets[name] ?? []), text];
  }
  return secrets;
}

/** `Name: value`, one a line, as browsers and curl show them. What is no such line is left out. */
function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split(/\r?\n/u)) {
    const [, name, value = ''] = /^[<>*]?\s*([\w-]+):\s*(.*)$/u.exec(line) ?? [];
    if (name !== undefined) headers[name.toLowerCase()] = value.trimEnd();
  }
  return headers;
}

async function readText(file: string): Promise<string> {
  return file === '-' ? readStream(process.stdin) : (await readBytes(file)).toString('utf8');
}

async function readBytes(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`the file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
}
