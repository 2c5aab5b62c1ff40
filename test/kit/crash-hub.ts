import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';

/** Where and when a hub under test shall die. */
export interface CrashPlan {
  readonly dataDir: string;
  readonly port: number;
  readonly adminKey: string;
  readonly databaseUrl?: string;
  /** Name of a crash point and which passage of it kills; none for a death from outside. */
  readonly at?: { readonly point: string; readonly passage: number };
  /** How far the hub's clock is ahead of this machine's; a later message `{ aheadMs }` moves it. */
  readonly aheadMs?: number;
}

/** A whole hub in a process of its own, that kills itself with SIGKILL at the place it was told. */
process.once('message', (plan: CrashPlan) => {
  let passages = 0;
  let { aheadMs = 0 } = plan;
  process.on('message', (moved: Pick<CrashPlan, 'aheadMs'>) => {
    aheadMs = moved.aheadMs ?? aheadMs;
  });
  const config = readConfig({
    HUIDAN_DATA_DIR: plan.dataDir,
    HUIDAN_PORT: String(plan.port),
    HUIDAN_ADMIN_KEY: plan.adminKey,
    HUIDAN_LOG_LEVEL: 'error',
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    ...(plan.databaseUrl === undefined ? {} : { DATABASE_URL: plan.databaseUrl }),
  });
  startHub(config, {
    clock: () => Date.now() + aheadMs,
    crash(point) {
      if (point !== plan.at?.point) return;
      passages += 1;
      if (passages === plan.at.passage) process.kill(process.pid, 'SIGKILL');
    },
  }).then(
    (hub) => {
      process.send?.({ url: hub.url });
      process.on('disconnect', () => void hub.stop().then(() => process.exit(0)));
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
