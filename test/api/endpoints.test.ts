import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { startDeliveries } from '../../src/hub/deliver.ts';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { startReceiver } from '../kit/deliveries.ts';
import type { Received, Receiver } from '../kit/deliveries.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const SECRET = 'callback-secret';

let api: TestApi;
let deliveries: ReturnType<typeof startDeliveries>;
let receiver: Receiver;
let target: string;
let received: readonly Received[];

before(async () => {
  receiver = await startReceiver();
  receiver.answer(({ url }) => ({ status: url === '/broken' ? 500 : 200, body: 'taken' }));
  ({ url: target, received } = receiver);
  api = await createTestApi({}, { allowPrivateTargets: true });
  deliveries = startDeliveries(api.hub.ctx, { allowPrivateTargets: true });
  for (const [id, merchant] of [
    ['mtu', 'm-1'],
    ['mtu-2', 'm-2'],
  ]) {
    const credentials = { appkey: 'a', secret: 'b', callbackSecret: SECRET };
    await api.call('POST', '/api/v1/accounts', {
      body: { id, platform: 'meituan-union', name: id, merchant, credentials },
    });
  }
});
after(async () => {
  try {
    await deliveries.stop();
    await api.close();
  } finally {
    await receiver.close();
  }
});

const push = (account: string, order: string, status: string): Promise<Answer> =>
  api.call('POST', `/callbacks/meituan-union/${account}`, {
    key: null,
    body: unionPush(unionOrder(order, status), SECRET),
  });
const subscribe = async (body: object, key?: string): Promise<Answer> =>
  api.call('POST', '/api/v1/endpoints', {
    body: { url: `${target}/hook`, events: ['order.*'], ...body },
    ...(key === undefined ? {} : { key }),
  });
const made = async (body: object = {}): Promise<Answer['body']> => {
  const answer = await subscribe(body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
};
async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail('it did not happen');
}
const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code];

test('an endpoint is made with a secret that is shown once', async () => {
  const endpoint = await made({ description: 'first' });
  assert.match(endpoint['secret'], /^whsec_/u);
  const { secret: _secret, ...rest } = endpoint;
  const read = await api.call('GET', `/api/v1/endpoints/${endpoint['id']}`);
  assert.deepEqual(read.body, rest);
  assert.deepEqual(
    [rest['kind'], rest['personalData'], rest['accounts'], rest['state']],
    ['events', false, null, 'enabled'],
  );
  await api.call('DELETE', `/api/v1/endpoints/${endpoint['id']}`);
  assert.deepEqual(codeOf(await api.call('GET', `/api/v1/endpoints/${endpoint['id']}`)), [404, 'endpoint_not_found']);
});

test('an endpoint that does not fit is refused', async () => {
  const cases: readonly (readonly [object, number, string])[] = [
    [{ url: 'nonsense' }, 422, 'endpoint_url_refused'],
    [{ url: 'ftp://example.com' }, 422, 'endpoint_url_refused'],
    [{ url: 'https://user:pw@example.com' }, 422, 'endpoint_url_refused'],
    [{ url: undefined }, 400, 'malformed_request'],
    [{ events: undefined }, 400, 'malformed_request'],
    [{ events: [] }, 400, 'malformed_request'],
    [{ events: ['order*'] }, 400, 'malformed_request'],
    [{ kind: 'soap' }, 400, 'malformed_request'],
    [{ retry: 'sometimes' }, 400, 'malformed_request'],
    [{ retry: { everySeconds: 0, forSeconds: 1 } }, 400, 'malformed_request'],
    [{ accounts: ['UPPER'] }, 400, 'malformed_request'],
    [{ secret: 'mine' }, 400, 'malformed_request'],
  ];
  for (const [body, status, code] of cases)
    assert.deepEqual(codeOf(await subscribe(body)), [status, code], JSON.stringify(body));
});

test('with an Idempotency-Key an endpoint is made once, and the repeat shows the same secret', async () => {
  const options = { body: { url: `${target}/once`, events: ['*'] }, headers: { 'idempotency-key': 'endpoint-1' } };
  const first = await api.call('POST', '/api/v1/endpoints', options);
  const second = await api.call('POST', '/api/v1/endpoints', options);
  assert.equal(first.status, 201);
  assert.equal(second.text, first.text);
  const { body } = await api.call('GET', '/api/v1/endpoints');
  assert.equal(body.data.filter(({ url }: { url: string }) => url === `${target}/once`).length, 1);
  await api.call('DELETE', `/api/v1/endpoints/${first.body.id}`);
});

test('an endpoint is changed, switched off and on, and its secret rotated', async () => {
  const { id, secret } = await made();
  const path = `/api/v1/endpoints/${id}`;
  const changed = await api.call('PATCH', path, {
    body: { events: ['order.paid'], retry: 'every 30 s for 1 h', state: 'disabled' },
  });
  assert.deepEqual(
    [changed.body.events, changed.body.retry, changed.body.state],
    [['order.paid'], { everySeconds: 30, forSeconds: 3600 }, 'disabled'],
  );
  assert.equal((await api.call('PATCH', path, { body: { state: 'enabled' } })).body.state, 'enabled');
  assert.equal((await api.call('PATCH', path, { body: { url: 'gopher://x' } })).status, 422);
  const rotated = await api.call('POST', `${path}/secret`, { body: { oldValidSeconds: 60 } });
  assert.equal(rotated.status, 201, rotated.text);
  assert.notEqual(rotated.body.secret, secret);
  assert.equal((await api.call('POST', `${path}/secret`)).status, 201);
  assert.equal((await api.call('POST', `${path}/secret`, { body: { oldValidSeconds: -1 } })).status, 400);
  await api.call('DELETE', path);
});

test('a test event arrives signed, and a broken receiver is told as such', async () => {
  const good = await made();
  const sent = await api.call('POST', `/api/v1/endpoints/${good['id']}/test`);
  assert.deepEqual([sent.status, sent.body.delivered, sent.body.status], [200, true, 200], sent.text);
  const arrived = received.find(({ headers }) => headers['webhook-id'] === sent.body.event);
  assert.ok(arrived);
  new Webhook(good['secret']).verify(arrived.body, arrived.headers as Record<string, string>);
  const bad = await made({ url: `${target}/broken` });
  const failed = await api.call('POST', `/api/v1/endpoints/${bad['id']}/test`);
  assert.deepEqual([failed.body.delivered, failed.body.status], [false, 500]);
  for (const { id } of [good, bad]) await api.call('DELETE', `/api/v1/endpoints/${id}`);
});

test('events are delivered, listed as deliveries, shown in the timeline and replayed', async () => {
  const endpoint = await made({ url: `${target}/flow` });
  await push('mtu', 'F1', '1');
  await push('mtu', 'F1', '8');
  const flow = (): readonly Received[] => received.filter(({ url }) => url === '/flow');
  await eventually(() => (flow().length >= 2 ? true : undefined));
  const [first, second] = flow().map(({ body }) => JSON.parse(body));
  assert.deepEqual(
    [first.type, first.data.sequence, second.type, second.data.sequence, second.data.previousSequence],
    ['order.paid', 1, 'order.completed', 2, 1],
  );

  const listed = await eventually(async () => {
    const { body } = await api.call('GET', `/api/v1/deliveries?endpoint=${endpoint['id']}`);
    return body.data.length === 2 ? body.data : undefined;
  });
  assert.deepEqual(
    listed.map(({ sequence, outcome }: { sequence: number; outcome: string }) => [sequence, outcome]),
    [
      [2, 'delivered'],
      [1, 'delivered'],
    ],
  );
  const order = first.data.order.id as string;
  const { body: timeline } = await api.call('GET', `/api/v1/orders/${order}/timeline`);
  const delivery = timeline.data.filter(({ kind }: { kind: string }) => kind === 'delivery');
  assert.deepEqual(
    delivery.map(({ event, endpoint: to }: { event: string; endpoint: string }) => [event, to]),
    [
      [first.id, endpoint['id']],
      [second.id, endpoint['id']],
    ],
  );

  const counted = await api.call('POST', '/api/v1/deliveries/replay', {
    body: { endpoint: endpoint['id'], events: [first.id], preview: true },
  });
  assert.deepEqual([counted.status, counted.body], [200, { events: 1 }]);
  const replay = await api.call('POST', '/api/v1/deliveries/replay', {
    body: { endpoint: endpoint['id'], from: '2020-01-01T00:00:00Z', order },
  });
  assert.deepEqual([replay.status, replay.body.events], [201, 2], replay.text);
  await eventually(() => (flow().length >= 4 ? true : undefined));
  assert.deepEqual(
    flow()
      .slice(2)
      .map(({ headers }) => headers['webhook-id']),
    [first.id, second.id],
  );
  await eventually(async () =>
    (await api.call('GET', `/api/v1/replays/${replay.body.id}`)).body.remaining === 0 ? true : undefined,
  );
  const again = await api.call('POST', `/api/v1/endpoints/${endpoint['id']}/replay`, { body: { events: [second.id] } });
  assert.equal(again.status, 201, again.text);
  const { body: replays } = await api.call('GET', `/api/v1/replays?endpoint=${endpoint['id']}&limit=1`);
  assert.equal(replays.data[0].id, again.body.id);
  const { body: older } = await api.call(
    'GET',
    `/api/v1/replays?endpoint=${endpoint['id']}&limit=1&cursor=${replays.nextCursor}`,
  );
  assert.equal(older.data[0].id, replay.body.id);
  assert.equal((await api.call('DELETE', `/api/v1/replays/${replay.body.id}`)).status, 204);
  const page = await api.call('GET', `/api/v1/deliveries?endpoint=${endpoint['id']}&limit=1`);
  assert.equal(page.body.data.length, 1);
  const next = await api.call(
    'GET',
    `/api/v1/deliveries?endpoint=${endpoint['id']}&limit=1&cursor=${page.body.nextCursor}`,
  );
  assert.notEqual(next.body.data[0].id, page.body.data[0].id);
  await api.call('DELETE', `/api/v1/endpoints/${endpoint['id']}`);
});

test('a replay wants an endpoint that exists, and either ids or a time', async () => {
  const { id } = await made();
  const cases: readonly (readonly [object, number, string])[] = [
    [{ endpoint: 'ep_none', from: '2026-01-01T00:00:00Z' }, 404, 'endpoint_not_found'],
    [{ endpoint: id }, 400, 'malformed_request'],
    [{ endpoint: id, events: ['evt_x'], from: '2026-01-01T00:00:00Z' }, 400, 'malformed_request'],
    [{ endpoint: id, events: ['no-id'] }, 400, 'malformed_request'],
    [{ endpoint: id, from: 'yesterday' }, 400, 'malformed_request'],
    [{ endpoint: id, from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 400, 'malformed_request'],
    [{ from: '2026-01-02T00:00:00Z' }, 400, 'malformed_request'],
  ];
  for (const [body, status, code] of cases) {
    assert.deepEqual(
      codeOf(await api.call('POST', '/api/v1/deliveries/replay', { body })),
      [status, code],
      JSON.stringify(body),
    );
  }
  assert.deepEqual(codeOf(await api.call('GET', '/api/v1/replays/rpl_none')), [404, 'replay_not_found']);
  await api.call('DELETE', `/api/v1/endpoints/${id}`);
});

test('the queue of an endpoint can be looked at and hastened', async () => {
  const { id } = await made({ url: `${target}/broken`, accounts: ['mtu'] });
  await push('mtu', 'Q1', '1');
  const path = `/api/v1/endpoints/${id}`;
  await eventually(async () => ((await api.call('GET', `${path}/queue`)).body.failing === 1 ? true : undefined));
  const sent = received.filter(({ url }) => url === '/broken').length;
  const retried = await api.call('POST', `${path}/retry`);
  assert.deepEqual([retried.status, retried.body.subjects], [200, 1]);
  await eventually(() => (received.filter(({ url }) => url === '/broken').length > sent ? true : undefined));
  const { body: failed } = await api.call('GET', `/api/v1/deliveries?endpoint=${id}&outcome=failed`);
  assert.equal(failed.data[0].statusCode, 500);
  const skipped = await api.call('POST', `${path}/skip`, { body: { account: 'mtu', order: failed.data[0].subject } });
  assert.deepEqual([skipped.status, skipped.body.skipped], [200, false]);
  await api.call('DELETE', path);
});

test('the feed gives every event in order, goes on where it stopped and waits for what comes', async () => {
  const from = (await api.call('GET', '/api/v1/events?after=now')).body.nextCursor as string;
  for (const [order, status] of [
    ['E1', '1'],
    ['E2', '1'],
    ['E1', '8'],
  ] as const) {
    await push('mtu-2', order, status);
  }
  const first = await api.call('GET', `/api/v1/events?after=${from}&limit=2`);
  const second = await api.call('GET', `/api/v1/events?after=${first.body.nextCursor}&limit=2`);
  const events = [...first.body.data, ...second.body.data];
  assert.deepEqual(
    events.map(({ type, data }: { type: string; data: { order: { platformOrderId: string } } }) => [
      type,
      data.order.platformOrderId,
    ]),
    [
      ['order.paid', 'E1'],
      ['order.paid', 'E2'],
      ['order.completed', 'E1'],
    ],
  );
  assert.deepEqual([first.body.caughtUp, second.body.caughtUp], [false, true]);
  const filtered = await api.call('GET', `/api/v1/events?after=${from}&types=order.completed,store.*`);
  assert.equal(filtered.body.data.length, 1);
  const waiting = api.call('GET', `/api/v1/events?after=${second.body.nextCursor}&waitSeconds=20`);
  await push('mtu-2', 'E3', '1');
  assert.equal((await waiting).body.data[0].data.order.platformOrderId, 'E3');
  const one = await api.call('GET', `/api/v1/events/${events[0].id}`);
  assert.deepEqual(one.body, events[0]);
  assert.deepEqual(codeOf(await api.call('GET', '/api/v1/events/evt_none')), [404, 'event_not_found']);
  assert.deepEqual(codeOf(await api.call('GET', '/api/v1/events?after=x!')), [400, 'malformed_cursor']);
  for (const query of ['types=Order', 'waitSeconds=61', 'limit=0', 'cursor=x']) {
    assert.equal((await api.call('GET', `/api/v1/events?${query}`)).status, 400, query);
  }
});

test('a limited key sees only the events, deliveries, endpoints and replays within its limits', async () => {
  const all = await made({ url: `${target}/all` });
  const own = await made({ url: `${target}/own`, accounts: ['mtu-2'] });
  const start = (await api.call('GET', '/api/v1/events?after=now')).body.nextCursor as string;
  await push('mtu', 'L1', '1');
  await push('mtu-2', 'L2', '1');
  const { data: events } = (await api.call('GET', `/api/v1/events?after=${start}`)).body;
  const other = events.find(({ data }: { data: { order: { account: string } } }) => data.order.account === 'mtu');
  await eventually(() =>
    received.filter(({ url }) => url === '/own' || url === '/all').length >= 3 ? true : undefined,
  );
  const replay = await api.call('POST', '/api/v1/deliveries/replay', {
    body: { endpoint: all['id'], events: [other.id] },
  });
  const inner = await api.call('POST', '/api/v1/deliveries/replay', {
    body: { endpoint: own['id'], from: '2020-01-01T00:00:00Z' },
  });
  await eventually(async () =>
    (await api.call('GET', `/api/v1/deliveries?limit=500`)).body.data.length >= 3 ? true : undefined,
  );

  const byAccount = await api.key({ right: 'write', accounts: ['mtu-2'] });
  const byMerchant = await api.key({ right: 'write', merchants: ['m-2'] });
  for (const key of [byAccount, byMerchant]) {
    const feed = await api.call('GET', '/api/v1/events?limit=500', { key });
    assert.ok(feed.body.data.length > 0);
    assert.ok(
      feed.body.data.every(({ data }: { data: { order: { account: string } } }) => data.order.account === 'mtu-2'),
    );
    assert.equal((await api.call('GET', `/api/v1/events/${other.id}`, { key })).status, 404);
    const listed = await api.call('GET', '/api/v1/deliveries?limit=500', { key });
    assert.ok(listed.body.data.every(({ account }: { account: string }) => account === 'mtu-2'));
    assert.deepEqual((await api.call('GET', '/api/v1/deliveries?account=mtu', { key })).body.data, []);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { description: 'x' }],
      ['DELETE', '', undefined],
      ['POST', '/test', undefined],
      ['POST', '/secret', undefined],
      ['GET', '/queue', undefined],
      ['POST', '/retry', undefined],
      ['POST', '/skip', { account: 'mtu-2', order: 'x' }],
      ['POST', '/replay', { from: '2020-01-01T00:00:00Z' }],
    ] as const) {
      const answer = await api.call(method, `/api/v1/endpoints/${all['id']}${path}`, {
        key,
        ...(body === undefined ? {} : { body }),
      });
      assert.deepEqual(codeOf(answer), [404, 'endpoint_not_found'], `${method} ${path}`);
    }
    for (const method of ['GET', 'DELETE']) {
      assert.equal((await api.call(method, `/api/v1/replays/${replay.body.id}`, { key })).status, 404);
    }
    const wide = await subscribe({ accounts: null, merchants: null }, key);
    assert.deepEqual(codeOf(wide), [403, 'forbidden']);
  }
  const endpoints = await api.call('GET', '/api/v1/endpoints', { key: byAccount });
  assert.deepEqual(
    endpoints.body.data.map(({ id }: { id: string }) => id),
    [own['id']],
  );
  const replays = await api.call('GET', '/api/v1/replays', { key: byAccount });
  assert.deepEqual(
    replays.body.data.map(({ id }: { id: string }) => id),
    [inner.body.id],
  );
  const implied = await subscribe({}, byAccount);
  assert.deepEqual(implied.body.accounts, ['mtu-2']);
  const widened = await api.call('PATCH', `/api/v1/endpoints/${implied.body.id}`, {
    key: byAccount,
    body: { accounts: ['mtu-2', 'mtu'] },
  });
  assert.deepEqual(codeOf(widened), [403, 'forbidden']);
  for (const id of [all['id'], own['id'], implied.body.id]) await api.call('DELETE', `/api/v1/endpoints/${id}`);
});

test('where personal data goes is for admins to say', async () => {
  const writer = await api.key({ right: 'write' });
  assert.deepEqual(codeOf(await subscribe({ personalData: true }, writer)), [403, 'forbidden']);
  assert.deepEqual(codeOf(await subscribe({ kind: 'raw' }, writer)), [403, 'forbidden']);
  const { id } = await made({ personalData: true });
  const path = `/api/v1/endpoints/${id}`;
  for (const body of [{ url: 'https://evil.example' }, { personalData: false }]) {
    assert.deepEqual(codeOf(await api.call('PATCH', path, { key: writer, body })), [403, 'forbidden']);
  }
  assert.equal((await api.call('POST', `${path}/secret`, { key: writer })).status, 403);
  assert.equal((await api.call('PATCH', path, { key: writer, body: { state: 'disabled' } })).status, 200);
  const plain = await made();
  const raised = await api.call('PATCH', `/api/v1/endpoints/${plain['id']}`, {
    key: writer,
    body: { personalData: true },
  });
  assert.deepEqual(codeOf(raised), [403, 'forbidden']);
});
