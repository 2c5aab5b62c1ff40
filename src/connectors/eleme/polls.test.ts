import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { sentRequest } from '../../../test/kit/connector-fixtures.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actAt, reportsOf } from '../../../test/kit/played-action.ts';
import { pollNamed, repairByPolls, runPoll } from '../../../test/kit/played-polls.ts';
import type { PolledWorld } from '../../../test/kit/played-polls.ts';
import { playedCall, settleDoubts } from '../../../test/kit/truth-reading.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import { NumberText } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import type { CallPlatform } from '../../core/outgoing.ts';
import type { PlatformMemory, Story } from '../../core/sandbox.ts';
import { compareOrder } from '../../sandbox/compare-order.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { callAction } from './client.ts';
import { eleme } from './index.ts';
import { SHOPS } from './sandbox-order.ts';
import { PLOTS } from './sandbox-plots.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-11-20T10:00:00+08:00');
const demo = eleme.sandbox.demoAccount(seededRandom('polls'), 'http://platform.invalid');
const account = accountView(eleme, demo);

/** The token of a merchant's own app, as its first call buys it. */
async function tokenOf(memory: PlatformMemory, at = START, view: AccountView = account): Promise<string> {
  const token = await eleme.binding?.refresh?.(
    view,
    playedCall(eleme, view, memory, at),
    { accessToken: '', refreshToken: null, expiresAt: null },
    at,
  );
  assert.ok(token?.ok === true, JSON.stringify(token));
  return token.value.accessToken;
}

async function worldOf(memory: PlatformMemory, at = START, view: AccountView = account): Promise<PolledWorld> {
  const accessToken = await tokenOf(memory, at, view);
  const stores = SHOPS.map(({ id }) => ({ store: id, token: { accessToken, refreshToken: null, expiresAt: null } }));
  return { connector: eleme, account: view, memory, at, stores };
}

/** The first story of this plot that the sandbox tells. */
function storyOf(plot: string, number = 1): Story {
  for (let seed = 0; seed < 5000; seed += 1) {
    const story = eleme.sandbox.tell(seededRandom(`${plot}/${seed}`), number, START);
    if (story.plot === plot) return story;
  }
  throw new Error(`no story has the plot ${plot}`);
}

/** Takes the steps of a story; those that `drops` names never arrive. */
function takeSteps(story: Story, memory: PlatformMemory, drops: (step: number) => boolean, until = 99): number {
  let at = START;
  for (const [step, { afterMs, callback }] of story.steps.slice(0, until).entries()) {
    at += afterMs;
    const sent = callback(at, account, memory);
    if (drops(step)) eleme.sandbox.lost?.(sent, at, account, memory);
  }
  return at;
}

const modelOf = (reports: readonly Report[]): OrderModel => {
  const model = new OrderModel(eleme);
  for (const report of reports) model.take(report);
  return model;
};

describe('eleme: what its pushes failed to tell', () => {
  test('core messages that failed are pulled, twenty at a time, and confirmed once', async () => {
    const memory: PlatformMemory = {};
    const stories = Array.from({ length: 21 }, (_, index) => storyOf('cancelled before the shop took it', index + 1));
    let at = START;
    for (const story of stories)
      at = Math.max(
        at,
        takeSteps(story, memory, () => true),
      );
    const world = await worldOf(memory, at);
    const { reports, pages } = await runPoll(pollNamed(eleme, 'failed-pushes'), world);
    // Two messages of each: 42, so three rounds and an empty one.
    assert.equal(pages, 4);
    const model = modelOf(reports);
    for (const story of stories)
      assert.deepEqual(compareOrder(story.expected([], 2, memory), { ...model.order(story.platformOrderId) }), []);
    assert.deepEqual((await runPoll(pollNamed(eleme, 'failed-pushes'), world)).reports, []);
  });

  test('what was not confirmed is pulled again', async () => {
    const memory: PlatformMemory = {};
    takeSteps(storyOf('new and not yet taken'), memory, () => true);
    const world = await worldOf(memory);
    const { confirm: _never, ...deaf } = pollNamed(eleme, 'failed-pushes');
    const call = playedCall(eleme, account, memory, START);
    const ask = {
      ...{ at: START, mark: null, page: null, stores: world.stores },
      daySequences: async () => [],
      openOrders: async () => [],
      recentOrders: async () => [],
    };
    for (let round = 0; round < 2; round += 1) {
      const answer = await deaf.run(account, call, ask);
      assert.ok(answer.ok && answer.value.reports.length === 1 && answer.value.toConfirm !== undefined);
    }
  });

  test('a request that was withdrawn stays so, though a list showed it open by a clock that is ahead', async () => {
    for (const [plot, steps, flag] of [
      ['completed, a refund asked and withdrawn', 10, 'refund_requested'],
      ['cancel asked and withdrawn, then delivered', 3, 'cancel_requested'],
    ] as const) {
      const memory: PlatformMemory = {};
      const story = storyOf(plot);
      const askedAt = takeSteps(story, memory, () => false, steps);
      const withdrawnAt = askedAt + 10_000;
      const told = (step: number, at: number): readonly Report[] => {
        const sent = story.steps[step]?.callback(at, account, memory);
        assert.ok(sent !== undefined);
        return reportsOf({ connector: eleme, account, memory }, sent);
      };
      // Both lists are read before the withdrawal and stamped after it.
      const world = await worldOf(memory, withdrawnAt + 1900);
      const { reports: listed } = await runPoll(pollNamed(eleme, 'waiting-orders'), world);
      const day = await eleme.readDay?.(account, playedCall(eleme, account, memory, world.at), {
        ...{ at: world.at, page: null, stores: world.stores, from: START, to: START + DAY_MS },
      });
      const model = modelOf([...told(steps - 1, askedAt), ...listed, ...(day?.ok === true ? day.value.reports : [])]);
      assert.ok(model.order(story.platformOrderId)?.flags.includes(flag), plot);
      for (const report of told(steps, withdrawnAt)) model.take(report);
      assert.deepEqual(model.order(story.platformOrderId)?.flags, [], plot);
    }
  });

  test('the name of the confirmed ids is the account’s', async () => {
    const view = accountView(eleme, { ...demo, settings: { ...demo.settings, failedPushIds: 'ids' } });
    const bodies: string[] = [];
    const call: CallPlatform = async ({ body = '' }) => {
      bodies.push(body);
      return { status: 200, headers: {}, body: '{"id":"1","result":null,"error":null}' };
    };
    await pollNamed(eleme, 'failed-pushes').confirm?.(view, call, ['2000'], START);
    const { params, token } = JSON.parse(bodies[0] ?? '') as Record<string, Json>;
    assert.deepEqual([token, params], ['', { msgConfirmRequest: { ids: ['2000'] } }]);
  });

  test('a message that nobody knows stays with the platform, and keeps none of the others back', async () => {
    const known = JSON.parse(
      storyOf('new and not yet taken').steps[0]?.callback(START, account, {}).body ?? '',
    ) as Record<string, Json>;
    const odd = { ...known, requestId: 'odd', type: 999 };
    const call: CallPlatform = async () => ({
      status: 200,
      headers: {},
      body: JSON.stringify({ id: '1', result: [odd, { ...known, shopId: 500_000_001 }], error: null }),
    });
    const answer = await pollNamed(eleme, 'failed-pushes').run(account, call, {
      ...{ at: START, mark: null, page: null, stores: [] },
      daySequences: async () => [],
      openOrders: async () => [],
      recentOrders: async () => [],
    });
    assert.ok(answer.ok);
    assert.deepEqual(answer.value.toConfirm, [known['requestId']]);
    assert.equal(answer.value.reports.length, 1);
  });

  test('other messages are asked for by an account that knows the number of its app', async () => {
    const memory: PlatformMemory = {};
    const story = storyOf('on its way');
    const at = takeSteps(story, memory, (step) => PLOTS[3]?.scenes[step]?.type !== 10);
    const world = await worldOf(memory, at);
    const { reports } = await runPoll(pollNamed(eleme, 'unreached-messages'), world);
    assert.equal(modelOf(reports).order(story.platformOrderId)?.fulfilment, 'delivering');
    const without = accountView(eleme, { ...demo, settings: { ...demo.settings, appId: '' } });
    const nothing = await runPoll(pollNamed(eleme, 'unreached-messages'), { ...world, account: without });
    assert.deepEqual(nothing.reports, []);
  });

  test('orders that wait for an answer are listed by shop, with the time until which they wait', async () => {
    const memory: PlatformMemory = {};
    const fresh = storyOf('new and not yet taken', 1);
    const cancel = storyOf('cancel asked and still open', 2);
    const refund = storyOf('completed, then refunded', 3);
    takeSteps(fresh, memory, () => true);
    takeSteps(cancel, memory, () => true);
    const at = takeSteps(refund, memory, () => true, refund.steps.length - 1);
    const soon = START + 600_000;
    const model = modelOf((await runPoll(pollNamed(eleme, 'waiting-orders'), await worldOf(memory, soon))).reports);
    assert.equal(model.order(fresh.platformOrderId)?.acceptBy, new Date(START + 5 * 60_000).toISOString());
    assert.deepEqual(model.order(cancel.platformOrderId)?.flags, ['cancel_requested']);
    assert.equal(model.order(cancel.platformOrderId)?.answerBy, new Date(soon + 15 * 60_000).toISOString());
    const later = modelOf((await runPoll(pollNamed(eleme, 'waiting-orders'), await worldOf(memory, at))).reports);
    assert.deepEqual(later.order(refund.platformOrderId)?.flags, ['refund_requested']);
    assert.equal(later.order(refund.platformOrderId)?.answerBy, null);
  });

  test('a shop whose token is refused keeps the others from nothing, a platform that is away ends the run', async () => {
    const memory: PlatformMemory = {};
    const story = storyOf('new and not yet taken');
    takeSteps(story, memory, () => true);
    const world = await worldOf(memory);
    const broken = { accessToken: 'gone', refreshToken: null, expiresAt: null };
    const stores = [{ store: '500000009', token: broken }, { store: 'no-number', token: broken }, ...world.stores];
    const { reports } = await runPoll(pollNamed(eleme, 'waiting-orders'), { ...world, stores });
    assert.ok(reports.some(({ aliases }) => aliases[0].value === story.platformOrderId));
    const busy: CallPlatform = async () => ({
      status: 200,
      headers: {},
      body: '{"id":"1","result":null,"error":{"code":"EXCEED_LIMIT","message":"too often"}}',
    });
    const answer = await pollNamed(eleme, 'waiting-orders').run(account, busy, {
      ...{ at: START, mark: null, page: null, stores: world.stores },
      daySequences: async () => [],
      openOrders: async () => [],
      recentOrders: async () => [],
    });
    assert.ok(!answer.ok && answer.refusal.code === 'EXCEED_LIMIT');
  });
});

type DayAsk = Parameters<NonNullable<typeof eleme.readDay>>[2];
type DayPage = { readonly reports: readonly Report[]; readonly next: Json };

async function readPage(ask: DayAsk, call: CallPlatform): Promise<DayPage> {
  const answer = await eleme.readDay?.(account, call, ask);
  assert.ok(answer?.ok === true, JSON.stringify(answer));
  return answer.value;
}

describe('eleme: all orders of a day', () => {
  const from = Date.parse('2026-11-20T00:00:00+08:00');
  const day = { at: START + DAY_MS, from, to: from + DAY_MS - 1 };

  test('shop by shop, fifty at a time', async () => {
    const memory: PlatformMemory = {};
    const wanted = new Set<string>();
    for (let number = 0; number < 160; number += 1) {
      const story = eleme.sandbox.tell(seededRandom(`day/${number}`), number, START);
      takeSteps(story, memory, () => false, 1);
      wanted.add(story.platformOrderId);
    }
    const { stores } = await worldOf(memory, day.at);
    const call = playedCall(eleme, account, memory, day.at);
    const found = new Set<string>();
    let page: Json = null;
    let pages = 0;
    do {
      const value: DayPage = await readPage({ ...day, page, stores }, call);
      for (const { aliases } of value.reports) found.add(aliases[0].value);
      page = value.next;
      pages += 1;
    } while (page !== null);
    assert.deepEqual(found, wanted);
    assert.ok(pages > SHOPS.length, 'a shop has more than one page');
    const other = await eleme.readDay?.(account, call, { ...day, from: from - DAY_MS, page: null, stores });
    assert.ok(other?.ok === true && other.value.reports.length === 0);
  });

  test('the hundredth page is the last that is asked for, and a longer day is said to be too long', async () => {
    const memory: PlatformMemory = {};
    const { stores } = await worldOf(memory, day.at);
    const asked: unknown[] = [];
    const played = playedCall(eleme, account, memory, day.at);
    const call: CallPlatform = (request) => {
      asked.push((JSON.parse(request.body ?? '') as { readonly params: unknown }).params);
      return played(request);
    };
    const last = await eleme.readDay?.(account, call, { ...day, page: { shop: 0, pageNo: 100 }, stores });
    assert.ok(last?.ok === true, JSON.stringify(last));
    assert.deepEqual(asked, [{ shopId: 500_000_001, pageNo: 100, pageSize: 50, date: '2026-11-20' }]);
    const past = await eleme.readDay?.(account, call, { ...day, page: { shop: 0, pageNo: 101 }, stores });
    assert.ok(past?.ok === false && past.refusal.code === 'day_too_long');
    assert.equal(asked.length, 1);
  });
});

test('eleme: the played platform takes a page at its limit, and not past it', async () => {
  const memory: PlatformMemory = {};
  const token = await tokenOf(memory);
  const call = playedCall(eleme, account, memory, START);
  const codeOf = async (over: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const given = { shopId: '500000001', pageNo: '1', pageSize: '50', ...over };
    const numbers = Object.entries(given).map(([name, value]): [string, Lossless] => [name, new NumberText(value)]);
    const params = new Map<string, Lossless>([...numbers, ['date', '2026-11-20']]);
    const wanted = { action: 'eleme.order.getAllOrders', token, params };
    const answer = await callAction(account, call, wanted, START);
    return answer.ok ? undefined : answer.refusal.code;
  };
  for (const over of [{}, { pageNo: '100' }, { pageSize: '1' }]) assert.equal(await codeOf(over), undefined);
  for (const over of [{ pageNo: '0' }, { pageNo: '101' }, { pageSize: '0' }, { pageSize: '51' }])
    assert.equal(await codeOf(over), 'VALIDATION_FAILED', JSON.stringify(over));
  assert.equal(await codeOf({ shopId: '1' }), 'BIZ_SHOP');
});

/** Something that the merchant does to an order as the hub shows it, where it may. */
const CHOICES: readonly (readonly [string, Readonly<Record<string, Json>>])[] = [
  ['accept', {}],
  ['cancel', { reasonCode: 'foodSoldOut' }],
  ['agree-refund', {}],
  ['reject-refund', { reason: '已出餐' }],
  ['picked-up', { phone: '13900000000' }],
  ['delivered', { phone: '13900000000' }],
];

test('stories with lost messages and a merchant who acts are shown as the platform has them, once they were asked for', async () => {
  let acts = 0;
  for (let number = 1; number <= 240; number += 1) {
    const random = seededRandom(`eleme/repair/${number}`);
    const story = eleme.sandbox.tell(random, number, START);
    const memory: PlatformMemory = {};
    const accessToken = await tokenOf(memory);
    const token = { accessToken, refreshToken: null, expiresAt: null };
    const model = new OrderModel(eleme);
    const told: number[] = [];
    const doubts: Report[] = [];
    const hear = (reports: readonly Report[]): void => {
      for (const report of reports) model.take(report);
      doubts.push(...reports.filter(({ doubt }) => doubt !== undefined));
    };
    let at = START;
    for (const [step, taken] of story.steps.entries()) {
      at += taken.afterMs;
      const sent = taken.callback(at, account, memory);
      if (random() < 0.4) eleme.sandbox.lost?.(sent, at, account, memory);
      else {
        told.push(step);
        const verified = eleme.verify(sentRequest(sent), account);
        assert.ok(verified.ok);
        const parsed = eleme.parse(verified.accepted, account);
        if (parsed.kind === 'reports') hear(parsed.reports);
      }
      // Nobody acts within the second of a message: the platform's times are that coarse.
      if ((story.steps[step + 1]?.afterMs ?? 5000) < 5000) continue;
      const json = model.order(story.platformOrderId);
      const [action, params = {}] = CHOICES[Math.floor(random() * CHOICES.length * 3)] ?? [];
      const spec = eleme.actions?.specs.find(({ name }) => name === action);
      if (json === undefined || action === undefined || spec?.refuses(json) !== undefined) continue;
      const aliases = [{ kind: 'platform', value: story.platformOrderId }] as const;
      const order = { aliases, kind: 'takeaway' as const, json, store: json.store, storeToken: token };
      const request: ActionRequest = { action, params, number: 'act-1', at: at + 2000, order };
      const played = { connector: eleme, account, memory };
      const { outcome, callbacks } = actAt(played, request);
      if (outcome.state !== 'succeeded') continue;
      acts += 1;
      hear(outcome.reports);
      for (const callback of callbacks) {
        if (random() < 0.4) eleme.sandbox.lost?.(callback, at, account, memory);
        else hear(reportsOf(played, callback));
      }
    }
    // Asked often enough: what is lost is handed out, and a rest is ended by a read of the whole order.
    const asksAt = at + 7_200_000;
    hear(await repairByPolls(await worldOf(memory, asksAt), model));
    if (model.order(story.platformOrderId) === undefined) continue;
    const overdue: Report = {
      aliases: [{ kind: 'platform', value: story.platformOrderId }],
      kind: 'takeaway',
      at: null,
      doubt: 'overdue',
      facts: [],
    };
    for (const turn of [1, 2]) {
      const world = { account, memory, at: asksAt + turn * 60_000, takeToken: () => token };
      await settleDoubts(eleme, model, story.platformOrderId, [...doubts, overdue], world);
    }
    const expected = story.expected(told, story.steps.length, memory);
    const differences = compareOrder(expected, { ...model.order(story.platformOrderId) });
    assert.deepEqual(differences, [], `${number}: ${story.plot}, told ${told.join(', ')}`);
  }
  assert.ok(acts > 50, `${acts} acts`);
});
