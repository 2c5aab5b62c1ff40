import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CallbackRequest } from '../../src/core/accept.ts';
import { TRY_AGAIN } from '../../src/core/connector.ts';
import type { AccountView, Connector, Parsed, Refusal, Reply } from '../../src/core/connector.ts';
import { reportKey } from '../../src/core/fact.ts';
import type { Report } from '../../src/core/fact.ts';
import { isStorableText } from '../../src/core/json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { PlatformMemory, Random, Story } from '../../src/core/sandbox.ts';
import { plausibleTime } from '../../src/core/time.ts';
import { compareOrder } from '../../src/sandbox/compare-order.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { accountView } from './account-view.ts';
import type { AccountWords } from './account-view.ts';
import { callbackRequest, loadFixtures, sentRequest } from './connector-fixtures.ts';
import type { RequestWords, Says } from './connector-fixtures.ts';
import { byteMutation, flipBit, valueMutation } from './mutations.ts';
import { OrderModel } from './order-model.ts';
import { settleDoubts } from './truth-reading.ts';
import type { TakeStoreToken } from './truth-reading.ts';
import { actingSuite } from './acting-suite.ts';

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

type Outcome = Parsed | { readonly kind: 'refused'; readonly reason: Refusal['reason']; readonly detail: string };

/** Where the played platform would be reached; no test opens a connection to it. */
const PLAYED_URL = 'http://platform.invalid';
/** The long run asks for more by the variable. */
const MUTATED_BODIES = Number(process.env['TEST_MUTATED_BODIES'] ?? 2_000);
const STORIES = 160;
/** How many orders' callbacks are mixed with each other. */
const AT_ONCE = 8;
const STORY_START = Date.UTC(2026, 10, 1);
const SEED = 20_261_101;

/** What every connector must hold, whatever its platform. One call in each connector's test file. */
export function connectorSuite(connector: Connector, suite: ConnectorSuite): void {
  const fixtures = loadFixtures(suite.fixtures);
  const demo = connector.sandbox.demoAccount(seededRandom(`${connector.id}/demo`), PLAYED_URL);
  const demoAccount = accountView(connector, demo);

  function hear(request: CallbackRequest, account: AccountView): Outcome {
    const verified = connector.verify(request, account);
    if (!verified.ok) return { kind: 'refused', ...verified.refusal };
    return connector.parse(verified.accepted, account);
  }

  /** Whether someone vouches for the content: a pending binding or a hint says only that a call must prove it. */
  function isVouchedFor(request: CallbackRequest, account: AccountView): boolean {
    const verified = connector.verify(request, account);
    return verified.ok && ['signature', 'path-token'].includes(verified.accepted.evidence.kind);
  }

  /** Whether a genuine request was changed where nothing vouches for it, and is no longer believed for that. */
  function isDisowned(request: CallbackRequest, changed: CallbackRequest, outcome: Outcome): boolean {
    const signed = suite.signedPart?.(request);
    return outcome.kind === 'unrecognised' && signed !== undefined && signed === suite.signedPart?.(changed);
  }

  function believe(request: CallbackRequest, account: AccountView): Parsed {
    const outcome = hear(request, account);
    assert.notEqual(outcome.kind, 'refused', `refused: ${JSON.stringify(outcome)}`);
    return outcome as Parsed;
  }

  /** Requests that must be believed: those of the fixtures and those of the sandbox's stories. */
  function genuine(): readonly { name: string; request: CallbackRequest; account: AccountView; words: AccountWords }[] {
    const written = fixtures.flatMap((fixture) =>
      fixture.requests
        .filter(({ says }) => says.kind !== 'refused')
        .map((words, index) => ({
          name: `${fixture.name} ${index + 1}`,
          request: callbackRequest(words),
          account: accountView(connector, fixture.account),
          words: fixture.account,
        })),
    );
    const told = tellStories(connector, 30, `${connector.id}/samples`).flatMap((story) =>
      callbacksOf(story, demoAccount).map((request, index) => ({
        name: `${story.plot} ${index + 1}`,
        request,
        account: demoAccount,
        words: demo,
      })),
    );
    return [...written, ...told];
  }

  /** A sample of every topic and size, so that flipping each byte of each stays affordable. */
  function flippable(): ReturnType<typeof genuine> {
    const chosen = new Map<string, ReturnType<typeof genuine>[number]>();
    for (const sample of genuine()) {
      const outcome = believe(sample.request, sample.account);
      if (!isVouchedFor(sample.request, sample.account)) continue;
      chosen.set(`${sample.request.topic} ${outcome.kind} ${sample.account === demoAccount}`, sample);
    }
    return [...chosen.values()];
  }

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

    test('own signatures are accepted, and the secret that matched is named', () => {
      for (const { name, request, account, words } of genuine()) {
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
      for (const { name, request, account } of flippable()) {
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
      const samples = flippable();
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
        const samples = flippable();
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
      for (const { name, request, account } of genuine()) {
        const [first, second] = [believe(request, account), believe(request, account)];
        assert.deepEqual(first, second, name);
        if (first.kind !== 'reports' || second.kind !== 'reports') continue;
        assert.deepEqual(first.reports.map(reportKey), second.reports.map(reportKey));
        assertStorable(connector, first.reports);
      }
    });

    for (const { outcome, topic = '', ...documented } of suite.replies) {
      test(`the reply '${outcome}'${topic === '' ? '' : ` of ${topic}`} is the documented bytes`, () => {
        const reply = connector.reply(outcome, callbackRequest({ topic, body: '' }));
        assert.deepEqual(reply, documented);
        assert.equal(connector.sandbox.isReceived(reply), outcome === 'stored');
      });
    }

    test('our own outage never counts as received, and gaps between repeats grow', () => {
      assert.equal(connector.sandbox.isReceived(TRY_AGAIN), false);
      const gaps = connector.sandbox.retryGapsMs;
      assert.deepEqual(
        [...gaps].sort((a, b) => a - b),
        gaps,
      );
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

    test('stories of the sandbox, told step by step, show the expected order after each step', async () => {
      for (const story of tellStories(connector, STORIES, `${connector.id}/steps`)) {
        const model = new OrderModel(connector);
        const memory: PlatformMemory = {};
        let atMs = STORY_START;
        for (const [index, step] of story.steps.entries()) {
          atMs += step.afterMs;
          const request = sentRequest(step.callback(atMs, demoAccount, memory));
          const reports = reportsOf(believe(request, demoAccount));
          for (const report of reports) model.take(report);
          await settle(model, story, reports, memory, index);
          assertShows(model, story, range(index + 1));
        }
      }
    });

    test('stories repeated, shuffled and mixed with each other still end as expected', async () => {
      const random = seededRandom(`${connector.id}/shuffle`);
      const stories = tellStories(connector, STORIES, `${connector.id}/mixed`);
      for (let start = 0; start < stories.length; start += AT_ONCE) {
        const mixed = stories.slice(start, start + AT_ONCE);
        const memory: PlatformMemory = {};
        const told = mixed.flatMap((story) => callbacksOf(story, demoAccount, memory));
        const repeated = told.flatMap((request) => range(1 + Math.floor(random() * 3)).map(() => request));
        const model = new OrderModel(connector);
        const heard: Report[] = [];
        for (const request of shuffled(repeated, random)) heard.push(...reportsOf(believe(request, demoAccount)));
        for (const report of heard) model.take(report);
        for (const story of mixed) {
          const isAbout = (report: Report): boolean =>
            report.aliases.some(({ value }) => value === story.platformOrderId);
          await settle(model, story, heard.filter(isAbout), memory, 0);
          assertShows(model, story, range(story.steps.length), story.steps.length);
        }
      }
    });

    test('stories of which some steps were never told show what was told', async () => {
      const random = seededRandom(`${connector.id}/lost`);
      for (const story of tellStories(connector, STORIES, `${connector.id}/lossy`)) {
        const memory: PlatformMemory = {};
        const requests = callbacksOf(story, demoAccount, memory);
        const told = range(requests.length).filter(() => random() < 0.6);
        if (told.length === 0) continue;
        const model = new OrderModel(connector);
        const heard: Report[] = [];
        for (const index of shuffled(told, random)) {
          const request = requests[index];
          assert.ok(request !== undefined);
          heard.push(...reportsOf(believe(request, demoAccount)));
        }
        for (const report of heard) model.take(report);
        await settle(model, story, heard, memory, 0);
        assertShows(model, story, told, story.steps.length);
      }
    });
  });

  /** Every read of the truth is younger than what raised the doubt. */
  function settle(
    model: OrderModel,
    story: Story,
    reports: readonly Report[],
    memory: PlatformMemory,
    turn: number,
  ): Promise<void> {
    const at = STORY_START + 100 * 86_400_000 + turn;
    const world = { account: demoAccount, memory, at, takeToken: suite.takeToken };
    return settleDoubts(connector, model, story.platformOrderId, reports, world);
  }
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function tellStories(connector: Connector, count: number, seed: string): readonly Story[] {
  return range(count).map((number) =>
    connector.sandbox.tell(seededRandom(`${seed}/${number}`), number + 1, STORY_START),
  );
}

function callbacksOf(story: Story, account: AccountView, memory: PlatformMemory = {}): readonly CallbackRequest[] {
  let atMs = STORY_START;
  return story.steps.map((step) => {
    atMs += step.afterMs;
    return sentRequest(step.callback(atMs, account, memory));
  });
}

const reportsOf = (parsed: Parsed): readonly Report[] => (parsed.kind === 'reports' ? parsed.reports : []);

function modelOf(connector: Connector, reports: readonly Report[]): OrderModel {
  const model = new OrderModel(connector);
  for (const report of reports) model.take(report);
  return model;
}

function assertShows(model: OrderModel, story: Story, told: readonly number[], happened?: number): void {
  const order = model.order(story.platformOrderId);
  assert.ok(order !== undefined, `${story.plot}: there is no order ${story.platformOrderId}`);
  const differences = compareOrder(story.expected(told, happened), { ...order });
  assert.deepEqual(differences, [], `${story.plot}, after the steps ${told.join(', ')}`);
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

/** No text that people or logs will see may hold a credential. Short ones, such as numbers of a shop, prove nothing. */
function assertSilentAboutSecrets(outcome: Outcome, { credentials }: AccountWords): void {
  const text = outcome.kind === 'refused' ? outcome.detail : outcome.kind === 'unrecognised' ? outcome.reason : '';
  if (outcome.kind === 'refused' || outcome.kind === 'unrecognised') assert.notEqual(text, '', 'a reason is given');
  assert.ok(isStorableText(text), 'the reason can be stored');
  for (const [name, value] of Object.entries(credentials)) {
    for (const secret of typeof value === 'string' ? [value] : value) {
      assert.ok(secret.length < 8 || !text.includes(secret), `the reason tells ${name}`);
    }
  }
}

const TIME_REGISTERS: ReadonlySet<string> = new Set([
  'placedAt',
  'paidAt',
  'completedAt',
  'closedAt',
  'acceptBy',
  'expiresAt',
]);

/** What PostgreSQL, JSON and a date can hold, so that one report never fails its neighbours' transaction. */
function assertStorable(connector: Connector, reports: readonly Report[]): void {
  for (const report of reports) {
    assert.ok(report.at === null || plausibleTime(report.at) === report.at, 'the time of the report is plausible');
    for (const { value } of report.aliases) assert.ok(value !== '' && value.length <= 200 && isStorableText(value));
    for (const { line, register, value } of report.facts) {
      assert.ok(connector.registers[register] !== undefined, `register ${register} has no declared order`);
      assert.ok(isStorableText(line));
      assertPlain(value, register);
      if (TIME_REGISTERS.has(register)) assert.equal(plausibleTime(value as number), value, register);
      if (register.startsWith('money.')) assert.ok(Number.isSafeInteger(value), register);
    }
    reportKey(report);
  }
  assert.doesNotThrow(() => reports.map((report) => modelOf(connector, [report]).order(report.aliases[0].value)));
}

function assertPlain(value: unknown, where: string): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${where} is not a finite number`);
  else if (typeof value === 'string') assert.ok(isStorableText(value), `${where} cannot be stored`);
  else if (Array.isArray(value)) for (const item of value) assertPlain(item, where);
  else {
    assert.equal(typeof value, 'object', `${where} is not plain JSON`);
    for (const [name, item] of Object.entries(value as object)) {
      assert.ok(isStorableText(name));
      assertPlain(item, `${where}.${name}`);
    }
  }
}
