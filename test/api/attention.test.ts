import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { actingPlatform, toldOrder } from '../kit/acting-platform.ts';
import { takeawayPlatform, takeawaySignature } from '../kit/takeaway-platform.ts';
import { ATTENTION_KINDS, KIND_OF_CONDITION } from '../../src/core/attention.ts';
import { CONDITIONS } from '../../src/core/lives/life.ts';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import { createAttention, sweepAccount } from '../../src/hub/attention.ts';
import { createRegistry } from '../../src/hub/context.ts';

let api: TestApi;
let nowMs = Date.UTC(2026, 10, 20, 2);
let count = 0;

const cps = {
  ...takeawayPlatform,
  id: 'test-cps',
  orderKinds: ['cps' as const],
  registers: { ...takeawayPlatform.registers, sid: { by: 'time' as const } },
};

before(async () => {
  api = await createTestApi({
    clock: () => nowMs,
    registry: createRegistry([takeawayPlatform, actingPlatform, cps]),
  });
});
after(() => api.close());
beforeEach(() => {
  nowMs += 3_600_000;
});

const db = () => api.hub.database.pool;

async function account(platform = takeawayPlatform.id, mode = 'live'): Promise<string> {
  const id = `acc-${(count += 1)}`;
  await api.hub.addAccount(id, platform, { developerId: '1', signKey: 'k' }, mode);
  return id;
}

/** The platform tells of an order; returns our id of it. */
async function order(id: string, number: string): Promise<string> {
  const known = await api.hub.accounts.find(id);
  assert.ok(known);
  const content = { kind: 'reports', reports: [toldOrder({ number })] } as const;
  const { orderIds } = await api.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content,
    source: 'callback',
  });
  await db().query('update orders set placed_at = $2 where account_id = $1', [id, new Date(nowMs)]);
  assert.ok(orderIds[0] !== undefined);
  return orderIds[0];
}

const sweep = (id: string): Promise<void> => sweepAccount(api.hub.ctx, id);

async function list(id: string, query = ''): Promise<readonly { id: string; kind: string; order: string | null }[]> {
  const answer = await api.call('GET', `/api/v1/attention?account=${id}${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data;
}
const kinds = async (id: string, query = ''): Promise<readonly string[]> =>
  (await list(id, query)).map(({ kind }) => kind);

async function events(id: string): Promise<readonly string[]> {
  const found = await db().query<{ type: string }>(
    `select type from events where account_id = $1 and starts_with(type, 'attention.') order by feed`,
    [id],
  );
  return found.rows.map(({ type }) => type);
}

async function action(
  id: string,
  orderId: string,
  row: { state: string; cause?: string; action?: string; due?: Date },
) {
  const actionId = `act_${String((count += 1)).padStart(8, '0')}`;
  await db().query(
    `insert into actions (account_id, id, order_id, action, number, cause, state, due_at, created_at, sent_at, finished_at,
                          updated_at, code, reason)
     values ($1, $2, $3, $4, $2, $5, $6, $7, $8, $8, $8, $8, 'E1', 'no')`,
    [id, actionId, orderId, row.action ?? 'accept', row.cause ?? null, row.state, row.due ?? null, new Date(nowMs)],
  );
  return actionId;
}

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
    [id, orderId, { acceptBy: '2026-11-20T03:00:00Z' }, new Date(nowMs - 90_000)],
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
  await action(id, orderId, { state: 'unknown', due: new Date(nowMs + 1000) });
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
      receivedAt: nowMs,
    });
  };
  await said(1);
  await sweep(id);
  assert.deepEqual(await kinds(id), [], 'the rest may be on its way');
  nowMs += 300_000;
  await sweep(id);
  assert.deepEqual(await kinds(id), ['unknown_order']);
  await said(2, nowMs);
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

async function receipt(id: string, verdict: string, reason: string): Promise<void> {
  await db().query(
    `insert into receipts (account_id, id, received_at, method, topic, raw, body_bytes, verdict, reason, reply_status, reply_body, processed_at)
     values ($1, $2, $3, 'POST', '', '\\x00', 1, $4, $5, 200, '', $3)`,
    [id, `rcp_${String((count += 1)).padStart(8, '0')}`, new Date(nowMs), verdict, reason],
  );
}

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
  nowMs += 3_600_001;
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
  await store('good', null, new Date(nowMs + 30 * 86_400_000));
  await store('ends', null, new Date(nowMs + 3_600_000));
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
    [id, orderId, new Date(nowMs)],
  );
  await db().query(`update orders set flags = '{late_payment}', payment = 'paid' where account_id = $1`, [id]);
  await db().query(
    `insert into repair_polls (account_id, poll, due_at, attempts, code, reason) values ($1, 'list', $2, 3, 'http_502', 'no'), ($1, 'fresh', $2, 1, 'http_502', 'no')`,
    [id, new Date(nowMs)],
  );
  await db().query(
    `insert into endpoints (id, url, kind, events, created_at, updated_at) values ('ep_1', 'http://x.test', 'events', '{*}', now(), now())`,
  );
  await db().query(
    `insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome, status_code, duration_ms)
     values ($1, 'att_1', $2, 'ep_1', 'live', $3, 1, 'evt_1', 'order.paid', 9, 'dead', 500, 1)`,
    [id, new Date(nowMs), orderId],
  );
  await sweep(id);
  assert.deepEqual((await kinds(id)).toSorted(), ['dead_letter', 'doubt_stays', 'late_payment', 'repair_failing']);
  await db().query('update order_clocks set due_at = now() where account_id = $1', [id]);
  await db().query(`update orders set payment = 'refunded' where account_id = $1`, [id]);
  await db().query('update repair_polls set attempts = 0 where account_id = $1', [id]);
  await db().query(
    `insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome, status_code, duration_ms)
     values ($1, 'att_2', $2, 'ep_1', 'rpl_1', $3, 1, 'evt_1', 'order.paid', 1, 'delivered', 200, 1)`,
    [id, new Date(nowMs), orderId],
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
    [id, '2026-11-19', new Date(nowMs)],
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

test('an item that was dismissed stays away as long as its cause lasts, and a new cause opens a new one', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  await action(id, orderId, { state: 'unknown' });
  await sweep(id);
  const [item] = await list(id);
  assert.ok(item);
  const url = `/api/v1/attention/${item.id}`;
  assert.equal((await api.call('POST', `${url}/dismiss`, { body: { reason: ' ' } })).status, 400);
  const dismissed = await api.call('POST', `${url}/dismiss`, { body: { reason: '已电话确认' } });
  assert.equal(dismissed.body.state, 'dismissed');
  assert.equal(dismissed.body.dismissed.reason, '已电话确认');
  assert.equal(dismissed.body.dismissed.by, 'key_admin');
  assert.equal(dismissed.body.dismissed.byName, ADMIN_PRINCIPAL.name);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
  assert.deepEqual(await kinds(id, '&state=dismissed'), ['action_unknown']);
  await db().query(`update actions set state = 'succeeded' where account_id = $1`, [id]);
  await sweep(id);
  assert.equal((await api.call('GET', url)).body.state, 'closed');
  assert.deepEqual(
    await events(id),
    ['attention.opened', 'attention.closed'],
    'its end was told when it was dismissed',
  );
  assert.equal((await api.call('POST', `${url}/dismiss`, { body: { reason: 'again' } })).body.state, 'closed');
  await db().query(`update actions set state = 'unknown' where account_id = $1`, [id]);
  await sweep(id);
  assert.notEqual((await list(id))[0]?.id, item.id);
});

test('who dismissed an item is named, also after the key was revoked', async () => {
  const id = await account(actingPlatform.id);
  await action(id, await order(id, '1'), { state: 'unknown' });
  await sweep(id);
  const [item] = await list(id);
  assert.ok(item);
  const key = await api.key({ name: '夜班', right: 'write' });
  const url = `/api/v1/attention/${item.id}`;
  const dismissed = await api.call('POST', `${url}/dismiss`, { key, body: { reason: 'called' } });
  assert.deepEqual([dismissed.status, dismissed.body.dismissed.byName], [200, '夜班'], dismissed.text);
  await db().query(`update api_keys set revoked_at = now() where name = '夜班'`);
  const [listed] = (await api.call('GET', `/api/v1/attention?account=${id}&state=dismissed`)).body.data;
  assert.equal(listed.dismissed.byName, '夜班');
  assert.equal(listed.dismissed.by, dismissed.body.dismissed.by);
});

test('nothing of an order’s life is shown of an account whose orders are not carried on', async () => {
  const id = await account();
  await db().query(
    `insert into order_conditions (account_id, order_id, name, detail, raised_at) values ($1, $2, 'refund_due', $3, $4)`,
    [id, await order(id, '1'), { amount: 100 }, new Date(nowMs)],
  );
  await sweep(id);
  assert.deepEqual(await kinds(id), ['refund_due']);
  await db().query(`update accounts set settings = '{"life": false}' where id = $1`, [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id), []);
});

test('the list is counted by kind, paged, and shows only what the key may see', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  for (let nth = 0; nth < 3; nth += 1) await action(id, orderId, { state: 'unknown' });
  await receipt(id, 'unrecognised', 'odd');
  await sweep(id);
  const first = await api.call('GET', `/api/v1/attention?account=${id}&limit=3`);
  assert.deepEqual(first.body.counts, [
    { kind: 'action_unknown', count: 3 },
    { kind: 'unrecognised_callback', count: 1 },
  ]);
  const second = await api.call('GET', `/api/v1/attention?account=${id}&limit=3&cursor=${first.body.nextCursor}`);
  assert.equal(first.body.data.length + second.body.data.length, 4);
  assert.deepEqual(await kinds(id, '&kind=unrecognised_callback'), ['unrecognised_callback']);
  assert.equal((await list(id, `&order=${orderId}`)).length, 3);
  const key = await api.key({ right: 'write', accounts: ['another'] });
  const hidden = await api.call('GET', '/api/v1/attention', { key });
  assert.deepEqual([hidden.body.data, hidden.body.counts], [[], []]);
  const [item] = first.body.data;
  assert.equal((await api.call('GET', `/api/v1/attention/${item.id}`, { key })).body.code, 'attention_not_found');
  const dismissed = await api.call('POST', `/api/v1/attention/${item.id}/dismiss`, { key, body: { reason: 'x' } });
  assert.equal(dismissed.body.code, 'attention_not_found');
});

test('a flood of one kind is cut, and what lies beyond the cut is not taken for gone', async () => {
  const id = await account(actingPlatform.id);
  const orderId = await order(id, '1');
  for (let nth = 0; nth < 205; nth += 1) await action(id, orderId, { state: 'unknown' });
  await sweep(id);
  const open = async (): Promise<number> =>
    (await db().query(`select from attention_items where account_id = $1 and state = 'open'`, [id])).rowCount ?? 0;
  assert.equal(await open(), 200);
  // The first ten are settled: ten others come into sight, and none of those that were open is closed by mistake.
  await db().query(
    `update actions set state = 'succeeded' where id in (select id from actions where account_id = $1 order by id limit 10)`,
    [id],
  );
  await sweep(id);
  assert.equal(await open(), 195);
});

test('a change wakes the look at its account, others are looked at every half a minute, and two processes do not both look', async () => {
  const id = await account(actingPlatform.id);
  const one = createAttention(api.hub.ctx);
  const two = createAttention(api.hub.ctx);
  while ((await one.run()) > 0);
  const orderId = await order(id, '1');
  await action(id, orderId, { state: 'unknown' });
  await one.run();
  assert.deepEqual(await kinds(id), [], 'a burst makes one look');
  nowMs += 2000;
  const both = await Promise.all([one.run(), two.run()]);
  assert.equal(both[0] + both[1], 1);
  assert.deepEqual(await kinds(id), ['action_unknown']);
  await db().query(`update actions set state = 'succeeded' where account_id = $1`, [id]);
  nowMs += 29_000;
  await one.run();
  nowMs += 3000;
  while ((await one.run()) > 0);
  assert.deepEqual(await kinds(id), [], 'nobody told of it, and half a minute was over');
  one.stop();
  two.stop();
});

test('the queue of an account that was deleted is closed', async () => {
  const id = await account(actingPlatform.id);
  await action(id, await order(id, '1'), { state: 'unknown' });
  await sweep(id);
  await db().query('update accounts set deleted_at = now() where id = $1', [id]);
  await sweep(id);
  assert.deepEqual(await kinds(id, '&state=closed'), ['action_unknown']);
});
