/**
 * Wants the access token of an account several times at once in a process of its own: `token-worker.ts <database url>
 * <account> <times>`; prints what it got as JSON.
 */
import { randomBytes } from 'node:crypto';
import { accessTokenOf } from '../../src/hub/access-tokens.ts';
import { createAccountDirectory } from '../../src/hub/account-directory.ts';
import { createRegistry, createWake } from '../../src/hub/context.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { noCrash } from '../../src/hub/crash-points.ts';
import { createPlatformHttp } from '../../src/hub/platform-http.ts';
import { createPool } from '../../src/store/pool.ts';
import { createSealer } from '../../src/store/seal.ts';
import { silent } from './context.ts';
import { payPlatform } from './making-platform.ts';

const [url, accountId, times] = process.argv.slice(2);
if (url === undefined || accountId === undefined) throw new Error('token-worker.ts <database url> <account> <times>');

const ctx: HubContext = {
  pool: createPool({ url }),
  clock: Date.now,
  randomBytes,
  log: silent,
  sealer: createSealer(Buffer.alloc(32, 7)),
  registry: createRegistry([payPlatform]),
  crash: noCrash,
  wake: createWake(),
  callPlatform: createPlatformHttp({ allowPrivateTargets: true, clock: Date.now, log: silent }).call,
  publicUrl: () => 'http://hub.test',
};
const account = await createAccountDirectory(ctx).find(accountId);
if (account === undefined) throw new Error('no such account');
const got = await Promise.all(Array.from({ length: Number(times) }, () => accessTokenOf(ctx, account)));
console.log(JSON.stringify(got.map((one) => (one.ok ? one.value : one.refusal.code))));
process.exit(0);
