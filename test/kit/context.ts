import { randomBytes } from 'node:crypto';
import { connectors } from '../../src/connectors/registry.ts';
import { createAccountDirectory } from '../../src/hub/account-directory.ts';
import type { AccountDirectory } from '../../src/hub/account-directory.ts';
import { createRegistry, createWake } from '../../src/hub/context.ts';
import type { HubContext, Log } from '../../src/hub/context.ts';
import { noCrash } from '../../src/hub/crash-points.ts';
import { createPlatformHttp } from '../../src/hub/platform-http.ts';
import { createGroupCommit } from '../../src/hub/group-commit.ts';
import type { GroupCommit } from '../../src/hub/group-commit.ts';
import { createTakeCallback } from '../../src/hub/take-callback.ts';
import type { TakeCallback } from '../../src/hub/take-callback.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { createSealer } from '../../src/store/seal.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestHub {
  readonly ctx: HubContext;
  readonly database: TestDatabase;
  readonly accounts: AccountDirectory;
  readonly commits: GroupCommit;
  readonly take: TakeCallback;
  /** Adds an account straight to the tables; secrets by field name. */
  addAccount(id: string, platform: string, secrets: Readonly<Record<string, string>>, mode?: string): Promise<void>;
  close(): Promise<void>;
}

/** The use cases on a database of their own, without HTTP around them. */
export async function createTestHub(overrides: Partial<HubContext> = {}): Promise<TestHub> {
  const database = await createTestDatabase();
  const http = createPlatformHttp({ allowPrivateTargets: true, clock: Date.now, log: silent });
  const ctx: HubContext = {
    pool: database.pool,
    clock: Date.now,
    randomBytes,
    log: silent,
    sealer: createSealer(Buffer.alloc(32, 7)),
    registry: createRegistry(connectors),
    crash: noCrash,
    wake: createWake(),
    callPlatform: http.call,
    publicUrl: () => 'http://hub.test',
    allowPrivateTargets: true,
    ...overrides,
  };
  await ensurePartitions(database.pool, ctx.clock());
  const accounts = createAccountDirectory(ctx);
  const commits = createGroupCommit(ctx);
  return {
    ctx,
    database,
    accounts,
    commits,
    take: createTakeCallback(ctx, commits),
    async addAccount(id, platform, secrets, mode = 'live') {
      const now = new Date(ctx.clock());
      await database.pool.query(
        `insert into accounts (id, platform, name, mode, created_at, updated_at) values ($1, $2, $1, $3, $4, $4)`,
        [id, platform, mode, now],
      );
      await database.pool.query('insert into account_clocks (account_id) values ($1)', [id]);
      for (const [field, value] of Object.entries(secrets)) {
        await database.pool.query(
          'insert into account_secrets (account_id, field, fingerprint, sealed, created_at) values ($1, $2, $3, $4, $5)',
          [id, field, `fp-${field}`, ctx.sealer.seal(value), now],
        );
      }
    },
    async close() {
      await commits.drain();
      await http.close();
      await database.drop();
    },
  };
}
