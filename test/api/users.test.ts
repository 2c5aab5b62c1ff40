import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, codeOf, createListeningApi, statusesOf } from '../kit/browser.ts';
import type { Browser, ListeningApi } from '../kit/browser.ts';

let api: ListeningApi;
let admin: Browser;
let adminId: string;

before(async () => {
  api = await createListeningApi();
  admin = await api.signedIn({ username: 'wang', role: 'admin', name: '王老板' });
  adminId = (await admin.ok('GET', '/api/v1/me')).user.id;
});
after(async () => {
  await api.close();
});

const users = (body: object) => admin.call('POST', '/api/v1/users', { body });
const signIn = async (username: string, password = PASSWORD): Promise<Browser> => {
  const browser = api.browser();
  await browser.ok('POST', '/api/v1/session', { username, password });
  return browser;
};

test('an admin adds, reads, changes and removes users', async () => {
  const made = await users({ username: '李华', role: 'operator', shops: ['north'] });
  assert.equal(made.status, 201, made.text);
  const { id } = made.body;
  assert.deepEqual(
    [made.body.username, made.body.reveal, made.body.hasPassword, made.body.shops, made.body.signedInAt],
    ['李华', true, false, ['north'], null],
  );
  assert.deepEqual((await admin.ok('GET', `/api/v1/users/${id}`)).id, id);
  const changed = await admin.ok('PATCH', `/api/v1/users/${id}`, { name: 'Li', reveal: false, shops: null });
  assert.deepEqual([changed.name, changed.reveal, changed.shops, changed.role], ['Li', false, null, 'operator']);
  const listed = await admin.ok('GET', '/api/v1/users?limit=1');
  assert.equal(listed.data.length, 1);
  const rest = await admin.ok('GET', `/api/v1/users?limit=1&cursor=${encodeURIComponent(listed.nextCursor)}`);
  assert.equal(rest.data[0].id, id);
  await admin.ok('DELETE', `/api/v1/users/${id}`);
  assert.deepEqual(codeOf(await admin.call('GET', `/api/v1/users/${id}`)), [404, 'user_not_found']);
  assert.equal((await users({ username: '李华', role: 'viewer' })).status, 201, 'the name is free again');
});

test('names are one user’s, in any letter case and any way to write them, and hold nothing that misleads', async () => {
  await users({ username: 'zhou', role: 'viewer' });
  for (const username of ['zhou', 'ZHOU', 'ｚｈｏｕ']) {
    assert.deepEqual(codeOf(await users({ username, role: 'viewer' })), [409, 'username_taken'], username);
  }
  for (const username of ['zhou ', ' zhou', 'zh ou', 'zhou\u200b', '-zhou', 'a/b', 'x'.repeat(64) + 'y']) {
    const answer = await users({ username, role: 'viewer' });
    assert.ok([400, 422].includes(answer.status), `${username}: ${answer.text}`);
  }
  const answers = await Promise.all(Array.from({ length: 4 }, () => users({ username: 'twin', role: 'viewer' })));
  assert.deepEqual(statusesOf(answers), [201, 409, 409, 409]);
});

test('a role is what its name says: it maps to a right, and holds from the next request on', async () => {
  const browser = await api.signedIn({ username: 'role', role: 'viewer' });
  const me = await browser.ok('GET', '/api/v1/me');
  assert.deepEqual([me.right, me.reveal], ['read', false]);
  const account = { id: 'x', platform: 'em', name: 'x', credentials: { appid: 'a', appSecret: 'b' } };
  const add = (own: Browser) => own.call('POST', '/api/v1/accounts', { body: account });
  assert.deepEqual(codeOf(await add(browser)), [403, 'forbidden']);
  await admin.ok('PATCH', `/api/v1/users/${me.user.id}`, { accounts: ['em-main'] });
  assert.deepEqual((await browser.ok('GET', '/api/v1/me')).limits.accounts, ['em-main'], 'at once, without signing in');
  await admin.ok('PATCH', `/api/v1/users/${me.user.id}`, { role: 'operator' });
  assert.equal((await browser.call('GET', '/api/v1/me')).status, 401, 'another role: sign in again');
  const again = await signIn('role');
  assert.equal((await again.ok('GET', '/api/v1/me')).right, 'write');
});

test('a removed user is out at once, as is one whose password an admin set', async () => {
  const browser = await api.signedIn({ username: 'gone' });
  const { id } = (await browser.ok('GET', '/api/v1/me')).user;
  await admin.ok('PATCH', `/api/v1/users/${id}`, { password: 'Another-one-2' });
  assert.equal((await browser.call('GET', '/api/v1/me')).status, 401);
  const again = await signIn('gone', 'Another-one-2');
  await admin.ok('DELETE', `/api/v1/users/${id}`);
  assert.equal((await again.call('GET', '/api/v1/me')).status, 401);
  const refused = await again.call('POST', '/api/v1/session', {
    body: { username: 'gone', password: 'Another-one-2' },
  });
  assert.deepEqual(codeOf(refused), [401, 'sign_in_refused']);
});

test('the last admin of the whole hub stays one', async () => {
  const path = `/api/v1/users/${adminId}`;
  for (const body of [{ role: 'operator' }, { shops: ['north'] }, { accounts: ['a'] }]) {
    assert.deepEqual(codeOf(await admin.call('PATCH', path, { body })), [422, 'last_admin'], JSON.stringify(body));
  }
  assert.deepEqual(codeOf(await admin.call('DELETE', path)), [422, 'last_admin']);
  const limited = await users({ username: 'half-admin', role: 'admin', shops: ['north'] });
  assert.equal(limited.status, 201);
  assert.deepEqual(codeOf(await admin.call('DELETE', path)), [422, 'last_admin'], 'one of a part does not count');
  const second = await users({ username: 'second', role: 'admin', password: PASSWORD });
  const both = await Promise.all([
    admin.call('PATCH', path, { body: { role: 'viewer' } }),
    api.call('PATCH', `/api/v1/users/${second.body.id}`, { body: { role: 'viewer' } }),
  ]);
  assert.deepEqual(statusesOf(both), [200, 422], 'of two at once one stays');
  await api.call('PATCH', path, { body: { role: 'admin' } });
  admin = await signIn('wang');
});

test('an admin of a part looks after no users', async () => {
  const half = await api.signedIn({ username: 'half', role: 'admin', merchants: ['wang'] });
  for (const [method, path] of [
    ['GET', '/api/v1/users'],
    ['GET', `/api/v1/users/${adminId}`],
    ['DELETE', `/api/v1/users/${adminId}`],
    ['POST', `/api/v1/users/${adminId}/link`],
    ['GET', `/api/v1/sessions?user=${adminId}`],
    ['GET', '/api/v1/audit'],
  ] as const) {
    assert.deepEqual(codeOf(await half.call(method, path)), [403, 'forbidden'], `${method} ${path}`);
  }
});

test('who may not reveal personal data gives that right to nobody, by no way', async () => {
  const key = await api.key({ right: 'admin', reveal: false });
  const { id } = (await users({ username: 'revealing', role: 'operator' })).body;
  for (const [method, path, body] of [
    ['POST', '/api/v1/users', { username: 'n1', role: 'operator' }],
    ['POST', '/api/v1/users', { username: 'n2', role: 'viewer', reveal: true }],
    ['POST', '/api/v1/users', { username: 'n3', role: 'admin', reveal: false }],
    ['PATCH', `/api/v1/users/${id}`, { password: PASSWORD }],
    ['POST', `/api/v1/users/${id}/link`, undefined],
  ] as const) {
    const answer = await api.call(method, path, { key, ...(body === undefined ? {} : { body }) });
    assert.deepEqual(codeOf(answer), [403, 'forbidden'], JSON.stringify(body));
  }
  const plain = await api.call('POST', '/api/v1/users', { key, body: { username: 'n4', role: 'viewer' } });
  assert.equal(plain.status, 201);
});

test('a link lets a user set a password once; a new one ends the one before', async () => {
  const { id } = (await users({ username: 'newcomer', role: 'operator' })).body;
  const linkOf = async (): Promise<string> => {
    const { url } = await admin.ok('POST', `/api/v1/users/${id}/link`);
    assert.match(url, /^http:\/\/hub\.test\/console\/welcome#[\w-]{43}$/u);
    return String(url).split('#')[1] ?? '';
  };
  const first = await linkOf();
  const second = await linkOf();
  const browser = api.browser();
  const use = (token: string) => browser.call('POST', '/api/v1/setup', { body: { token, password: PASSWORD } });
  assert.deepEqual(codeOf(await use(first)), [403, 'link_not_valid']);
  assert.deepEqual(await browser.ok('POST', '/api/v1/setup/check', { token: second }), { username: 'newcomer' });
  assert.equal((await use(second)).status, 200);
  assert.equal((await browser.ok('GET', '/api/v1/me')).user.username, 'newcomer');
  assert.deepEqual(codeOf(await use(second)), [403, 'link_not_valid']);
  const none = await api.call('POST', '/api/v1/setup/link');
  assert.deepEqual(codeOf(none), [404, 'user_not_found'], 'the first admin is there already');
});

test('people see and end their own sessions, admins everybody’s', async () => {
  const first = await api.signedIn({ username: 'he' });
  const second = await signIn('he');
  const { id: user } = (await first.ok('GET', '/api/v1/me')).user;
  const own = await first.ok('GET', '/api/v1/sessions');
  assert.deepEqual(own.data.map(({ current }: { current: boolean }) => current).sort(), [false, true]);
  assert.equal(own.data[0].address, '127.0.0.1');
  const other = own.data.find(({ current }: { current: boolean }) => !current);
  const stranger = await api.signedIn({ username: 'stranger' });
  assert.deepEqual(codeOf(await stranger.call('DELETE', `/api/v1/sessions/${other.id}`)), [404, 'session_not_found']);
  assert.equal((await stranger.call('GET', `/api/v1/sessions?user=${user}`)).status, 403);
  await first.ok('DELETE', `/api/v1/sessions/${other.id}`);
  assert.equal((await second.call('GET', '/api/v1/me')).status, 401);
  const seen = await admin.ok('GET', `/api/v1/sessions?user=${user}`);
  assert.equal(seen.data.length, 1);
  await admin.ok('DELETE', `/api/v1/sessions/${seen.data[0].id}`);
  assert.equal((await first.call('GET', '/api/v1/me')).status, 401);
});

test('people change their own name and language, and nothing else of themselves', async () => {
  const browser = await api.signedIn({ username: 'self' });
  const changed = await browser.ok('PATCH', '/api/v1/me', { name: '小何', locale: 'zh' });
  assert.deepEqual([changed.name, changed.locale, changed.role], ['小何', 'zh', 'viewer']);
  assert.equal((await browser.call('PATCH', '/api/v1/me', { body: { role: 'admin' } })).status, 400);
});

test('the audit log names the user, also after its end, and keys as before', async () => {
  const browser = await api.signedIn({ username: 'auditee', role: 'admin' });
  const { id } = (await browser.ok('GET', '/api/v1/me')).user;
  const key = await browser.ok('POST', '/api/v1/keys', { name: 'by a person', right: 'read' });
  await admin.ok('DELETE', `/api/v1/users/${id}`);
  const { data } = await admin.ok('GET', `/api/v1/audit?user=${id}`);
  const made = data.find(({ action }: { action: string }) => action === 'key.created');
  assert.deepEqual([made.user, made.name, made.key, made.subject], [id, 'auditee', null, key.id]);
  assert.ok(data.some(({ action }: { action: string }) => action === 'user.signed_in'));
  const byKey = await admin.ok('GET', '/api/v1/audit?key=key_admin&action=user.created');
  assert.deepEqual([byKey.data[0].user, byKey.data[0].name], [null, 'admin']);
});
