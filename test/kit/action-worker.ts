/**
 * Does what is due at the platforms in a process of its own, for tests that kill it: `action-worker.ts <database url>
 * <crash point>`. It kills itself at the first passage of that place.
 */
import { randomBytes } from 'node:crypto';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { createAccountDirectory } from '../../src/hub/account-directory.ts';
import { createRegistry, createWake } from '../../src/hub/context.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { createPlatformHttp } from '../../src/hub/platform-http.ts';
import { createPool } from '../../src/store/pool.ts';
import { createSealer } from '../../src/store/seal.ts';
import { actingPlatform } from './acting-platform.ts';
import { machinePlatform, payPlatform } from './making-platform.ts';
import { silent } from './context.ts';

const [url, point] = process.argv.slice(2);
if (url === undefined) throw new Error('action-worker.ts <database url> <crash point>');

const ctx: HubContext = {
  pool: createPool({ url }),
  clock: Date.now,
  randomBytes,
  log: silent,
  sealer: createSealer(Buffer.alloc(32, 7)),
  registry: createRegistry([actingPlatform, machinePlatform, payPlatform]),
  crash: (name) => {
    if (name === point) process.kill(process.pid, 'SIGKILL');
  },
  wake: createWake(),
  callPlatform: createPlatformHttp({ allowPrivateTargets: true, clock: Date.now, log: silent }).call,
  publicUrl: () => 'http://hub.test',
};
await runDueActions(ctx, { accounts: createAccountDirectory(ctx), gate: createActGate() });
process.exit(0);
