import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { SignatureVector } from '../../../test/kit/connector-suite.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import { reportKey } from '../../core/fact.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import { md5Hex } from '../../core/signing.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { schemeOf } from './account.ts';
import { NOTICES, STATUSES } from './callback.ts';
import { readEnvelope } from './envelope.ts';
import { em } from './index.ts';
import { SCHEME_NAMES, SCHEMES } from './schemes.ts';
import { sign } from './signature.ts';

const SECRET = 'HUBSECRET01';
const credentials = { appid: 'HUBAPP01', appSecret: SECRET };
const account = (settings = {}): AccountView => accountView(em, { credentials, settings });

const FIRST = {
  appid: 'HUBAPP01',
  request_data: '{"notify_type":"OUT_TRADE_AUDIT","trade_no":"DD202311150001","trade_status":2,"message":"审核通过"}',
  timestamp: '1700000000',
};
const SECOND = {
  appid: 'HUBAPP01',
  request_data: '{"notify_type":"IN_STOCK_AUDIT","instock_no":"RK202311150001","instock_status":2,"message":"ok"}',
  timestamp: '1700000060',
};
const THIRD_FORM =
  'appid=HUBAPP01&timestamp=1700000120&request_data=%7B%22trade_no%22%3A%22DD202311150002%22%2C%22trade_status%22%3A1%2C%22message%22%3A%22a%26b%3Dc+100%25%22%7D&sign=cd7e3c648b5b8f2e05b80dbfad58cd41';

/** The text of the first vector as each scheme hashes it, written out by hand. */
const K = SECRET;
const P = `appidHUBAPP01request_data${FIRST.request_data}timestamp1700000000`;
const E = `appid=HUBAPP01&request_data=${FIRST.request_data}&timestamp=1700000000`;
const HASHED: Readonly<Record<(typeof SCHEME_NAMES)[number], string>> = {
  'secret-wrap-kv-lower': K + P + K,
  'secret-wrap-kv-upper': K + P + K,
  'secret-wrap-kv-body-upper': K + P + FIRST.request_data + K,
  'kv-amp-key-upper': `${E}&key=${K}`,
  'kv-amp-key-lower': `${E}&key=${K}`,
  'kv-amp-appsecret-upper': `appid=HUBAPP01&request_data=%7B%22notify_type%22%3A%22OUT_TRADE_AUDIT%22%2C%22trade_no%22%3A%22DD202311150001%22%2C%22trade_status%22%3A2%2C%22message%22%3A%22%E5%AE%A1%E6%A0%B8%E9%80%9A%E8%BF%87%22%7D&timestamp=1700000000&app_secret=${K}`,
  'kv-amp-secret-lower': `${E}&${K}`,
  'kv-amp-concat-secret-lower': `${E}${K}`,
  'kv-concat-secret-upper': `appid=HUBAPP01request_data=${FIRST.request_data}timestamp=1700000000${K}`,
  'secret-json-ts-secret-upper': `${K}${FIRST.request_data}1700000000${K}`,
  'double-md5-key-upper': `${md5Hex(E)}&key=${K}`,
};

const notice = (fields: typeof FIRST, given: string): string => JSON.stringify({ ...fields, sign: given });
const vector = (
  name: string,
  body: string,
  expect: SignatureVector['expect'],
  settings: Readonly<Record<string, string>> = {},
): SignatureVector => ({ name, account: { credentials, settings }, request: { body }, expect });

const signedBy = (scheme: (typeof SCHEME_NAMES)[number]): string => {
  const digest = md5Hex(HASHED[scheme]);
  return scheme.endsWith('-upper') ? digest.toUpperCase() : digest;
};
/** Differ only in letter case. */
const TWINS: Readonly<Record<string, string>> = { 'secret-wrap-kv-upper': 'secret-wrap-kv-lower' };

const vectors: readonly SignatureVector[] = [
  vector('first, an order', notice(FIRST, '1563ba18aa545bda7d2e297fbfedb76d'), 'accepted'),
  vector('first, in upper case', notice(FIRST, '1563BA18AA545BDA7D2E297FBFEDB76D'), 'accepted'),
  vector('second, a stock-in', notice(SECOND, 'a68debca8163ddd2d7319342e0fa8074'), 'accepted'),
  vector('third, a form in the older format', THIRD_FORM, 'accepted'),
  vector('third, decoded before it is split', decodeURIComponent(THIRD_FORM), 'unreadable'),
  vector('third, never decoded', THIRD_FORM.replaceAll('%', '%25'), 'wrong_signature'),
  ...SCHEME_NAMES.flatMap((scheme) => [
    vector(`${scheme}, so set`, notice(FIRST, signedBy(scheme)), 'accepted', { signScheme: scheme }),
    vector(
      `${scheme} where the default is set`,
      notice(FIRST, signedBy(scheme)),
      scheme in TWINS || scheme === 'secret-wrap-kv-lower' ? 'accepted' : 'wrong_signature',
    ),
  ]),
];

/** The same notice, whatever it says now, signed again and in the form that it had. */
function resign(request: CallbackRequest, view: AccountView): CallbackRequest | undefined {
  const envelope = readEnvelope(request.body);
  const [secret] = view.secrets('appSecret');
  if (envelope === undefined || secret === undefined) return undefined;
  const { appid, timestamp, request_data: data } = envelope;
  if (appid === undefined || timestamp === undefined || data === undefined) return undefined;
  const fields = { appid, timestamp, request_data: data };
  return {
    ...request,
    body: Buffer.from(writeForm(Object.entries({ ...fields, sign: sign(fields, secret.value, schemeOf(view)) }))),
  };
}

const plain = { status: 200, contentType: 'text/plain; charset=utf-8' };

connectorSuite(em, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', ...plain, body: 'SUCCESS' },
    { outcome: 'rejected', ...plain, body: 'ERROR,signature' },
  ],
  statuses: {
    all: [...Object.keys(NOTICES), ''].flatMap((type) => Object.keys(STATUSES).map((status) => `${type}/${status}`)),
    of: ({ body }) => {
      const data = parseLossless(readEnvelope(body)?.request_data ?? '');
      if (!isLosslessObject(data)) return undefined;
      const status =
        data.get('notify_type') === 'IN_STOCK_AUDIT' ? data.get('instock_status') : data.get('trade_status');
      return `${scalarText(data.get('notify_type')) ?? ''}/${scalarText(status) ?? ''}`;
    },
  },
  vectors,
  resign,
});

describe('em: what is particular to it', () => {
  test('the setting knows the eleven named schemes and no way to switch the check off', () => {
    assert.equal(SCHEME_NAMES.length, 11);
    const field = em.account.settings.find(({ name }) => name === 'signScheme');
    assert.ok(field?.kind === 'choice');
    assert.deepEqual([field.choices, field.default], [SCHEME_NAMES, 'secret-wrap-kv-lower']);
    assert.equal(schemeOf(account({ signScheme: 'off' })), 'secret-wrap-kv-lower');
  });

  test('each scheme hashes the text of its description, and writes the digest in its letter case', () => {
    for (const scheme of SCHEME_NAMES) {
      assert.equal(SCHEMES[scheme].hashed(FIRST, SECRET), HASHED[scheme], scheme);
      assert.equal(sign(FIRST, SECRET, scheme), signedBy(scheme), scheme);
    }
  });

  test('a notice that fits another scheme is refused, and the reason names that scheme', () => {
    for (const scheme of SCHEME_NAMES) {
      if (scheme in TWINS || scheme === 'secret-wrap-kv-lower') continue;
      const verified = em.verify(callbackRequest({ body: notice(FIRST, signedBy(scheme)) }), account());
      assert.ok(!verified.ok && !verified.refusal.detail.includes(SECRET));
      assert.match(verified.refusal.detail, /set signScheme to it/u);
      const named = SCHEME_NAMES.find((name) => verified.refusal.detail.includes(` ${name}:`));
      assert.equal(named && HASHED[named], HASHED[scheme]);
    }
  });

  test('the sample printed in the documents verifies in no scheme, since its sign was made from other inputs', () => {
    const body = JSON.stringify({
      appid: 'KEY_AAAAAA',
      sign: 'ae49f7782e215b4bf49a80c99e1f7855',
      request_data:
        '{"notify_type":"OUT_TRADE_AUDIT","trade_no":"DD202409250002","trade_status":2,"message":"审核通过"}',
      timestamp: '1727324523',
    });
    const sample = { credentials: { appid: 'KEY_AAAAAA', appSecret: 'SECRET_AAAAAA' } };
    for (const signScheme of SCHEME_NAMES) {
      const verified = em.verify(callbackRequest({ body }), accountView(em, { ...sample, settings: { signScheme } }));
      assert.equal(verified.ok, false, signScheme);
    }
  });

  test('a notice of another appid is refused even where the scheme does not sign the appid', () => {
    const scheme = 'secret-json-ts-secret-upper';
    const foreign = { ...FIRST, appid: 'HUBAPP02' };
    const body = notice(foreign, sign(foreign, SECRET, scheme));
    const verified = em.verify(callbackRequest({ body }), account({ signScheme: scheme }));
    assert.match(verified.ok ? '' : verified.refusal.detail, /appid is not the one of this account/u);
  });

  test('an hour of resends with renewed timestamps, in every form of body, is one report', () => {
    const keys = new Set<string>();
    const said = new Set<string>();
    for (let again = 0; again <= 120; again += 1) {
      const fields = { ...FIRST, timestamp: String(1_700_000_000 + again * 30) };
      const json = notice(fields, sign(fields, SECRET, 'secret-wrap-kv-lower'));
      const bodies = [
        json,
        encodeURIComponent(json),
        writeForm(Object.entries(JSON.parse(json) as Record<string, string>)),
      ];
      const verified = em.verify(callbackRequest({ body: bodies[again % 3] ?? json }), account());
      assert.ok(verified.ok);
      const parsed = em.parse(verified.accepted, account());
      assert.ok(parsed.kind === 'reports');
      for (const report of parsed.reports) keys.add(reportKey(report));
      said.add(JSON.stringify(parsed));
    }
    assert.deepEqual([...keys], ['HUBAPP01/OUT_TRADE_AUDIT/DD202311150001/2']);
    assert.equal(said.size, 1);
  });

  test('the timestamp may be of any age: a late resend is no attack', () => {
    for (const timestamp of ['946684800', '4102444800', '', 'yesterday']) {
      const fields = { ...FIRST, timestamp };
      const body = notice(fields, sign(fields, SECRET, 'secret-wrap-kv-lower'));
      assert.ok(em.verify(callbackRequest({ body }), account()).ok, timestamp);
    }
  });

  test('of a repeated request_data the last one counts, for the signature and for the order alike', () => {
    const given = sign(FIRST, SECRET, 'secret-wrap-kv-lower');
    const head = `"appid":"HUBAPP01","timestamp":"1700000000","sign":"${given}"`;
    const other = '{"trade_no":"DD1","trade_status":1}';
    const last = em.verify(
      callbackRequest({ body: `{${head},"request_data":${other},"request\\u005fdata":${FIRST.request_data}}` }),
      account(),
    );
    assert.ok(last.ok);
    const parsed = em.parse(last.accepted, account());
    assert.equal(parsed.kind === 'reports' && parsed.reports[0]?.aliases[0].value, 'DD202311150001');
    const first = callbackRequest({ body: `{${head},"request_data":${FIRST.request_data},"request_data":${other}}` });
    assert.equal(em.verify(first, account()).ok, false);
  });

  test('only exactly SUCCESS counts as received, and it is sent again every 30 s for one hour', () => {
    const { isReceived, retryGapsMs } = em.sandbox;
    assert.ok(isReceived({ status: 200, body: 'SUCCESS' }));
    for (const body of ['success', 'SUCCESS\n', '"SUCCESS"', ' SUCCESS', 'ERROR,signature', '{"ok":true}', '']) {
      assert.equal(isReceived({ status: 200, body }), false, body);
    }
    assert.ok(retryGapsMs.every((gapMs) => gapMs === 30_000));
    assert.equal(
      retryGapsMs.reduce((sum, gapMs) => sum + gapMs, 0),
      3_600_000,
    );
  });

  test('the sandbox tells every plot, with numbers of orders that no two share', () => {
    const plots = new Set<string>();
    const numbers = new Set<string>();
    for (let number = 1; number <= 400; number += 1) {
      const story = em.sandbox.tell(seededRandom(`plots/${number}`), number, Date.UTC(2026, 10, 1));
      plots.add(story.plot);
      numbers.add(story.platformOrderId);
    }
    assert.equal(plots.size, 8);
    assert.equal(numbers.size, 400);
  });
});
