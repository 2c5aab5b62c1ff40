import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  accept,
  Accepted,
  emptyRequestEvidence,
  Evidence,
  pathTokenEvidence,
  pendingBindingEvidence,
  publicKeyEvidence,
  signatureEvidence,
  storeHintEvidence,
} from './accept.ts';
import type { CallbackRequest, Secret } from './accept.ts';
import { believable } from './connector.ts';
import type { Parsed } from './connector.ts';

const request: CallbackRequest = {
  method: 'POST',
  topic: '',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
  receivedAt: 0,
};
const secret: Secret = { name: 'callbackSecret', value: 's3cret', fingerprint: 'f1f1f1f1' };

describe('evidence', () => {
  test('a matching signature is evidence and names the secret by its fingerprint', () => {
    const evidence = signatureEvidence('abc', 'abc', secret);
    assert.equal(evidence?.kind, 'signature');
    assert.equal(evidence.fingerprint, 'f1f1f1f1');
    for (const given of ['abd', 'ABC', '', 'abcd']) assert.equal(signatureEvidence(given, 'abc', secret), undefined);
  });

  test('nothing is proved with an empty secret, which everybody has', () => {
    assert.equal(signatureEvidence('abc', 'abc', { ...secret, value: '' }), undefined);
  });

  test('a public key is evidence only when its check says so', () => {
    assert.equal(publicKeyEvidence((key) => key === 's3cret', secret)?.kind, 'signature');
    assert.equal(
      publicKeyEvidence(() => false, secret),
      undefined,
    );
  });

  test('a path token is evidence when it is the one given out, and an empty one never is', () => {
    assert.equal(pathTokenEvidence('tok', 'tok')?.kind, 'path-token');
    assert.equal(pathTokenEvidence('tok', 'tol'), undefined);
    assert.equal(pathTokenEvidence('', ''), undefined);
  });

  test('a pending binding is evidence for its own store alone', () => {
    assert.equal(pendingBindingEvidence('s1', new Set(['s1']))?.kind, 'pending-binding');
    assert.equal(pendingBindingEvidence('s2', new Set(['s1'])), undefined);
  });

  test('a hint wants stores that are all known, and at least one', () => {
    assert.equal(storeHintEvidence(['s1', 's2'], new Set(['s1', 's2', 's3']))?.kind, 'hint');
    for (const stores of [[], ['s4'], ['s1', 's4']])
      assert.equal(storeHintEvidence(stores, new Set(['s1'])), undefined);
  });

  test('only a request without body and query says nothing', () => {
    assert.equal(emptyRequestEvidence(request)?.kind, 'empty');
    assert.equal(emptyRequestEvidence({ ...request, query: 'a=1' }), undefined);
    assert.equal(emptyRequestEvidence({ ...request, body: Buffer.from(' ') }), undefined);
  });

  test('evidence bears out no more than its kind does', () => {
    const bound: Parsed = {
      kind: 'reports',
      reports: [],
      stores: [
        {
          ...{ kind: 'bound', store: 's1', name: null, platformStoreId: null, at: null },
          token: { accessToken: 't', refreshToken: null, expiresAt: null },
        },
      ],
    };
    const released = (hint?: true): Parsed => ({
      kind: 'reports',
      reports: [],
      stores: [{ kind: 'released', store: 's1', at: null, ...(hint === undefined ? {} : { hint }) }],
    });
    const order: Parsed = {
      kind: 'reports',
      reports: [{ aliases: [{ kind: 'platform', value: '1' }], kind: 'takeaway', at: null, facts: [] }],
    };
    const kinds = {
      signature: signatureEvidence('abc', 'abc', secret),
      'path-token': pathTokenEvidence('tok', 'tok'),
      'pending-binding': pendingBindingEvidence('s1', new Set(['s1'])),
      hint: storeHintEvidence(['s1'], new Set(['s1'])),
      empty: emptyRequestEvidence(request),
    };
    const believed = (parsed: Parsed): readonly string[] =>
      Object.entries(kinds)
        .filter(([, evidence]) => evidence !== undefined && believable(parsed, evidence) === parsed)
        .map(([kind]) => kind);
    assert.deepEqual(believed(order), ['signature', 'path-token']);
    assert.deepEqual(believed(bound), ['signature', 'path-token', 'pending-binding']);
    assert.deepEqual(believed(released(true)), ['signature', 'path-token', 'hint']);
    assert.deepEqual(believed(released()), ['signature', 'path-token']);
    assert.deepEqual(believed({ kind: 'nothing', note: 'a ping' }), Object.keys(kinds));
  });
});

describe('evidence cannot be forged', () => {
  const genuine = signatureEvidence('abc', 'abc', secret);
  assert.ok(genuine !== undefined);
  const EvidenceClass = Evidence as unknown as new (...parts: unknown[]) => Evidence;
  const AcceptedClass = Accepted as unknown as new (...parts: unknown[]) => Accepted;

  test('the constructors want a token that nobody else has', () => {
    for (const token of [
      undefined,
      null,
      true,
      Symbol('made by the evidence functions'),
      Symbol.for('made by the evidence functions'),
    ]) {
      assert.throws(() => new EvidenceClass(token, 'signature', ''), /evidence comes from a check/u);
      assert.throws(() => new AcceptedClass(token, request, genuine, {}), /only accept\(\)/u);
    }
  });

  test('accept() refuses look-alikes, copies, proxies and objects with the right prototype', () => {
    const forged: readonly unknown[] = [
      undefined,
      null,
      {},
      { kind: 'signature', fingerprint: 'f1f1f1f1' },
      { ...genuine },
      structuredClone(genuine),
      JSON.parse(JSON.stringify(genuine)),
      Object.create(Evidence.prototype),
      Object.assign(Object.create(Evidence.prototype), { kind: 'signature', fingerprint: '' }),
      Object.setPrototypeOf({ kind: 'signature', fingerprint: '' }, Object.getPrototypeOf(genuine) as object),
      new Proxy(genuine, {}),
    ];
    for (const evidence of forged) assert.throws(() => accept(request, evidence as Evidence, {}), TypeError);
    assert.equal(accept(request, genuine, 'content').content, 'content');
  });

  test('a class derived from evidence gets no further than its parent', () => {
    class Forged extends EvidenceClass {}
    assert.throws(() => new Forged('token', 'signature', ''), TypeError);
  });

  test('what accept() made is told from what only looks like it', () => {
    const accepted = accept(request, genuine, 1);
    assert.ok(Accepted.isGenuine(accepted));
    for (const forged of [{ ...accepted }, Object.create(Accepted.prototype), null, 'accepted']) {
      assert.equal(Accepted.isGenuine(forged), false);
    }
  });
});
