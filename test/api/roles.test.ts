import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createListeningApi } from '../kit/browser.ts';
import type { Browser, ListeningApi } from '../kit/browser.ts';

/** Every route of the document, asked by people of every role: what a page hides, the API refuses. */
let api: ListeningApi;
let routes: readonly { readonly method: string; readonly path: string; readonly right: string }[];

before(async () => {
  api = await createListeningApi();
  const { paths } = (await api.call('GET', '/api/openapi.json', { key: null })).body as {
    paths: Record<string, Record<string, { description: string }>>;
  };
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/gu, 'x'),
      right: /Right: (\w+)\.$/u.exec(description)?.[1] ?? 'missing',
    })),
  );
});
after(async () => {
  await api.close();
});

const RIGHTS = ['none', 'read', 'write', 'admin'];

/** A stream stays open; all that matters is whether it opens. */
const isStream = (path: string): boolean => path.endsWith('/stream');

async function statusOf(browser: Browser, method: string, path: string): Promise<number> {
  if (!isStream(path)) return (await browser.call(method, path)).status;
  const gone = new AbortController();
  const response = await fetch(`${api.url}${path}`, { headers: { cookie: browser.cookie ?? '' }, signal: gone.signal });
  gone.abort();
  return response.status;
}

for (const [role, right] of [
  ['viewer', 'read'],
  ['operator', 'write'],
  ['admin', 'admin'],
] as const) {
  test(`a ${role} gets past the door of exactly the routes that need "${right}" or less`, async () => {
    const browser = await api.signedIn({ username: role, role, reveal: true });
    let refused = 0;
    for (const { method, path, right: needed } of routes) {
      assert.ok(RIGHTS.includes(needed), `${method} ${path} says no right`);
      if (needed === 'none') continue;
      const isAllowed = RIGHTS.indexOf(needed) <= RIGHTS.indexOf(right);
      const status = await statusOf(browser, method, path);
      assert.notEqual(status, 401, `${method} ${path}`);
      // What the handler says of a thing that is not there or a body that is missing is not the door's business.
      if (isAllowed) assert.ok(status !== 403 || isForOthers(path), `${method} ${path} refuses a ${role}`);
      else assert.equal(status, 403, `${method} ${path} lets a ${role} in`);
      if (!isAllowed) refused += 1;
    }
    assert.ok(role === 'admin' ? refused === 0 : refused > 15, String(refused));
  });
}

/** Only a running demo has a sandbox to control. */
const isForOthers = (path: string): boolean => path.includes('/sandbox');

test('nobody gets past the door without a session or a key, and a cookie that is none is nobody', async () => {
  const browser = api.browser();
  for (const cookie of [undefined, 'huidan_session=', `huidan_session=${'x'.repeat(43)}`, 'huidan_session=x; a=b']) {
    browser.cookie = cookie;
    for (const { method, path, right } of routes) {
      if (right === 'none') continue;
      assert.equal(await statusOf(browser, method, path), 401, `${method} ${path}`);
    }
  }
});

test('every write by cookie refuses a page of another site', async () => {
  const browser = await api.signedIn({ username: 'root', role: 'admin' });
  for (const { method, path } of routes.filter((route) => route.method !== 'GET')) {
    const answer = await browser.call(method, path, { headers: { origin: 'https://evil.test' } });
    assert.equal(answer.status, 403, `${method} ${path}`);
    assert.equal(answer.body.code, 'cross_site_refused', `${method} ${path}`);
  }
});

test('a user limited to a shop that is nobody’s sees nothing of the hub in any list', async () => {
  const account = { id: 'em', platform: 'em', name: 'em', credentials: { appid: 'a', appSecret: 'b' } };
  assert.equal((await api.call('POST', '/api/v1/accounts', { body: account })).status, 201);
  await api.call('POST', '/api/v1/merchants', { body: { id: 'wang', name: 'Wang' } });
  await api.call('POST', '/api/v1/shops', { body: { id: 'north', merchant: 'wang', name: 'North' } });
  const browser = await api.signedIn({ username: 'limited', role: 'admin', shops: ['elsewhere'] });
  let lists = 0;
  for (const { method, path, right } of routes) {
    if (method !== 'GET' || right === 'none' || isStream(path)) continue;
    const answer = await browser.call(method, path);
    if (answer.status !== 200 || !Array.isArray(answer.body?.data)) continue;
    // What can be connected is no secret, and one's own sessions are one's own.
    if (path.endsWith('/platforms') || path.endsWith('/sessions')) continue;
    lists += 1;
    assert.deepEqual(answer.body.data, [], `${path} shows ${answer.text}`);
  }
  assert.ok(lists > 5, String(lists));
});
