import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallbackRequest } from '../../src/core/accept.ts';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import { reportKey } from '../../src/core/fact.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { accountView } from './account-view.ts';
import { assertSilentAboutSecrets, assertStorable } from './connector-claims.ts';
import { PLAYED_URL, callbacksOf, tellStories } from './connector-ear.ts';
import type { Ear, Outcome } from './connector-ear.ts';
import type { ConnectorSuite } from './connector-suite.ts';
import { byteMutation, flipBit, valueMutation } from './mutations.ts';

/** The long run asks for more by the variable. */
const MUTATED_BODIES = Number(process.env['TEST_MUTATED_BODIES'] ?? 2_000);
const SEED = 20_261_101;

/** Whom a connector believes. Runs inside its shared suite. */
export function trustSuite(connector: Connector, suite: ConnectorSuite, ear: Ear): void {
  const { demo, demoAccount, hear, believe, isVouchedFor } = ear;

  /** Whether a genuine request was changed where nothing vouches for it, and is no longer believed for that. */
  function isDisowned(request: CallbackRequest, changed: CallbackRequest, outcome: Outcome): boolean {
    const signed = suite.signedPart?.(request);
    return outcome.kind === 'unrecognised' && signed !== undefined && signed === suite.signedPart?.(changed);
  }

  test('own signatures are accepted, and the secret that matched is named', () => {
    for (const { name, request, account, words } of ear.genuine()) {
      const verified = connector.verify(request, account);
      assert.ok(verified.ok, `${name}: ${JSON.stringify(verified)}`);
      const known = Object.keys(words.credentials).flatMap((field) =>
        account.secrets(field).map((secret) => secret.fingerprint),
      );
      if (verified.accepted.evidence.kind === 'signature') {
        assert.ok(known.includes(verified.accepted.evidence.fingerprint), name);
      }
    }
  });

  for (const field of connector.account.callbackSecrets) {
    test(`an old ${field} stays valid beside the new one, and a foreign or missing one is refused`, () => {
      const { credentials, settings } = demo;
      const [fingerprint] = demoAccount.secrets(field).map((secret) => secret.fingerprint);
      const told = tellStories(connector, 30, `${connector.id}/secrets`).flatMap((story) =>
        callbacksOf(story, demoAccount),
      );
      // An account may have several kinds of secrets, each for its own kind of message.
      const isOfField = (sent: CallbackRequest): boolean => {
        const verified = connector.verify(sent, demoAccount);
        return verified.ok && verified.accepted.evidence.fingerprint === fingerprint;
      };
      const request = told.find(isOfField) ?? told[0];
      assert.ok(request !== undefined);
      const other =
        connector.sandbox.demoAccount(seededRandom(`${connector.id}/other`), PLAYED_URL).credentials[field] ??
        'another';
      const held = credentials[field] ?? '';
      const withSecrets = (values: readonly string[]): AccountView =>
        accountView(connector, { credentials: { ...credentials, [field]: values }, settings });
      assert.notEqual(other, held);
      const rotated = connector.verify(request, withSecrets([other, held]));
      assert.ok(rotated.ok);
      const [, old] = withSecrets([other, held]).secrets(field);
      if (rotated.accepted.evidence.fingerprint !== '')
        assert.equal(rotated.accepted.evidence.fingerprint, old?.fingerprint);
      assert.equal(hear(request, withSecrets([other])).kind, 'refused');
      const none = hear(request, withSecrets([]));
      assert.equal(none.kind === 'refused' && none.reason, 'no_secret');
      assert.equal(hear(request, withSecrets([''])).kind, 'refused');
    });
  }

  test('a flipped bit anywhere is refused, or changes nothing that is read', () => {
    let refused = 0;
    for (const { name, request, account } of ear.samples()) {
      const truth = believe(request, account);
      const check = (changed: CallbackRequest, where: string): void => {
        const outcome = hear(changed, account);
        if (outcome.kind === 'refused') refused += 1;
        else if (isVouchedFor(changed, account) && !isDisowned(request, changed, outcome))
          assert.deepEqual(outcome, truth, `${name}: a flip in ${where} was believed`);
      };
      const bodyIsFree = suite.vouchedBy === 'path';
      for (let index = 0; !bodyIsFree && index < request.body.length; index += 1) {
        for (const bit of [0, 1 + (index % 7)]) {
          check({ ...request, body: flipBit(Buffer.from(request.body), index, bit) }, `byte ${index} of the body`);
        }
      }
      for (const [header, value] of Object.entries(request.headers)) {
        for (let index = 0; index < value.length; index += 1) {
          const flipped = flipBit(Buffer.from(value), index, 0).toString();
          check({ ...request, headers: { ...request.headers, [header]: flipped } }, `header ${header}`);
        }
      }
      for (let index = 0; index < request.query.length; index += 1) {
        check({ ...request, query: flipBit(Buffer.from(request.query), index, 0).toString() }, 'the query');
      }
      for (let index = 0; bodyIsFree && index < request.topic.length; index += 1) {
        check({ ...request, topic: flipBit(Buffer.from(request.topic), index, 0).toString() }, 'the path');
      }
    }
    assert.ok(refused > 0, 'nothing was ever refused');
  });

  test(`${MUTATED_BODIES} mutated bodies neither crash nor change what is believed`, () => {
    const samples = ear.samples();
    fc.assert(
      fc.property(fc.constantFrom(...samples), byteMutation, ({ request, account, words }, mutate) => {
        const changed = { ...request, body: mutate(Buffer.from(request.body)) };
        const outcome = hear(changed, account);
        assertSilentAboutSecrets(outcome, words);
        if (outcome.kind === 'refused' || suite.vouchedBy === 'path' || !isVouchedFor(changed, account)) return;
        if (isDisowned(request, changed, outcome)) return;
        assert.deepEqual(outcome, believe(request, account), 'changed content was believed');
      }),
      { seed: SEED, numRuns: MUTATED_BODIES },
    );
  });

  if (suite.resign !== undefined || suite.vouchedBy === 'path') {
    test('odd values under a genuine signature become storable reports or are unrecognised with a reason', () => {
      const samples = ear.samples();
      const resign = suite.resign ?? ((request) => request);
      let odd = 0;
      fc.assert(
        fc.property(fc.constantFrom(...samples), valueMutation, ({ request, account, words }, mutate) => {
          const body = Buffer.from(mutate(Buffer.from(request.body).toString()));
          const signed = resign({ ...request, body }, account);
          if (signed === undefined) return;
          const outcome = hear(signed, account);
          assertSilentAboutSecrets(outcome, words);
          if (outcome.kind === 'unrecognised') odd += 1;
          if (outcome.kind === 'reports') assertStorable(connector, outcome.reports);
        }),
        { seed: SEED, numRuns: MUTATED_BODIES },
      );
      assert.ok(odd > 0, 'no odd value was ever noticed');
    });
  }

  test('a request parsed twice gives the same keys, and every register it uses has a declared order', () => {
    for (const { name, request, account } of ear.genuine()) {
      const [first, second] = [believe(request, account), believe(request, account)];
      assert.deepEqual(first, second, name);
      if (first.kind !== 'reports' || second.kind !== 'reports') continue;
      assert.deepEqual(first.reports.map(reportKey), second.reports.map(reportKey));
      assertStorable(connector, first.reports);
    }
  });
}
