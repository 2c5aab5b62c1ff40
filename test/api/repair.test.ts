import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Report } from '../../src/core/fact.ts';
import type { PollPage } from '../../src/core/poll.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { createRepair } from '../../src/hub/repair.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { takeawayPlatform } from '../kit/takeaway-platform.ts';

let api: TestApi;
const nowMs = Date.UTC(2026, 10, 20, 2);
let page: PollPage = { reports: [], next: null, mark: null };

const asking = {
  ...takeawayPlatform,
  id: 'test-asking',
  polls: [
    {
      name: 'list',
      label: { en: 'List', zh: '列表' },
      everySeconds: 600,
      run: async () => ({ ok: true, value: page }) as const,
    },
  ],
};

before(async () => {
  api = await createTestApi({ clock: () => nowMs, registry: createRegistry([asking, takeawayPlatform]) });
  await api.hub.addAccount('asks', asking.id, { developerId: '1', signKey: 'k' });
  await api.hub.database.pool.query(`update accounts set created_at = '2026-01-01'`);
  await api.hub.addAccount('mute', takeawayPlatform.id, { developerId: '1', signKey: 'k' });
  await api.hub.addAccount('paused', asking.id, { developerId: '1', signKey: 'k' }, 'paused');
});
after(() => api.close());

const said = (number: string, at: number): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at,
  facts: [
    { line: '', register: 'payment', value: 'paid' },
    { line: '', register: 'placedAt', value: at },
  ],
});

test('how many callbacks never came, and how late that was found, is told by account', async () => {
  const { ctx, accounts, commits } = api.hub;
  const repair = createRepair(ctx, { accounts, commits, gate: createActGate(), sleep: async () => {} });
  page = {
    reports: [said('1', nowMs - 240_000), said('2', nowMs - 600_000), said('3', nowMs - 1000)],
    next: null,
    mark: 1,
  };
  const asked = await api.call('POST', '/api/v1/repair/asks/run', { body: {} });
  assert.equal(asked.status, 202);
  assert.deepEqual(asked.body.data, [{ poll: 'list', state: 'due' }]);
  await repair.run();
  // What takes longer than a second goes on beside the step.
  await repair.stop();
  const { body } = await api.call('GET', '/api/v1/repair?account=asks');
  const [only] = body.data;
  assert.equal(only.repaired.count, 2, 'the third is a second old: its push is perhaps on its way');
  assert.equal(only.repaired.newOrders, 2);
  assert.equal(only.repaired.medianSeconds, 420);
  assert.equal(only.repaired.longestSeconds, 600);
  assert.equal(only.polls[0].everySeconds, 600);
  assert.equal(only.polls[0].lastReports, 3);
  const since = new Date(nowMs + 1000).toISOString();
  const none = await api.call('GET', `/api/v1/repair?account=asks&since=${since}`);
  assert.equal(none.body.data[0].repaired.count, 0);

  const first = await api.call('GET', '/api/v1/repair/asks/orders?limit=2');
  const second = await api.call('GET', `/api/v1/repair/asks/orders?limit=2&cursor=${first.body.nextCursor}`);
  const numbers = [...first.body.data, ...second.body.data].map(({ platformOrderId }) => platformOrderId as string);
  assert.deepEqual(numbers.toSorted(), ['1', '2', '3']);
  assert.equal(first.body.data[0].statusBefore, null);
  assert.equal(first.body.data[0].statusAfter, 'paid');
});

test('accounts are listed page by page, and only those that the key may see', async () => {
  const first = await api.call('GET', '/api/v1/repair?limit=2');
  const second = await api.call('GET', `/api/v1/repair?limit=2&cursor=${first.body.nextCursor}`);
  const ids = [...first.body.data, ...second.body.data].map(({ account }) => account as string);
  assert.deepEqual(ids, ['asks', 'mute', 'paused']);
  const key = await api.key({ right: 'write', accounts: ['mute'] });
  assert.deepEqual(
    (await api.call('GET', '/api/v1/repair', { key })).body.data.map(({ account }: { account: string }) => account),
    ['mute'],
  );
  assert.equal((await api.call('GET', '/api/v1/repair/asks/orders', { key })).body.code, 'account_not_found');
  assert.equal((await api.call('POST', '/api/v1/repair/asks/run', { key, body: {} })).body.code, 'account_not_found');
});

test('what cannot be asked is refused', async () => {
  const run = async (id: string, body: object = {}) =>
    (await api.call('POST', `/api/v1/repair/${id}/run`, { body })).body.code as string;
  assert.equal(await run('mute'), 'repair_unsupported');
  assert.equal(await run('asks', { poll: 'nothing' }), 'repair_unsupported');
  assert.equal(await run('paused'), 'account_paused');
});
