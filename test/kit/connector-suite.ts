import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CallbackRequest } from '../../src/core/accept.ts';
import { TRY_AGAIN } from '../../src/core/connector.ts';
import type { AccountView, Connector, Refusal, Reply } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { accountView } from './account-view.ts';
import type { AccountWords } from './account-view.ts';
import { actingSuite } from './acting-suite.ts';
import { assertSilentAboutSecrets } from './connector-claims.ts';
import { STORY_START, createEar, modelOf, tellStories } from './connector-ear.ts';
import type { Outcome } from './connector-ear.ts';
import { callbackRequest } from './connector-fixtures.ts';
import type { RequestWords, Says } from './connector-fixtures.ts';
import { storySuite } from './connector-story-suite.ts';
import { trustSuite } from './connector-trust-suite.ts';
import type { TakeStoreToken } from './truth-reading.ts';

/** A published signature, or a published wrong form of one. */
export interface SignatureVector {
  readonly name: string;
  readonly account: AccountWords;
  readonly request: RequestWords;
  readonly expect: 'accepted' | Refusal['reason'];
}

export interface ConnectorSuite {
  /** The connector's `fixtures/`, with a slash at the end. */
  readonly fixtures: URL;
  /** The platform's documented acknowledgements, byte for byte. */
  readonly replies: readonly (Reply & { readonly outcome: 'stored' | 'rejected'; readonly topic?: string })[];
  /** Every row of the status table by a name, and the row that a fixture's request falls on. */
  readonly statuses: { readonly all: readonly string[]; of(request: CallbackRequest): string | undefined };
  readonly vectors?: readonly SignatureVector[];
  /** Signs a request as the platform would, whatever it says; undefined where there is nothing to sign. */
  readonly resign?: (request: CallbackRequest, account: AccountView) => CallbackRequest | undefined;
  /**
   * What of a body the signature covers, where it leaves something out: a change of the rest may make a message
   * unrecognised, and nothing else.
   */
  readonly signedPart?: (request: CallbackRequest) => string | undefined;
  /** What vouches for a request. `path`: a token in its address, so that its body is free. Default `message`. */
  readonly vouchedBy?: 'message' | 'path';
  /** Where the truth about an order is asked with a store's token. */
  readonly takeToken?: TakeStoreToken;
}

/** What every connector must hold, whatever its platform. One call in each connector's test file. */
export function connectorSuite(connector: Connector, suite: ConnectorSuite): void {
  const ear = createEar(connector, suite.fixtures);
  const { fixtures, demo, hear } = ear;

  describe(`${connector.id}: the shared suite`, () => {
    test('every topic and account field is declared once and in both languages', () => {
      const names = [...connector.account.credentials, ...connector.account.settings].map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      for (const { label, help } of [...connector.account.credentials, ...connector.account.settings]) {
        for (const words of [label, help]) assert.ok(words.en !== '' && words.zh !== '');
      }
      for (const secret of connector.account.callbackSecrets) assert.ok(names.includes(secret), secret);
      assert.ok(names.includes('baseUrl'), 'every platform account has a setting baseUrl');
      if (connector.topics !== 'token') {
        assert.equal(new Set(connector.topics.map(({ name }) => name)).size, connector.topics.length);
      }
    });

    actingSuite(connector);

    test('the demo account has every required credential and no unknown one', () => {
      const fields = new Map(connector.account.credentials.map((field) => [field.name, field]));
      for (const name of Object.keys(demo.credentials)) assert.ok(fields.has(name), name);
      for (const { name, required } of fields.values()) {
        assert.ok(!required || demo.credentials[name] !== undefined, `${name} is missing`);
      }
      const settings = new Set(connector.account.settings.map(({ name }) => name));
      for (const name of Object.keys(demo.settings)) assert.ok(settings.has(name), name);
    });

    trustSuite(connector, suite, ear);

    for (const { outcome, topic = '', ...documented } of suite.replies) {
      test(`the reply '${outcome}'${topic === '' ? '' : ` of ${topic}`} is the documented bytes`, () => {
        const reply = connector.reply(outcome, callbackRequest({ topic, body: '' }));
        assert.deepEqual(reply, documented);
        assert.equal(connector.sandbox.isReceived(reply), outcome === 'stored');
      });
    }

    test('our own outage never counts as received, and gaps between repeats grow', () => {
      assert.equal(connector.sandbox.isReceived(TRY_AGAIN), false);
      const { retryGapsMs, retryGapsOf } = connector.sandbox;
      const stories = tellStories(connector, 30, `${connector.id}/gaps`);
      const told = stories.flatMap(({ steps }) => steps.map((step) => step.callback(STORY_START, ear.demoAccount, {})));
      const clocks = told.map((callback) => retryGapsOf?.(callback) ?? retryGapsMs);
      for (const gaps of new Set([retryGapsMs, ...clocks])) {
        assert.deepEqual(
          [...gaps].sort((a, b) => a - b),
          gaps,
        );
      }
    });

    for (const fixture of fixtures) {
      test(`fixture: ${fixture.name}`, () => {
        const account = accountView(connector, fixture.account);
        const heard: Report[] = [];
        for (const [index, { says, ...words }] of fixture.requests.entries()) {
          const outcome = hear(callbackRequest(words), account);
          assertSilentAboutSecrets(outcome, fixture.account);
          assert.deepEqual(asSaid(outcome), says, `request ${index + 1}`);
          if (outcome.kind === 'reports') heard.push(...outcome.reports);
        }
        if (fixture.order === undefined) return;
        const { number, shows } = fixture.order;
        for (const history of [heard, [...heard].reverse(), [...heard, ...heard]]) {
          const order: OrderJson | undefined = modelOf(connector, history).order(number);
          assert.ok(order !== undefined, 'there is no order with this number');
          const shown = Object.fromEntries(Object.keys(shows).map((name) => [name, order[name as keyof OrderJson]]));
          assert.deepEqual(shown, shows);
        }
      });
    }

    test('every row of the status table is reached by a fixture', () => {
      const reached = new Set(
        fixtures.flatMap(({ requests }) => requests.map((words) => suite.statuses.of(callbackRequest(words)))),
      );
      assert.deepEqual(
        suite.statuses.all.filter((status) => !reached.has(status)),
        [],
      );
    });

    for (const vector of suite.vectors ?? []) {
      test(`vector: ${vector.name}: ${vector.expect}`, () => {
        const outcome = hear(callbackRequest(vector.request), accountView(connector, vector.account));
        assert.equal(outcome.kind === 'refused' ? outcome.reason : 'accepted', vector.expect, JSON.stringify(outcome));
        assertSilentAboutSecrets(outcome, vector.account);
      });
    }

    storySuite(connector, suite, ear);
  });
}

/** An outcome in the words of a fixture. */
function asSaid(outcome: Outcome): Says {
  if (outcome.kind === 'reports') {
    const { reports, stores } = outcome;
    return { kind: 'reports', reports, ...(stores === undefined ? {} : { stores }) };
  }
  if (outcome.kind === 'nothing') return { kind: 'nothing' };
  return { kind: outcome.kind, reason: outcome.reason } as Says;
}
