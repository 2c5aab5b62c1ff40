import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRegistry } from '../../src/hub/context.ts';
import { countPastHours } from '../../src/hub/count-hours.ts';
import { relabelDueOrders } from '../../src/hub/relabel-orders.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { beijingDay } from '../../src/core/time.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { takeawayPlatform, takeawaySignature } from '../kit/takeaway-platform.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

let api: TestApi;
const PLATFORM = takeawayPlatform.id;
const HOUR_MS = 3_600_000;
let nowMs = Date.UTC(2026, 8, 10, 4, 30);

before(async () => {
  api = await createTestApi({ registry: createRegistry([...connectors, takeawayPlatform]), clock: () => nowMs });
  await ok('POST', '/accounts', account('take', PLATFORM, { developerId: '1', signKey: 'k' }));
  await ok('POST', '/accounts', account('cps', 'meituan-union', { appkey: 'a', secret: 'b', callbackSecret: 'c' }));
});
after(async () => {
  await api.close();
});

const account = (id: string, platform: string, credentials: object) => ({ id, platform, name: id, credentials });

async function ok(method: string, path: string, body?: object, key?: string): Promise<Answer['body']> {
  const answer = await api.call(method, `/api/v1${path}`, { ...(body && { body }), ...(key && { key }) });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.body;
}

async function push(message: object): Promise<void> {
  const payload = JSON.stringify({ at: nowMs, payment: 'paid', ...message });
  const headers = { 'x-sign': takeawaySignature(payload, 'k') };
  const answer = await api.app.inject({ method: 'POST', url: `/callbacks/${PLATFORM}/take/order`, headers, payload });
  assert.equal(answer.statusCode, 200, answer.body);
}

async function pushUnion(number: string, status: string, more: object = {}): Promise<void> {
  const seconds = Math.floor(nowMs / 1000);
  const times = { ordertime: `${seconds - 60}`, paytime: `${seconds}`, modTime: `${seconds + Number(status)}` };
  const payload = unionPush({ ...unionOrder(number, status), ...times, ...more }, 'c');
  const answer = await api.app.inject({ method: 'POST', url: '/callbacks/meituan-union/cps', payload });
  assert.equal(answer.statusCode, 200);
}

/** The sums of the days as counting all orders gives them. */
async function counted(): Promise<readonly object[]> {
  const { rows } = await api.hub.ctx.pool.query(
    `select account_id, (coalesce(placed_at, created_at) at time zone 'Asia/Shanghai')::date as day, coalesce(merchant, '') as merchant,
            coalesce(shop, '') as shop, count(*)::bigint as orders, coalesce(sum(paid_fen), 0)::bigint as paid,
            coalesce(sum(refunded_fen), 0)::bigint as refunded, coalesce(sum(commission_fen), 0)::bigint as commission
       from orders where merged_into is null and parent is null group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
  return rows;
}
async function summed(): Promise<readonly object[]> {
  const { rows } = await api.hub.ctx.pool.query(
    `select account_id, day, merchant, shop, orders, paid_fen as paid, refunded_fen as refunded, commission_fen as commission
       from order_days where orders <> 0 or paid_fen <> 0 or refunded_fen <> 0 or commission_fen <> 0 order by 1, 2, 3, 4`,
  );
  return rows;
}

test('the sums of the days are what counting all orders gives, after every kind of change', async () => {
  for (let index = 0; index < 30; index += 1) {
    nowMs += 1000;
    await push({
      number: `n-${index % 12}`,
      store: index % 2 === 0 ? '8859' : '1Z1',
      placedAt: nowMs - index * 3 * HOUR_MS,
    });
  }
  for (let index = 0; index < 6; index += 1) {
    await pushUnion(`u-${index}`, '1');
    if (index % 2 === 0) await pushUnion(`u-${index}`, '8');
    if (index % 3 === 0) await pushUnion(`u-${index}`, '9', { refundPrice: '12.50' });
  }
  assert.deepEqual(await summed(), await counted());
  assert.ok((await summed()).length > 3);

  // Another shop for every order of a store.
  await ok('POST', '/merchants', { id: 'wang', name: 'wang' });
  await ok('POST', '/shops', {
    id: 'north',
    merchant: 'wang',
    name: 's',
    stores: [{ account: 'take', store: '8859' }],
  });
  while ((await relabelDueOrders(api.hub.ctx, { accounts: api.hub.accounts })) > 0);
  const moved = await summed();
  assert.deepEqual(moved, await counted());
  assert.ok(moved.some((row) => (row as { shop: string }).shop === 'north'));

  // Two orders that turn out to be one: known by the merchant's number first, then by the platform's too.
  await push({ number: 'late-1', merchantNumber: 'm-1', store: '8859' });
  assert.deepEqual(await summed(), await counted());
});

test('days are told by platform, in the account, shop and time asked for', async () => {
  const today = beijingDay(nowMs);
  const whole = await ok('GET', `/stats/daily?from=2025-01-01&to=${today}`);
  const platforms = new Set<string>(whole.data.map(({ platform }: { platform: string }) => platform));
  assert.deepEqual(platforms, new Set(['meituan-union', PLATFORM]));
  const cps = await ok('GET', `/stats/daily?from=2025-01-01&to=2026-09-30&platform=meituan-union`);
  assert.equal(
    cps.data.reduce((sum: number, day: { orders: number }) => sum + day.orders, 0),
    6,
  );
  const listed = (await ok('GET', '/orders?platform=meituan-union')).data;
  for (const name of ['paid', 'refunded', 'commission'] as const) {
    const told = cps.data.reduce((sum: number, day: Record<string, number>) => sum + (day[name] ?? 0), 0);
    const amounts = listed.map((order: Answer['body']) => order.amounts[name] ?? 0);
    assert.equal(
      told,
      amounts.reduce((sum: number, amount: number) => sum + amount, 0),
      name,
    );
  }
  assert.ok(cps.data.some((day: { paid: number; refunded: number }) => day.paid > 0 && day.refunded > 0));
  const key = await api.key({ right: 'read', shops: ['north'] });
  const own = await ok('GET', `/stats/daily?from=2025-01-01&to=${today}`, undefined, key);
  assert.ok(own.data.length > 0 && own.data.every(({ platform }: { platform: string }) => platform === PLATFORM));
  const sum = (data: { orders: number }[]): number => data.reduce((all, { orders }) => all + orders, 0);
  const take = whole.data.filter(({ platform }: { platform: string }) => platform === PLATFORM);
  assert.ok(sum(own.data) < sum(take));
  assert.deepEqual((await ok('GET', '/stats/daily?account=nobody')).data, []);
  for (const query of ['from=2026-09-31', 'from=2026-09-02&to=2026-09-01', 'from=2020-01-01&to=2026-01-01']) {
    assert.equal((await api.call('GET', `/api/v1/stats/daily?${query}`)).status, 400, query);
  }
});

test('lag, verdicts and deliveries are told by the hour, before and after they were counted', async () => {
  const { pool } = api.hub.ctx;
  const startMs = nowMs;
  // A quick one, one that came 40 s late, a repeat and a wrong signature.
  nowMs += HOUR_MS;
  await push({ number: 'lag-1', at: nowMs - 100 });
  await push({ number: 'lag-2', at: nowMs - 40_000 });
  await push({ number: 'lag-2', at: nowMs - 40_000 });
  await api.app.inject({
    method: 'POST',
    url: `/callbacks/${PLATFORM}/take/order`,
    headers: { 'x-sign': 'wrong' },
    payload: JSON.stringify({ number: 'x', payment: 'paid', at: nowMs }),
  });
  await pool.query(
    `insert into delivery_attempts (account_id, id, at, endpoint_id, lane, subject, sequence, event_id, event_type, attempt, outcome, duration_ms)
     select 'take', 'att_' || n, $1, 'ep_1', 'live', 's', n, 'e', 'order.paid', 1,
            case when n < 8 then 'delivered' when n < 10 then 'failed' else 'dead' end, 1 from generate_series(1, 10) n`,
    [new Date(nowMs)],
  );
  const hourOf = (data: Answer['body'][]): Answer['body'] =>
    data.find(({ at }) => at === new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS).toISOString());
  const wanted = {
    callbacks: { applied: 2, duplicate: 1, rejected: 1 },
    lag: { count: 2, p50Ms: 250, p95Ms: 60_000 },
    repaired: 0,
    deliveries: { delivered: 7, failed: 2, dead: 1 },
  };
  const path = `/stats/lag?unit=hour&account=take&from=${beijingDay(startMs)}&to=${beijingDay(nowMs)}`;
  const { at, ...live } = hourOf((await ok('GET', path)).data);
  assert.ok(at.endsWith(':00:00.000Z'));
  assert.deepEqual(live, wanted);

  // What is counted in two goes adds up to the same, and what comes meanwhile is there at once.
  nowMs += 60_000;
  assert.ok((await countPastHours(api.hub.ctx)) > 0);
  assert.deepEqual({ at, ...wanted }, hourOf((await ok('GET', path)).data));
  await push({ number: 'lag-3', at: nowMs - 100 });
  const mixed = hourOf((await ok('GET', path)).data);
  assert.deepEqual([mixed.callbacks.applied, mixed.lag.count], [3, 3]);
  nowMs += 2 * HOUR_MS;
  await countPastHours(api.hub.ctx);
  assert.equal(await countPastHours(api.hub.ctx), 0, 'nothing is counted twice');
  const day = await ok('GET', `/stats/lag?account=take&from=${beijingDay(startMs)}&to=${beijingDay(nowMs)}`);
  const total = await pool.query<{ n: number }>(`select count(*)::int as n from receipts where account_id = 'take'`);
  const told = day.data.flatMap(({ callbacks }: { callbacks: Record<string, number> }) => Object.values(callbacks));
  assert.equal(
    told.reduce((sum: number, count: number) => sum + count, 0),
    total.rows[0]?.n,
  );
  assert.equal(day.data.at(-1).deliveries.delivered, 7);
});

test('who is limited to shops sees no callbacks counted, and hours are not asked for by the year', async () => {
  const key = await api.key({ right: 'read', shops: ['north'] });
  assert.deepEqual((await ok('GET', '/stats/lag', undefined, key)).data, []);
  const merchant = await api.key({ right: 'read', merchants: ['wang'] });
  assert.deepEqual((await ok('GET', '/stats/lag', undefined, merchant)).data, [], 'the account is several merchants’');
  assert.equal((await api.call('GET', '/api/v1/stats/lag?unit=hour&from=2026-08-01&to=2026-09-01')).status, 400);
});

test('the days of two years and many shops are added up', async () => {
  const { pool } = api.hub.ctx;
  await pool.query(
    `insert into order_days select 'take', date '2024-09-01' + d, 'm' || s, 's' || s, 10, 1000, 10, 5
       from generate_series(1, 730) d, generate_series(1, 40) s`,
  );
  const { data } = await ok('GET', '/stats/daily?from=2024-09-02&to=2026-09-01');
  assert.equal(data.length, 730);
  assert.ok(data.every(({ orders }: { orders: number }) => orders === 400));
});
