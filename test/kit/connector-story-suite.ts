import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connector } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { PlatformMemory, Random, Story } from '../../src/core/sandbox.ts';
import { compareOrder } from '../../src/sandbox/compare-order.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { sentRequest } from './connector-fixtures.ts';
import { STORY_START, callbacksOf, modelOf, range, reportsOf, tellStories } from './connector-ear.ts';
import type { Ear } from './connector-ear.ts';
import type { ConnectorSuite } from './connector-suite.ts';
import { OrderModel } from './order-model.ts';
import { settleDoubts } from './truth-reading.ts';

const STORIES = 160;
/** How many orders' callbacks are mixed with each other. */
const AT_ONCE = 8;

/**
 * What orders must look like however their histories come, by the ledger of the played platform, which is worked out
 * without the connector. Runs inside its shared suite.
 */
export function storySuite(connector: Connector, suite: ConnectorSuite, ear: Ear): void {
  const { demoAccount, believe } = ear;

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
      const inTurn = modelOf(
        connector,
        told.flatMap((request) => reportsOf(believe(request, demoAccount))),
      );
      for (const story of mixed) {
        const isAbout = (report: Report): boolean =>
          report.aliases.some(({ value }) => value === story.platformOrderId);
        const about = heard.filter(isAbout);
        await settle(model, story, about, memory, 0);
        assertShows(model, story, range(story.steps.length), story.steps.length);
        // Items, contact and whatever else the ledger has no word for: as when all is told once, in its order.
        await settle(inTurn, story, about, memory, 0);
        assert.deepEqual(model.order(story.platformOrderId), inTurn.order(story.platformOrderId), story.plot);
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

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function assertShows(model: OrderModel, story: Story, told: readonly number[], happened?: number): void {
  const order = model.order(story.platformOrderId);
  assert.ok(order !== undefined, `${story.plot}: there is no order ${story.platformOrderId}`);
  const differences = compareOrder(story.expected(told, happened), { ...order });
  assert.deepEqual(differences, [], `${story.plot}, after the steps ${told.join(', ')}`);
}
