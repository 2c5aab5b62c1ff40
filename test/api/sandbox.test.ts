import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sandboxControls } from '../../src/cli/sandbox-controls.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { NO_CHAOS, SandboxError, startSandbox } from '../../src/sandbox/sandbox.ts';
import { ADMIN_KEY } from '../kit/api.ts';
import { codeOf, createListeningApi } from '../kit/browser.ts';
import type { Browser, ListeningApi } from '../kit/browser.ts';
import { until } from '../kit/deliveries.ts';

let api: ListeningApi;
let dir: string;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let controls: ReturnType<typeof sandboxControls> | undefined;
let admin: Browser;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'huidan-controls-'));
  api = await createListeningApi({}, { allowPrivateTargets: true, sandbox: () => controls, publicUrl: () => api.url });
  admin = await api.signedIn({ username: 'wang', role: 'admin' });
});
after(async () => {
  await sandbox?.stop();
  await api.close();
  await rm(dir, { recursive: true, force: true });
});

test('a hub that plays no platforms has no sandbox to control', async () => {
  assert.deepEqual(codeOf(await admin.call('GET', '/api/v1/sandbox')), [404, 'not_found']);
  assert.deepEqual(codeOf(await admin.call('POST', '/api/v1/sandbox/orders', { body: {} })), [404, 'not_found']);
  assert.equal((await admin.ok('GET', '/api/v1/me')).isDemo, false);
});

test('in a demo an admin changes speed, rate and chaos, places an order and has one sent twice', async () => {
  const start = { speed: 1000, rate: 0, chaos: NO_CHAOS };
  // Of the others some wait for workers that this hub does not have.
  const platforms = connectors.filter(({ id }) => id === 'meituan-union');
  const options = { hubUrl: api.url, key: ADMIN_KEY, platforms, ledgerDir: dir, ...start };
  sandbox = await startSandbox(options);
  controls = sandboxControls({ NO_CHAOS, SandboxError }, sandbox, start);
  assert.equal((await admin.ok('GET', '/api/v1/me')).isDemo, true);
  const state = await admin.ok('POST', '/api/v1/sandbox', { speed: 5000, chaos: { duplicate: 0.5 } });
  assert.deepEqual([state.speed, state.rate, state.chaos.duplicate, state.chaos.drop], [5000, 0, 0.5, 0]);
  assert.equal((await admin.ok('GET', '/api/v1/sandbox')).chaos.duplicate, 0.5);

  const placed = await admin.call('POST', '/api/v1/sandbox/orders', { body: { platform: 'meituan-union' } });
  assert.equal(placed.status, 201, placed.text);
  const { account, platformOrderId } = placed.body;
  const receipts = async (): Promise<number> => {
    const { rows } = await api.hub.ctx.pool.query('select from receipts where account_id = $1', [account]);
    return rows.length;
  };
  await until(async () => {
    const { data } = await admin.ok('GET', `/api/v1/orders?platformOrderId=${platformOrderId}`);
    return data.length === 1;
  }, 'the order');
  await until(async () => (await admin.ok('GET', '/api/v1/sandbox')).stats.unreceived === 0, 'all to be received');
  const first = await receipts();
  assert.equal((await admin.call('POST', '/api/v1/sandbox/repeats', { body: { platformOrderId } })).status, 204);
  await until(async () => (await receipts()) > first, 'the repeat');

  const { data } = await admin.ok('GET', '/api/v1/audit?action=sandbox.changed');
  assert.equal(data[0].name, 'wang');
});

test('what the sandbox does not do is refused in words, and nobody but an admin of the whole hub controls it', async () => {
  for (const [path, body] of [
    ['/sandbox', { chaos: { earthquake: 1 } }],
    ['/sandbox/orders', { platform: 'nowhere' }],
    ['/sandbox/repeats', { platformOrderId: 'never-was' }],
  ] as const) {
    assert.deepEqual(codeOf(await admin.call('POST', `/api/v1${path}`, { body })), [422, 'sandbox_refused'], path);
  }
  assert.equal((await admin.call('POST', '/api/v1/sandbox', { body: { rate: -1 } })).status, 400);
  const part = await api.signedIn({ username: 'part', role: 'admin', shops: ['north'] });
  const operator = await api.signedIn({ username: 'li', role: 'operator' });
  for (const browser of [part, operator]) {
    assert.deepEqual(codeOf(await browser.call('GET', '/api/v1/sandbox')), [403, 'forbidden']);
  }
});
