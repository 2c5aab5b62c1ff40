import { accountView } from './account-view.ts';
import { OrderModel } from './order-model.ts';
import { reportsOf } from './played-action.ts';
import type { PolledWorld } from './played-polls.ts';
import { storeTokens } from './waimai-shop.ts';
import { meituanWaimai } from '../../src/connectors/meituan-waimai/index.ts';
import type { AccountView } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { PlatformMemory, Story } from '../../src/core/sandbox.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';

/** When the stories begin, by the clock of the platform. */
export const START = Date.parse('2026-11-20T10:00:00+08:00');
export const demo = meituanWaimai.sandbox.demoAccount(seededRandom('polls'), 'http://platform.invalid');
export const account = accountView(meituanWaimai, demo);

/** What a poll is asked with: the account, the platform's memory and the tokens of its stores. */
export function worldOf(memory: PlatformMemory, at = START, view: AccountView = account): PolledWorld {
  return { connector: meituanWaimai, account: view, memory, at, stores: storeTokens(memory, view) };
}

/** The first story of this plot that the sandbox tells. */
export function storyOf(plot: string, number: number): Story {
  for (let seed = 0; seed < 5000; seed += 1) {
    const story = meituanWaimai.sandbox.tell(seededRandom(`${plot}/${seed}`), number, START);
    if (story.plot === plot) return story;
  }
  throw new Error(`no story has the plot ${plot}`);
}

/** Takes the first steps of a story and returns what a hub that heard all of them would know. */
export function take(story: Story, memory: PlatformMemory, steps = 99): readonly Report[] {
  let at = START;
  return story.steps.slice(0, steps).flatMap(({ afterMs, callback }) => {
    at += afterMs;
    return reportsOf({ connector: meituanWaimai, account, memory }, callback(at, account, memory));
  });
}

export const modelOf = (reports: readonly Report[]): OrderModel => {
  const model = new OrderModel(meituanWaimai);
  for (const report of reports) model.take(report);
  return model;
};
