import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ActingShop } from '../../test/kit/acting-shop.ts';
import type { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { createActGate } from './act-gate.ts';
import { runDueActions } from './act-run.ts';

const shop = new ActingShop();
const { ask, change, eventsOf, orderOf, read, run, runWhenDue, tell } = shop;

before(shop.open);
after(shop.close);
beforeEach(shop.begin);

const refusedAs =
  (code: string) =>
  (error: unknown): boolean =>
    (error as HuidanError).code === code;

test('an action is sent once, its outcome changes the order, and an event tells of it', async () => {
  const order = await tell({ number: 'A1' });
  const id = await ask(order, 'accept');
  await run();
  const action = await read(id);
  assert.equal(action.state, 'succeeded');
  assert.deepEqual(action.answer, { code: 'ok' });
  assert.equal(action.nextAt, null);
  assert.deepEqual(action.request, {
    call: 'accept',
    method: 'POST',
    host: new URL(shop.platform.url).host,
    path: '/accept',
  });
  assert.equal(shop.platform.calls.length, 1);
  assert.deepEqual([...shop.platform.effects], [[action.number, 1]]);
  assert.equal((await orderOf(order)).status, 'accepted');
  assert.deepEqual(await eventsOf(id), ['1 action.succeeded']);
  await run();
  assert.equal(shop.platform.calls.length, 1);
});

test('no secret, no signature and no personal data shows in an action or its event', async () => {
  const order = await tell({ number: 'A2' });
  const id = await ask(order, 'assign', { name: '张小三', phone: '13812345678' });
  await run();
  assert.match(shop.platform.calls[0]?.body ?? '', /张小三.*13812345678/u);
  const events = await shop.hub.ctx.pool.query<{ body: Json }>('select body from events where subject = $1', [
    `action:${id}`,
  ]);
  const rows = await shop.hub.ctx.pool.query<{ text: string }>('select t::text as text from actions t where id = $1', [
    id,
  ]);
  for (const text of [JSON.stringify(await read(id)), JSON.stringify(events.rows), rows.rows[0]?.text ?? '']) {
    assert.ok(text.length > 10);
    for (const secret of ['top-secret-key', 'sign=', '张小三', '13812345678'])
      assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
});

test('what the platform knows repeats of is sent again after silence, byte for byte', async () => {
  const order = await tell({ number: 'A3' });
  shop.platform.next('/refund', 'done-but-silent', 'lost');
  const id = await ask(order, 'refund', { amount: 300, reason: 'cold' });
  await run();
  assert.equal((await read(id)).state, 'sent');
  assert.equal((await runWhenDue(id)).state, 'sent');
  const action = await runWhenDue(id);
  assert.equal(action.state, 'succeeded');
  assert.equal(action.attempts, 3);
  assert.equal(new Set(shop.platform.calls.map(({ body }) => body)).size, 1);
  assert.deepEqual([...shop.platform.effects.values()], [1]);
  assert.equal((await orderOf(order)).amounts.refunded, 300);
});

test('what it does not know repeats of is asked for after silence, and never sent twice', async () => {
  const order = await tell({ number: 'A4' });
  shop.platform.next('/dispense', 'done-but-silent');
  shop.platform.next('/asked', 'cannot-say', 'lost');
  const id = await ask(order, 'dispense');
  await run();
  assert.equal((await read(id)).state, 'unknown');
  assert.equal((await runWhenDue(id)).state, 'unknown');
  assert.equal((await runWhenDue(id)).state, 'unknown');
  const action = await runWhenDue(id);
  assert.equal(action.state, 'succeeded');
  assert.equal(action.questions, 3);
  assert.deepEqual([...shop.platform.effects.values()], [1]);
  assert.deepEqual(await eventsOf(id), ['1 action.succeeded']);
});

test('the question can find out that nothing was done', async () => {
  const order = await tell({ number: 'A5' });
  shop.platform.next('/dispense', 'lost');
  const id = await ask(order, 'dispense');
  await run();
  assert.equal((await read(id)).state, 'unknown');
  assert.equal((await runWhenDue(id)).state, 'failed');
  assert.equal(shop.platform.effects.size, 0);
});

test('what the platform was never asked for is sent again, once the first sending cannot arrive any more', async () => {
  const order = await tell({ number: 'A5b' });
  shop.platform.next('/dispense', 'lost');
  shop.platform.next('/asked', ...Array.from({ length: 20 }, () => 'not-done' as const));
  const id = await ask(order, 'dispense');
  await run();
  const sentMs = Date.parse((await read(id)).sentAt ?? '');
  let action = await read(id);
  for (let guard = 0; action.state === 'unknown' && guard < 20; guard += 1) {
    assert.equal(shop.platform.calls.filter(({ path }) => path === '/dispense').length, 1);
    action = await runWhenDue(id);
  }
  assert.deepEqual([action.state, action.sentAt], ['queued', null]);
  assert.ok(Date.now() + shop.aheadMs - sentMs > 20_000);
  action = await runWhenDue(id);
  assert.equal(action.state, 'succeeded');
  assert.deepEqual([...shop.platform.effects], [[action.number, 1]]);
});

test('at the watchdog an unknown outcome shows, and is asked for an hour longer', async () => {
  await change({ dispenseTimeoutSeconds: 20 });
  const order = await tell({ number: 'A6' });
  shop.platform.next('/dispense', 'done-but-silent');
  shop.platform.next('/asked', ...Array.from({ length: 50 }, () => 'cannot-say' as const));
  const id = await ask(order, 'dispense');
  await run();
  const sentMs = Date.parse((await read(id)).sentAt ?? '');
  let action = await read(id);
  const nextMs = (): number => Date.parse(action.nextAt ?? '');
  for (let guard = 0; nextMs() <= sentMs + 22_000 && guard < 20; guard += 1) {
    assert.deepEqual(await eventsOf(id), [], 'nobody is told before the watchdog');
    assert.notEqual(action.code, 'overdue');
    action = await runWhenDue(id);
  }
  assert.deepEqual([action.state, action.code], ['unknown', 'overdue']);
  assert.deepEqual(await eventsOf(id), ['1 action.unknown'], 'told at the watchdog, once');
  const before_ = action.questions;
  for (let guard = 0; action.nextAt !== null && guard < 40; guard += 1) {
    assert.ok(nextMs() <= sentMs + 3_622_000, 'nothing is due behind the hour');
    action = await runWhenDue(id);
  }
  assert.deepEqual([action.state, action.nextAt], ['unknown', null]);
  assert.ok(action.questions > before_ && action.questions < before_ + 30, String(action.questions));
  assert.equal(await run(), 0);
});

test('a platform that was away at the watchdog tells the outcome later, and no person is needed', async () => {
  await change({ dispenseTimeoutSeconds: 20 });
  const order = await tell({ number: 'A6b' });
  shop.platform.next('/dispense', 'done-but-silent');
  shop.platform.next('/asked', ...Array.from({ length: 50 }, () => 'lost' as const));
  const id = await ask(order, 'dispense');
  await run();
  let action = await read(id);
  for (let guard = 0; action.code !== 'overdue' && guard < 20; guard += 1) action = await runWhenDue(id);
  await shop.newPlatform();
  shop.platform.next('/dispense', 'ok');
  await change({ dispenseTimeoutSeconds: 20 });
  // It is another server: the platform itself remembers what it did.
  (shop.platform.effects as Map<string, number>).set(action.number, 1);
  // The account's breaker may be open still.
  for (let guard = 0; action.state === 'unknown' && guard < 10; guard += 1) action = await runWhenDue(id);
  assert.equal(action.state, 'succeeded');
  assert.deepEqual(await eventsOf(id), ['1 action.unknown', '2 action.succeeded']);
});

test('a refusal is tried later, told to a person, or final, as its class says', async () => {
  const order = await tell({ number: 'A7' });
  shop.platform.next('/accept', 'busy', 'token-expired', 'never');
  const first = await ask(order, 'accept');
  await run();
  const later = await read(first);
  assert.equal(later.state, 'queued');
  assert.equal(later.code, 'busy');
  const alert = await runWhenDue(first);
  assert.equal(alert.state, 'failed');
  assert.equal(alert.code, 'token_expired');
  assert.deepEqual(await eventsOf(first), ['1 action.failed']);
  const second = await ask(order, 'accept');
  await run();
  assert.equal((await read(second)).state, 'failed');
  assert.equal((await read(second)).code, 'never');
  // Made anew for the second try: a newer time, the same number.
  const bodies = shop.platform.calls.slice(0, 2).map(({ body }) => JSON.parse(body) as { number: string; at: number });
  assert.equal(bodies[0]?.number, bodies[1]?.number);
  assert.notEqual(bodies[0]?.at, bodies[1]?.at);
});

test('a refusal for want of a token after silence does not say that nothing was done', async () => {
  const order = await tell({ number: 'A8', paid: 500 });
  shop.platform.next('/refund', 'done-but-silent', 'token-expired');
  const id = await ask(order, 'refund', { amount: 500, reason: 'cold' });
  await run();
  const action = await runWhenDue(id);
  assert.equal(action.state, 'unknown');
  assert.equal(action.nextAt, null);
  await assert.rejects(ask(order, 'refund', { amount: 1, reason: 'cold' }), refusedAs('refund_exceeds_paid'));
});

test('an answer that nobody can read is like none', async () => {
  const order = await tell({ number: 'A9' });
  shop.platform.next('/refund', 'unreadable');
  const id = await ask(order, 'refund', { amount: 1, reason: 'cold' });
  await run();
  assert.equal((await read(id)).state, 'sent');
  assert.equal((await runWhenDue(id)).state, 'succeeded');
});

test('two workers at once do each action once', async () => {
  const orders = await Promise.all(Array.from({ length: 12 }, (_, index) => tell({ number: `D${index}` })));
  for (const order of orders) await ask(order, 'dispense');
  for (let round = 0; round < 20; round += 1) {
    const took = await Promise.all([
      run(),
      run(),
      runDueActions(shop.hub.ctx, { ...shop.deps, gate: createActGate() }),
    ]);
    if (took.every((one) => one === 0)) break;
    shop.aheadMs += 1000;
  }
  assert.equal(shop.platform.effects.size, 12);
  assert.deepEqual(new Set(shop.platform.effects.values()), new Set([1]));
});

test('a platform that does not answer is left alone for a while', async () => {
  await change({ breakerFailures: 2, breakerSeconds: 30, callsPerSecond: 1000 });
  const order = await tell({ number: 'E1' });
  shop.platform.next('/assign', 'lost', 'lost');
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1)
    ids.push(await ask(order, 'assign', { name: '李四', phone: '13800000000' }));
  await run();
  assert.equal(shop.platform.calls.length, 2);
  const third = await read(ids[2] ?? '');
  assert.equal(third.state, 'queued');
  assert.ok(Date.parse(third.nextAt ?? '') > shop.hub.ctx.clock() + 20_000);
  assert.equal((await runWhenDue(third.id)).state, 'succeeded');
});

for (const point of ['act.before-send', 'act.after-send', 'act.before-outcome'] as const) {
  test(`a worker killed at ${point} leaves one effect of money and of goods, and both are known in the end`, async () => {
    const [paid, sold] = [await tell({ number: `${point}1` }), await tell({ number: `${point}2` })];
    for (const [order, action] of [
      [paid, 'refund'],
      [sold, 'dispense'],
    ] as const) {
      const id = await ask(order, action, action === 'refund' ? { amount: 200, reason: 'cold' } : {});
      // What the killed process takes is due by its clock.
      await shop.hub.ctx.pool.query(`update actions set due_at = now() - interval '1 s' where id = $1`, [id]);
      const file = fileURLToPath(new URL('../../test/kit/action-worker.ts', import.meta.url));
      const child = fork(file, [shop.hub.database.url, point], { execArgv: [] });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      assert.equal(signal, 'SIGKILL');
      assert.equal((await read(id)).state, 'sent', 'the lease is still held');
      shop.platform.next(`/${action}`, 'done-but-silent');
      let action_ = await runWhenDue(id);
      for (let guard = 0; action_.nextAt !== null && guard < 10; guard += 1) action_ = await runWhenDue(id);
      const isDone = shop.platform.effects.get(action_.number) ?? 0;
      // Killed before it was sent, goods were not given out: the question says so, and nobody sends them twice.
      const neverSent = action === 'dispense' && point === 'act.before-send';
      assert.equal(isDone, neverSent ? 0 : 1);
      assert.equal(action_.state, neverSent ? 'failed' : 'succeeded');
    }
    assert.equal((await orderOf(paid)).amounts.refunded, 200);
  });
}
