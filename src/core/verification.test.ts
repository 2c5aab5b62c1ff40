import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signatureEvidence } from './accept.ts';
import type { CallbackRequest, Secret } from './accept.ts';
import { JsonReader } from './json-reader.ts';
import {
  aboutOrders,
  acceptProved,
  isRefused,
  isUnknown,
  jsonBody,
  lookUp,
  refused,
  signatureIn,
} from './verification.ts';

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
const reasonOf = (value: object | string): string | undefined => (isRefused(value) ? value.refusal.reason : undefined);

describe('proving a callback', () => {
  const prove = (given: string, { value, ...rest }: Secret) =>
    signatureEvidence(given, `signed by ${value}`, { value, ...rest });
  const verify = (given: string | ReturnType<typeof refused>, ...secrets: readonly string[]) =>
    acceptProved(requestOf(''), accountWith(...secrets), { field: 'key', given, content: 'read' }, prove);

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
    assert.equal(reasonOf(verify('signed by ', '')), 'wrong_signature', 'an empty secret proves nothing');
  });

  test('a body is a JSON object in UTF-8 with its signature as text, or it is refused', () => {
    assert.equal(reasonOf(jsonBody(requestOf(Buffer.from([0x7b, 0xff])))), 'unreadable');
    assert.equal(reasonOf(jsonBody(requestOf('{'))), 'unreadable');
    assert.equal(reasonOf(jsonBody(requestOf('[]'))), 'missing_signature');
    const fields = jsonBody(requestOf('{"sign":"x","refusal":1,"number":1,"none":""}'));
    assert.ok(!isRefused(fields), 'a field of this name is no refusal');
    assert.equal(signatureIn(fields, 'sign'), 'x');
    for (const name of ['number', 'none', 'absent'])
      assert.equal(reasonOf(signatureIn(fields, name)), 'missing_signature');
  });
});

test('a value that no table has is named, cut and escaped; names of the language are in no table', () => {
  assert.deepEqual(isUnknown('status', `"${'x'.repeat(40)}`), {
    kind: 'unrecognised',
    reason: String.raw`status "\"${'x'.repeat(31)}" is not known`,
  });
  assert.deepEqual(isUnknown('status', undefined), { kind: 'unrecognised', reason: 'status is missing' });
  assert.deepEqual(
    [lookUp({ a: 1 }, 'a'), lookUp({ a: 1 }, 'constructor'), lookUp({ a: 1 }, undefined)],
    [1, undefined, undefined],
  );
});

test('a message of which one field cannot be read says nothing at all', () => {
  const fields = new JsonReader(new Map([['total', 'free']]));
  const report = { aliases: [{ kind: 'platform', value: '1' }], kind: 'cps', at: null, facts: [] } as const;
  assert.deepEqual(aboutOrders(fields, report), { kind: 'reports', reports: [report] });
  fields.yuan('total');
  assert.deepEqual(aboutOrders(fields, report), {
    kind: 'unrecognised',
    reason: 'total is not an amount in yuan',
  });
});
