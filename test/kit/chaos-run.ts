import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectors } from '../../src/connectors/registry.ts';
import { parseChaos } from '../../src/sandbox/chaos.ts';
import type { CatchUp } from '../../src/sandbox/catch-up.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox-contract.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxStats } from '../../src/sandbox/stats.ts';
import type { VerifyReport } from '../../src/sandbox/verify.ts';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { createTestDatabase } from './database.ts';

const KEY = 'hdk_the-admin-key-of-tests';
/** What the issue of acting on platforms demands to be survived. */
export const CHAOS = 'duplicate=0.2,reorder=0.2,drop=0.3,fault=0.2';

export interface ChaosRun {
  readonly left: CatchUp;
  readonly stats: SandboxStats;
  readonly report: VerifyReport;
  /** What the hub says, before it goes. */
  readonly url: string;
}

export interface ChaosRunOptions extends Partial<SandboxOptions> {
  /** How long orders are placed, in seconds of the wall's clock. */
  readonly seconds: number;
  readonly drainMs?: number;
  readonly verifyMs?: number;
  /** Looks at the hub and the ledger before both go. */
  readonly look?: (url: string, key: string, ledgerDir: string, report: VerifyReport) => Promise<void>;
}

/** A hub of this process on a database of its own, played by the sandbox under chaos; both end with the run. */
export async function chaosRun({
  seconds,
  drainMs = 240_000,
  verifyMs = 30_000,
  look,
  ...options
}: ChaosRunOptions): Promise<ChaosRun> {
  const database = await createTestDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'huidan-chaos-run-'));
  const hub = await startHub(
    readConfig({
      HUIDAN_PORT: '0',
      HUIDAN_DATA_DIR: dir,
      DATABASE_URL: database.url,
      HUIDAN_ADMIN_KEY: KEY,
      HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
      HUIDAN_LOG_LEVEL: process.env['CHAOS_LOG'] ?? 'silent',
    }),
  );
  try {
    const ledgerDir = join(dir, 'sandbox');
    const sandbox = await startSandbox({
      hubUrl: hub.url ?? '',
      key: KEY,
      platforms: connectors,
      ledgerDir,
      rate: 6,
      // Ten simulated minutes take so many seconds.
      speed: 600 / seconds,
      chaos: parseChaos(CHAOS),
      ...options,
    });
    try {
      await sleep(seconds * 1000);
      const left = await sandbox.drain(drainMs);
      const report = await sandbox.verify(verifyMs);
      await look?.(hub.url ?? '', KEY, ledgerDir, report);
      return { left, stats: sandbox.stats(), report, url: hub.url ?? '' };
    } finally {
      await sandbox.stop();
    }
  } finally {
    await hub.stop();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  }
}
