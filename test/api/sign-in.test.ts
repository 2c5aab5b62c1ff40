import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { offerFirstLink } from '../../src/hub/sign-in.ts';
import { forgetOldSignIns } from '../../src/hub/sessions.ts';
import { PASSWORD, codeOf, createListeningApi, statusesOf } from '../kit/browser.ts';
import type { Browser, ListeningApi } from '../kit/browser.ts';

let api: ListeningApi;
let nowMs = Date.UTC(2026, 8, 1);
const logged: string[] = [];

before(async () => {
  const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { debug: note, info: note, warn: note, error: note };
  api = await createListeningApi({ clock: () => nowMs, log });
});
after(async () => {
  await api.close();
});

const signIn = (browser: Browser, username: string, password: string, headers = {}) =>
  browser.call('POST', '/api/v1/session', { body: { username, password }, headers });

test('the first admin comes in by a link that works once', async () => {
  const browser = api.browser();
  assert.deepEqual((await browser.call('GET', '/api/v1/setup')).body, { open: true });
  const token = (await offerFirstLink(api.hub.ctx)) ?? '';
  const other = (await offerFirstLink(api.hub.ctx)) ?? '';
  assert.notEqual(token, other, 'a second start prints another link and leaves the first alone');

  const weak = { token, username: 'Wang', password: 'aaaaaaaaaaaa' };
  assert.deepEqual(codeOf(await browser.call('POST', '/api/v1/setup', { body: weak })), [422, 'password_refused']);
  const bad = { token: 'nothing', username: 'Wang', password: PASSWORD };
  assert.deepEqual(codeOf(await browser.call('POST', '/api/v1/setup', { body: bad })), [403, 'link_not_valid']);
  assert.deepEqual((await browser.ok('POST', '/api/v1/setup/check', { token })).username, null);

  const { user } = await browser.ok('POST', '/api/v1/setup', { token, username: 'Wang', password: PASSWORD });
  assert.equal(user.role, 'admin');
  assert.equal(user.hasPassword, true);
  const me = await browser.ok('GET', '/api/v1/me');
  assert.deepEqual([me.user.username, me.key, me.right, me.reveal, me.isDemo], ['Wang', null, 'admin', true, false]);
  assert.deepEqual(me.limits, { accounts: null, merchants: null, shops: null });

  assert.deepEqual((await browser.call('GET', '/api/v1/setup')).body, { open: false });
  for (const used of [token, other]) {
    const body = { token: used, username: 'Mallory', password: PASSWORD };
    assert.deepEqual(codeOf(await api.browser().call('POST', '/api/v1/setup', { body })), [403, 'link_not_valid']);
  }
  assert.equal(await offerFirstLink(api.hub.ctx), undefined);
});

test('of two who use the first link at once one becomes the admin', async () => {
  const fresh = await createListeningApi();
  try {
    const token = (await offerFirstLink(fresh.hub.ctx)) ?? '';
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((username) =>
        fresh.browser().call('POST', '/api/v1/setup', { body: { token, username, password: PASSWORD } }),
      ),
    );
    assert.deepEqual(statusesOf(answers), [200, 403, 403]);
    const { rows } = await fresh.hub.ctx.pool.query('select from users');
    assert.equal(rows.length, 1);
  } finally {
    await fresh.close();
  }
});

test('the cookie is out of reach of scripts and other sites, and secure where people come by https', async () => {
  const browser = api.browser();
  await signIn(browser, 'wang', PASSWORD);
  assert.match(
    browser.setCookie ?? '',
    /^huidan_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/u,
  );
  const answer = await api.app.inject({ method: 'GET', url: '/api/v1/session' });
  assert.deepEqual(answer.json(), { signedIn: false });

  const https = await createListeningApi({}, { publicUrl: 'https://hub.test' });
  try {
    const secure = await https.signedIn({ username: 'li' });
    assert.match(secure.setCookie ?? '', /; SameSite=Strict; Secure$/u);
  } finally {
    await https.close();
  }
});

test('a wrong name and a wrong password are refused alike, and the right ones take any letter case of the name', async () => {
  const browser = api.browser();
  for (const [username, password] of [
    ['wang', 'not-the-password'],
    ['nobody', PASSWORD],
    ['wang ', PASSWORD],
    ['', PASSWORD],
  ] as const) {
    const answer = await signIn(browser, username, password);
    if (username === '') assert.equal(answer.status, 400);
    else assert.deepEqual(codeOf(answer), [401, 'sign_in_refused'], username);
  }
  assert.equal(browser.cookie, undefined);
  assert.equal((await signIn(browser, 'WANG', PASSWORD)).status, 200);
  assert.deepEqual(await browser.ok('GET', '/api/v1/session'), { signedIn: true });
});

test('a write by cookie needs our header and a page of the hub', async () => {
  const browser = api.browser();
  await signIn(browser, 'wang', PASSWORD);
  const write = (headers: Readonly<Record<string, string | null>>) =>
    browser.call('POST', '/api/v1/keys', { body: { name: 'x', right: 'read' }, headers });
  for (const headers of [
    { 'x-huidan-csrf': null },
    { 'x-huidan-csrf': '0' },
    { origin: null },
    { origin: 'null' },
    { origin: 'https://evil.test' },
    { origin: `${api.url}.evil.test` },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
  ]) {
    assert.deepEqual(codeOf(await write(headers)), [403, 'cross_site_refused'], JSON.stringify(headers));
  }
  for (const headers of [
    {},
    { origin: null, 'sec-fetch-site': 'same-origin' },
    // The address that people use, when a proxy says another host.
    { origin: 'http://hub.test' },
    { origin: 'https://hub.test' },
  ]) {
    assert.equal((await write(headers)).status, 201, JSON.stringify(headers));
  }
  // Reads need neither, and keys are no cookies.
  assert.equal((await browser.call('GET', '/api/v1/me', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 200);
  assert.equal((await api.call('POST', '/api/v1/keys', { body: { name: 'x', right: 'read' } })).status, 201);
});

test('no page of another site signs anybody in or out', async () => {
  const browser = api.browser();
  const foreign = { origin: 'https://evil.test' };
  assert.deepEqual(codeOf(await signIn(browser, 'wang', PASSWORD, foreign)), [403, 'cross_site_refused']);
  await signIn(browser, 'wang', PASSWORD);
  assert.equal((await browser.call('DELETE', '/api/v1/session', { headers: foreign })).status, 403);
  assert.deepEqual(await browser.ok('GET', '/api/v1/session'), { signedIn: true });
});

test('a token that was planted before signing in is worth nothing, and signing in again ends the session before', async () => {
  const browser = api.browser();
  browser.cookie = `huidan_session=${'A'.repeat(43)}`;
  await signIn(browser, 'wang', PASSWORD);
  const first = browser.cookie;
  assert.ok(first !== undefined && !first.includes('AAAA'));
  await signIn(browser, 'wang', PASSWORD);
  const second = browser.cookie;
  assert.notEqual(second, first);
  browser.cookie = first;
  assert.equal((await browser.call('GET', '/api/v1/me')).status, 401);
  browser.cookie = second;
  assert.equal((await browser.call('GET', '/api/v1/me')).status, 200);
});

test('who signs out is out, with that cookie for good', async () => {
  const browser = api.browser();
  await signIn(browser, 'wang', PASSWORD);
  const { cookie } = browser;
  assert.equal((await browser.call('DELETE', '/api/v1/session')).status, 204);
  assert.equal(browser.cookie, undefined);
  browser.cookie = cookie;
  assert.deepEqual(codeOf(await browser.call('GET', '/api/v1/me')), [401, 'unauthorized']);
  assert.equal((await browser.call('DELETE', '/api/v1/session')).status, 204, 'again is fine');
});

test('a wrong key is refused whoever has signed in with the browser', async () => {
  const browser = api.browser();
  await signIn(browser, 'wang', PASSWORD);
  assert.equal((await browser.call('GET', '/api/v1/me', { headers: { authorization: 'Bearer wrong' } })).status, 401);
});

test('tries are limited by name and address, counted at once, and the door opens again by itself', async () => {
  const browser = api.browser();
  // All at once: the limit holds for those that are under way, too.
  const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(browser, 'wang', 'not-the-password')));
  const statuses = statusesOf(answers);
  assert.deepEqual(statuses, [...Array<number>(6).fill(401), ...Array<number>(6).fill(429)]);
  const late = await signIn(browser, 'wang', PASSWORD);
  assert.deepEqual(codeOf(late), [429, 'too_many_tries'], 'the right password does not help now');
  const waitSeconds = Number(late.headers['retry-after']);
  assert.ok(waitSeconds > 0 && waitSeconds <= 900, String(waitSeconds));
  // Another name from the same address is still let in.
  await api.signedIn({ username: 'zhao' });
  nowMs += waitSeconds * 1000;
  assert.equal((await signIn(browser, 'wang', PASSWORD)).status, 200);
  // A success forgets the failures before it.
  for (let round = 0; round < 3; round += 1) {
    for (let tries = 0; tries < 5; tries += 1) await signIn(browser, 'wang', 'not-the-password');
    assert.equal((await signIn(browser, 'wang', PASSWORD)).status, 200);
  }
});

test('one address that tries many names is stopped, too', async () => {
  nowMs += 3_600_000;
  const browser = api.browser();
  let refused = 0;
  for (let batch = 0; batch < 8; batch += 1) {
    const names = Array.from({ length: 10 }, (_, index) => `nobody-${batch}-${index}`);
    const answers = await Promise.all(names.map((name) => signIn(browser, name, 'not-the-password')));
    refused += answers.filter(({ status }) => status === 429).length;
  }
  assert.equal(refused, 20);
  nowMs += 3_600_000;
});

test('sessions end when they are not used, and after a month at the latest', async () => {
  const idle = await api.signedIn({ username: 'idle' });
  nowMs += 6 * 86_400_000;
  assert.equal((await idle.call('GET', '/api/v1/me')).status, 200);
  nowMs += 6 * 86_400_000;
  assert.equal((await idle.call('GET', '/api/v1/me')).status, 200, 'being used keeps it alive');
  nowMs += 8 * 86_400_000;
  assert.equal((await idle.call('GET', '/api/v1/me')).status, 401);

  const busy = await api.signedIn({ username: 'busy' });
  for (let days = 0; days < 30; days += 5) {
    assert.equal((await busy.call('GET', '/api/v1/me')).status, 200);
    nowMs += 5 * 86_400_000;
  }
  assert.equal((await busy.call('GET', '/api/v1/me')).status, 401);
  await forgetOldSignIns(api.hub.ctx);
  const { rows } = await api.hub.ctx.pool.query('select from sessions union all select from sign_in_tries');
  assert.equal(rows.length, 0);
});

test('whoever changes the password stays in, all other browsers are out', async () => {
  const here = await api.signedIn({ username: 'sun' });
  const there = api.browser();
  await signIn(there, 'sun', PASSWORD);
  const next = 'Dumplings-at-noon';
  const change = (current: string, wanted: string) =>
    here.call('POST', '/api/v1/me/password', { body: { current, next: wanted } });
  assert.deepEqual(codeOf(await change('wrong', next)), [422, 'current_password_wrong']);
  assert.deepEqual(codeOf(await change(PASSWORD, 'short')), [422, 'password_refused']);
  assert.equal((await change(PASSWORD, next)).status, 204);
  assert.equal((await here.call('GET', '/api/v1/me')).status, 200);
  assert.equal((await there.call('GET', '/api/v1/me')).status, 401);
  assert.equal((await signIn(there, 'sun', PASSWORD)).status, 401);
  assert.equal((await signIn(there, 'sun', next)).status, 200);
  const key = await api.key({ right: 'admin' });
  const answer = await api.call('POST', '/api/v1/me/password', { key, body: { current: next, next: PASSWORD } });
  assert.deepEqual(codeOf(answer), [403, 'forbidden'], 'a key has none');
});

test('passwords that are guessed first are refused', async () => {
  const refused = ['1234567890', '0987654321', 'abcdefghijk', 'aaaaaaaaaaaa', 'short', 'wu-wu-wu-wu', 'x'.repeat(201)];
  for (const password of refused) {
    const answer = await api.call('POST', '/api/v1/users', { body: { username: 'wu', role: 'viewer', password } });
    assert.deepEqual(codeOf(answer), [422, 'password_refused'], password);
  }
});

test('neither the database nor the log holds a password, a token or a link', async () => {
  const browser = await api.signedIn({ username: 'qian' });
  const { id } = (await browser.ok('GET', '/api/v1/me')).user;
  const { url } = (await api.call('POST', `/api/v1/users/${id}/link`)).body;
  const token = browser.cookie?.split('=')[1] ?? '';
  const link = String(url).split('#')[1] ?? '';
  assert.ok(token.length === 43 && link.length === 43);
  const tables = ['users', 'sessions', 'sign_in_links', 'sign_in_tries', 'audit_log', 'idempotency_keys'];
  const texts = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await api.hub.ctx.pool.query<{ row: string }>(`select t::text as row from ${table} t`);
      return rows.map(({ row }) => row).join('\n');
    }),
  );
  const everything = [...texts, ...logged].join('\n');
  for (const secret of [PASSWORD, token, link]) {
    for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret, 'base64url').toString('hex')])
      assert.ok(!everything.includes(form));
  }
  assert.match(texts[0] ?? '', /scrypt\$32768\$8\$3\$/u);
});
