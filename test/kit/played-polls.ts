import assert from 'node:assert/strict';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { Poll, PollAsk } from '../../src/core/poll.ts';
import type { PlatformMemory } from '../../src/core/sandbox.ts';
import type { TimeMs } from '../../src/core/time.ts';
import type { OrderModel } from './order-model.ts';
import { playedCall } from './truth-reading.ts';

export interface PolledWorld {
  readonly connector: Connector;
  readonly account: AccountView;
  readonly memory: PlatformMemory;
  readonly at: TimeMs;
  readonly stores: PollAsk['stores'];
}

/** What a poll needs of the hub, left out where a test has no use for it. */
export interface PollExtras {
  readonly mark?: Json;
  readonly daySequences?: PollAsk['daySequences'];
  readonly openOrders?: PollAsk['openOrders'];
  readonly recentOrders?: PollAsk['recentOrders'];
}

export const pollNamed = ({ polls = [] }: Connector, name: string): Poll => {
  const poll = polls.find((other) => other.name === name);
  assert.ok(poll !== undefined, `there is no poll ${name}`);
  return poll;
};

/** Runs a poll to its end against the played platform, confirming page by page, as the hub does. */
export async function runPoll(
  poll: Poll,
  { connector, account, memory, at, stores }: PolledWorld,
  extras: PollExtras = {},
): Promise<{ readonly reports: readonly Report[]; readonly mark: Json; readonly pages: number }> {
  const {
    mark = null,
    daySequences = async () => [],
    openOrders = async () => [],
    recentOrders = async () => [],
  } = extras;
  const call = playedCall(connector, account, memory, at);
  const reports: Report[] = [];
  let page: Json = null;
  for (let pages = 1; pages < 1000; pages += 1) {
    const answer = await poll.run(account, call, { at, mark, page, stores, daySequences, openOrders, recentOrders });
    assert.ok(answer.ok, JSON.stringify(answer));
    reports.push(...answer.value.reports);
    if (answer.value.toConfirm !== undefined) {
      const confirmed = await poll.confirm?.(account, call, answer.value.toConfirm, at);
      assert.ok(confirmed?.ok === true, JSON.stringify(confirmed));
    }
    if (answer.value.next === null) return { reports, mark: answer.value.mark, pages };
    page = answer.value.next;
  }
  throw new Error(`${poll.name} never ends`);
}

/** Runs every poll of a platform once and lets the answers take effect. Returns what they told. */
export async function repairByPolls(
  world: PolledWorld,
  model: OrderModel,
  extras: PollExtras = {},
): Promise<readonly Report[]> {
  const told: Report[] = [];
  for (const poll of world.connector.polls ?? []) {
    const { reports } = await runPoll(poll, world, extras);
    for (const report of reports) model.take(report);
    told.push(...reports);
  }
  return told;
}
