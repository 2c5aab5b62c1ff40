import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyRequestEvidence, signatureEvidence } from './accept.ts';
import type { CallbackRequest, Secret } from './accept.ts';
import type { AccountView } from './connector.ts';
import { scalarText } from './json.ts';
import { acceptProved, acceptSigned, isRefused, jsonBody, refused, signedInField } from './verification.ts';

const requestOf = (body: string | Uint8Array): CallbackRequest => ({
  method: 'POST',
  topic: '',
  query: '',
  headers: {},
  body: Buffer.from(body),
  receivedAt: 1_700_000_000_000,
});
const secret = (value: string): Secret => ({ name: 'key', value, fingerprint: `of ${value}` });
const accountWith = (...values: readonly string[]) => ({
  secrets: (name: string) => (name === 'key' ? values.map(secret) : []),
});
const accountOf = (view: Pick<AccountView, 'secrets'>): AccountView => ({
  ...view,
  id: 'a',
  platform: 'p',
  credential: () => undefined,
  settings: {},
  pendingBindings: new Set(),
});
const reasonOf = (value: object | string): string | undefined => (isRefused(value) ? value.refusal.reason : undefined);

describe('proving a callback', () => {
  const prove = (given: string, { value, ...rest }: Secret) =>
    signatureEvidence(given, `signed by ${value}`, { value, ...rest });
  const verify = (given: string | ReturnType<typeof refused>, ...secrets: readonly string[]) =>
    acceptProved(requestOf(''), accountWith(...secrets), { credential: 'key', given, content: 'read' }, prove);

  test('each secret that is valid now is tried, and the one that fits is recorded', () => {
    const verified = verify('signed by old', 'new', 'old');
    assert.ok(verified.ok);
    assert.deepEqual([verified.accepted.content, verified.accepted.evidence.fingerprint], ['read', 'of old']);
    assert.equal(reasonOf(verify('signed by nobody', 'new', 'old')), 'wrong_signature');
  });

  test('that a secret is missing is said before anything else, and then why there is no signature', () => {
    const without = refused('missing_signature', 'There is none.');
    assert.equal(reasonOf(verify(without)), 'no_secret');
    assert.equal(reasonOf(verify(without, 'new')), 'missing_signature');
    assert.equal(reasonOf(verify('signed by ', '')), 'no_secret', 'an empty secret is none');
    assert.equal(reasonOf(verify('signed by ', '', 'new')), 'wrong_signature', 'an empty secret proves nothing');
  });

  test('a body is a JSON object in UTF-8 with its signature as text, or it is refused', () => {
    assert.equal(reasonOf(jsonBody(requestOf(Buffer.from([0x7b, 0xff])))), 'unreadable');
    assert.equal(reasonOf(jsonBody(requestOf('{'))), 'unreadable');
    assert.equal(reasonOf(jsonBody(requestOf('[]'))), 'missing_signature');
    const fields = jsonBody(requestOf('{"sign":"x","refusal":1,"number":1,"none":""}'));
    assert.ok(!isRefused(fields), 'a field of this name is no refusal');
  });

  const inField = signedInField({
    credential: 'key',
    field: 'sign',
    anyCase: true,
    signerOf: (fields) =>
      fields.has('odd')
        ? refused('unreadable', 'It is odd.')
        : (value) => `${value}:${scalarText(fields.get('n')) ?? ''}`,
  });
  const verifyBody = (body: string, ...secrets: readonly string[]) =>
    inField(requestOf(body), accountOf(accountWith(...secrets)));

  test('a body that a field of its own signs is believed by any valid secret, in either letter case', () => {
    const verified = verifyBody('{"n":"x","sign":"OLD:X"}', 'new', 'old');
    assert.ok(verified.ok);
    assert.equal(verified.accepted.content.get('n'), 'x');
    assert.equal(reasonOf(verifyBody('{"n":"y","sign":"old:x"}', 'new', 'old')), 'wrong_signature');
  });

  test('a field that is no text is no signature, and a body of which nothing can be signed is refused', () => {
    for (const sign of ['1', '""', 'null']) {
      assert.equal(reasonOf(verifyBody(`{"n":"x","sign":${sign}}`, 'key')), 'missing_signature');
    }
    assert.equal(reasonOf(verifyBody('{"odd":1,"sign":"x"}', 'key')), 'unreadable');
    assert.equal(reasonOf(verifyBody('{"odd":1,"sign":"x"}')), 'no_secret');
    assert.equal(reasonOf(verifyBody('[', 'key')), 'unreadable');
  });

  test('what is known beside a right or a wrong signature is told', () => {
    const claim = { credential: 'key', given: 'x', content: null };
    const late = acceptProved(requestOf(''), accountWith('x'), claim, () => refused('wrong_time', 'It is old.'));
    assert.equal(reasonOf(late), 'wrong_time');
    const told = acceptSigned(
      requestOf(''),
      accountWith('y'),
      { ...claim, otherwise: (given, secrets) => refused('unknown_token', `${given} is not ${secrets.length}`) },
      (value) => value,
    );
    assert.deepEqual(told, { ok: false, refusal: { reason: 'unknown_token', detail: 'x is not 1' } });
  });

  test('what vouches for a request without a signature needs no secret', () => {
    const empty = emptyRequestEvidence(requestOf(''));
    assert.ok(empty !== undefined);
    const verified = acceptSigned(
      requestOf(''),
      accountWith(),
      { credential: 'key', given: empty, content: 'nothing' },
      () => '',
    );
    assert.ok(verified.ok);
    assert.equal(verified.accepted.evidence.kind, 'empty');
  });
});
