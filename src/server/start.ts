import cluster from 'node:cluster';
import { join } from 'node:path';
import pino from 'pino';
import { connectors } from '../connectors/registry.ts';
import type { Clock } from '../core/time.ts';
import { createActGate } from '../hub/act-gate.ts';
import { createActRunner } from '../hub/act-run.ts';
import { createAccountDirectory } from '../hub/account-directory.ts';
import { closeShownActions } from '../hub/close-shown.ts';
import { countPastHours } from '../hub/count-hours.ts';
import { createAttention } from '../hub/attention.ts';
import { createRegistry, createWake } from '../hub/context.ts';
import type { HubContext, Log } from '../hub/context.ts';
import { noCrash } from '../hub/crash-points.ts';
import type { CrashPoints } from '../hub/crash-points.ts';
import { startDeliveries } from '../hub/deliver.ts';
import { startDueWork } from '../hub/due-work.ts';
import { forgetOldExports } from '../hub/exports.ts';
import { followDueTasks, releaseDueCommission } from '../hub/follow-orders.ts';
import { createGroupCommit } from '../hub/group-commit.ts';
import { runDueLives } from '../hub/lives.ts';
import { runDueMachineSyncs } from '../hub/machine-schedule.ts';
import { makeDueExport } from '../hub/make-exports.ts';
import { checkMasterKey } from '../hub/master-key-check.ts';
import { createPlatformHttp } from '../hub/platform-http.ts';
import { applyHeldCallbacks } from '../hub/redrive.ts';
import { planNightlyReconciliations, reconcileDueDay } from '../hub/reconcile.ts';
import { createRepair, waitMs } from '../hub/repair.ts';
import { relabelDueOrders } from '../hub/relabel-orders.ts';
import { forgetOldSignIns } from '../hub/sessions.ts';
import { settleDueDoubts } from '../hub/settle-doubts.ts';
import { offerFirstLink } from '../hub/sign-in.ts';
import { closeExpiredBindings } from '../hub/store-bindings.ts';
import { runDueStoreTasks } from '../hub/store-tasks.ts';
import { createTakeCallback } from '../hub/take-callback.ts';
import { findAccountsWithHeldCallbacks, followTheWeek, keepTablesInShape } from '../hub/upkeep.ts';
import { wakeOthers } from '../hub/wake-others.ts';
import { startChores } from '../jobs/chores.ts';
import { listenForWork } from '../store/work-channel.ts';
import { pooledRandomBytes } from '../store/random-pool.ts';
import { createSealer } from '../store/seal.ts';
import type { SandboxControls } from './api/context.ts';
import { createApp } from './app.ts';
import { callbackDoor } from './callbacks.ts';
import { CONSOLE_PATH } from './console-files.ts';
import type { Config } from './config.ts';
import { ADMIN_KEY_FILE, readHubSecrets } from './data-dir.ts';
import { openDatabase } from './database.ts';
import type { StartStep } from './database.ts';
import { createMetrics } from './metrics.ts';
import { gatherMetrics, shareMetrics } from './shared-metrics.ts';

export type { StartStep } from './database.ts';

/** So many callbacks waiting for a commit are a flood; one batch that waits for the disk is not. */
const BUSY_INTAKE = 64;

/** Which part of the work a process does: taking HTTP, or delivering and keeping house, or both. */
export type HubRole = 'all' | 'http' | 'worker';

export interface HubDeps {
  readonly role?: HubRole;
  readonly log?: Log;
  readonly clock?: Clock;
  /** For the chaos tests. */
  readonly crash?: CrashPoints;
  /** How often a worker looks for what is due without being told. Default 1000. */
  readonly workPollMs?: number;
  /** Of `huidan demo`; asked late, for the sandbox starts when the hub listens. */
  readonly sandbox?: () => SandboxControls | undefined;
  onProgress?(step: StartStep): void;
}

export interface RunningHub {
  /** Where it listens, such as `http://127.0.0.1:8420`; null in a worker. */
  readonly url: string | null;
  readonly databaseUrl: string;
  readonly adminKey: string;
  /** True when the key was made by this start: the one time to print it. */
  readonly adminKeyIsNew: boolean;
  /** The file that the key is kept in; null when the configuration gives it. */
  readonly adminKeyFile: string | null;
  /**
   * A link for the first admin, which works once, such as `http://127.0.0.1:8420/console/welcome#…`; `undefined` when
   * there are users. `base`: the address that people use, without a slash at the end.
   */
  firstLink(base: string): Promise<string | undefined>;
  /** Finishes what was taken in, then ends everything that was started. */
  stop(): Promise<void>;
}

/**
 * Starts a hub: database, callback door, API, deliveries, chores. Resolves once it takes requests. What was started is
 * stopped again when a later part fails.
 */
export async function startHub(config: Config, deps: HubDeps = {}): Promise<RunningHub> {
  const role = deps.role ?? 'all';
  const log = deps.log ?? pino({ level: config.logLevel });
  const clock = deps.clock ?? Date.now;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) {
      await step().catch((error: unknown) => log.warn({ err: error }, 'a part of the hub did not stop cleanly'));
    }
  };
  try {
    const secrets = await readHubSecrets(config);
    const database = await openDatabase(config, {
      log,
      clock,
      ...(deps.onProgress === undefined ? {} : { onProgress: deps.onProgress }),
    });
    undo.push(() => database.stop());
    const http = createPlatformHttp({ allowPrivateTargets: config.allowPrivateTargets, clock, log });
    undo.push(() => http.close());
    // A worker listens nowhere; the processes that do have the configured address.
    const place = { listeningAt: addressOf(config.host, config.port) };
    const ctx: HubContext = {
      pool: database.pool,
      clock,
      randomBytes: pooledRandomBytes,
      log,
      sealer: createSealer(secrets.masterKey),
      registry: createRegistry(connectors),
      crash: deps.crash ?? noCrash,
      wake: createWake(),
      callPlatform: http.call,
      publicUrl: () => config.publicUrl ?? place.listeningAt,
      allowPrivateTargets: config.allowPrivateTargets,
    };
    await checkMasterKey(ctx);
    const parts = createIntake(ctx, config);
    undo.push(() => parts.commits.drain());
    if (role === 'worker' && cluster.isPrimary) {
      const stopGathering = gatherMetrics(() => parts.metrics.snapshot());
      undo.push(async () => stopGathering());
    }
    if (role !== 'http') {
      const deliveries = startDeliveries(ctx, {
        allowPrivateTargets: config.allowPrivateTargets,
        isIntakeBusy: () => parts.commits.stats.waiting > BUSY_INTAKE,
        onAttempt: (outcome, durationMs) => parts.metrics.deliveryAttempted(outcome, durationMs),
      });
      undo.push(() => deliveries.stop());
      const work = startDueWork(ctx, dueSteps(ctx, parts, undo), deps.workPollMs);
      undo.push(async () => {
        const stopped = work.stop();
        // What is under way at a platform would hold up the end for as long as that takes to answer.
        await http.close();
        await stopped;
      });
      const others = listenForWork(database.url, { log, onWork: () => ctx.wake.work() });
      undo.push(() => others.stop());
      const chores = await startChores({ connectionString: database.url, chores: choresOf(ctx, parts, config), log });
      undo.push(() => chores.stop());
    } else {
      const others = wakeOthers(ctx);
      undo.push(async () => others.stop());
    }
    const url = role === 'worker' ? null : await listen(ctx, config, deps, secrets.adminKey, parts, place, undo);
    return {
      url,
      databaseUrl: database.url,
      adminKey: secrets.adminKey,
      adminKeyIsNew: secrets.adminKeyIsNew,
      adminKeyFile: config.adminKey === undefined ? join(config.dataDir, ADMIN_KEY_FILE) : null,
      firstLink: (base) => firstLink(ctx, config.publicUrl ?? base),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The link for the first admin as it is printed; see `RunningHub`. */
export async function firstLink(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'randomBytes'>,
  base: string,
): Promise<string | undefined> {
  const token = await offerFirstLink(ctx);
  return token === undefined ? undefined : `${base}${CONSOLE_PATH}welcome#${token}`;
}

type Intake = ReturnType<typeof createIntake>;

function createIntake(ctx: HubContext, config: Config) {
  const metrics = createMetrics();
  const accounts = createAccountDirectory(ctx);
  const commits = createGroupCommit(ctx, { onBatch: (size, durationMs) => metrics.batchCommitted(size, durationMs) });
  return { metrics, accounts, commits, take: createTakeCallback(ctx, commits), config };
}

async function listen(
  ctx: HubContext,
  config: Config,
  { sandbox }: Pick<HubDeps, 'sandbox'>,
  adminKey: string,
  { metrics, accounts, commits, take }: Intake,
  place: { listeningAt: string },
  undo: (() => Promise<void>)[],
): Promise<string> {
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const shared = cluster.isWorker ? shareMetrics(() => metrics.snapshot()) : undefined;
  undo.push(async () => shared?.stop());
  const app = await createApp(ctx, {
    config,
    adminKey,
    redrive: { accounts, commits },
    metrics,
    allMetrics: shared?.all,
    publicUrl: () => ctx.publicUrl(),
    isStopping,
    ...(sandbox === undefined ? {} : { sandbox }),
    doors: async (scope) => {
      await scope.register(callbackDoor, {
        accounts,
        take,
        log: ctx.log,
        clock: ctx.clock,
        bodyLimitBytes: config.bodyLimitBytes,
        isStopping,
        onTaken: (platform, verdict, durationMs) => metrics.callbackTaken(platform, verdict, durationMs),
      });
    },
  });
  undo.push(async () => {
    stopping = true;
    await app.close();
  });
  await app.listen({ host: config.host, port: config.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  place.listeningAt = addressOf(config.host, port);
  return place.listeningAt;
}

function addressOf(host: string, port: number): string {
  // An address to listen at everywhere is none to be called at.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** What is done when it falls due, order by order and store by store. */
function dueSteps(ctx: HubContext, { accounts, commits, metrics }: Intake, undo: (() => Promise<void>)[]) {
  const gate = createActGate();
  const acting = {
    accounts,
    gate,
    onOver: (platform: string, action: string, state: string) => metrics.actionOver(platform, action, state),
    onCall: (platform: string, durationMs: number) => metrics.platformCalled(platform, durationMs),
  };
  const asking = {
    accounts,
    commits,
    gate,
    sleep: waitMs,
    onRun: (platform: string, poll: string, outcome: 'done' | 'failed') => metrics.repairRun(platform, poll, outcome),
    onRepaired: (account: string, platform: string, lagMs: number | null) =>
      metrics.orderRepaired(account, platform, lagMs),
  };
  const repair = createRepair(ctx, asking);
  undo.push(() => repair.stop());
  const attention = createAttention(ctx, { isIntakeBusy: () => commits.stats.waiting > BUSY_INTAKE });
  undo.push(async () => attention.stop());
  return [
    { name: 'partitions', run: followTheWeek(ctx) },
    { name: 'actions', ...createActRunner(ctx, acting) },
    { name: 'shown-actions', run: () => closeShownActions(ctx, acting) },
    { name: 'lives', run: () => runDueLives(ctx, { accounts }) },
    { name: 'settle-doubts', run: () => settleDueDoubts(ctx, asking) },
    { name: 'repair', run: () => repair.run() },
    { name: 'attention', run: () => attention.run() },
    { name: 'reconcile', run: () => reconcileDueDay(ctx, asking) },
    { name: 'store-tasks', run: () => runDueStoreTasks(ctx, { accounts }) },
    { name: 'follow-orders', run: () => followDueTasks(ctx, { accounts }) },
    { name: 'release-commission', run: () => releaseDueCommission(ctx, { accounts }) },
    { name: 'machines', run: () => runDueMachineSyncs(ctx, { accounts }) },
    { name: 'exports', run: () => makeDueExport(ctx) },
    { name: 'relabel-orders', run: () => relabelDueOrders(ctx, { accounts }) },
  ];
}

function choresOf(ctx: HubContext, { accounts, commits }: Intake, config: Config) {
  return [
    {
      name: 'upkeep',
      cron: '7 * * * *',
      expireSeconds: 300,
      async run() {
        await keepTablesInShape(ctx, { days: config.retentionDays });
        await forgetOldSignIns(ctx);
        await forgetOldExports(ctx);
      },
    },
    {
      name: 'count-hours',
      cron: '* * * * *',
      expireSeconds: 300,
      async run() {
        await countPastHours(ctx);
      },
    },
    {
      name: 'close-expired-bindings',
      cron: '*/10 * * * *',
      expireSeconds: 300,
      async run() {
        await closeExpiredBindings(ctx);
      },
    },
    {
      name: 'reconcile-yesterday',
      // 03:10 in Shanghai: the platforms have settled the day by then.
      cron: '10 19 * * *',
      expireSeconds: 300,
      async run() {
        await planNightlyReconciliations(ctx);
      },
    },
    {
      name: 'apply-held-callbacks',
      cron: '* * * * *',
      expireSeconds: 60,
      async run() {
        for (const accountId of await findAccountsWithHeldCallbacks(ctx)) {
          await applyHeldCallbacks(ctx, { accounts, commits }, accountId);
        }
      },
    },
  ];
}
