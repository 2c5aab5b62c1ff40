import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { accountView } from '../../../test/kit/account-view.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Parsed } from '../../core/connector.ts';
import { reportKey } from '../../core/fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from '../../core/json.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { custom } from './index.ts';
import { FIELDS, OURS, WORDS } from './order-shape.ts';
import { sign } from './signature.ts';

const SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
/** When the test requests are received. */
const NOW_S = Date.UTC(2026, 10, 1) / 1000;
const account = (settings = {}, secret: string | readonly string[] = SECRET): AccountView =>
  accountView(custom, { credentials: { secret }, settings });

function signed(body: string, { secret = SECRET, timestampS = NOW_S, id = 'msg_1' } = {}): CallbackRequest {
  const timestamp = String(timestampS);
  return callbackRequest({
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(secret, id, timestamp, Buffer.from(body)),
    },
    body,
  });
}

function parse(request: CallbackRequest, view = account()): Parsed {
  const verified = custom.verify(request, view);
  assert.ok(verified.ok, JSON.stringify(verified));
  return custom.parse(verified.accepted, view);
}

/** The words that a body uses, such as `payment/paid`. */
function wordsOf({ body }: CallbackRequest): readonly string[] {
  const fields = parseLossless(decodeUtf8(body) ?? '');
  if (!isLosslessObject(fields)) return [];
  return Object.keys(WORDS).flatMap((name) => {
    const value = fields.get(name);
    return typeof value === 'string' ? [`${name}/${value}`] : [];
  });
}
const SINGLE_WORDS = ['kind', 'payment', 'fulfilment', 'lifecycle', 'settlement'] as const;

connectorSuite(custom, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', status: 200, contentType: 'application/json; charset=utf-8', body: '{"ok":true}' },
    {
      outcome: 'rejected',
      status: 401,
      contentType: 'application/json; charset=utf-8',
      body: '{"ok":false,"error":"signature"}',
    },
  ],
  // The last word of a body is the one that its fixture is about; the first is its kind.
  statuses: {
    all: SINGLE_WORDS.flatMap((name) => (name === 'kind' ? [] : WORDS[name].map((word) => `${name}/${word}`))),
    of: (request) => wordsOf(request).at(-1),
  },
  resign: (request, view) => {
    const [secret] = view.secrets('secret');
    const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '' } = request.headers;
    if (secret === undefined) return undefined;
    return {
      ...request,
      headers: { ...request.headers, 'webhook-signature': sign(secret.value, id, timestamp, request.body) },
    };
  },
});

describe('custom: what is particular to it', () => {
  test('the published vector of Standard Webhooks verifies', () => {
    const body = '{"test": 2432232314}';
    const given = sign(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '1614265330',
      Buffer.from(body),
    );
    assert.equal(given, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('what the reference library signs is accepted, and what is signed here satisfies it', () => {
    const body = '{"platformOrderId":"P-1","kind":"takeaway","sid":"门店 3"}';
    const library = new Webhook(SECRET);
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(NOW_S),
      'webhook-signature': library.sign('msg_1', new Date(NOW_S * 1000), body),
    };
    assert.equal(parse(callbackRequest({ headers, body })).kind, 'reports');
    const timestampS = Math.floor(Date.now() / 1000);
    assert.deepEqual(library.verify(body, { ...signed(body, { timestampS }).headers }), JSON.parse(body));
  });

  test('a secret may be whsec_ and base64, or any text; what only looks like whsec_ is text', () => {
    for (const secret of [SECRET, 'short', '密钥', 'whsec_', 'whsec_not base64!', 'whsec_====']) {
      assert.equal(
        parse(signed('{"platformOrderId":"P-1","kind":"cps"}', { secret }), account({}, secret)).kind,
        'reports',
      );
    }
    const withNoKey = signed('{}', { secret: '' });
    assert.equal(custom.verify(withNoKey, account({}, 'whsec_')).ok, false);
  });

  test('the time is checked to the second, both ways, as far as the setting says', () => {
    const at = (timestampS: number, settings = {}): string => {
      const verified = custom.verify(signed('{}', { timestampS }), account(settings));
      return verified.ok ? 'ok' : verified.refusal.reason;
    };
    assert.deepEqual(
      [NOW_S - 300, NOW_S + 300].map((s) => at(s)),
      ['ok', 'ok'],
    );
    assert.deepEqual(
      [NOW_S - 301, NOW_S + 301].map((s) => at(s)),
      ['wrong_time', 'wrong_time'],
    );
    assert.deepEqual(
      [at(NOW_S - 10, { toleranceSeconds: 9 }), at(NOW_S - 10, { toleranceSeconds: 10 })],
      ['wrong_time', 'ok'],
    );
    assert.equal(at(1, { toleranceSeconds: 0 }), 'ok');
  });

  test('whoever has no secret learns nothing from a wrong time: the signature is looked at first', () => {
    const verified = custom.verify(signed('{}', { timestampS: 1, secret: 'another' }), account());
    assert.equal(!verified.ok && verified.refusal.reason, 'wrong_signature');
  });

  test('the same statement under another id and a fresh signature is one report, as long as it says when', () => {
    const keys = (body: string): readonly string[] =>
      [1, 2, 3].map((again) => {
        const parsed = parse(signed(body, { id: `msg_${again}`, timestampS: NOW_S + again }));
        assert.ok(parsed.kind === 'reports' && parsed.reports[0] !== undefined);
        return reportKey(parsed.reports[0]);
      });
    assert.equal(new Set(keys('{"platformOrderId":"P-1","kind":"cps","at":"2026-10-31T12:00:00Z"}')).size, 1);
    assert.equal(new Set(keys('{"platformOrderId":"P-1","kind":"cps"}')).size, 3);
  });

  test('the sender of a body that is not understood is told which field', () => {
    const parsed = parse(signed('{"platformOrderId":"P-1","kind":"takeaway","amounts":{"total":35.8}}'));
    assert.equal(parsed.kind, 'unrecognised');
    const reply = custom.reply('stored', signed(''), 'replyData' in parsed ? parsed.replyData : undefined);
    assert.deepEqual(reply.status, 200);
    assert.equal(reply.body, '{"ok":true,"unrecognised":"amounts.total is not an amount in fen"}');
    assert.ok(custom.sandbox.isReceived(reply));
  });

  test('an order as the API shows it is understood, and its status says what no other field says', () => {
    const says = (body: object): Readonly<Record<string, unknown>> => {
      const parsed = parse(signed(JSON.stringify({ platformOrderId: 'P-1', kind: 'takeaway', ...body })));
      assert.ok(parsed.kind === 'reports', JSON.stringify(parsed));
      return Object.fromEntries(parsed.reports[0]?.facts.map(({ register, value }) => [register, value]) ?? []);
    };
    const own = Object.fromEntries(OURS.filter((name) => name !== 'member').map((name) => [name, null]));
    const amounts = { currency: 'CNY', total: 100, paid: 100, refunded: 0, deliveryFee: null };
    const whole = { ...own, status: 'paid', amounts, attribution: { sid: 'u1', member: null }, flags: [], version: 3 };
    const facts = says(whole);
    assert.deepEqual([facts['payment'], facts['lifecycle'], facts['sid']], ['paid', 'open', 'u1']);
    assert.deepEqual(says({ status: 'completed', payment: 'refunded', lifecycle: null }), {
      payment: 'refunded',
      lifecycle: 'completed',
    });
    for (const status of WORDS.status) assert.ok(Object.keys(says({ status })).length > 0, status);
    const sum = signed('{"platformOrderId":"P-1","kind":"cps","amounts":{"paid":5,"refunded":5}}');
    assert.equal(parse(sum).kind, 'unrecognised');
    assert.equal(parse(signed('{"platformOrderId":"P-1","kind":"cps","status":"done"}')).kind, 'unrecognised');
  });

  test('the README lists every field and every word, and no other', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('## Fields'), readme.indexOf('## Words'));
    const documented = [...table.matchAll(/^\| `([^`]+)`/gmu)].map((match) => match[1]);
    const fields = Object.entries(FIELDS).flatMap(([where, names]) =>
      names.map((name) => (where === '' ? name : `${where}.${name}`)),
    );
    assert.deepEqual(new Set(documented), new Set(fields));
    assert.equal(documented.length, fields.length);
    const words = readme.slice(readme.indexOf('## Words'), readme.indexOf('## Answers'));
    for (const [name, known] of Object.entries(WORDS)) {
      const row = new RegExp(`^\\| \`[^\`]*${name}\` \\| (.*) \\|$`, 'mu').exec(words)?.[1] ?? '';
      assert.deepEqual(
        [...row.matchAll(/`([^`]+)`/gu)].map((match) => match[1]),
        known,
        name,
      );
    }
  });

  test('the example of the README is understood', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    const example = /```json\n([\s\S]*?)```/u.exec(readme)?.[1] ?? '';
    const parsed = parse(signed(example));
    assert.equal(parsed.kind, 'reports', JSON.stringify(parsed));
  });

  test('the sandbox tells every plot, with numbers of orders that no two share', () => {
    const plots = new Set<string>();
    const numbers = new Set<string>();
    for (let number = 1; number <= 600; number += 1) {
      const story = custom.sandbox.tell(seededRandom(`plots/${number}`), number, NOW_S * 1000);
      plots.add(story.plot);
      numbers.add(story.platformOrderId);
    }
    assert.equal(plots.size, 18);
    assert.equal(numbers.size, 600);
  });
});
