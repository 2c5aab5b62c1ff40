import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ActingShop } from '../../test/kit/acting-shop.ts';
import type { HuidanError } from '../core/errors.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { readActions } from './read-actions.ts';

const shop = new ActingShop();
const { account, ask, change, orderOf, read, run, runWhenDue, tell } = shop;

before(shop.open);
after(shop.close);
beforeEach(shop.begin);

const refusedAs =
  (code: string) =>
  (error: unknown): boolean =>
    (error as HuidanError).code === code;

test('refunds at the same time give back no more than was paid', async () => {
  const order = await tell({ number: 'B1', paid: 1000 });
  const wishes = Array.from({ length: 8 }, () => ask(order, 'refund', { amount: 300, reason: 'cold' }));
  const settled = await Promise.allSettled(wishes);
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 3);
  for (const one of settled) if (one.status === 'rejected') assert.ok(refusedAs('refund_exceeds_paid')(one.reason));
  await run();
  assert.equal((await orderOf(order)).amounts.refunded, 900);
  await assert.rejects(ask(order, 'refund', { amount: 101, reason: 'cold' }), refusedAs('refund_exceeds_paid'));
  const rest = await ask(order, 'refund', { reason: 'cold' });
  assert.equal((await read(rest)).params['amount'], 100);
  await run();
  assert.equal((await orderOf(order)).amounts.refunded, 1000);
});

test('a refund that failed frees what it held', async () => {
  const order = await tell({ number: 'B2', paid: 1000 });
  shop.platform.next('/refund', 'never');
  await ask(order, 'refund', { amount: 1000, reason: 'cold' });
  await assert.rejects(ask(order, 'refund', { amount: 1, reason: 'cold' }), refusedAs('refund_exceeds_paid'));
  await run();
  await ask(order, 'refund', { amount: 1000, reason: 'cold' });
});

test('what does not fit is refused before anything is stored', async () => {
  const order = await tell({ number: 'B3' });
  await assert.rejects(ask(order, 'fly'), refusedAs('action_unknown'));
  await assert.rejects(ask(order, 'refund', { amount: 0, reason: 'x' }), refusedAs('action_params_invalid'));
  await assert.rejects(ask(order, 'refund', { amount: 1 }), refusedAs('action_params_invalid'));
  await assert.rejects(ask(order, 'refund', { amount: 1, reason: '坏' }), refusedAs('action_params_invalid'));
  const cancelled = await tell({ number: 'B4', isCancelled: true });
  await assert.rejects(ask(cancelled, 'accept'), refusedAs('action_refused'));
  await change({}, 'observe');
  await assert.rejects(ask(order, 'accept'), refusedAs('account_observes'));
  await change({}, 'paused');
  await assert.rejects(ask(order, 'accept'), refusedAs('account_paused'));
  await assert.rejects(ask(order, 'fly'), refusedAs('action_unknown'));
  assert.deepEqual(
    await readActions(shop.hub.ctx, ADMIN_PRINCIPAL, { account: account() }, { beforeId: null, limit: 9 }),
    [],
  );
});

test('what was queued before the account began to observe is not sent, until it is live again', async () => {
  const order = await tell({ number: 'B5' });
  const id = await ask(order, 'accept');
  await change({}, 'observe');
  await run();
  assert.equal(shop.platform.calls.length, 0);
  assert.equal((await read(id)).state, 'queued');
  await change({});
  assert.equal((await runWhenDue(id)).state, 'succeeded');
});

test('an order that moved on before its action left is not acted on', async () => {
  const order = await tell({ number: 'B6' });
  const id = await ask(order, 'accept');
  await tell({ number: 'B6', isCancelled: true, at: 2 });
  await run();
  assert.equal((await read(id)).code, 'action_refused');
  assert.equal(shop.platform.calls.length, 0);
});

test('orders are accepted by themselves: once, where and when the setting says', async () => {
  await change({ autoAccept: { stores: ['s1'] } });
  const wanted = await tell({ number: 'C1', store: 's1' });
  const other = await tell({ number: 'C2', store: 's2' });
  const unpaid = await tell({ number: 'C3', store: 's1', payment: 'unpaid' });
  await run();
  assert.equal((await orderOf(wanted)).status, 'accepted');
  assert.equal((await orderOf(other)).status, 'paid');
  assert.equal((await orderOf(unpaid)).status, 'pending');
  await tell({ number: 'C3', store: 's1', at: 2 });
  await tell({ number: 'C3', store: 's1', at: 3 }, { number: 'C3', store: 's1', at: 4, paid: 999 });
  await run();
  assert.equal((await orderOf(unpaid)).status, 'accepted');
  const listed = await readActions(shop.hub.ctx, ADMIN_PRINCIPAL, { account: account() }, { beforeId: null, limit: 9 });
  assert.deepEqual(
    listed.map(({ order, cause, askedBy }) => ({ order, cause, askedBy })),
    [unpaid, wanted].map((order) => ({ order, cause: 'auto:accept', askedBy: null })),
  );
});

test('nothing is accepted by itself while the account only observes, nor what is cancelled in the same breath', async () => {
  await change({ autoAccept: true }, 'observe');
  await tell({ number: 'C4' });
  await change({ autoAccept: true });
  await tell({ number: 'C5' }, { number: 'C5', isCancelled: true, at: 2 });
  await run();
  assert.deepEqual(
    await readActions(shop.hub.ctx, ADMIN_PRINCIPAL, { account: account() }, { beforeId: null, limit: 9 }),
    [],
  );
});
