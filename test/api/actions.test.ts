import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRegistry } from '../../src/hub/context.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { actingPlatform, startActingServer, toldOrder } from '../kit/acting-platform.ts';
import type { ActingServer } from '../kit/acting-platform.ts';
import { createListeningApi } from '../kit/browser.ts';
import type { ListeningApi } from '../kit/browser.ts';

let api: ListeningApi;
let platform: ActingServer;
let order = '';

before(async () => {
  platform = await startActingServer();
  api = await createListeningApi({ registry: createRegistry([actingPlatform]) }, { allowPrivateTargets: true });
  const account = {
    id: 'shop',
    platform: 'test-acting',
    name: 'shop',
    credentials: { developerId: '1', signKey: 'top-secret-key' },
    settings: { baseUrl: platform.url },
  };
  assert.equal((await api.call('POST', '/api/v1/accounts', { body: account })).status, 201);
  order = await tell('N1');
});
after(async () => {
  // First: an open server would keep the file alive after a start that failed.
  await platform.close();
  await api.close();
});

async function tell(number: string): Promise<string> {
  const account = await api.hub.accounts.find('shop');
  assert.ok(account);
  const content = { kind: 'reports', reports: [toldOrder({ number })] } as const;
  const told = await api.hub.commits.submit(account, { receipt: null, stored: false, content, source: 'poll' });
  return told.orderIds[0] ?? '';
}

const run = (): Promise<number> => runDueActions(api.hub.ctx, { accounts: api.hub.accounts, gate: createActGate() });

test('an action is taken with 202, done, read, listed, and shown in the timeline', async () => {
  const body = { action: 'refund', params: { amount: 200, reason: 'cold' } };
  const made = await api.call('POST', `/api/v1/orders/${order}/actions`, { body });
  assert.equal(made.status, 202, made.text);
  assert.deepEqual(Object.keys(made.body), ['id', 'state']);
  assert.equal(made.body.state, 'queued');
  await run();
  const read = await api.call('GET', `/api/v1/actions/${made.body.id}`);
  assert.equal(read.body.state, 'succeeded');
  assert.deepEqual(read.body.params, body.params);
  assert.equal(read.body.askedBy, 'key_admin');
  const timeline = await api.call('GET', `/api/v1/orders/${order}/timeline`);
  const entry = timeline.body.data.find(({ kind }: { kind: string }) => kind === 'action');
  assert.equal(entry.state, 'succeeded');
  assert.equal(entry.id, made.body.id);
  assert.equal(entry.request.path, '/refund');
  assert.ok(entry.durationMs >= 0);
  assert.deepEqual(entry.answer, { code: 'ok' });
  assert.ok(!timeline.text.includes('top-secret-key'));
  const listed = await api.call('GET', `/api/v1/actions?order=${order}&state=succeeded`);
  assert.deepEqual(
    listed.body.data.map(({ id }: { id: string }) => id),
    [made.body.id],
  );
  assert.deepEqual((await api.call('GET', '/api/v1/actions?state=failed')).body.data, []);
});

test('who asked is told by name, in lists, in the timeline and when it is settled', async () => {
  const other = await tell('N3');
  const path = `/api/v1/orders/${other}/actions`;
  const body = { action: 'refund', params: { amount: 1, reason: 'cold' } };
  const person = await api.signedIn({ username: 'wang', role: 'operator', name: 'Wang Li' });
  const { id } = (await person.ok('GET', '/api/v1/me')).user;
  const key = await api.key({ name: 'till', right: 'write' });
  const asked: string[] = [(await person.ok('POST', path, body)).id];
  await run();
  platform.next('/refund', 'done-but-silent');
  asked.push((await api.call('POST', path, { body, key })).body.id);
  await run();
  const more = { action: 'refund', params: { amount: 2, reason: 'cold' } };
  asked.push((await api.call('POST', path, { body: more })).body.id);
  await run();
  // Who is gone is still who it was.
  assert.equal((await api.call('DELETE', `/api/v1/users/${id}`)).status, 204);

  const names = ['wang', 'till', 'admin'];
  const nameOf = ({ askedByName }: { askedByName: string }): string => askedByName;
  const listed = await api.call('GET', `/api/v1/actions?order=${other}`);
  assert.deepEqual(listed.body.data.map(nameOf).reverse(), names);
  assert.equal(listed.body.data[2].askedBy, id);
  const timeline = await api.call('GET', `/api/v1/orders/${other}/timeline`);
  const entries = timeline.body.data.filter(({ kind }: { kind: string }) => kind === 'action');
  assert.deepEqual(entries.map(nameOf), names);
  assert.equal((await api.call('GET', `/api/v1/actions/${asked[0]}`)).body.askedByName, 'wang');
  const word = { outcome: 'succeeded', reason: 'seen in the console' };
  const settled = await api.call('POST', `/api/v1/actions/${asked[1]}/settle`, { body: word });
  assert.equal(settled.status, 200, settled.text);
  assert.deepEqual([settled.body.state, settled.body.askedByName], ['succeeded', 'till']);
});

test('the same Idempotency-Key gives the same action', async () => {
  const body = { action: 'dispense' };
  const headers = { 'idempotency-key': 'once-1' };
  const first = await api.call('POST', `/api/v1/orders/${order}/actions`, { body, headers });
  const second = await api.call('POST', `/api/v1/orders/${order}/actions`, { body, headers });
  assert.equal(second.text, first.text);
  assert.equal(second.headers['idempotency-replayed'], 'true');
  await run();
  assert.equal(platform.calls.filter(({ path }) => path === '/dispense').length, 1);
});

test('a list goes on page by page', async () => {
  const other = await tell('N2');
  for (let index = 0; index < 3; index += 1)
    assert.equal(
      (await api.call('POST', `/api/v1/orders/${other}/actions`, { body: { action: 'accept' } })).status,
      202,
    );
  const first = await api.call('GET', `/api/v1/actions?order=${other}&limit=2`);
  assert.equal(first.body.data.length, 2);
  const rest = await api.call('GET', `/api/v1/actions?order=${other}&limit=2&cursor=${first.body.nextCursor}`);
  assert.equal(rest.body.data.length, 1);
  assert.equal(rest.body.nextCursor, null);
});

test('acting needs the right to write, and lies within the limits of the key', async () => {
  const path = `/api/v1/orders/${order}/actions`;
  const body = { action: 'dispense' };
  const reader = await api.key({ right: 'read' });
  assert.equal((await api.call('POST', path, { key: reader, body })).status, 403);
  const stranger = await api.key({ right: 'write', accounts: ['other'] });
  assert.equal((await api.call('POST', path, { key: stranger, body })).body.code, 'order_not_found');
  const [seen] = (await api.call('GET', '/api/v1/actions')).body.data as readonly { id: string }[];
  assert.equal((await api.call('GET', `/api/v1/actions/${seen?.id}`, { key: stranger })).body.code, 'action_not_found');
  assert.deepEqual((await api.call('GET', '/api/v1/actions', { key: stranger })).body.data, []);
});

test('what does not fit is refused with its code, and the field is named', async () => {
  const path = `/api/v1/orders/${order}/actions`;
  const unknown = await api.call('POST', path, { body: { action: 'fly' } });
  assert.equal(unknown.status, 422);
  assert.equal(unknown.body.code, 'action_unknown');
  const bad = await api.call('POST', path, { body: { action: 'refund', params: { amount: 1.5, reason: 'x' } } });
  assert.equal(bad.body.code, 'action_params_invalid');
  assert.equal(bad.body.fields[0].field, 'params.amount');
  const much = await api.call('POST', path, { body: { action: 'refund', params: { amount: 801, reason: 'x' } } });
  assert.equal(much.status, 422);
  assert.equal(much.body.code, 'refund_exceeds_paid');
  assert.equal((await api.call('POST', path, { body: { params: {} } })).status, 400);
});

test('the narrowing of automatic acceptance is checked when it is set', async () => {
  const path = '/api/v1/accounts/shop';
  const wrong = await api.call('PATCH', path, { body: { settings: { autoAccept: { hours: ['9-22'] } } } });
  assert.equal(wrong.body.code, 'settings_invalid', wrong.text);
  const body = { settings: { autoAccept: { stores: ['s1'], hours: ['09:00-22:00', '22:30-02:00'] } } };
  assert.equal((await api.call('PATCH', path, { body })).status, 200);
});

test('a person says what became of an action that nobody heard of', async () => {
  const other = await tell('N9');
  platform.next('/refund', 'done-but-silent');
  const body = { action: 'refund', params: { amount: 100, reason: 'cold' } };
  const made = await api.call('POST', `/api/v1/orders/${other}/actions`, { body });
  await run();
  const path = `/api/v1/actions/${made.body.id}/settle`;
  const reader = await api.key({ right: 'read' });
  const word = { outcome: 'succeeded', reason: 'seen in the console' };
  assert.equal((await api.call('POST', path, { body: word, key: reader })).status, 403);
  assert.equal((await api.call('POST', path, { body: { outcome: 'unknown', reason: 'x' } })).status, 400);
  assert.equal((await api.call('POST', path, { body: { outcome: 'failed' } })).status, 400);
  const settled = await api.call('POST', path, { body: word });
  assert.equal(settled.status, 200, settled.text);
  assert.equal(settled.body.state, 'succeeded');
  assert.equal((await api.call('GET', `/api/v1/orders/${other}`)).body.amounts.refunded, 100);
  const again = await api.call('POST', path, { body: word });
  assert.equal(again.status, 422);
  assert.equal(again.body.code, 'action_not_open');
});

test('what can be done to an order is told with why the rest cannot, and what nobody knows the end of', async () => {
  const other = await tell('N7');
  const ask = (ids: string, key?: string) =>
    api.call('GET', `/api/v1/actions/possible?orders=${ids}`, key === undefined ? {} : { key });
  const refusals = async () => {
    const [found] = (await ask(`${other},ord_nobody`)).body.data;
    return Object.fromEntries(
      found.actions.map(({ name, refusal }: { name: string; refusal: { en: string } | null }) => [
        name,
        refusal?.en ?? null,
      ]),
    );
  };
  const atFirst = await refusals();
  assert.equal(atFirst['accept'], null);
  for (const name of Object.keys(atFirst)) {
    const asked = await api.call('POST', `/api/v1/orders/${other}/actions`, { body: { action: name } });
    if (atFirst[name] !== null) assert.equal(asked.body.code, 'action_refused', `${name}: ${asked.text}`);
    else assert.notEqual(asked.body.code, 'action_refused', `${name}: ${asked.text}`);
  }
  platform.next('/dispense', 'done-but-silent');
  await run();
  const unsettled = (await ask(other)).body.data[0].unsettled;
  assert.deepEqual(
    unsettled.map(({ action, state }: Record<string, unknown>) => [action, state]),
    [['dispense', 'unknown']],
  );
  const key = await api.key({ name: 'elsewhere', right: 'read', shops: ['shp_none'] });
  assert.deepEqual((await ask(other, key)).body.data, []);
  assert.equal((await ask(Array.from({ length: 51 }, (_, at) => `ord_${at}`).join(','))).status, 400);
});
