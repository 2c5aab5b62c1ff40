import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

let api: TestApi;
const logged: unknown[] = [];
const note = (...words: readonly unknown[]): void => {
  logged.push(words);
};

const CALLBACK = 'the-callback-secret-of-doctor';
const API = 'the-api-secret-of-doctor';
const SIGN_KEY = 'waimaiSignKey001';
const ORDER = unionOrder('9000000000000000001', '8');

before(async () => {
  api = await createTestApi({ log: { debug: note, info: note, warn: note, error: note } });
  for (const [id, platform, credentials] of [
    ['union', 'meituan-union', { appkey: 'demoappkey', secret: API, callbackSecret: CALLBACK }],
    ['waimai', 'meituan-waimai', { developerId: '100999', signKey: SIGN_KEY }],
  ] as const) {
    const made = await api.call('POST', '/api/v1/accounts', { body: { id, platform, name: id, credentials } });
    assert.equal(made.status, 201, made.text);
  }
});
after(async () => {
  await api.close();
});

const diagnose = (body: unknown, key?: string, query = ''): Promise<Answer> =>
  api.call('POST', `/api/v1/signatures/diagnose${query}`, { body, ...(key === undefined ? {} : { key }) });

async function rejected(account: string, platform: string, body: string, type: string, topic = ''): Promise<string> {
  const url = `/callbacks/${platform}/${account}${topic === '' ? '' : `/${topic}`}`;
  await api.app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload: body });
  const listed = await api.call('GET', `/api/v1/callbacks?account=${account}&verdict=rejected&limit=1`);
  assert.equal(listed.body.data.length, 1);
  return listed.body.data[0].id as string;
}

test('a pasted callback is explained with the secrets of the account, which stay where they are', async () => {
  const answer = await diagnose({ direction: 'in', account: 'union', headers: {}, body: unionPush(ORDER, API) });
  assert.equal(answer.status, 200, answer.text);
  const [best] = answer.body.matches;
  assert.equal(best.text.en, 'This matches your API secret, not the callback secret.');
  assert.deepEqual(best.deviations, []);
  assert.equal(best.secret.name, 'secret');
  assert.equal(answer.body.verification.ok, false);
  assert.equal(answer.body.verification.reason, 'wrong_signature');
  assert.ok(answer.body.tried > 0);
  assert.ok(Number.isInteger(answer.body.tookMs));
  assert.ok(!answer.text.includes(API) && !answer.text.includes(CALLBACK));
});

test('a right callback verifies, for the doctor as for the hub', async () => {
  const { body } = await diagnose({ account: 'union', body: unionPush(ORDER, CALLBACK) });
  assert.match(body.advice.en, /^The hub takes it now.* This verifies as it is/u);
  assert.deepEqual(body.verification, { ok: true, reason: null, detail: null });
});

test('where a setting decides, what the hub says comes with what was found', async () => {
  const made = await api.call('POST', '/api/v1/accounts', {
    body: { id: 'em', platform: 'em', name: 'em', credentials: { appid: 'HUBAPP01', appSecret: 'HUBSECRET01' } },
  });
  assert.equal(made.status, 201, made.text);
  const sign = createHash('md5')
    .update('appid=HUBAPP01&request_data={}&timestamp=1700000000&key=HUBSECRET01')
    .digest('hex');
  const body = JSON.stringify({ appid: 'HUBAPP01', timestamp: '1700000000', request_data: '{}', sign });
  const refused = await diagnose({ account: 'em', body });
  assert.match(
    refused.body.advice.en,
    /^This matches your app secret \(.*kv-amp-key-upper\)\. The hub says: .*set signScheme/u,
  );
  assert.match(refused.body.advice.zh, /汇单的判断：.*设置.*。$/u);
  // A word or two may be English (a setting, a field), a sentence may not.
  assert.doesNotMatch(refused.body.advice.zh, /[A-Za-z]+(?: [A-Za-z]+){3}/u);
  await api.call('PATCH', '/api/v1/accounts/em', { body: { settings: { signScheme: 'kv-amp-key-upper' } } });
  const taken = await diagnose({ account: 'em', body });
  assert.equal(taken.body.verification.ok, true);
  assert.match(taken.body.advice.zh, /汇单会接收此请求/u);
});

test('a body made to be slow is answered in time', async () => {
  const startedAt = performance.now();
  for (const body of [
    'a&'.repeat(30_000),
    `{${Array.from({ length: 5000 }, (_, index) => `"f${index}":1`).join(',')},"sign":"${'ab'.repeat(16)}"}`,
    JSON.stringify({ text: '"\\'.repeat(15_000), sign: 'ab'.repeat(16) }),
    '['.repeat(60_000),
    '%'.repeat(60_000),
  ]) {
    const answer = await diagnose({ account: 'union', body });
    assert.equal(answer.status, 200, answer.text.slice(0, 200));
    assert.deepEqual(answer.body.matches, []);
  }
  // Five searches of two seconds at most; an unbounded one would take minutes.
  assert.ok(performance.now() - startedAt < 60_000);
});

test('a stored rejected callback is explained by its id alone', async () => {
  const id = await rejected('union', 'meituan-union', unionPush(ORDER, API), 'application/json');
  const { status, body } = await diagnose({ callback: id });
  assert.equal(status, 200);
  assert.equal(body.matches[0].secret.name, 'secret');
  assert.match(body.matches[0].hashed, /^\*\*\*modTime.*\*\*\*$/u);
  const wrong = await diagnose({ callback: id, account: 'waimai' });
  assert.deepEqual([wrong.status, wrong.body.code], [400, 'malformed_request']);
  assert.equal((await diagnose({ callback: id, body: 'x' })).status, 400);
  assert.equal((await diagnose({ callback: id, direction: 'out' })).status, 400);
});

test('of a stored callback that may hold personal data no value is shown until it is revealed', async () => {
  const order = '{"recipientName":"张三","recipientPhone":"13800001234"}';
  const sign = createHash('sha1').update(`developerId100999ePoiIds1order${order}${SIGN_KEY}`).digest('hex');
  const form = new URLSearchParams({ developerId: '100999', ePoiId: 's1', order, sign }).toString();
  const id = await rejected('waimai', 'meituan-waimai', form, 'application/x-www-form-urlencoded', 'order');
  const hidden = await diagnose({ callback: id });
  assert.deepEqual(hidden.body.matches[0].deviations, [{ code: 'sign_key_behind', field: null }]);
  assert.equal(hidden.body.matches[0].hashed, 'developerId‹developerId›ePoiId‹ePoiId›order‹order›***');
  assert.ok(!hidden.text.includes('13800001234') && !hidden.text.includes('张三'));
  const shown = await diagnose({ callback: id }, undefined, '?reveal=personal&reason=refused%20order');
  assert.match(shown.body.matches[0].hashed, /13800001234/u);
  const audit = await api.call('GET', '/api/v1/audit?limit=10');
  const actions = audit.body.data.slice(0, 3).map(({ action }: { action: string }) => action);
  assert.deepEqual(actions.sort(), ['personal_data.revealed', 'signature.diagnosed', 'signature.diagnosed']);
  assert.equal((await diagnose({ callback: id }, undefined, '?reveal=personal')).body.code, 'reveal_needs_reason');
  const writer = await api.key({ right: 'write' });
  assert.equal((await diagnose({ callback: id }, writer, '?reveal=personal&reason=x')).status, 403);
});

test('the value of a secret that was replaced is told from the one that is valid', async () => {
  const changed = await api.call('PATCH', '/api/v1/accounts/union', {
    body: { credentials: { callbackSecret: 'another-callback-secret' }, oldSecretsValidSeconds: 0 },
  });
  assert.equal(changed.status, 200, changed.text);
  const { body } = await diagnose({ account: 'union', body: unionPush(ORDER, CALLBACK) });
  assert.deepEqual(
    body.matches.map(({ secret }: { secret: { name: string; state: string } }) => [secret.name, secret.state]),
    body.matches.length === 0 ? [] : [['callbackSecret', 'retired']],
  );
  const back = await api.call('PATCH', '/api/v1/accounts/union', {
    body: { credentials: { callbackSecret: CALLBACK } },
  });
  assert.equal(back.status, 200);
  const now = await diagnose({ account: 'union', body: unionPush(ORDER, CALLBACK) });
  assert.equal(now.body.matches[0].secret.state, 'current');
  const old = await diagnose({ account: 'union', body: unionPush(ORDER, 'another-callback-secret') });
  assert.equal(old.body.matches[0].secret.name, 'callbackSecret');
});

test('pasted secrets are tried without an account, several of one name too', async () => {
  const question = {
    platform: 'meituan-union',
    body: unionPush(ORDER, 'pasted-secret-two'),
    secrets: { callbackSecret: ['pasted-secret-one', 'pasted-secret-two'] },
  };
  const { body } = await diagnose(question);
  assert.equal(body.matches[0].secret.state, 'pasted');
  assert.equal(body.verification, null);
  const listed = await diagnose({ ...question, secrets: ['pasted-secret-one', 'pasted-secret-two'] });
  assert.deepEqual(listed.body.matches[0].secret.name, 'secret');
  const nameless = await diagnose({ ...question, platform: undefined });
  assert.equal(nameless.body.matches[0].scheme.platform, 'meituan-union');
});

test('a request of ours that a platform refused is explained', async () => {
  const text = ['HUB1', 'https://hub.test/cb', 'the-app-secret-99'].sort().join('&');
  const { body } = await diagnose({
    direction: 'out',
    platform: 'douyin',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      app_id: 'tt1',
      out_order_no: 'HUB1',
      notify_url: 'https://hub.test/cb',
      disable_msg: 0,
      sign: createHash('md5').update(text).digest('hex'),
    }),
    secrets: { salt: 'the-app-secret-99' },
  });
  assert.deepEqual(body.matches[0].deviations, [{ code: 'zero_dropped', field: 'disable_msg' }]);
  assert.match(body.matches[0].text.zh, /值为 0 的 `disable_msg` 未参与签名/u);
});

test('where nothing matches, the nearest thing is said and everything was tried or bounded', async () => {
  const { body } = await diagnose({
    account: 'union',
    body: unionPush(ORDER, 'nobody').replace('"orderid"', '"orderId"'),
  });
  assert.deepEqual(body.matches, []);
  assert.equal(body.nearMisses[0].code, 'field.misspelt');
  assert.match(body.advice.en, /`orderId` stands where `orderid` belongs/u);
  assert.ok(body.tried > 1000);
});

test('bytes that are no text can be asked about', async () => {
  const bodyBase64 = Buffer.from('c4e3bac3', 'hex').toString('base64');
  const { status, body } = await diagnose({ account: 'union', bodyBase64 });
  assert.equal(status, 200);
  assert.ok(body.nearMisses.some(({ code }: { code: string }) => code === 'body.charset'));
  assert.equal((await diagnose({ account: 'union', bodyBase64, body: 'x' })).status, 400);
});

test('questions out of shape are refused', async () => {
  const cases: readonly (readonly [unknown, number, string])[] = [
    [{ platform: 'ebay', body: 'x' }, 422, 'platform_unknown'],
    [{ account: 'nobody', body: 'x' }, 404, 'account_not_found'],
    [{ account: 'union', platform: 'eleme', body: 'x' }, 400, 'malformed_request'],
    [{ callback: 'rcp_nothing' }, 404, 'callback_not_found'],
    [{ direction: 'up', body: 'x' }, 400, 'malformed_request'],
    [{ body: { a: 1 } }, 400, 'malformed_request'],
    [{ secrets: { a: 1 } }, 400, 'malformed_request'],
    [{ colour: 'red' }, 400, 'malformed_request'],
    [{ body: 'x'.repeat(65_537) }, 400, 'malformed_request'],
  ];
  for (const [question, status, code] of cases) {
    const answer = await diagnose(question);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(question).slice(0, 100));
  }
});

test('only keys that may write, and may see the account, have its secrets tried', async () => {
  const reader = await api.key({ right: 'read' });
  assert.equal((await diagnose({ body: 'x' }, reader)).status, 403);
  const other = await api.key({ right: 'write', accounts: ['waimai'] });
  const question = { account: 'union', body: unionPush(ORDER, CALLBACK) };
  assert.equal((await diagnose(question, other)).body.code, 'account_not_found');
  const callbacks = await api.call('GET', '/api/v1/callbacks?account=union&limit=1');
  assert.equal((await diagnose({ callback: callbacks.body.data[0].id }, other)).body.code, 'callback_not_found');
  const own = await api.key({ right: 'write', accounts: ['union'] });
  assert.equal((await diagnose(question, own)).body.matches.length, 1);
});

test('several questions at once are answered one after the other, and other requests in between', async () => {
  const body = unionPush(ORDER, 'nobody at all');
  const all = Promise.all(Array.from({ length: 7 }, () => diagnose({ account: 'union', body })));
  const health = await api.call('GET', '/healthz', { key: null });
  assert.equal(health.status, 200);
  const statuses = (await all).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 4, statuses.join(' '));
  assert.equal(statuses.filter((status) => status === 503).length, 3);
});

test('no secret was logged', () => {
  const text = JSON.stringify(logged);
  for (const secret of [API, CALLBACK, SIGN_KEY, 'pasted-secret-two']) assert.ok(!text.includes(secret), secret);
});
