import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { takeawayPlatform } from '../../test/kit/takeaway-platform.ts';
import type { OrderToRead } from '../core/connector.ts';
import type { HuidanError } from '../core/errors.ts';
import type { Report } from '../core/fact.ts';
import type { OrderJson } from '../core/order-json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { adoptOrder } from './adopt-order.ts';
import type { AdoptionRequest } from './adopt-order.ts';
import { createRegistry } from './context.ts';

type Truth = PlatformResult<readonly Report[]>;

let hub: TestHub;
let asked: OrderToRead[] = [];
let truth: () => Truth;
let count = 0;

const asking = {
  ...takeawayPlatform,
  id: 'test-asking',
  readTruth: async (_account: unknown, _call: unknown, order: OrderToRead): Promise<Truth> => {
    asked.push(order);
    return truth();
  },
};

before(async () => {
  hub = await createTestHub({ registry: createRegistry([asking, takeawayPlatform]) });
});
after(() => hub.close());
beforeEach(async () => {
  asked = [];
  count += 1;
  truth = () => ({ ok: true, value: [paid()] });
  await hub.addAccount(account(), 'test-asking', { signKey: 'k' });
});

const account = (): string => `shop-${count}`;
const paid = (number = 'P1'): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at: 1,
  facts: [{ line: '', register: 'payment', value: 'paid' }],
});
const refusal = (kind: 'retry' | 'alert' | 'final'): Truth => ({
  ok: false,
  refusal: { class: kind, code: '1001', message: 'no such order' },
});

const adopt = (more: Partial<AdoptionRequest> = {}): Promise<OrderJson> => {
  const wanted = { account: account(), merchantOrderId: null, platformOrderId: 'P1', store: null, fields: {}, ...more };
  return adoptOrder(hub.ctx, { accounts: hub.accounts, commits: hub.commits }, ADMIN_PRINCIPAL, wanted);
};
const refusedAs =
  (code: string, words = '') =>
  (error: unknown): boolean => {
    assert.equal((error as HuidanError).code, code, String(error));
    assert.ok((error as Error).message.includes(words), String(error));
    return true;
  };

async function setMode(mode: string): Promise<void> {
  await hub.database.pool.query('update accounts set mode = $2 where id = $1', [account(), mode]);
  hub.accounts.forget(account());
}

test('an order is read from its platform by its number and taken in, once however often', async () => {
  const order = await adopt();
  assert.equal(order.status, 'paid');
  assert.equal(order.platformOrderId, 'P1');
  assert.deepEqual(asked[0]?.aliases, [{ kind: 'platform', value: 'P1' }]);
  assert.deepEqual(asked[0]?.doubts, ['overdue']);
  assert.equal((await adopt()).id, order.id);
  const { rows } = await hub.ctx.pool.query('select source from facts where account_id = $1', [account()]);
  assert.deepEqual(rows, [{ source: 'query' }]);
});

test('the platform is told what else is known: the store, and fields that name the order there', async () => {
  await adopt({ store: '8859', fields: { machineNo: '10000001', items: [1], note: null } });
  assert.equal(asked[0]?.store, '8859');
  assert.deepEqual(asked[0]?.platformFields, { machineNo: '10000001' });
});

test('an order that is known already is asked for by all its numbers', async () => {
  const known = await hub.accounts.find(account());
  assert.ok(known);
  const report: Report = {
    ...paid(),
    aliases: [
      { kind: 'platform', value: 'P1' },
      { kind: 'display', value: 'D1' },
    ],
  };
  const content = { kind: 'reports', reports: [report] } as const;
  const { orderIds } = await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'poll' });
  assert.equal((await adopt()).id, orderIds[0]);
  assert.deepEqual(
    asked[0]?.aliases.map(({ kind }) => kind),
    ['platform', 'display'],
  );
});

test('what the platform does not tell is not taken in, and it says why', async () => {
  truth = () => refusal('final');
  await assert.rejects(adopt(), refusedAs('order_not_at_platform', '1001: no such order'));
  truth = () => refusal('alert');
  await assert.rejects(adopt(), refusedAs('order_not_at_platform'));
  truth = () => ({ ok: true, value: [] });
  await assert.rejects(adopt(), refusedAs('order_not_at_platform'));
  truth = () => refusal('retry');
  await assert.rejects(adopt(), refusedAs('platform_unreachable', '1001'));
  truth = () => {
    throw new PlatformUnreachable('connection refused', false);
  };
  await assert.rejects(adopt(), refusedAs('platform_unreachable'));
  const { rows } = await hub.ctx.pool.query('select from orders where account_id = $1', [account()]);
  assert.equal(rows.length, 0);
});

test('an account that observes reads orders in, one that is paused does not', async () => {
  await setMode('observe');
  assert.equal((await adopt()).status, 'paid');
  await setMode('paused');
  await assert.rejects(adopt(), refusedAs('account_paused'));
});

test('a platform that cannot be asked takes none in', async () => {
  await hub.addAccount(`plain-${count}`, 'test-takeaway', { signKey: 'k' });
  await assert.rejects(adopt({ account: `plain-${count}` }), refusedAs('creation_unsupported'));
  await assert.rejects(adopt({ account: 'nowhere' }), refusedAs('account_not_found'));
});
