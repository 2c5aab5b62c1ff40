import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ATTENTION_KINDS, KIND_OF_CONDITION } from '../../src/core/attention.ts';
import { CONDITIONS } from '../../src/core/lives/life.ts';
import { actingPlatform, toldOrder } from '../kit/acting-platform.ts';
import type { TestApi } from '../kit/api.ts';
import { AttentionStage, cps } from '../kit/attention-stage.ts';
import { takeawaySignature } from '../kit/takeaway-platform.ts';

const stage = new AttentionStage();
const { account, action, db, events, kinds, order, receipt, sweep } = stage;
let api: TestApi;

before(async () => {
  api = await stage.open();
});
after(stage.close);
beforeEach(() => {
  stage.now += 3_600_000;
});

test('every kind has words in both languages, and every condition of an order’s life has a kind', () => {
  for (const { title, todo } of Object.values(ATTENTION_KINDS))
    for (const words of [title, todo]) assert.ok(words.en.length > 3 && words.zh.length > 2);
  assert.deepEqual(Object.keys(KIND_OF_CONDITION).sort(), [...CONDITIONS].sort());
});

test('a condition of an order opens an item with its cause, its order and what to do, and closes it when it goes', async () => {
  const id = await account();
  const orderId = await order(id, '1');
  await db().query(
    `insert into order_conditions (account_id, order_id, name, detail, raised_at) values ($1, $2, 'accept_deadline', $3, $4)`,
    [id, orderId, { acceptBy: '2026-11-20T03:00:00Z' }, new Date(stage.now - 90_000)],
  );
  await sweep(id);
  await sweep(id);
  const [item] = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.equal(item.kind, 'deadline_near');
  assert.equal(item.order, orderId);
  assert.equal(item.ageSeconds, 90);
  assert.deepEqual(item.cause, { acceptBy: '2026-11-20T03:00:00Z' });
  assert.deepEqual(item.todo, ATTENTION_KINDS.deadline_near.todo);
  assert.deepEqual(await events(id), ['attention.opened']);
  await db().query('delete from order_conditions where account_id = $1', [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  assert.deepEqual(await kinds(id, '&state=closed'), ['deadline_near']);
  assert.deepEqual(await events(id), ['attention.opened', 'attention.closed']);
  await sweep(id);
  assert.equal((await events(id)).length, 2);
});

test('an unknown outcome opens one item, which closes when somebody settles it', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  const unknown = await action(id, orderId, { state: 'unknown' });
  const dispense = await action(id, orderId, { state: 'unknown', action: 'dispense' });
  await action(id, orderId, { state: 'unknown', due: new Date(stage.now + 1000) });
  await sweep(id);
  const items = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.deepEqual(
    items.map(({ kind, action: about }: { kind: string; action: string }) => `${kind} ${about}`).toSorted(),
    [`action_unknown ${unknown}`, `dispense_unknown ${dispense}`],
  );
  assert.equal(items[0].cause.reason, 'no');
  await db().query(`update actions set state = 'succeeded' where account_id = $1`, [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('a step that the hub failed at by itself is shown until it is done after all, and none that a person asked for', async () => {
  const id = await account(actingPlatform.id);
  const [first, second] = [await order(id, '1'), await order(id, '2')];
  await action(id, first, { state: 'failed', cause: 'auto:accept' });
  await action(id, second, { state: 'failed' });
  await action(id, second, { state: 'failed', cause: 'life:settle', action: 'settle' });
  await sweep(id);
  assert.deepEqual(await kinds(id), ['action_failed']);
  await action(id, first, { state: 'succeeded' });
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('an order of which only half was told is unknown, until the rest comes', async () => {
  const id = await account();
  const known = await api.hub.accounts.find(id);
  assert.ok(known);
  const said = (at: number, placedAt?: number) => {
    const body = JSON.stringify({ number: 'h1', payment: 'paid', at, ...(placedAt === undefined ? {} : { placedAt }) });
    const headers = { 'x-sign': takeawaySignature(body, 'k') };
    return api.hub.take(known, {
      method: 'POST',
      topic: 'order',
      query: '',
      headers,
      body: Buffer.from(body),
      receivedAt: stage.now,
    });
  };
  await said(1);
  await sweep(id);
  assert.deepEqual(await kinds(id), [], 'the rest may be on its way');
  stage.now += 300_000;
  await sweep(id);
  assert.deepEqual(await kinds(id), ['unknown_order']);
  await said(2, stage.now);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('promoted orders of a sid that is nobody’s make one item a sid, once there are members', async () => {
  const id = await account(cps.id);
  const known = await api.hub.accounts.find(id);
  assert.ok(known);
  for (const number of ['1', '2', '3']) {
    const report = {
      aliases: [{ kind: 'platform', value: number }] as const,
      kind: 'cps' as const,
      at: 1,
      facts: [
        { line: '', register: 'payment', value: 'paid' } as const,
        { line: '', register: 'sid', value: 'lost1' } as const,
      ],
    };
    const content = {
      kind: 'reports',
      reports: [{ ...report, aliases: [...report.aliases] as [(typeof report.aliases)[0]] }],
    } as const;
    await api.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  await db().query(`insert into members (id, created_at, updated_at) values ('m1', now(), now())`);
  await sweep(id);
  const [item] = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.equal(item.kind, 'unmatched_sid');
  assert.deepEqual(item.cause, { sid: 'lost1', orders: 3 });
  await db().query(`update orders set member = 'm1' where account_id = $1`, [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  await db().query('delete from members');
});

test('callbacks that are rejected again and again make one item a reason, which goes an hour after the last', async () => {
  const id = await account();
  for (let nth = 0; nth < 2; nth += 1) await receipt(id, 'rejected', 'wrong_signature: no secret fits');
  await sweep(id);
  assert.deepEqual(await kinds(id), [], 'one stray request is the internet');
  await receipt(id, 'rejected', 'wrong_signature: no secret fits');
  await receipt(id, 'rejected', 'unreadable: the body is not JSON');
  await sweep(id);
  const [item] = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.equal(item.kind, 'repeated_rejection');
  assert.equal(item.cause.callbacks, 3);
  assert.match(item.callback, /^rcp_/u);
  stage.now += 3_600_001;
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('callbacks that were not understood make one item a reason, whose count is kept up to date without an event', async () => {
  const id = await account();
  await receipt(id, 'unrecognised', 'status "77" is not known');
  await sweep(id);
  await receipt(id, 'unrecognised', 'status "77" is not known');
  await receipt(id, 'unrecognised', 'status "78" is not known');
  await sweep(id);
  const items = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.deepEqual(items.map(({ cause }: { cause: { callbacks: number } }) => cause.callbacks).sort(), [1, 2]);
  assert.deepEqual(await events(id), ['attention.opened', 'attention.opened']);
});

test('a store whose token runs out or does not open it any more is shown, and an account whose access is refused', async () => {
  const id = await account();
  const store = (ref: string, reason: string | null, expires: Date | null) =>
    Promise.all([
      db().query(
        `insert into store_tokens (account_id, id, store, hash, state, sealed, expires_at, created_at, updated_at)
         values ($1, $2, $2, $3, 'active', '\\x00', $4, now(), now())`,
        [id, ref, Buffer.from(ref), expires],
      ),
      db().query(
        `insert into stores (account_id, ref, state, reason, token_id, created_at, updated_at) values ($1, $2, 'bound', $3, $2, now(), now())`,
        [id, ref, reason],
      ),
    ]);
  await store('good', null, new Date(stage.now + 30 * 86_400_000));
  await store('ends', null, new Date(stage.now + 3_600_000));
  await store('shut', 'token_invalid: no', null);
  await db().query(
    `insert into access_tokens (account_id, made_for, refusal, updated_at) values ($1, '\\x00', $2, now())`,
    [id, { class: 'alert', code: 'app', message: 'wrong secret' }],
  );
  await sweep(id);
  const items = (await api.call('GET', `/api/v1/attention?account=${id}`)).body.data;
  assert.deepEqual(
    items.map(({ kind, store: ref }: { kind: string; store: string | null }) => `${kind} ${ref}`).toSorted(),
    ['expired_token ends', 'expired_token null', 'expired_token shut'],
  );
});

test('doubts that stay, paid late, questions that fail and events that were given up are shown until they are over', async () => {
  const id = await account();
  const orderId = await order(id, '1');
  await db().query(
    `insert into order_clocks (account_id, order_id, kind, due_at, reason, created_at) values ($1, $2, 'doubt:refund', null, 'gone', $3)`,
    [id, orderId, new Date(stage.now)],
  );
  await db().query(`update orders set flags = '{late_payment}', payment = 'paid' where account_id = $1`, [id]);
  await db().query(
    `insert into repair_polls (account_id, poll, due_at, attempts, code, reason) values ($1, 'list', $2, 3, 'http_502', 'no'), ($1, 'fresh', $2, 1, 'http_502', 'no')`,
    [id, new Date(stage.now)],
  );
  await db().query(
    `insert into endpoints (id, url, kind, events, created_at, updated_at) values ('ep_1', 'http://x.test', 'events', '{*}', now(), now())`,
  );
  await db().query(
    `insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome, status_code, duration_ms)
     values ($1, 'att_1', $2, 'ep_1', 'live', $3, 1, 'evt_1', 'order.paid', 9, 'dead', 500, 1)`,
    [id, new Date(stage.now), orderId],
  );
  await sweep(id);
  assert.deepEqual((await kinds(id)).toSorted(), ['dead_letter', 'doubt_stays', 'late_payment', 'repair_failing']);
  await db().query('update order_clocks set due_at = now() where account_id = $1', [id]);
  await db().query(`update orders set payment = 'refunded' where account_id = $1`, [id]);
  await db().query('update repair_polls set attempts = 0 where account_id = $1', [id]);
  await db().query(
    `insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome, status_code, duration_ms)
     values ($1, 'att_2', $2, 'ep_1', 'rpl_1', $3, 1, 'evt_1', 'order.paid', 1, 'delivered', 200, 1)`,
    [id, new Date(stage.now), orderId],
  );
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  await db().query('delete from endpoints');
});

test('what a reconciliation found is shown until the order is there, or the amounts agree', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, 'a');
  const theirs = { status: 'paid', payment: 'paid', total: null, paid: 900, refunded: null };
  await db().query(
    `insert into reconciliations (account_id, id, day, state, created_at, finished_at) values ($1, 'rec_1', $2, 'done', $3, $3)`,
    [id, '2026-11-19', new Date(stage.now)],
  );
  await db().query(
    `insert into reconciliation_lines (account_id, reconciliation_id, nth, kind, differences, order_id, platform_order_id, theirs)
     values ($1, 'rec_1', 1, 'only_there', '{}', null, 'b', $2), ($1, 'rec_1', 2, 'differs', '{paid}', $3, 'a', $2)`,
    [id, theirs, orderId],
  );
  await sweep(id);
  assert.deepEqual((await kinds(id)).toSorted(), ['amount_mismatch', 'unknown_order']);
  await order(id, 'b');
  const known = await api.hub.accounts.find(id);
  assert.ok(known);
  const content = { kind: 'reports', reports: [toldOrder({ number: 'a', paid: 900, at: 2 })] } as const;
  await api.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'query' });
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('nothing of an order’s life is shown of an account whose orders are not carried on', async () => {
  const id = await account();
  await db().query(
    `insert into order_conditions (account_id, order_id, name, detail, raised_at) values ($1, $2, 'refund_due', $3, $4)`,
    [id, await order(id, '1'), { amount: 100 }, new Date(stage.now)],
  );
  await sweep(id);
  assert.deepEqual(await kinds(id), ['refund_due']);
  await db().query(`update accounts set settings = '{"life": false}' where id = $1`, [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});
