import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Answer, TestApi } from '../kit/api.ts';
import { numbersOf, PLACED_AT, ToldOrders } from '../kit/told-orders.ts';

const told = new ToldOrders();
const { idOf, list } = told;
let api: TestApi;

before(async () => {
  api = await told.open();
});
after(told.close);

test('orders are listed youngest first', async () => {
  assert.deepEqual(await list(), ['T2', 'T1', 'B1', 'A2', 'A1']);
});

test('each filter of the contract narrows the list', async () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['account=mtu', ['A2', 'A1']],
    ['platform=test-takeaway', ['T2', 'T1']],
    ['status=completed', ['A2']],
    ['status=pending', ['T2']],
    ['kind=cps', ['B1', 'A2', 'A1']],
    ['platformOrderId=A1', ['A1']],
    ['merchantOrderId=M-77', ['T1']],
    ['merchantOrderId=A1', []],
    ['merchant=m-1', ['T2', 'T1', 'A2', 'A1']],
    ['store=s-1', ['T1']],
    ['sid=u2', ['A2']],
    ['member=nobody', []],
    ['shop=none', []],
    ['flag=risk', ['T2', 'B1']],
    ['account=mtu&status=paid', ['A1']],
    [`placedFrom=${new Date(PLACED_AT).toISOString()}&placedTo=${new Date(PLACED_AT + 1).toISOString()}`, ['T1']],
    [`placedFrom=${new Date(PLACED_AT + 1).toISOString()}`, ['T2']],
    [`placedTo=${encodeURIComponent('2026-01-10T12:00:00+08:00')}`, ['B1', 'A2', 'A1']],
    ['account=none', []],
  ];
  for (const [query, expected] of cases) assert.deepEqual(await list(`?${query}`), expected, query);
});

test('q finds any number of an order, its id, its phone number and the last four digits of that', async () => {
  const id = await idOf('T1');
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['A1', ['A1']],
    ['M-77', ['T1']],
    [id, ['T1']],
    ['5678', ['T2', 'T1']],
    ['13812345678', ['T1']],
    [encodeURIComponent('+86 138-1234-5678'), ['T1']],
    ['1381234', []],
    ['9999', []],
    ['%25', []],
    ["'%20or%201=1--", []],
  ];
  for (const [q, expected] of cases) assert.deepEqual(await list(`?q=${q}`), expected, q);
});

test('a bad filter is malformed, not an empty list', async () => {
  for (const query of [
    'status=sold',
    'kind=pizza',
    'colour=red',
    'limit=0',
    'limit=501',
    'limit=ten',
    'placedFrom=yesterday',
    'placedFrom=2026-02-30T00:00:00Z',
    'placedFrom=2026-01-01',
    'q=',
    'sid=a&sid=b',
    'q=%00',
    'legs=maybe',
  ]) {
    const answer = await api.call('GET', `/api/v1/orders?${query}`);
    assert.deepEqual([answer.status, answer.body.code], [400, 'malformed_request'], query);
  }
});

test('the list goes on page by page, and orders that come meanwhile change nothing of it', async () => {
  const first = await api.call('GET', '/api/v1/orders?limit=2');
  assert.deepEqual(numbersOf(first), ['T2', 'T1']);
  told.now += 10;
  await told.union('mtu', 'A3', '1');
  const second = await api.call('GET', `/api/v1/orders?limit=2&cursor=${first.body.nextCursor}`);
  assert.deepEqual(numbersOf(second), ['B1', 'A2']);
  const third = await api.call('GET', `/api/v1/orders?limit=2&cursor=${second.body.nextCursor}`);
  assert.deepEqual(numbersOf(third), ['A1']);
  assert.equal(third.body.nextCursor, null);
});

test('a cursor that was changed, or given out by another list or for another filter, is refused', async () => {
  const { body } = await api.call('GET', '/api/v1/orders?limit=1');
  const cursor = body.nextCursor as string;
  const wrong = [
    `/api/v1/orders?limit=1&cursor=${cursor}x`,
    `/api/v1/orders?limit=1&cursor=x${cursor}`,
    `/api/v1/orders?limit=1&cursor=abc`,
    `/api/v1/orders?limit=1&cursor=.`,
    `/api/v1/orders?limit=1&status=paid&cursor=${cursor}`,
    `/api/v1/callbacks?limit=1&cursor=${cursor}`,
    `/api/v1/accounts?limit=1&cursor=${cursor}`,
  ];
  for (const path of wrong) {
    const answer = await api.call('GET', path);
    assert.deepEqual([answer.status, answer.body.code], [400, 'malformed_cursor'], path);
  }
  // How long the next page is may change.
  assert.equal((await api.call('GET', `/api/v1/orders?limit=3&cursor=${cursor}`)).status, 200);
});

test('one order is read by its id, as the contract shows it', async () => {
  const { status, body } = await api.call('GET', `/api/v1/orders/${await idOf('A1')}`);
  assert.equal(status, 200);
  assert.deepEqual(
    [
      body.account,
      body.platform,
      body.kind,
      body.status,
      body.payment,
      body.amounts.paid,
      body.amounts.total,
      body.attribution,
      body.version,
    ],
    ['mtu', 'meituan-union', 'cps', 'paid', 'paid', 3050, 3580, { sid: 'u1001', member: null }, 1],
  );
  assert.equal(body.amounts.income, null);
  assert.equal(body.paidAt, new Date(1_700_000_000_000).toISOString());
  for (const id of ['ord_unknown', 'x', '%00', "'", 'ord_'.padEnd(150, '0')]) {
    const answer = await api.call('GET', `/api/v1/orders/${id}`);
    assert.ok(answer.status === 404 || answer.status === 400, `${id}: ${answer.status}`);
  }
});

test('personal data is masked in lists, in single reads and in the timeline, for every key', async () => {
  const id = await idOf('T1');
  for (const path of ['/api/v1/orders?platformOrderId=T1', `/api/v1/orders/${id}`, `/api/v1/orders/${id}/timeline`]) {
    const { text } = await api.call('GET', path);
    for (const secret of ['三丰', '13812345678', '1234567'])
      assert.ok(!text.includes(secret), `${path} shows ${secret}`);
  }
  const { body } = await api.call('GET', `/api/v1/orders/${id}`);
  assert.deepEqual(body.customer, { name: '张**', phone: '138****5678', address: null, location: null });
});

test('personal data is revealed with the right and a reason, and that is recorded', async () => {
  const id = await idOf('T1');
  const { body } = await api.call('GET', `/api/v1/orders/${id}?reveal=personal&reason=refund%20call`);
  assert.equal(body.customer.phone, '13812345678');
  assert.equal(body.takeaway.note, '少辣 电话13812345678');
  const listed = await api.call('GET', '/api/v1/orders?account=tk&limit=1&reveal=personal&reason=check');
  assert.equal(listed.body.data[0].customer.phone, '13900005678');
  const timeline = await api.call('GET', `/api/v1/orders/${id}/timeline?reveal=personal&reason=why`);
  assert.ok(timeline.text.includes('张三丰'));
  const { body: log } = await api.call('GET', '/api/v1/audit?action=personal_data.revealed&limit=10');
  const entries = log.data.map(({ subject, detail, key }: { subject: string; detail: object; key: string }) => ({
    subject,
    detail,
    key,
  }));
  assert.equal(entries.length, 3);
  assert.ok(
    entries.some(
      (entry: object) =>
        JSON.stringify(entry) === JSON.stringify({ subject: id, detail: { reason: 'refund call' }, key: 'key_admin' }),
    ),
  );
  // The order that only showed that there is another page was not seen.
  assert.ok(
    entries.some(
      ({ detail }: { detail: { reason: string; subjects?: string[] } }) =>
        detail.reason === 'check' && detail.subjects === undefined,
    ),
  );
});

test('without the right or a reason nothing is revealed', async () => {
  const id = await idOf('T1');
  for (const reason of ['', '&reason=', '&reason=%20%20']) {
    const answer = await api.call('GET', `/api/v1/orders/${id}?reveal=personal${reason}`);
    assert.deepEqual([answer.status, answer.body.code], [400, 'reveal_needs_reason']);
  }
  const key = await api.key({ right: 'admin' });
  for (const path of [`/api/v1/orders/${id}`, '/api/v1/orders', `/api/v1/orders/${id}/timeline`]) {
    const answer = await api.call('GET', `${path}?reveal=personal&reason=x`, { key });
    assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], path);
  }
  const granted = await api.key({ right: 'read', reveal: true });
  const answer = await api.call('GET', `/api/v1/orders/${id}?reveal=personal&reason=x`, { key: granted });
  assert.equal(answer.body.customer.name, '张三丰');
  const other = await api.call('GET', `/api/v1/orders/${id}?reveal=all&reason=x`);
  assert.equal(other.status, 400);
});

test('a limited key sees its orders and no other, in lists and alone', async () => {
  const ids = { A1: await idOf('A1'), B1: await idOf('B1'), T1: await idOf('T1') };
  const keys: readonly (readonly [object, readonly string[]])[] = [
    [{ accounts: ['mtu-2'] }, ['B1']],
    [{ merchants: ['m-2'] }, ['B1']],
    [{ accounts: ['mtu', 'mtu-2'], merchants: ['m-2'] }, ['B1']],
    [{ accounts: ['mtu'], merchants: ['m-2'] }, []],
    [{ shops: ['s-1'] }, []],
  ];
  for (const [limits, visible] of keys) {
    const key = await api.key(limits as Record<string, unknown>);
    assert.deepEqual(await list('', key), visible);
    assert.deepEqual(await list('?account=mtu', key), []);
    assert.deepEqual(await list('?q=A1', key), []);
    for (const [number, id] of Object.entries(ids)) {
      const status = visible.includes(number) ? 200 : 404;
      for (const path of [`/api/v1/orders/${id}`, `/api/v1/orders/${id}/timeline`]) {
        assert.equal((await api.call('GET', path, { key })).status, status, `${JSON.stringify(limits)} ${path}`);
      }
    }
  }
});

test('the timeline tells callbacks, facts and events in the order of cause and effect', async () => {
  const id = await idOf('A2');
  await told.union('mtu', 'A2', '8', { sid: 'u2' });
  const { status, body } = await api.call('GET', `/api/v1/orders/${id}/timeline`);
  assert.equal(status, 200);
  assert.deepEqual(
    body.data.map((entry: Record<string, string>) => [entry['kind'], entry['verdict'] ?? entry['type']]),
    [
      ['callback', 'applied'],
      ['fact', 'applied'],
      ['event', 'order.paid'],
      ['callback', 'applied'],
      ['fact', 'applied'],
      ['event', 'order.completed'],
      ['callback', 'duplicate'],
    ],
  );
  const [callback, fact, event] = body.data;
  assert.equal(fact.callback, callback.id);
  assert.equal(event.callback, callback.id);
  assert.equal(event.sequence, 1);
  assert.equal(fact.version, 1);
  assert.ok(
    fact.facts.some(
      ({ register, value }: { register: string; value: unknown }) => register === 'payment' && value === 'paid',
    ),
  );
});

test('the timeline goes on page by page without a gap or a repeat', async () => {
  const id = await idOf('A2');
  const whole = (await api.call('GET', `/api/v1/orders/${id}/timeline`)).body.data;
  const pages: unknown[] = [];
  let cursor: string | null = null;
  do {
    const { body }: Answer = await api.call(
      'GET',
      `/api/v1/orders/${id}/timeline?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    pages.push(...body.data);
    cursor = body.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(pages, whole);
  const { body } = await api.call('GET', `/api/v1/orders/${id}/timeline?limit=2`);
  const other = await api.call('GET', `/api/v1/orders/${await idOf('A1')}/timeline?limit=2&cursor=${body.nextCursor}`);
  assert.equal(other.body.code, 'malformed_cursor');
});

test('stats count orders by the Beijing day they were placed, and callbacks that want a look', async () => {
  const { status, body } = await api.call('GET', '/api/v1/stats?from=2026-01-01&to=2026-01-31');
  assert.equal(status, 200);
  assert.deepEqual(body.days, [
    { day: '2026-01-10', orders: 1, byStatus: { paid: 1 } },
    { day: '2026-01-11', orders: 1, byStatus: { pending: 1 } },
  ]);
  const now = await api.call('GET', '/api/v1/stats?account=mtu-2');
  assert.deepEqual(now.body.callbacks, { rejected: 0, unrecognised: 0, held: 0 });
  for (const query of [
    'from=2026-02-30',
    'from=2026-01-01&to=2025-12-31',
    'from=2020-01-01&to=2026-01-01',
    'to=today',
  ]) {
    assert.equal((await api.call('GET', `/api/v1/stats?${query}`)).status, 400, query);
  }
  const key = await api.key({ merchants: ['m-2'] });
  const limited = await api.call('GET', '/api/v1/stats?from=2026-01-01&to=2026-01-31', { key });
  assert.deepEqual(limited.body.days, []);
});
