import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CallbackRequest } from '../../src/core/accept.ts';
import { redriveCallback, applyHeldCallbacks } from '../../src/hub/redrive.ts';
import { createTestHub } from '../kit/context.ts';
import type { TestHub } from '../kit/context.ts';
import { unionOrder as order, unionPush } from '../kit/union-push.ts';

const SECRET = 'cb_Secret_0123456789abcdef';

function push(fields: Readonly<Record<string, string>>, secret = SECRET): CallbackRequest {
  return {
    method: 'POST',
    topic: '',
    query: '',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(unionPush(fields, secret)),
    receivedAt: Date.now(),
  };
}

describe('taking callbacks', () => {
  let hub: TestHub;
  before(async () => {
    hub = await createTestHub();
    await hub.addAccount('mtu', 'meituan-union', { callbackSecret: SECRET, secret: 'api', appkey: 'demo' });
    await hub.addAccount(
      'mtu-paused',
      'meituan-union',
      { callbackSecret: SECRET, secret: 'api', appkey: 'demo' },
      'paused',
    );
  });
  after(() => hub.close());

  const take = async (request: CallbackRequest, accountId = 'mtu') => {
    const account = await hub.accounts.find(accountId);
    assert.ok(account);
    return hub.take(account, request);
  };
  const rows = async <T extends object>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> =>
    (await hub.database.pool.query<T>(text, [...values])).rows;

  it('makes an order, its facts and its event of a first push, and answers in the platform’s bytes', async () => {
    const { reply, verdict } = await take(push(order('A1', '1')));
    assert.deepEqual(reply, {
      status: 200,
      contentType: 'application/json; charset=utf-8',
      body: '{"errcode":"0","errmsg":"ok"}',
    });
    assert.equal(verdict, 'applied');
    const [found] = await rows<{ status: string; version: number; sid: string }>(
      'select status, version, sid from orders where platform_order_id = $1',
      ['A1'],
    );
    assert.deepEqual(found, { status: 'paid', version: 1, sid: 'u1001' });
    const events = await rows<{ type: string; sequence: number }>(
      'select e.type, e.sequence from events e join orders o on o.id = e.subject where o.platform_order_id = $1',
      ['A1'],
    );
    assert.deepEqual(events, [{ type: 'order.paid', sequence: 1 }]);
  });

  it('counts a repeat once and keeps a receipt of it all the same', async () => {
    await take(push(order('A2', '1')));
    const again = await take(push(order('A2', '1')));
    assert.equal(again.verdict, 'duplicate');
    const [counts] = await rows<{ version: number; receipts: number }>(
      `select o.version, (select count(*)::int from receipts r where o.id = any(r.order_ids)) as receipts
         from orders o where platform_order_id = 'A2'`,
    );
    assert.deepEqual(counts, { version: 1, receipts: 2 });
  });

  it('numbers the events of one order without gaps when its pushes wait in one batch', async () => {
    const pushes = ['1', '8', '9'].flatMap((status) => [push(order('A3', status)), push(order('A3', status))]);
    const taken = await Promise.all(pushes.map((request) => take(request)));
    assert.deepEqual(taken.map(({ verdict }) => verdict).sort(), [
      'applied',
      'applied',
      'applied',
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    const events = await rows<{ sequence: number; type: string; previous_status: string | null }>(
      `select e.sequence, e.type, e.previous_status from events e join orders o on o.id = e.subject
        where o.platform_order_id = 'A3' order by e.feed`,
    );
    assert.deepEqual(events, [
      { sequence: 1, type: 'order.paid', previous_status: null },
      { sequence: 2, type: 'order.completed', previous_status: 'paid' },
      { sequence: 3, type: 'order.refunded', previous_status: 'completed' },
    ]);
  });

  it('makes no event of a push that says nothing new about an order read back from the database', async () => {
    await take(push(order('A6', '1')));
    const later = await take(push(order('A6', '1', { modTime: '1700000900' })));
    assert.equal(later.verdict, 'applied');
    // Only the raw modTime shows; without it the order looks the same.
    const [found] = await rows<{ version: number }>(`select version from orders where platform_order_id = 'A6'`);
    assert.equal(found?.version, 2);
    const again = await take(push(order('A6', '1', { modTime: '1700000800' })));
    assert.equal(again.verdict, 'stale');
    const [still] = await rows<{ version: number }>(`select version from orders where platform_order_id = 'A6'`);
    assert.equal(still?.version, 2);
  });

  it('gives feed numbers without gaps over many orders taken at once', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => take(push(order(`F${index}`, '1')))));
    const [feed] = await rows<{ count: number; newest: number; clock: number }>(
      `select count(*)::int as count, max(feed)::int as newest,
              (select feed from account_clocks where account_id = 'mtu')::int as clock
         from events where account_id = 'mtu'`,
    );
    assert.equal(feed?.count, feed?.newest);
    assert.equal(feed?.clock, feed?.newest);
  });

  it('keeps a rejected callback for the doctor and answers as the platform expects', async () => {
    const { reply, verdict } = await take(push(order('A4', '1'), 'wrong secret'));
    assert.equal(verdict, 'rejected');
    assert.equal(reply.body, '{"errcode":"1","errmsg":"err"}');
    const kept = await rows<{ reason: string }>(`select reason from receipts where verdict = 'rejected'`);
    assert.ok(kept.length > 0);
    assert.ok(kept.every(({ reason }) => !reason.includes(SECRET)));
    assert.equal((await rows(`select from orders where platform_order_id = 'A4'`)).length, 0);
  });

  it('shows an unknown status as unrecognised and applies it once it is redriven with a connector that knows it', async () => {
    const { verdict, reply } = await take(push(order('A5', '7')));
    assert.equal(verdict, 'unrecognised');
    assert.equal(reply.body, '{"errcode":"0","errmsg":"ok"}');
    const [kept] = await rows<{ id: string; reason: string }>(
      `select id, reason from receipts where verdict = 'unrecognised'`,
    );
    assert.match(kept?.reason ?? '', /status/u);
    const again = await redriveCallback(hub.ctx, hub, 'mtu', kept?.id ?? '');
    assert.equal(again.verdict, 'unrecognised');
  });

  it('lets one message that the database refuses stand alone, and stores its neighbours', async () => {
    // `parts` beyond what an integer column would take is fine; a fact whose text the database refuses is not. The
    // connector filters such texts, so the refusal is provoked by a constraint of this test.
    await hub.database.pool.query(`alter table orders add constraint no_poison check (platform_order_id <> 'POISON')`);
    try {
      const ids = ['N1', 'N2', 'POISON', 'N3', 'N4'];
      const taken = await Promise.all(ids.map((id) => take(push(order(id, '1')))));
      assert.deepEqual(
        taken.map(({ verdict }) => verdict),
        ['applied', 'applied', 'unrecognised', 'applied', 'applied'],
      );
      assert.ok(taken.every(({ reply }) => reply.body === '{"errcode":"0","errmsg":"ok"}'));
    } finally {
      await hub.database.pool.query('alter table orders drop constraint no_poison');
    }
  });

  it('holds callbacks of a paused account and applies them in order once it is live', async () => {
    for (const status of ['1', '8']) {
      const request = { ...push(order('P1', status)), receivedAt: Date.now() + Number(status) };
      assert.equal((await take(request, 'mtu-paused')).verdict, 'held');
    }
    assert.equal((await rows(`select from orders where account_id = 'mtu-paused'`)).length, 0);
    await hub.database.pool.query(`update accounts set mode = 'live' where id = 'mtu-paused'`);
    hub.accounts.forget('mtu-paused');
    assert.equal(await applyHeldCallbacks(hub.ctx, hub, 'mtu-paused'), 2);
    const found = await rows<{ status: string; version: number }>(
      `select status, version from orders where account_id = 'mtu-paused'`,
    );
    assert.deepEqual(found, [{ status: 'completed', version: 2 }]);
    const receipts = await rows<{ verdict: string }>(`select verdict from receipts where account_id = 'mtu-paused'`);
    assert.deepEqual(
      receipts.map(({ verdict }) => verdict),
      ['applied', 'applied'],
    );
  });

  it('tells the sender to try again while the database is away, and stores nothing', async () => {
    const away = await createTestHub();
    await away.addAccount('mtu', 'meituan-union', { callbackSecret: SECRET });
    const account = await away.accounts.find('mtu');
    assert.ok(account);
    await away.database.drop();
    const { reply, verdict } = await away.take(account, push(order('X1', '1')));
    assert.equal(reply.status, 503);
    assert.equal(verdict, 'try_again');
  });
});
