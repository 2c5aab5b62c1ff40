import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/registry.ts';
import { readConfig } from '../server/config.ts';
import type { Config } from '../server/config.ts';
import { ADMIN_KEY_FILE } from '../server/data-dir.ts';
import { UsageError } from './command.ts';
import type { Cli } from './command.ts';
import { createLiveLine } from './live-line.ts';
import { stopSignal, whenAborted } from './stop-signals.ts';

const HELP = `Plays every platform against a hub: places orders, sends their signed callbacks, receives the events.

  huidan sandbox [options]
  huidan sandbox verify [--hub URL] [--key KEY] [--ledger DIR] [--wait SECONDS]
  huidan sandbox shop --platform ID [--ledger DIR]
  huidan sandbox fault NAME --platform ID [--times N] [--ledger DIR]

  --hub URL            the hub (default http://127.0.0.1:8420)
  --key KEY            an API key with the right admin (default HUIDAN_ADMIN_KEY, then the data folder's)
  --rate N             orders a second (default 2)
  --speed X            how many times faster than the clock an order's life passes (default 1)
  --chaos LIST         duplicate=0.3,reorder=0.3,delay=0.2,drop=0.05: chances for each callback, and fault=0.2 for
                       each call of the hub (default none)
  --seed TEXT          the same seed tells the same stories and draws the same troubles
  --orders N           ends after N orders, --seconds N after so long: their lives then pass at once, and all is
                       acknowledged and received before the end
  --platform ID,…      only these platforms
  --ledger DIR         the platforms' own memory (default <HUIDAN_DATA_DIR>/sandbox)
  --receiver-host H    where the events come in (default 127.0.0.1), --receiver-port P (default: any, then the same)
  --wait SECONDS       how long the end, or verify, waits for what is outstanding (default 600, verify 120)

  verify sends again what was not acknowledged, waits for events that are under way, then compares every order and
  every sequence number. It exits with 1 on any difference.

  shop lets a customer order through the hub (POST /api/v1/orders) and pay. fault lets the hub's next calls to a
  platform meet a trouble: lost_answer (done, and the answer lost), lost_request, server_error, server_error_done, or
  one of the platform's own, such as sold_out. Both speak with the sandbox that runs on the ledger.
`;

const OPTIONS = {
  hub: { type: 'string' },
  key: { type: 'string' },
  rate: { type: 'string' },
  speed: { type: 'string' },
  chaos: { type: 'string' },
  seed: { type: 'string' },
  orders: { type: 'string' },
  seconds: { type: 'string' },
  platform: { type: 'string' },
  ledger: { type: 'string' },
  'receiver-host': { type: 'string' },
  'receiver-port': { type: 'string' },
  wait: { type: 'string' },
  times: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** By `import()`: whoever runs a hub loads nothing of the sandbox. */
const loadRoom = () => import('../sandbox/sandbox.ts');
export type Room = Awaited<ReturnType<typeof loadRoom>>;
type Options = ReturnType<typeof parseOptions>['values'];

const DRAIN_WAIT_SECONDS = 600;
const VERIFY_WAIT_SECONDS = 120;
const REFRESH_MS = 1000;

/** `huidan sandbox` and `huidan sandbox verify`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  const { values, positionals } = parseOptions(argv);
  if (values.help) {
    cli.out(HELP);
    return;
  }
  const [command, ...more] = positionals;
  const room = await loadRoom();
  if ((command === 'shop' && more.length === 0) || (command === 'fault' && more.length === 1)) {
    await control(room, values, cli, command, more[0]);
    return;
  }
  if (more.length > 0 || (command !== undefined && command !== 'verify'))
    throw new UsageError(`what is '${positionals.join(' ')}'?`);
  await (command === 'verify' ? verify(room, values, cli) : play(room, values, cli));
}

function parseOptions(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
}

async function play(room: Room, options: Options, cli: Cli): Promise<void> {
  const config = readConfig(cli.environment);
  const { out, signal } = { out: createLiveLine(process.stdout), signal: stopSignal() };
  const seconds = given(options.seconds, 'seconds', 1, 1e9);
  const orderLimit = given(options.orders, 'orders', 1, 1e9);
  const port = given(options['receiver-port'], 'receiver-port', 0, 65_535);
  const waitSeconds = given(options.wait, 'wait', 0, 1e6) ?? DRAIN_WAIT_SECONDS;
  const hubUrl = options.hub ?? defaultHub(config);
  const ledgerDir = ledgerDirOf(options, config);
  const sandbox = await room.startSandbox({
    hubUrl,
    key: await keyOf(options, config),
    platforms: connectors,
    ...(options.platform === undefined ? {} : { playing: platformsOf(options.platform) }),
    ledgerDir,
    rate: given(options.rate, 'rate', 0, 100_000) ?? 2,
    speed: given(options.speed, 'speed', 0.001, 1e9) ?? 1,
    chaos: chaosOption(room, options.chaos ?? ''),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(orderLimit === undefined ? {} : { orderLimit }),
    ...(options['receiver-host'] === undefined ? {} : { receiverHost: options['receiver-host'] }),
    ...(port === undefined ? {} : { receiverPort: port }),
    signal,
    onNote: (text) => out.note(text),
  });
  out.note(
    `Playing ${options.platform ?? connectors.map(({ id }) => id).join(', ')} against ${hubUrl}, seed ${sandbox.seed}.`,
  );
  out.note(`Events come in at port ${sandbox.receiverPort}; the ledger is in ${ledgerDir}.`);

  let before = sandbox.stats();
  const refresh = setInterval(() => {
    const now = sandbox.stats();
    out.update(room.statsLine(now, before, REFRESH_MS / 1000));
    before = now;
  }, REFRESH_MS);
  const ends = [whenAborted(signal)];
  if (orderLimit !== undefined) ends.push(sandbox.allPlaced);
  if (seconds !== undefined) ends.push(sleep(seconds * 1000, undefined, { ref: false }));
  await Promise.race(ends);

  let left = 0;
  if (!signal.aborted) {
    const drained = await Promise.race([sandbox.drain(waitSeconds * 1000), whenAborted(signal)]);
    left = drained === undefined ? 0 : drained.unreceived + (drained.events ?? 0);
  }
  clearInterval(refresh);
  const stats = sandbox.stats();
  out.update(room.statsLine(stats, undefined, 0));
  await sandbox.stop();
  out.end();
  const open = stats.unreceived === 0 ? 'all acknowledged' : `${stats.unreceived} not acknowledged yet`;
  cli.out(
    `${stats.orders} orders, ${stats.callbacks} callbacks (${stats.dropped} dropped, ${open}), ` +
      `${stats.events} events received, ${stats.faults} errors. Compare: npx huidan sandbox verify --ledger ${ledgerDir}\n`,
  );
  if (left > 0)
    throw new room.SandboxError(`After ${waitSeconds} s ${left} callbacks or events were still outstanding.`);
}

async function verify(room: Room, options: Options, cli: Cli): Promise<void> {
  const config = readConfig(cli.environment);
  const { out, signal } = { out: createLiveLine(process.stderr), signal: stopSignal() };
  const waitMs = (given(options.wait, 'wait', 0, 1e6) ?? VERIFY_WAIT_SECONDS) * 1000;
  const port = given(options['receiver-port'], 'receiver-port', 0, 65_535);
  const ledgerDir = ledgerDirOf(options, config);
  const running = await room.findRunning(ledgerDir);
  if (running !== undefined) {
    out.note(`The sandbox of process ${running.pid} holds still and compares ...`);
    const report = await room.verifyRunning(running, waitMs);
    conclude(cli, room.reportText(report), report.differences.length);
    return;
  }
  const ledgerHub = await room.hubOfLedger(ledgerDir);
  if (ledgerHub === undefined)
    throw new room.SandboxError(`There is no ledger in ${ledgerDir}: run the sandbox first.`);
  const sandbox = await room.startSandbox({
    hubUrl: options.hub ?? ledgerHub,
    key: await keyOf(options, config),
    platforms: connectors,
    ledgerDir,
    rate: 0,
    speed: 1,
    chaos: room.NO_CHAOS,
    finishOnly: true,
    ...(options['receiver-host'] === undefined ? {} : { receiverHost: options['receiver-host'] }),
    ...(port === undefined ? {} : { receiverPort: port }),
    hubWaitMs: waitMs,
    signal,
    onNote: (text) => out.note(text),
  });
  try {
    const compared = await Promise.race([
      sandbox.verify(waitMs, ({ unreceived, events }) => {
        if (unreceived === 0 && events === 0) return;
        out.update(`waiting for ${unreceived} receipts and ${events ?? 'some'} events`);
      }),
      whenAborted(signal),
    ]);
    out.end();
    if (compared === undefined) throw new room.SandboxError('Stopped before the comparison.');
    conclude(cli, room.reportText(compared), compared.differences.length);
  } finally {
    await sandbox.stop();
  }
}

/** Asks the sandbox that runs on the ledger for something that its platforms shall do. */
async function control(
  room: Room,
  options: Options,
  cli: Cli,
  command: 'shop' | 'fault',
  name: string | undefined,
): Promise<void> {
  const ledgerDir = ledgerDirOf(options, readConfig(cli.environment));
  const [platform] = platformsOf(options.platform ?? '');
  const running = await room.findRunning(ledgerDir);
  if (running === undefined) throw new room.SandboxError(`No sandbox runs on ${ledgerDir}.`);
  const times = given(options.times, 'times', 1, 100_000);
  const input = { platform: platform ?? '', ...(name === undefined ? {} : { name }), ...(times && { times }) };
  cli.out(`${JSON.stringify(await room.askRunning(running, command, input))}\n`);
}

function conclude(cli: Cli, text: string, differences: number): void {
  cli.out(`${text}\n`);
  process.exitCode = differences === 0 ? 0 : 1;
}

/** A number of an option. Error: `UsageError`. */
export function numberOption(text: string, name: string, least: number, most: number): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!(number >= least && number <= most)) {
    throw new UsageError(`--${name} is a number from ${least} to ${most}, not '${text}'`);
  }
  return number;
}

const given = (text: string | undefined, ...rest: readonly [string, number, number]): number | undefined =>
  text === undefined ? undefined : numberOption(text, ...rest);

/** A wrong list is a wrong command line. */
export function chaosOption(room: Room, text: string): ReturnType<Room['parseChaos']> {
  try {
    return room.parseChaos(text);
  } catch (error) {
    throw error instanceof room.SandboxError ? new UsageError(`--chaos: ${error.message}`) : error;
  }
}

function platformsOf(text: string): readonly string[] {
  const ids = text.split(',').map((id) => id.trim());
  const known = connectors.map(({ id }) => id);
  for (const id of ids)
    if (!known.includes(id)) throw new UsageError(`--platform knows ${known.join(', ')}, not '${id}'`);
  return ids;
}

const ledgerDirOf = (options: Options, config: Config): string =>
  resolve(options.ledger ?? join(config.dataDir, 'sandbox'));

function defaultHub({ host, port }: Config): string {
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

/** The key that was given, else the one that a hub on this machine keeps in the data folder. */
async function keyOf(options: Options, config: Config): Promise<string> {
  const named = options.key ?? config.adminKey;
  if (named !== undefined) return named;
  const kept = await readFile(join(config.dataDir, ADMIN_KEY_FILE), 'utf8').catch(() => '');
  if (kept.trim() === '') throw new UsageError('the hub wants a key: --key KEY or HUIDAN_ADMIN_KEY');
  return kept.trim();
}
