import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { HuidanError } from '../core/errors.ts';
import { readConfig } from '../server/config.ts';
import type { Config, Environment } from '../server/config.ts';
import { openDatabase } from '../server/database.ts';
import { gatherMetrics } from '../server/shared-metrics.ts';
import { startHub } from '../server/start.ts';
import type { HubRole, RunningHub } from '../server/start.ts';
import { VERSION } from '../server/version.ts';
import { shareOfConnections } from './connection-share.ts';
import { UsageError, wholeNumber } from './command.ts';
import type { Cli } from './command.ts';
import { stopSignal, whenAborted } from './stop-signals.ts';

const HELP = `Starts the hub: callbacks, API and deliveries. Settings come from the environment; see huidan config.

  huidan serve [options]

  --host H         where it listens (HUIDAN_HOST)
  --port N         the port (HUIDAN_PORT)
  --data-dir DIR   the folder of the embedded PostgreSQL and of the generated secrets (HUIDAN_DATA_DIR)
  --role ROLE      all; http: takes requests only; worker: delivers and keeps house only (default all)
  --processes N    so many processes take requests, beside one that delivers and keeps house (default 1: one for all)

Ctrl-C or SIGTERM stops it: what was taken in is finished first.
`;

const OPTIONS = {
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  role: { type: 'string', default: 'all' },
  processes: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const ROLES: readonly HubRole[] = ['all', 'http', 'worker'];
const RESTART_GAP_MS = 1000;

/** `huidan serve`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.help) {
    cli.out(HELP);
    return;
  }
  const role = ROLES.find((name) => name === values.role);
  if (role === undefined) throw new UsageError(`--role is one of ${ROLES.join(', ')}, not '${values.role}'`);
  const processes = wholeNumber('processes', values.processes, 1, 64);
  if (processes > 1 && role === 'worker') throw new UsageError('--processes counts processes that take requests');
  const options = { HUIDAN_HOST: values.host, HUIDAN_PORT: values.port, HUIDAN_DATA_DIR: values['data-dir'] };
  const wanted = readConfig(cli.environment, { options });
  const config = { ...wanted, databaseConnections: shareOfConnections(wanted, processes) };
  if (cluster.isWorker) return serveOne(cli, config, 'http', true);
  return processes === 1 ? serveOne(cli, config, role, false) : serveMany(cli, config, role, processes);
}

async function serveOne(cli: Cli, config: Config, role: HubRole, isQuiet: boolean): Promise<void> {
  const stop = stopSignal();
  const hub = await startOrExplain(cli, config, role);
  if (!isQuiet) await welcome(cli, hub, hub.url);
  // With the process that started this one the reason to run is gone too.
  await Promise.race([whenAborted(stop), whenDisconnected()]);
  if (!isQuiet) cli.out('Stopping ...\n');
  await hub.stop();
  if (cluster.isWorker) process.disconnect();
}

/** One process owns the database and, but for the role http, delivers and keeps house; the others take requests. */
async function serveMany(cli: Cli, config: Config, role: HubRole, processes: number): Promise<void> {
  const stop = stopSignal();
  const log = logOf(config);
  const hub = role === 'http' ? undefined : await startOrExplain(cli, config, 'worker');
  const database = hub === undefined ? await openDatabase(config, { log, clock: Date.now }) : undefined;
  const databaseUrl = hub?.databaseUrl ?? database?.url ?? '';
  // A hub in this process gathers by itself, for it counts too.
  if (hub === undefined) gatherMetrics(undefined);
  let isStopping = false;
  const listening = Promise.withResolvers<number>();
  let listeners = 0;
  const fork = (): void => {
    const worker = cluster.fork({
      DATABASE_URL: databaseUrl,
      HUIDAN_DATABASE_CONNECTIONS: String(config.databaseConnections),
    } satisfies Environment);
    // Not before all of them: a free port that was asked for is lost with its only listener.
    worker.on('listening', ({ port }) => {
      listeners += 1;
      if (listeners >= processes) listening.resolve(port);
    });
    worker.on('exit', (code, signal) => {
      if (isStopping) return;
      log.error(
        { pid: worker.process.pid, code, signal },
        'a process that takes requests ended; another one is started',
      );
      setTimeout(() => !isStopping && fork(), RESTART_GAP_MS);
    });
  };
  for (let count = 0; count < processes; count += 1) fork();
  const port = await Promise.race([listening.promise, whenAborted(stop)]);
  if (port !== undefined) {
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    if (hub !== undefined) await welcome(cli, hub, url);
    else cli.out(`Huidan ${VERSION} listens at ${url}\n`);
  }
  await whenAborted(stop);
  cli.out('Stopping ...\n');
  isStopping = true;
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  await Promise.all(
    workers.map((worker) => {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.process.kill('SIGTERM');
      return ended;
    }),
  );
  await hub?.stop();
  await database?.stop();
}

async function startOrExplain(cli: Cli, config: Config, role: HubRole): Promise<RunningHub> {
  try {
    return await startHub(config, {
      role,
      log: logOf(config),
      onProgress: (step) => {
        if (step.step === 'postgres' && step.detail === 'creating') cli.note('Creating the database ...\n');
      },
    });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'EADDRINUSE') {
      throw new HuidanError('address_in_use', `It is port ${config.port} of ${config.host}.`);
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new HuidanError('address_refused', `It is port ${config.port} of ${config.host}.`);
    }
    throw error;
  }
}

/** The log goes to the error output: what the hub tells its operator at the start stays readable. */
function logOf(config: Config): pino.Logger {
  return pino({ level: config.logLevel }, pino.destination(2));
}

function whenDisconnected(): Promise<void> {
  return new Promise((resolve) => {
    if (cluster.isWorker) process.once('disconnect', () => resolve());
  });
}

async function welcome(cli: Cli, hub: RunningHub, url: string | null): Promise<void> {
  if (url === null) {
    cli.out(`Huidan ${VERSION} delivers and keeps house.\n`);
    return;
  }
  cli.out(`Huidan ${VERSION} listens at ${url}\n`);
  if (hub.adminKeyIsNew) {
    cli.out(`Admin key, shown this once and kept in ${hub.adminKeyFile ?? 'the data folder'}:\n  ${hub.adminKey}\n`);
  }
  const link = await hub.firstLink(url);
  if (link !== undefined) cli.out(`Console, for the first admin; the link works once:\n  ${link}\n`);
  cli.out(`API and its documentation: ${url}/api/docs\n`);
}
