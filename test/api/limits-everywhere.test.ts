import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { sweepAccount } from '../../src/hub/attention.ts';
import { startDeliveries } from '../../src/hub/deliver.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { until } from '../kit/deliveries.ts';
import { VendingWorld } from '../kit/vending-world.ts';

/**
 * Reads that show nobody's orders, stores or machines: what platforms there are, who one is, and one's own.
 * `/session` and `/setup` are of whoever signs in.
 */
const OPEN = new Set(['/platforms', '/me', '/session', '/sessions', '/setup', '/exports', '/exports/{id}']);
/** Reads whose limits have a test of their own, since their answer is no list of things that have an id. */
const OWN_TEST: Readonly<Record<string, readonly [file: string, test: string]>> = {
  '/exports/{id}/file': ['exports.test.ts', 'a file is its asker’s alone, and has only what the asker may see'],
  '/stats/lag': ['stats.test.ts', 'who is limited to shops sees no callbacks counted'],
  '/stream': ['stream.test.ts', 'limits hold in the stream, and a change of them at once'],
};
/** Where nothing is found without saying what is looked for. */
const QUERY: Readonly<Record<string, string>> = { '/actions/possible': '?orders={order}' };

describe('every list and every single read', () => {
  let world: VendingWorld;
  let api: TestApi;
  const ids: Record<string, string> = {};
  let routes: readonly string[] = [];
  const strangers: string[] = [];

  async function ok(method: string, path: string, body?: object): Promise<Answer['body']> {
    const answer = await api.call(method, `/api/v1${path}`, body === undefined ? {} : { body });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
    return answer.body;
  }

  /** Something of everything: one merchant's shop with a machine, an order that a customer made, and a store. */
  async function fill(): Promise<void> {
    await ok('POST', '/merchants', { id: 'wang', name: 'wang' });
    await ok('PATCH', '/accounts/vm-1', { merchant: 'wang' });
    const waimai = { developerId: '100999', signKey: 'demoSignKey00001' };
    await ok('POST', '/accounts', {
      id: 'wm',
      platform: 'meituan-waimai',
      name: 'wm',
      merchant: 'wang',
      credentials: waimai,
    });
    const binding = await ok('POST', '/stores/bindings', { account: 'wm', store: '8859', name: 's' });
    const shop = { id: 'north', merchant: 'wang', name: 'north', stores: [{ account: 'wm', store: '8859' }] };
    await ok('POST', '/shops', shop);
    const endpoint = await ok('POST', '/endpoints', { url: 'http://127.0.0.1:9/', events: ['*'] });
    assert.equal((await world.sync()).status, 200);
    const made = await world.order({ machineNo: '10000001', items: [{ productId: 121, quantity: 1 }] });
    assert.equal(made.status, 201, made.text);
    const url = '/callbacks/vending/vm-1/nobody-gave-this-token-out';
    for (let nth = 0; nth < 3; nth += 1) await api.app.inject({ method: 'POST', url, payload: '{"order_id":1}' });
    await sweepAccount(api.hub.ctx, 'vm-1');
    const replay = await ok('POST', `/endpoints/${endpoint.id}/replay`, { from: '2026-01-01T00:00:00Z' });
    const reconciliation = await ok('POST', '/reconciliations', { account: 'wm', day: '2026-11-19' });
    const worker = startDeliveries(api.hub.ctx, { allowPrivateTargets: true });
    try {
      await until(async () => (await ok('GET', '/deliveries')).data.length > 0, 'an attempt to deliver', 60_000);
    } finally {
      await worker.stop();
    }
    const first = async (path: string): Promise<Answer['body']> => (await ok('GET', path)).data[0] ?? assert.fail(path);
    Object.assign(ids, {
      ...{ accounts: 'vm-1', orders: made.body.id, merchants: 'wang', shops: 'north', endpoints: endpoint.id },
      ...{ replays: replay.id, reconciliations: reconciliation.id, bindings: binding.id },
      deliveries: (await first('/deliveries')).id,
      actions: (await first('/actions')).id,
      attention: (await first('/attention')).id,
      callbacks: (await first('/callbacks')).id,
      events: (await first('/events')).id,
    });
  }

  before(async () => {
    world = await VendingWorld.open();
    ({ api } = world);
    await fill();
    const document = (await api.call('GET', '/api/openapi.json')).body as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    routes = Object.entries(document.paths)
      .filter(([path, methods]) => path.startsWith('/api/v1/') && methods['get'] !== undefined)
      .map(([path]) => path.slice('/api/v1'.length));
    for (const limits of [{ merchants: ['nobody'] }, { shops: ['nobody-1'] }, { accounts: ['nobody-s'] }]) {
      strangers.push(await api.key({ right: 'write', ...limits }));
    }
  });
  after(() => world.api.close());

  /** The address of a route with what is there; undefined where a key with any limit is refused anyway. */
  function addressOf(route: string): string {
    const [, , section = ''] = /^(\/([\w-]+))/u.exec(route) ?? [];
    const filled = route
      .replace('/stores/bindings/{id}', `/stores/bindings/${ids['bindings']}`)
      .replace('/repair/{account}', '/repair/vm-1')
      .replace('/stores/{account}/{store}', '/stores/wm/8859')
      .replace('/machines/{account}/{machine}', '/machines/vm-1/10000001')
      .replace('{id}', ids[section] ?? 'none');
    return filled + (QUERY[route] ?? '').replace('{order}', ids['orders'] ?? '');
  }

  test('of a whole hub are refused to a key with limits, or show it nothing of what is another’s', async () => {
    assert.ok(routes.length > 60, `${routes.length} routes`);
    for (const [file, title] of Object.values(OWN_TEST))
      assert.ok(readFileSync(new URL(file, import.meta.url), 'utf8').includes(title), title);
    const left = new Set([...OPEN, ...Object.keys(OWN_TEST)]);
    for (const route of routes) {
      if (left.delete(route)) continue;
      const address = addressOf(route);
      const seen = await api.call('GET', `/api/v1${address}`);
      const answers = await Promise.all(strangers.map((key) => api.call('GET', `/api/v1${address}`, { key })));
      if (answers.every(({ status }) => status === 403)) continue;
      // It must be there, or hiding it would prove nothing.
      assert.equal(seen.status, 200, `${route}: ${seen.text}`);
      const isList = Array.isArray(seen.body?.data);
      if (isList) assert.notEqual(seen.text, answers[0]?.text, route);
      for (const { status, body, text } of answers) {
        if (status === 403 || status === 404) continue;
        assert.equal(status, 200, `${route}: ${text}`);
        const shown = (body.data ?? body.days) as readonly Readonly<Record<string, unknown>>[] | undefined;
        assert.ok(shown !== undefined, `${route} shows a key of nobody ${text}`);
        // Days are told for every day; nothing may have happened on them.
        assert.deepEqual(
          shown.filter((row) => row['orders'] !== 0),
          [],
          route,
        );
      }
    }
    assert.deepEqual([...left], [], 'these routes are no more');
  });
});
