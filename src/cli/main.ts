import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { HuidanError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { processEnvironment } from '../server/config.ts';
import { VERSION } from '../server/version.ts';
import { endWithOutput } from './closed-output.ts';
import { CommandError, UsageError } from './command.ts';
import type { Cli } from './command.ts';
import { COMMANDS } from './commands.ts';

/** The program's entry: the launcher hands over the command line without node and script. Sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithOutput(argv[0], process.stdout, process.stderr, () => process.exit());
  process.exitCode = (await runCommand(terminal(), argv)) ?? process.exitCode;
}

/**
 * Runs one command line. Returns the exit code: 2 for a wrong command line, 1 for a failure; undefined where the command
 * has come to its end and set its own, if any.
 */
export async function runCommand(cli: Cli, argv: readonly string[]): Promise<number | undefined> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    cli.note(help());
    return 2;
  }
  if (name === 'help' && rest[0] !== undefined && rest[0] !== 'help') return runCommand(cli, [rest[0], '--help']);
  if (name === 'help' || name === '--help' || name === '-h') {
    cli.out(help());
    return undefined;
  }
  if (name === 'version' || name === '--version' || name === '-v') {
    cli.out(`${VERSION}\n`);
    return undefined;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const near = nearestName(name, Object.keys(COMMANDS));
    cli.note(
      `huidan: there is no command '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}\nSee: huidan help\n`,
    );
    return 2;
  }
  try {
    const { run } = await command.load();
    await run(rest, cli);
    return undefined;
  } catch (error) {
    return explain(cli, name, error);
  }
}

function explain(cli: Cli, name: string, error: unknown): number {
  const { code } = error as { readonly code?: unknown };
  if (error instanceof UsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))) {
    cli.note(`huidan ${name}: ${(error as Error).message}\nSee: huidan ${name} --help\n`);
    return 2;
  }
  if (error instanceof HuidanError || error instanceof CommandError || isNamed(error)) {
    cli.note(`huidan ${name}: ${error.message} [${error.code}]\n`);
    return 1;
  }
  // Nobody foresaw it, so its place in the code is worth more than a short message.
  cli.note(`huidan ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** The errors of the store carry codes of their own, in our spelling. */
function isNamed(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[a-z]+(_[a-z]+)+$/u.test(error.code)
  );
}

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2;
  const line = (name: string, summary: string): string => `  ${name.padEnd(width)}${summary}\n`;
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => line(name, summary));
  return [
    `Huidan 汇单 ${VERSION}\n\n  huidan <command> [options]\n\n`,
    ...commands,
    line('help', 'this, or huidan help <command>'),
    line('version', 'the release'),
  ].join('');
}

function terminal(): Cli {
  const isPerson = process.stdin.isTTY && process.stderr.isTTY;
  return {
    out: (text) => process.stdout.write(text),
    note: (text) => process.stderr.write(text),
    environment: processEnvironment(),
    ask: isPerson ? ask : undefined,
  };
}

async function ask(question: string, hidden: boolean): Promise<string> {
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = lines.question(`${question}: `);
    muted = hidden;
    return (await answer).trim();
  } finally {
    lines.close();
    if (hidden) process.stderr.write('\n');
  }
}
