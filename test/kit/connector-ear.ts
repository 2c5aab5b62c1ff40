import assert from 'node:assert/strict';
import type { CallbackRequest } from '../../src/core/accept.ts';
import type { AccountView, Connector, Parsed, Refusal } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { PlatformMemory, Story } from '../../src/core/sandbox.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { accountView } from './account-view.ts';
import type { AccountWords } from './account-view.ts';
import { callbackRequest, loadFixtures, sentRequest } from './connector-fixtures.ts';
import type { Fixture } from './connector-fixtures.ts';
import { OrderModel } from './order-model.ts';

export type Outcome =
  | Parsed
  | { readonly kind: 'refused'; readonly reason: Refusal['reason']; readonly detail: string };

/** A request that must be believed, with the account that it is sent to. */
export interface Genuine {
  readonly name: string;
  readonly request: CallbackRequest;
  readonly account: AccountView;
  readonly words: AccountWords;
}

/** A connector as it hears: what it makes of requests, and requests for it to hear. */
export interface Ear {
  readonly fixtures: readonly Fixture[];
  /** The account that the sandbox plays with. */
  readonly demo: ReturnType<Connector['sandbox']['demoAccount']>;
  readonly demoAccount: AccountView;
  hear(request: CallbackRequest, account: AccountView): Outcome;
  /** The same for a request that must not be refused. */
  believe(request: CallbackRequest, account: AccountView): Parsed;
  /** Whether someone vouches for the content: a pending binding or a hint says only that a call must prove it. */
  isVouchedFor(request: CallbackRequest, account: AccountView): boolean;
  /** Requests that must be believed: those of the fixtures and those of the sandbox's stories. */
  genuine(): readonly Genuine[];
  /** A sample of every topic and size, so that flipping each byte of each stays affordable. */
  samples(): readonly Genuine[];
}

/** Where the played platform would be reached; no test opens a connection to it. */
export const PLAYED_URL = 'http://platform.invalid';
export const STORY_START = Date.UTC(2026, 10, 1);

/** @param folder the connector's `fixtures/` */
export function createEar(connector: Connector, folder: URL): Ear {
  const fixtures = loadFixtures(folder);
  const demo = connector.sandbox.demoAccount(seededRandom(`${connector.id}/demo`), PLAYED_URL);
  const demoAccount = accountView(connector, demo);

  function hear(request: CallbackRequest, account: AccountView): Outcome {
    const verified = connector.verify(request, account);
    if (!verified.ok) return { kind: 'refused', ...verified.refusal };
    return connector.parse(verified.accepted, account);
  }

  function isVouchedFor(request: CallbackRequest, account: AccountView): boolean {
    const verified = connector.verify(request, account);
    return verified.ok && ['signature', 'path-token'].includes(verified.accepted.evidence.kind);
  }

  function believe(request: CallbackRequest, account: AccountView): Parsed {
    const outcome = hear(request, account);
    assert.notEqual(outcome.kind, 'refused', `refused: ${JSON.stringify(outcome)}`);
    return outcome as Parsed;
  }

  function genuine(): readonly Genuine[] {
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

  function samples(): readonly Genuine[] {
    const chosen = new Map<string, Genuine>();
    for (const sample of genuine()) {
      const outcome = believe(sample.request, sample.account);
      if (!isVouchedFor(sample.request, sample.account)) continue;
      chosen.set(`${sample.request.topic} ${outcome.kind} ${sample.account === demoAccount}`, sample);
    }
    return [...chosen.values()];
  }

  return { fixtures, demo, demoAccount, hear, believe, isVouchedFor, genuine, samples };
}

export const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

/** Lives of orders as the sandbox tells them; the same seed tells the same ones. */
export function tellStories(connector: Connector, count: number, seed: string): readonly Story[] {
  return range(count).map((number) =>
    connector.sandbox.tell(seededRandom(`${seed}/${number}`), number + 1, STORY_START),
  );
}

export function callbacksOf(
  story: Story,
  account: AccountView,
  memory: PlatformMemory = {},
): readonly CallbackRequest[] {
  let atMs = STORY_START;
  return story.steps.map((step) => {
    atMs += step.afterMs;
    return sentRequest(step.callback(atMs, account, memory));
  });
}

export const reportsOf = (parsed: Parsed): readonly Report[] => (parsed.kind === 'reports' ? parsed.reports : []);

export function modelOf(connector: Connector, reports: readonly Report[]): OrderModel {
  const model = new OrderModel(connector);
  for (const report of reports) model.take(report);
  return model;
}
