/**
 * Takes the next steps of orders in a process of its own, for tests that kill it: `life-worker.ts <database url> <crash
 * point> <time in ms>`. It kills itself at the first passage of that place.
 */
import { randomBytes } from 'node:crypto';
import { connectors } from '../../src/connectors/registry.ts';
import { createAccountDirectory } from '../../src/hub/account-directory.ts';
import { createRegistry, createWake } from '../../src/hub/context.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { runDueLives } from '../../src/hub/lives.ts';
import { createPool } from '../../src/store/pool.ts';
import { createSealer } from '../../src/store/seal.ts';
import { silent } from './context.ts';

const [url, point, time] = process.argv.slice(2);
if (url === undefined || time === undefined)
  throw new Error('life-worker.ts <database url> <crash point> <time in ms>');

const ctx: HubContext = {
  pool: createPool({ url }),
  clock: () => Number(time),
  randomBytes,
  log: silent,
  sealer: createSealer(Buffer.alloc(32, 7)),
  registry: createRegistry(connectors),
  crash: (name) => {
    if (name === point) process.kill(process.pid, 'SIGKILL');
  },
  wake: createWake(),
  callPlatform: () => Promise.reject(new Error('no platform is called here')),
  publicUrl: () => 'http://hub.test',
};
await runDueLives(ctx, { accounts: createAccountDirectory(ctx) });
process.exit(0);
