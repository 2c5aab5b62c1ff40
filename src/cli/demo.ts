import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectors } from '../connectors/registry.ts';
import { HuidanError } from '../core/errors.ts';
import { readConfig } from '../server/config.ts';
import type { Config } from '../server/config.ts';
import { startHub } from '../server/start.ts';
import type { RunningHub, StartStep } from '../server/start.ts';
import { CommandError } from './command.ts';
import type { Cli } from './command.ts';
import { createLiveLine } from './live-line.ts';
import { sandboxControls } from './sandbox-controls.ts';
import { chaosOption, numberOption } from './sandbox.ts';
import { stopSignal, whenAborted } from './stop-signals.ts';
import { troubleLog } from './trouble-log.ts';

const HELP = `Starts a hub, its own PostgreSQL and the sandbox that plays every platform; signed orders begin to flow.

  huidan demo [--rate N] [--speed X] [--chaos LIST] [--host H] [--port N] [--data-dir DIR]

  --rate N       orders a second (default 2)
  --speed X      how many times faster than the clock an order's life passes (default 1200: a day takes 72 s)
  --chaos LIST   as in huidan sandbox --help (default duplicate=0.2,reorder=0.2,delay=0.1)
  --host H, --port N, --data-dir DIR   as in huidan serve --help

Everything is kept in the data folder (HUIDAN_DATA_DIR, default ./data); a second start goes on with it.
With npm: npm start -- --port 8421
`;

const OPTIONS = {
  rate: { type: 'string', default: '2' },
  speed: { type: 'string', default: '1200' },
  chaos: { type: 'string', default: 'duplicate=0.2,reorder=0.2,delay=0.1' },
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** By `import()`: whoever runs a hub loads nothing of the sandbox. */
const loadRoom = () => import('../sandbox/sandbox.ts');

const REFRESH_MS = 1000;
const FIRST_ORDER_WAIT_MS = 10_000;
const QUIET_LOG = 'warn';

const STEPS: Readonly<Record<Extract<StartStep, { step: 'postgres' }>['detail'], string>> = {
  copying: 'Copying PostgreSQL to where its user can read it ...',
  creating: 'Creating the database ...',
  starting: 'Starting PostgreSQL ...',
  recovering: 'PostgreSQL was not stopped cleanly and recovers by itself ...',
  external: 'Reaching the database of DATABASE_URL ...',
};

/** `huidan demo`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  const startedMs = performance.now();
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.help) {
    cli.out(HELP);
    return;
  }
  const rate = numberOption(values.rate, 'rate', 0, 100_000);
  const speed = numberOption(values.speed, 'speed', 0.001, 1e9);
  const room = await loadRoom();
  const chaos = chaosOption(room, values.chaos);
  const config = readConfig(cli.environment, {
    command: { HUIDAN_ALLOW_PRIVATE_TARGETS: 'true', HUIDAN_LOG_LEVEL: QUIET_LOG },
    options: { HUIDAN_HOST: values.host, HUIDAN_PORT: values.port, HUIDAN_DATA_DIR: values['data-dir'] },
  });
  const out = createLiveLine(process.stdout);
  const signal = stopSignal();
  let controls: ReturnType<typeof sandboxControls> | undefined;
  const hub = await startHub(config, {
    sandbox: () => controls,
    onProgress: (step) => out.note(wordsFor(step)),
    ...(config.logLevel === QUIET_LOG ? { log: troubleLog(out, signal) } : {}),
  }).catch((error: unknown) => {
    const { code } = error as { readonly code?: string };
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new HuidanError('address_refused', `It is port ${config.port} of ${config.host}.`);
    if (code !== 'EADDRINUSE') throw error;
    throw new CommandError(
      'address_in_use',
      `Port ${config.port} is taken. Is a hub running already? Another port: npm start -- --port ${otherPort(config.port)}`,
    );
  });
  const url = hub.url ?? '';
  try {
    out.note('Starting the platforms ...');
    const sandbox = await room.startSandbox({
      hubUrl: url,
      key: hub.adminKey,
      platforms: connectors,
      ledgerDir: join(config.dataDir, 'sandbox'),
      rate,
      speed,
      chaos,
      signal,
      onNote: (text) => out.note(text),
    });
    controls = sandboxControls(room, sandbox, { speed, rate, chaos });
    try {
      const orderId = await firstOrder(url, hub.adminKey, signal);
      const link = await hub.firstLink(url);
      out.note(welcome(config, hub, url, { orderId, link, seconds: (performance.now() - startedMs) / 1000 }));
      const refresh = setInterval(() => out.update(room.shortStatsLine(sandbox.stats())), REFRESH_MS);
      await whenAborted(signal);
      clearInterval(refresh);
      out.end();
      out.note('Stopping ...');
    } finally {
      controls = undefined;
      await sandbox.stop();
    }
  } finally {
    await hub.stop();
  }
  out.note('Stopped. The data is kept; npm start goes on with it.');
}

/** For who wants to start one more; what is free nobody knows before it is tried. */
const otherPort = (port: number): number => (port < 65_535 ? port + 1 : port - 1);

function wordsFor(step: StartStep): string {
  return step.step === 'postgres' ? STEPS[step.detail] : `Preparing the tables (${step.number} of ${step.of}) ...`;
}

interface Ready {
  readonly orderId: string | undefined;
  /** For the first admin. */
  readonly link: string | undefined;
  readonly seconds: number;
}

function welcome(config: Config, hub: RunningHub, url: string, { orderId, link, seconds }: Ready): string {
  // The other terminal stands in the same folder, but need not have the same environment.
  const isUsual = config.dataDir === resolve('data');
  const auth = `-H 'Authorization: Bearer ${hub.adminKey}'`;
  const lines = [
    '',
    `Huidan is ready after ${seconds.toFixed(1)} s; signed orders of ${connectors.map(({ label }) => label.zh).join('、')} are flowing.`,
    '',
    `  console    ${link === undefined ? `${url}/console/` : `${link}   (works once: choose a name and a password)`}`,
    `  address    ${url}`,
    `  admin key  ${hub.adminKey}${hub.adminKeyFile === null ? '' : `   (kept in ${hub.adminKeyFile})`}`,
    `  data       ${config.dataDir}`,
    '',
    'Try in another terminal:',
    '',
    `  curl ${auth} '${url}/api/v1/orders?limit=3'`,
    ...(orderId === undefined ? [] : [`  curl ${auth} '${url}/api/v1/orders/${orderId}/timeline'`]),
    `  npx huidan sandbox verify${isUsual ? '' : ` --ledger ${join(config.dataDir, 'sandbox')}`}`,
    '',
    'Ctrl-C stops all of it.',
    '',
  ];
  return lines.join('\n');
}

/** An order to show the timeline of: the first that the hub has, once it has one. */
async function firstOrder(url: string, key: string, signal: AbortSignal): Promise<string | undefined> {
  const deadlineMs = performance.now() + FIRST_ORDER_WAIT_MS;
  while (performance.now() < deadlineMs && !signal.aborted) {
    const response = await fetch(`${url}/api/v1/orders?limit=1`, { headers: { authorization: `Bearer ${key}` } });
    const { data } = (await response.json()) as { readonly data?: readonly { readonly id: string }[] };
    if (data?.[0] !== undefined) return data[0].id;
    await sleep(100);
  }
  return undefined;
}
