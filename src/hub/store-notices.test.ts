import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { takeawayPlatform } from '../../test/kit/takeaway-platform.ts';
import type { Connector } from '../core/connector.ts';
import type { StoreNotice } from '../core/store-binding.ts';
import { createRegistry } from './context.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { transaction } from '../store/transaction.ts';
import { createBindings } from './store-bindings.ts';
import { atStoreDesk, openToken } from './store-desk.ts';
import { takeNotice } from './store-notices.ts';
import { runDueStoreTasks } from './store-tasks.ts';
import { findTokenOfStore } from '../store/store-tokens.ts';
import { readStore } from '../store/stores.ts';

const START = Date.UTC(2026, 10, 20, 4, 0, 0);
let hub: TestHub;
let nowMs = START;
/** The token that opens the store at the platform; null: none does. */
let valid: string | null = null;
let accounts = 0;

const connector: Connector = {
  ...takeawayPlatform,
  binding: {
    style: 'link',
    bindUrl: (_account, { store }) => `https://platform.example/bind?store=${store}`,
    checkOptions: () => [],
    async prove(_account, _call, store, token) {
      if (token.accessToken === valid) return { ok: true, value: [{ platformStoreId: store, name: null, open: true }] };
      return { ok: false, refusal: { class: 'alert', code: 'token', message: 'not valid' } };
    },
    tellsReleased: ({ code }) => code === 'token',
  },
};

before(async () => {
  hub = await createTestHub({ registry: createRegistry([connector]), clock: () => nowMs });
});
after(() => hub.close());

const work = (): Promise<number> => runDueStoreTasks(hub.ctx, { accounts: hub.accounts });

async function tell(id: string, notice: StoreNotice): Promise<string> {
  nowMs += 1;
  return atStoreDesk(hub.ctx, { id, platform: connector.id, merchant: null }, async (desk) => {
    const taken = await takeNotice(desk, notice, { source: 'callback', receiptId: `rcp_${nowMs}` });
    return taken.verdict;
  });
}

async function account(links: number): Promise<string> {
  const id = `acc-${(accounts += 1)}`;
  await hub.addAccount(id, connector.id, { developerId: '1', signKey: 'k' });
  const deps = { accounts: hub.accounts, publicUrl: 'http://hub.test' };
  for (let count = 0; count < links; count += 1) {
    await transaction(hub.ctx.pool, (tx) =>
      createBindings(hub.ctx, deps, tx, ADMIN_PRINCIPAL, id, [{ store: '8859', options: {} }]),
    );
  }
  return id;
}

async function tokenOf(id: string): Promise<string | null> {
  const row = await findTokenOfStore(hub.ctx.pool, id, '8859');
  return row === undefined ? null : openToken(hub.ctx.sealer, row).accessToken;
}

const bound = (token: string, at: number): StoreNotice => ({
  kind: 'bound',
  store: '8859',
  token: { accessToken: token, refreshToken: null, expiresAt: null },
  name: null,
  platformStoreId: null,
  at,
});

test('in whatever order binds and releases are heard, and however often, the store ends as the platform has it', async () => {
  const step = fc.record({ isBind: fc.boolean(), gapS: fc.integer({ min: 0, max: 3 }), isHint: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (steps, chance) => {
        const random = (): number => chance.next().value ?? 0;
        let atMs = Math.floor(nowMs / 1000) * 1000;
        const id = await account(steps.length);
        valid = null;
        const notices = steps.map(({ isBind, gapS, isHint }, index): StoreNotice => {
          // A platform binds anew no sooner than a second after a release.
          atMs += (gapS + (isBind ? 1 : 0)) * 1000;
          valid = isBind ? `${id}-token-${index}` : null;
          if (valid !== null) return bound(valid, atMs);
          return { kind: 'released', store: '8859', at: atMs, ...(isHint ? { hint: true as const } : {}) };
        });
        nowMs = Math.max(nowMs, atMs) + 1000;
        const told = [...notices, ...notices.filter(() => random() < 0.5)];
        for (let left = told.length; left > 0; left -= 1) {
          const [notice] = told.splice(Math.floor(random() * left * 0.999), 1);
          if (notice !== undefined) await tell(id, notice);
          if (random() < 0.5) await work();
        }
        for (let turn = 0; turn < 4; turn += 1) {
          await work();
          nowMs += 61_000;
        }
        assert.equal(await tokenOf(id), valid);
        const store = await readStore(hub.ctx.pool, id, '8859');
        assert.equal(store?.state === 'bound', valid !== null);
        await hub.database.pool.query('update store_tokens set due_at = null where account_id = $1', [id]);
      },
    ),
    { numRuns: 30 },
  );
});

test('every event of a store is numbered without gaps', async () => {
  const id = await account(2);
  valid = 'a';
  await tell(id, bound('a', nowMs));
  await work();
  nowMs += 5000;
  await tell(id, { kind: 'state', store: '8859', state: 'resting', at: nowMs });
  await tell(id, { kind: 'state', store: '8859', state: 'resting', at: nowMs - 1 });
  await tell(id, { kind: 'notice', store: '8859', topic: 'audit', data: { passed: true }, at: null });
  await tell(id, { kind: 'notice', store: '8859', topic: 'audit', data: { passed: true }, at: null });
  await tell(id, { kind: 'notice', store: null, topic: 'privacy', data: null, at: nowMs });
  const { rows } = await hub.database.pool.query<{ subject: string; sequence: number; type: string }>(
    'select subject, sequence, type from events where account_id = $1 order by feed',
    [id],
  );
  assert.deepEqual(
    rows.map(({ subject, sequence, type }) => [subject.slice(`store:${id}:`.length), sequence, type]),
    [
      ['8859', 1, 'store.changed'],
      ['8859', 2, 'store.changed'],
      ['8859', 3, 'store.bound'],
      ['8859', 4, 'store.changed'],
      ['8859', 5, 'store.notice'],
      ['', 1, 'store.notice'],
    ],
  );
});

test('what is said of a store that nobody knows is kept, and binds nothing', async () => {
  const id = await account(0);
  assert.equal(await tell(id, bound('x', nowMs)), 'stale');
  assert.equal(await tell(id, { kind: 'released', store: '8859', at: nowMs }), 'stale');
  assert.equal(await tell(id, { kind: 'state', store: '8859', state: 'open', at: nowMs }), 'applied');
  const store = await readStore(hub.ctx.pool, id, '8859');
  assert.deepEqual([store?.state, store?.openState, store?.tokenId], ['unbound', 'open', null]);
});

test('tokens that anyone can push do not pile up', async () => {
  const id = await account(1);
  valid = 'good';
  for (let count = 0; count < 40; count += 1) await tell(id, bound(`forged-${count}`, nowMs));
  const { rows } = await hub.database.pool.query(
    `select 1 from store_tokens where account_id = $1 and sealed is not null`,
    [id],
  );
  assert.equal(rows.length, 5);
  await tell(id, bound('good', nowMs));
  await work();
  assert.equal(await tokenOf(id), 'good');
});
