import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { pollNamed, runPoll } from '../../../test/kit/played-polls.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import type { Json } from '../../core/json.ts';
import { PlatformUnreachable } from '../../core/outgoing.ts';
import type { CallPlatform } from '../../core/outgoing.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { compareOrder } from '../../sandbox/compare-order.ts';
import { meituanWaimai } from './index.ts';
import { STORES } from './sandbox-orders.ts';
import { sign } from './signature.ts';
import { START, account, demo, modelOf, storyOf, take, worldOf } from '../../../test/kit/waimai-stories.ts';

const DAY_MS = 86_400_000;

describe('meituan-waimai: what its pushes failed to tell', () => {
  for (const unconfirmedCall of ['getUnConfirmedOrders', 'queryNewOrdersByDevId']) {
    test(`orders that nobody accepted are found by ${unconfirmedCall}, page by page, while they are five minutes old`, async () => {
      const view = accountView(meituanWaimai, { ...demo, settings: { ...demo.settings, unconfirmedCall } });
      const memory: PlatformMemory = {};
      const stories = Array.from({ length: 41 }, (_, index) => storyOf('new, not yet accepted', index + 1));
      for (const story of stories) take(story, memory);
      const world = worldOf(memory, START + 299_000, view);
      const { reports, pages } = await runPoll(pollNamed(meituanWaimai, 'unconfirmed-orders'), world);
      assert.equal(pages, 3);
      const model = modelOf(reports);
      for (const story of stories) {
        const shown = model.order(story.platformOrderId);
        assert.deepEqual(compareOrder(story.expected([0], 1, memory), { ...shown }), []);
        assert.equal(shown?.acceptBy, new Date(START + 300_000).toISOString());
      }
      const late = await runPoll(pollNamed(meituanWaimai, 'unconfirmed-orders'), { ...world, at: START + 301_000 });
      assert.deepEqual(late.reports, []);
    });
  }

  test('an entry that does not name its store is asked for with each token', async () => {
    const memory: PlatformMemory = {};
    const story = storyOf('new, not yet accepted', 3);
    take(story, memory);
    const world = worldOf(memory);
    const played = playedCall(meituanWaimai, account, memory, START);
    const call: CallPlatform = async (request) => {
      const response = await played(request);
      return { ...response, body: response.body.replaceAll(/"ePoiId":"[^"]*","offsetId"/gu, '"offsetId"') };
    };
    const answer = await pollNamed(meituanWaimai, 'unconfirmed-orders').run(account, call, {
      ...{ at: START + 1000, mark: null, page: null, stores: world.stores },
      daySequences: async () => [],
      openOrders: async () => [],
      recentOrders: async () => [],
    });
    assert.ok(answer.ok && answer.value.reports[0]?.aliases[0].value === story.platformOrderId);
  });

  test('the page of unconfirmed orders holds 1 to 100 of them', async () => {
    const memory: PlatformMemory = {};
    take(storyOf('new, not yet accepted', 1), memory);
    const asked: string[] = [];
    const played = playedCall(meituanWaimai, account, memory, START);
    await pollNamed(meituanWaimai, 'unconfirmed-orders').run(
      account,
      (request) => {
        asked.push(new URLSearchParams(request.body).get('biz') ?? '');
        return played(request);
      },
      {
        ...worldOf(memory),
        mark: null,
        page: null,
        daySequences: async () => [],
        openOrders: async () => [],
        recentOrders: async () => [],
      },
    );
    const developerId = account.credential('developerId') ?? '';
    assert.equal(asked[0], `{"developerId":${developerId},"maxOffsetId":0,"size":20}`);
  });

  test('gaps in the numbers of a day are asked for, and what comes after the highest; nobody’s number once', async () => {
    const memory: PlatformMemory = {};
    // Numbers 1, 4, 7, 10, 13 are the first store's first to fifth order of the day.
    const stories = [1, 4, 7, 10, 13].map((number) => storyOf('delivered by the platform, then settled', number));
    for (const [index, story] of stories.entries()) if (index !== 2) take(story, memory, 2);
    const numbers: string[] = [];
    const known = async (store: string): Promise<readonly number[]> => (store === STORES[0]?.ePoiId ? [2, 4] : []);
    const played = playedCall(meituanWaimai, account, memory, START);
    const call: CallPlatform = (request) => {
      numbers.push(new URLSearchParams(request.body).get('biz') ?? '');
      return played(request);
    };
    const poll = pollNamed(meituanWaimai, 'day-sequences');
    const [first] = worldOf(memory).stores;
    assert.ok(first !== undefined);
    const ask = {
      at: START,
      page: null,
      stores: [first],
      daySequences: known,
      openOrders: async () => [],
      recentOrders: async () => [],
    };
    const answer = await poll.run(account, call, { ...ask, mark: null });
    assert.ok(answer.ok, JSON.stringify(answer));
    const sequences = (): readonly number[] => numbers.map((biz) => (JSON.parse(biz) as { daySeq: number }).daySeq);
    assert.deepEqual(sequences(), [1, 3, 5, 6]);
    assert.equal((JSON.parse(numbers[0] ?? '{}') as { date?: string }).date, '20261120');
    assert.deepEqual(
      answer.value.reports.map(({ aliases }) => aliases[0].value),
      [stories[0]?.platformOrderId, stories[4]?.platformOrderId],
    );
    assert.deepEqual(answer.value.mark, { day: '2026-11-20', nobody: { [first.store]: [3] } });
    numbers.length = 0;
    const all = async (): Promise<readonly number[]> => [1, 2, 4, 5];
    await poll.run(account, call, { ...ask, mark: answer.value.mark, daySequences: all });
    assert.deepEqual(sequences(), [6]);
    numbers.length = 0;
    await poll.run(account, call, { ...ask, at: START + DAY_MS, mark: answer.value.mark });
    assert.deepEqual(sequences().slice(0, 2), [1, 3], 'another day has its own numbers');
  });

  test('twenty numbers are asked for at a time, and the walk goes on where it stopped', async () => {
    const memory: PlatformMemory = {};
    const [first] = worldOf(memory).stores;
    assert.ok(first !== undefined);
    const known = async (): Promise<readonly number[]> => [45];
    const world = { ...worldOf(memory), stores: [first] };
    const { mark, pages } = await runPoll(pollNamed(meituanWaimai, 'day-sequences'), world, { daySequences: known });
    assert.equal(pages, 3);
    const numbers = Array.from({ length: 44 }, (_, index) => index + 1);
    assert.deepEqual(mark, { day: '2026-11-20', nobody: { [first.store]: numbers } });
  });

  test('what a page has read outlives a platform that goes away in the middle of it', async () => {
    const memory: PlatformMemory = {};
    for (const number of [1, 4]) take(storyOf('delivered by the platform, then settled', number), memory, 2);
    const [first] = worldOf(memory).stores;
    assert.ok(first !== undefined);
    const played = playedCall(meituanWaimai, account, memory, START);
    let calls = 0;
    const call: CallPlatform = (request) => {
      calls += 1;
      if (calls === 2) throw new PlatformUnreachable('away', true);
      return played(request);
    };
    const poll = pollNamed(meituanWaimai, 'day-sequences');
    const ask = {
      at: START,
      mark: null,
      stores: [first],
      daySequences: async () => [],
      openOrders: async () => [],
      recentOrders: async () => [],
    };
    const answer = await poll.run(account, call, { ...ask, page: null });
    assert.ok(answer.ok && answer.value.reports.length === 1 && answer.value.next !== null);
    const rest = await poll.run(account, call, { ...ask, page: answer.value.next });
    assert.ok(rest.ok && rest.value.reports.length === 1 && rest.value.next === null);
    calls = 1;
    const none = await poll.run(account, call, { ...ask, page: null });
    assert.ok(!none.ok && none.refusal.code === 'unreachable');
  });

  test('users’ own numbers take the place of privacy numbers, for orders that are known and open', async () => {
    const memory: PlatformMemory = {};
    let story = storyOf('new, not yet accepted', 1);
    let reports = take(story, memory);
    for (
      let number = 2;
      modelOf(reports).order(story.platformOrderId)?.customer?.phone?.includes('_') !== true;
      number += 1
    ) {
      story = storyOf('new, not yet accepted', number);
      reports = take(story, memory);
    }
    const aliases = [{ kind: 'platform', value: story.platformOrderId }] as const;
    const open = { aliases, kind: 'takeaway', store: null, storeToken: null, doubts: [] } as const;
    const poll = pollNamed(meituanWaimai, 'phone-numbers');
    const none = await runPoll(poll, worldOf(memory));
    assert.deepEqual(none.reports, []);
    const found = await runPoll(poll, worldOf(memory), {
      openOrders: async () => [open],
      recentOrders: async () => [],
    });
    assert.equal(found.reports.length, 1);
    const shown = modelOf([...reports, ...found.reports]).order(story.platformOrderId);
    assert.equal(shown?.customer?.phone, `1390000${story.platformOrderId.slice(-4)}`);
    assert.notEqual(shown.customer.address, null);
    const again = await runPoll(poll, worldOf(memory, START + 600_000), {
      openOrders: async () => [open],
      recentOrders: async () => [],
    });
    assert.equal(again.reports[0]?.key, found.reports[0]?.key);
  });

  test('refunds of recent orders are found that no callback told of, those of orders that are over too', async () => {
    const memory: PlatformMemory = {};
    const stories = Array.from({ length: 45 }, (_, index) =>
      storyOf(index % 3 === 0 ? 'completed, then refunded as a whole' : 'cash on delivery by own riders', index + 1),
    );
    for (const story of stories) take(story, memory);
    const world = worldOf(memory);
    const asked: string[] = [];
    const since: number[] = [];
    const orders = stories.map(({ platformOrderId }, index) => ({
      ...{ id: `ord_${String(index).padStart(3, '0')}`, platformOrderId },
      store: (memory[`order ${platformOrderId}`] as { readonly store: string }).store,
    }));
    const { reports } = await runPoll(pollNamed(meituanWaimai, 'refunds'), world, {
      async recentOrders(store, from, { afterId, limit }) {
        asked.push(store);
        since.push(START - from);
        return orders.filter((order) => order.store === store && order.id > (afterId ?? '')).slice(0, limit);
      },
    });
    const model = modelOf(reports);
    for (const { plot, platformOrderId } of stories) {
      const shown = model.order(platformOrderId);
      assert.equal(shown?.payment, plot.startsWith('completed') ? 'refunded' : undefined, plot);
    }
    assert.deepEqual([...new Set(asked)].sort(), STORES.map(({ ePoiId }) => ePoiId).sort());
    assert.deepEqual([...new Set(since)], [3 * DAY_MS]);
  });

  test('a thousand numbers are asked for at a time, and a full page is followed by the next', async () => {
    const asked: string[] = [];
    const call: CallPlatform = async (request) => {
      asked.push(new URLSearchParams(request.body).get('biz') ?? '');
      const data = asked.length === 1 ? Array.from({ length: 1000 }, () => ({ orderId: 5, realPhoneNumber: '1' })) : [];
      return { status: 200, headers: {}, body: JSON.stringify({ code: 'OP_SUCCESS', data }) };
    };
    const aliases = [{ kind: 'platform', value: '6' }] as const;
    const open = { aliases, kind: 'takeaway', store: null, storeToken: null, doubts: [] } as const;
    const poll = pollNamed(meituanWaimai, 'phone-numbers');
    const ask = {
      at: START,
      mark: null,
      stores: [],
      daySequences: async () => [],
      openOrders: async () => [open],
      recentOrders: async () => [],
    };
    const first = await poll.run(account, call, { ...ask, page: null });
    assert.ok(first.ok && first.value.next === 1000 && first.value.reports.length === 0);
    const second = await poll.run(account, call, { ...ask, page: 1000 });
    assert.ok(second.ok && second.value.next === null);
    assert.deepEqual(
      asked.map((biz) => (JSON.parse(biz) as Record<string, Json>)['degradLimit']),
      [1000, 1000],
    );
  });
});

test('meituan-waimai: the played platform takes a page at its limit, and not past it', async () => {
  const memory: PlatformMemory = {};
  const [store] = worldOf(memory).stores;
  const developerId = Number(account.credential('developerId'));
  const ask = async (path: string, biz: Readonly<Record<string, Json>>, token?: string): Promise<string> => {
    const fields: [string, string][] = [
      ['biz', JSON.stringify(biz)],
      ...Object.entries({ businessId: '2', charset: 'UTF-8', developerId: String(developerId), version: '2' }),
      ['timestamp', String(START / 1000)],
    ];
    if (token !== undefined) fields.push(['appAuthToken', token]);
    const body = new URLSearchParams([...fields, ['sign', sign(fields, account.secrets('signKey')[0]?.value ?? '')]]);
    const call = playedCall(meituanWaimai, account, memory, START);
    const url = `http://platform.invalid${path}`;
    const response = await call({ call: 'test', method: 'POST', url, headers: {}, body: body.toString() });
    return (JSON.parse(response.body) as { readonly code: string }).code;
  };
  const unconfirmed = '/waimai/ng/order/getUnConfirmedOrders';
  const phones = '/waimai/order/batchPullPhoneNumber';
  for (const [size, code] of [
    [1, 'OP_SUCCESS'],
    [100, 'OP_SUCCESS'],
    [0, 'OP_PARAM_ERROR'],
    [101, 'OP_PARAM_ERROR'],
  ] as const)
    assert.equal(await ask(unconfirmed, { developerId, maxOffsetId: 0, size }), code, `size ${size}`);
  for (const [degradLimit, code] of [
    [1000, 'OP_SUCCESS'],
    [1001, 'OP_PARAM_ERROR'],
    [0, 'OP_PARAM_ERROR'],
  ] as const)
    assert.equal(await ask(phones, { developerId, degradOffset: 0, degradLimit }), code, `limit ${degradLimit}`);
  assert.equal(await ask(phones, { developerId: 1, degradOffset: 0, degradLimit: 1 }), 'OP_DEVELOPER_ERROR');
  const token = store?.token?.accessToken ?? '';
  const bySequence = (daySeq: number, date: string, given = token): Promise<string> =>
    ask('/waimai/order/queryByDaySeq', { daySeq, date }, given);
  assert.equal(await bySequence(1, '20261120'), 'OP_ORDER_NOT_FOUND');
  assert.equal(await bySequence(0, '20261120'), 'OP_PARAM_ERROR');
  assert.equal(await bySequence(1, '2026-11-20'), 'OP_PARAM_ERROR');
  assert.equal(await bySequence(1, '20261120', 'another'), 'OP_AUTH_TOKEN_INVALID');
});
