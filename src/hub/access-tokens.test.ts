import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { payPlatform, startMakingServer } from '../../test/kit/making-platform.ts';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { accessTokenOf, dropAccessToken } from './access-tokens.ts';
import { createActGate } from './act-gate.ts';
import { runDueActions } from './act-run.ts';
import { createRegistry } from './context.ts';
import { createOrder } from './create-order.ts';
import { readActions } from './read-actions.ts';

let hub: TestHub;
let pay: MakingServer;
let offsetMs = 0;
let count = 0;

before(async () => {
  hub = await createTestHub({ clock: () => Date.now() + offsetMs, registry: createRegistry([payPlatform]) });
});
after(async () => {
  await pay.close();
  await hub.close();
});
beforeEach(async () => {
  await (pay as MakingServer | undefined)?.close();
  pay = await startMakingServer();
  count += 1;
  await hub.addAccount(account(), 'test-pay', { signKey: 'top-secret-key' });
  const settings = JSON.stringify({ baseUrl: pay.url });
  await hub.database.pool.query('update accounts set settings = $2 where id = $1', [account(), settings]);
});

const account = (): string => `dy-${count}`;

async function want(): Promise<PlatformResult<string>> {
  const known = await hub.accounts.find(account());
  assert.ok(known);
  return accessTokenOf(hub.ctx, known);
}

async function token(): Promise<string> {
  const got = await want();
  assert.ok(got.ok, JSON.stringify(got));
  return got.value;
}

const run = promisify(execFile);
/** What another process got that wanted the token so many times at once. */
async function wantElsewhere(times: number): Promise<readonly string[]> {
  const file = fileURLToPath(new URL('../../test/kit/token-worker.ts', import.meta.url));
  const { stdout } = await run(process.execPath, [file, hub.database.url, account(), String(times)]);
  return JSON.parse(stdout) as readonly string[];
}

const life = { hourMs: 3_600_000, earlyMs: 600_000 };

test('a token is bought once and used until shortly before its end', async () => {
  assert.equal(await token(), 'token-1');
  assert.equal(await token(), 'token-1');
  offsetMs += 2 * life.hourMs - life.earlyMs - 60_000;
  assert.equal(await token(), 'token-1');
  offsetMs += 120_000;
  assert.equal(await token(), 'token-2');
  assert.equal(pay.tokens.length, 2);
});

test('two processes that want a token many times at once buy one', async () => {
  offsetMs = 0;
  pay.next('/token', 'slow');
  const [first, second] = await Promise.all([wantElsewhere(20), wantElsewhere(20)]);
  assert.equal(pay.tokens.length, 1);
  assert.deepEqual(new Set([...first, ...second]), new Set(['token-1']));
  assert.equal(await token(), 'token-1');
});

test('while one process renews a token early, the others go on with the old one', async () => {
  assert.equal(await token(), 'token-1');
  await hub.ctx.pool.query(
    `update access_tokens set lease = 'another', lease_until = $2, expires_at = $3 where account_id = $1`,
    [account(), new Date(hub.ctx.clock() + 30_000), new Date(hub.ctx.clock() + 300_000)],
  );
  assert.equal(await token(), 'token-1');
  assert.equal(pay.tokens.length, 1);
});

test('a process that died while it bought holds up the others only for its lease', async () => {
  const lease = `insert into access_tokens (account_id, made_for, lease, lease_until, updated_at) values ($1, '', 'dead', $2, $2)`;
  await hub.ctx.pool.query(lease, [account(), new Date(hub.ctx.clock() + 300)]);
  assert.equal(await token(), 'token-1');
});

test('a refusal is the same for all who ask in the next seconds, and the old token is used as long as it lasts', async () => {
  pay.next('/token', 'busy');
  const refused = await want();
  assert.ok(!refused.ok && refused.refusal.class === 'retry' && refused.refusal.code === 'busy');
  assert.ok(!(await want()).ok);
  assert.equal(pay.calls.length, 1);
  offsetMs += 5001;
  assert.equal(await token(), 'token-1');
  offsetMs += 2 * life.hourMs - life.earlyMs + 1000;
  pay.next('/token', 'busy');
  assert.equal(await token(), 'token-1');
  assert.equal(await token(), 'token-1');
  assert.equal(pay.calls.length, 3);
});

test('a platform that does not answer buys none, and that is no fault of the account', async () => {
  pay.next('/token', 'lost');
  const refused = await want();
  assert.ok(!refused.ok && refused.refusal.class === 'retry' && refused.refusal.code === 'unreachable');
});

test('credentials that were changed buy a new token', async () => {
  assert.equal(await token(), 'token-1');
  await hub.ctx.pool.query(`update account_secrets set fingerprint = 'fp-new' where account_id = $1`, [account()]);
  hub.accounts.forget(account());
  assert.equal(await token(), 'token-2');
});

test('a refused token is forgotten, but not the one that came in its place', async () => {
  const old = await token();
  await dropAccessToken(hub.ctx, account(), old);
  assert.equal(await token(), 'token-2');
  await dropAccessToken(hub.ctx, account(), old);
  assert.equal(await token(), 'token-2');
});

const wish = () => ({
  account: account(),
  merchantOrderId: `2026112000000000${String(count).padStart(4, '0')}`,
  fields: { subject: '可乐', amount: 100 },
  payment: null,
});

async function made(rounds: number): Promise<Awaited<ReturnType<typeof createOrder>>['checkout']> {
  const deps = { accounts: hub.accounts, waitMs: 0 };
  const gate = createActGate();
  await assert.rejects(createOrder(hub.ctx, deps, ADMIN_PRINCIPAL, wish()));
  for (let round = 0; round < rounds; round += 1) {
    await runDueActions(hub.ctx, { accounts: hub.accounts, gate });
    offsetMs += 2000;
  }
  return (await createOrder(hub.ctx, deps, ADMIN_PRINCIPAL, wish())).checkout;
}

test('an action whose token the platform does not take goes again under its number with a new one', async () => {
  await token();
  // The platform ends it before its time, as it does when somebody else buys one with the same credentials.
  (pay.tokens as string[]).push('bought-elsewhere');
  assert.ok((await made(2)) !== null);
  const sent = pay.calls
    .filter(({ path }) => path === '/create')
    .map(({ body }) => JSON.parse(body) as { number: string; token: string });
  assert.deepEqual(
    sent.map((one) => one.token),
    ['token-1', 'token-3'],
  );
  assert.equal(new Set(sent.map((one) => one.number)).size, 1);
  assert.equal(pay.orders.size, 1);
});

test('a platform that takes no token at all is a person’s after the third', async () => {
  pay.next('/create', 'token-refused', 'token-refused', 'token-refused');
  await assert.rejects(made(6), /28001003/u);
  assert.equal(pay.calls.filter(({ path }) => path === '/create').length, 3);
  assert.equal(pay.tokens.length, 3);
  const [action] = await readActions(hub.ctx, ADMIN_PRINCIPAL, { account: account() }, { beforeId: null, limit: 1 });
  assert.equal(action?.state, 'failed');
});

test('without a token nothing is sent, and it goes on once there is one', async () => {
  pay.next('/token', 'busy');
  assert.ok((await made(8)) !== null);
  assert.equal(pay.calls.filter(({ path }) => path === '/create').length, 1);
});
