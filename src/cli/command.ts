import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Environment } from '../server/config.ts';

/** What a command has of the world around it. */
export interface Cli {
  out(text: string): void;
  /** For notes beside the output, so that the output can be piped. */
  note(text: string): void;
  readonly environment: Environment;
  /** Asks a person; undefined where there is none. `hidden`: what is typed does not show. */
  readonly ask: ((question: string, hidden: boolean) => Promise<string>) | undefined;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The hub refused what a command asked for: exit code 1, and the hub's code is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type OptionTable = NonNullable<ParseArgsConfig['options']>;

type Values<O extends OptionTable> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** One verb of a command, such as `list` of `orders`. */
export interface Verb {
  /** What follows the verb on the command line. */
  readonly usage: string;
  readonly summary: string;
  run(cli: Cli, argv: readonly string[]): Promise<void>;
}

/** Describes a verb; its options type what it gets. `positionals` names the words that it needs, in order; `optional` those that may follow. */
export function verb<O extends OptionTable>(description: {
  readonly usage: string;
  readonly summary: string;
  readonly options: O;
  readonly positionals?: readonly string[];
  readonly optional?: readonly string[];
  run(cli: Cli, values: Values<O>, ...words: readonly string[]): Promise<void>;
}): Verb {
  const wanted = description.positionals ?? [];
  const most = wanted.length + (description.optional?.length ?? 0);
  return {
    usage: description.usage,
    summary: description.summary,
    async run(cli, argv) {
      const { values, positionals } = parseArgs({
        args: [...argv],
        options: description.options,
        allowPositionals: true,
      });
      const missing = wanted[positionals.length];
      if (missing !== undefined) throw new UsageError(`${missing} is missing`);
      const extra = positionals[most];
      if (extra !== undefined) throw new UsageError(`what is '${extra}'?`);
      await description.run(cli, values, ...positionals);
    },
  };
}

/** Runs a command that is made of verbs. `fallback` is the verb that may be left out. */
export async function runVerbs(
  cli: Cli,
  command: string,
  verbs: Readonly<Record<string, Verb>>,
  argv: readonly string[],
  fallback?: string,
): Promise<void> {
  const [first, ...rest] = argv;
  if (first === 'help' || argv.includes('--help') || argv.includes('-h')) {
    cli.out(helpOf(command, verbs, fallback));
    return;
  }
  const named = first === undefined || !Object.hasOwn(verbs, first) ? undefined : verbs[first];
  if (named !== undefined) return named.run(cli, rest);
  const implied =
    fallback === undefined || (first !== undefined && !first.startsWith('-')) ? undefined : verbs[fallback];
  if (implied !== undefined) return implied.run(cli, argv);
  if (first === undefined) throw new UsageError(`huidan ${command} wants one of ${Object.keys(verbs).join(', ')}`);
  throw new UsageError(`huidan ${command} knows ${Object.keys(verbs).join(', ')}, not '${first}'`);
}

function helpOf(command: string, verbs: Readonly<Record<string, Verb>>, fallback: string | undefined): string {
  const lines = Object.entries(verbs).map(([name, { usage, summary }]) => {
    const shown = name === fallback ? `[${name}]` : name;
    return `  huidan ${command} ${shown}${usage === '' ? '' : ` ${usage}`}\n      ${summary}\n`;
  });
  return lines.join('\n');
}

/** A whole number of an option. Error: `UsageError`. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name} is a whole number from ${least} to ${most}, not '${text}'`);
  return value;
}

/** A JSON object of an option; `undefined`: it is not given. Error: `UsageError`. */
export function jsonOption(name: string, text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`--${name} is a JSON object, such as '{"reason":"…"}'`);
  return { ...value };
}
