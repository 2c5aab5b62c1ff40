import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform, OutgoingRequest, PlatformResponse } from '../../core/outgoing.ts';
import type { Poll, PollAsk, PollPage, ReadDay } from '../../core/poll.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { compareOrder } from '../../sandbox/compare-order.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { meituanUnion } from './index.ts';
import { readList } from './order-list.ts';
import { restMs } from './polls.ts';

const AT = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const credentials = { appkey: 'demoappkey', secret: 'app_Secret_fedcba9876543210', callbackSecret: 'x' };
const account = (settings: Readonly<Record<string, Json>> = {}): AccountView =>
  accountView(meituanUnion, { credentials, settings });
const media = account({ generation: 'cps_open' });

function pollNamed(name: string): Poll {
  const poll = meituanUnion.polls?.find((one) => one.name === name);
  assert.ok(poll);
  return poll;
}

const ask = (at: number, mark: Json = null, page: Json = null): PollAsk => ({
  at,
  mark,
  page,
  stores: [],
  daySequences: async () => [],
  openOrders: async () => [],
  recentOrders: async () => [],
});

/** Runs a poll to its end. */
async function runPoll(
  name: string,
  view: AccountView,
  call: CallPlatform,
  { at, mark = null }: { readonly at: number; readonly mark?: Json },
): Promise<{ readonly reports: readonly Report[]; readonly pages: number; readonly mark: Json }> {
  const reports: Report[] = [];
  let page: Json = null;
  for (let pages = 1; ; pages += 1) {
    const answer = await pollNamed(name).run(view, call, ask(at, mark, page));
    assert.ok(answer.ok, JSON.stringify(answer));
    const told: PollPage = answer.value;
    reports.push(...told.reports);
    if (told.next === null) return { reports, pages, mark: told.mark };
    // As the hub keeps it: as JSON.
    page = JSON.parse(JSON.stringify(told.next)) as Json;
  }
}

/** Lets the platform live through orders whose pushes nobody hears; returns what each must be in the end. */
function livedThrough(count: number, memory: PlatformMemory, view: AccountView, startMs: number) {
  const stories = [];
  for (let number = 1; number <= count; number += 1) {
    const story = meituanUnion.sandbox.tell(seededRandom(`polls/${number}`), number, startMs + number * 1000);
    let atMs = startMs + number * 1000;
    for (const step of story.steps) {
      atMs += step.afterMs;
      step.callback(atMs, view, memory);
    }
    stories.push(story);
  }
  return stories;
}

/** Takes reports as the hub does, and asks about those that raise a question. */
async function taken(reports: readonly Report[], view: AccountView, memory: PlatformMemory, at: number) {
  const model = new OrderModel(meituanUnion);
  for (const report of reports) model.take(report);
  for (const { aliases, kind, doubt } of reports) {
    if (doubt === undefined) continue;
    const platformFields = model.order(aliases[0].value)?.platformFields ?? {};
    const order = { aliases, kind, store: null, storeToken: null, doubts: [doubt], platformFields };
    const answer = await meituanUnion.readTruth?.(view, playedCall(meituanUnion, view, memory, at), order, at);
    assert.ok(answer?.ok, JSON.stringify(answer));
    for (const report of answer.value) model.take(report);
  }
  return model;
}

function answering(...answers: readonly (object | PlatformResponse)[]): {
  readonly call: CallPlatform;
  readonly sent: OutgoingRequest[];
} {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    call: async (request) => {
      sent.push(request);
      const answer = answers[Math.min(sent.length, answers.length) - 1] ?? {};
      return 'status' in answer && 'headers' in answer
        ? (answer as PlatformResponse)
        : { status: 200, headers: {}, body: JSON.stringify(answer) };
    },
  };
}
const queryOf = (request: OutgoingRequest | undefined): URLSearchParams => new URL(request?.url ?? '').searchParams;

test('the published vector of the order list is reproduced', async () => {
  const { call, sent } = answering({ dataList: [], total: 0 });
  const place = { scope: '2', from: 1_699_913_600_000, to: AT, by: 'paid', page: 1, scroll: null } as const;
  await readList(account(), call, place, AT);
  assert.equal(queryOf(sent[0]).get('sign'), '4c63f790159efd2731ab08b2c52acb39');
  assert.equal(new URL(sent[0]?.url ?? '').pathname, '/api/orderList');
});

for (const [name, view] of [
  ['paid', account()],
  ['pay-days', account()],
  ['updated', media],
] as const) {
  test(`the question "${name}" finds every order whose pushes never came, over many pages`, async () => {
    const memory: PlatformMemory = {};
    const startMs = AT - 20 * 3_600_000;
    const stories = livedThrough(350, memory, view, startMs);
    const at = AT + 2 * DAY_MS;
    const call = playedCall(meituanUnion, view, memory, at);
    const { reports, pages } = await runPoll(name, view, call, { at, mark: { until: startMs } });
    assert.ok(pages > 3, `${pages} pages`);
    const model = await taken(reports, view, memory, at);
    for (const story of stories) {
      const order = model.order(story.platformOrderId);
      assert.ok(order, story.plot);
      assert.deepEqual(compareOrder(story.expected([], story.steps.length), { ...order }), [], story.plot);
    }
  });
}

test('a list never overrules what a push told of the order’s content, whichever came first', async () => {
  const memory: PlatformMemory = {};
  const [story] = livedThrough(1, memory, account(), AT);
  assert.ok(story);
  const push = { ...account(), secrets: () => [{ name: 'callbackSecret', value: 'x', fingerprint: 'f' }] };
  const sent = story.steps[0]?.callback(AT + 1000, push);
  assert.ok(sent);
  const { verify, parse } = meituanUnion;
  const verified = verify(
    { method: 'POST', topic: '', query: '', headers: {}, body: Buffer.from(sent.body), receivedAt: AT },
    push,
  );
  assert.ok(verified.ok);
  const parsed = parse(verified.accepted, push);
  assert.ok(parsed.kind === 'reports');
  const call = playedCall(meituanUnion, account(), memory, AT + DAY_MS);
  const { reports } = await runPoll('pay-days', account(), call, { at: AT + DAY_MS });
  const fieldsAfter = (all: readonly Report[]): unknown => {
    const model = new OrderModel(meituanUnion);
    for (const report of all) model.take(report);
    const order = model.order(story.platformOrderId);
    return { fields: order?.platformFields, items: order?.items, total: order?.amounts.total, sid: order?.attribution };
  };
  assert.ok(reports.length > 0);
  assert.deepEqual(fieldsAfter([...parsed.reports, ...reports]), fieldsAfter(parsed.reports));
  assert.deepEqual(fieldsAfter([...reports, ...parsed.reports]), fieldsAfter(parsed.reports));
});

test('no call of g2 asks for more than a day, and a run begins where the last one ended, less an overlap', async () => {
  const { call, sent } = answering({ dataList: [], total: 0 });
  const view = account({ listBusinessLines: '2,4' });
  const { mark } = await runPoll('paid', view, call, { at: AT, mark: { until: AT - 3 * DAY_MS } });
  assert.deepEqual(mark, { until: AT });
  const spans = sent.map((request) => {
    const query = queryOf(request);
    return [query.get('businessLine'), Number(query.get('startTime')), Number(query.get('endTime'))] as const;
  });
  assert.equal(spans.length, 8);
  for (const [, from, to] of spans) assert.ok(to - from < 86_400, `${to - from} s`);
  assert.equal(Math.min(...spans.map(([, from]) => from)), (AT - 3 * DAY_MS) / 1000 - 1200);
  assert.equal(Math.max(...spans.map(([, , to]) => to)), AT / 1000);
  for (const line of ['2', '4']) {
    const own = spans.filter(([scope]) => scope === line);
    for (const [index, [, from]] of own.entries())
      if (index > 0) assert.equal(from, (own[index - 1]?.[2] ?? 0) + 1, 'no second lies between two spans');
  }
});

test('a business line that the platform refuses is left out, and what it may have is read again', async () => {
  const refusedLine =
    (line: string): CallPlatform =>
    async (request) => ({
      status: 200,
      headers: {},
      body: JSON.stringify(
        queryOf(request).get('businessLine') === line ? { status: 1, des: 'no' } : { dataList: [], total: 0 },
      ),
    });
  const view = account({ listBusinessLines: '2,4' });
  const { mark } = await runPoll('paid', view, refusedLine('4'), { at: AT, mark: { until: AT - 3_600_000 } });
  assert.deepEqual(mark, { until: AT - 3_600_000 - 1_200_000 });
  const only = account({ listBusinessLines: '4' });
  const answer = await pollNamed('paid').run(only, refusedLine('4'), ask(AT));
  assert.ok(!answer.ok, 'when all are refused the question fails');
});

test('a platform that is out of order, or calls us too frequent, ends the run and not the list', async () => {
  const away = answering({ status: 502, headers: {}, body: '<html>' });
  const outage = await pollNamed('paid').run(account(), away.call, ask(AT));
  assert.ok(!outage.ok && outage.refusal.class === 'retry');
  assert.equal(away.sent.length, 1);
  for (const code of [402, 403]) {
    const often = answering({ code, message: 'too frequent' });
    const answer = await pollNamed('updated').run(media, often.call, ask(AT));
    assert.ok(!answer.ok && answer.refusal.class === 'retry' && answer.refusal.kind === 'rate');
    assert.equal(often.sent.length, 1);
  }
  const wrong = await pollNamed('updated').run(media, answering({ code: 400, message: 'no' }).call, ask(AT));
  assert.ok(!wrong.ok && wrong.refusal.class === 'alert');
});

test('a list without hits has an empty list or none', async () => {
  for (const answer of [{ dataList: null, total: 0 }, { dataList: [] }, { total: 0 }, { status: 0, data: null }]) {
    const { reports } = await runPoll('paid', account(), answering(answer).call, { at: AT });
    assert.deepEqual(reports, []);
  }
});

test('a row that cannot be read says only that there is such an order, and raises the question about it', async () => {
  const row = { orderid: '9000000000000000001', status: 77, payprice: '30.50', businessLine: 2, actId: 33 };
  const { reports } = await runPoll(
    'paid',
    account({ listBusinessLines: '2' }),
    answering({ dataList: [row], total: 1 }, { dataList: [] }).call,
    { at: AT },
  );
  assert.equal(reports.length, 1);
  assert.equal(reports[0]?.doubt, 'state');
});

test('the fates of sub-orders add up, whatever the status of the whole says', async () => {
  const row = (subs: readonly number[], status: string): object => ({
    code: 0,
    data: {
      dataList: [
        {
          orderId: '9000000000000000001',
          payTime: 1_699_999_000,
          updateTime: 1_700_000_000,
          payPrice: '30.50',
          status,
          orderDetail: subs.map((couponStatus, index) => ({ itemOrderId: `s${index}`, couponStatus })),
        },
      ],
    },
  });
  const statusOf = async (subs: readonly number[], status: string): Promise<unknown> => {
    const { reports } = await runPoll('updated', media, answering(row(subs, status), { code: 0, data: {} }).call, {
      at: AT,
    });
    const model = new OrderModel(meituanUnion);
    for (const report of reports) model.take(report);
    const order = model.order('9000000000000000001');
    return [order?.payment, order?.lifecycle];
  };
  assert.deepEqual(await statusOf([2, 3], '2'), ['paid', 'completed']);
  assert.deepEqual(await statusOf([2, 4], '4'), ['partially_refunded', 'completed']);
  assert.deepEqual(await statusOf([4, 4], '3'), ['refunded', 'open']);
  assert.deepEqual(await statusOf([1, 2], '3'), ['paid', 'open']);
  assert.deepEqual(await statusOf([3], '3'), ['paid', 'completed'], 'one sub-order: the order’s own status holds');
  assert.deepEqual(await statusOf([2, 9], '3'), ['paid', 'completed'], 'a state that is not known: so does it');
});

test('each question is of one generation, and only orders of g2 are asked about one by one', () => {
  const names = (view: AccountView): readonly string[] =>
    (meituanUnion.polls ?? []).filter((poll) => poll.appliesTo?.(view) ?? true).map(({ name }) => name);
  assert.deepEqual(names(account()), ['paid', 'pay-days']);
  assert.deepEqual(names(media), ['updated']);
  const order = { status: 'paid' } as Parameters<typeof restMs>[0];
  assert.equal(restMs(order, account()), 6 * 3_600_000);
  assert.equal(restMs(order, media), undefined);
  assert.equal(restMs({ ...order, status: 'refunded' }, account()), undefined);
});

for (const [generation, view] of [
  ['g2', account()],
  ['cps_open', media],
] as const) {
  test(`the orders of a day are those paid on it (${generation})`, async () => {
    const memory: PlatformMemory = {};
    const from = Date.UTC(2026, 10, 19, 16);
    const stories = livedThrough(260, memory, view, from - 100_000);
    const at = from + 2 * DAY_MS;
    const reports: Report[] = [];
    for (let page: Json = null, first = true; first || page !== null; first = false) {
      const call = playedCall(meituanUnion, view, memory, at);
      const day: Parameters<ReadDay>[2] = { at, page, stores: [], from, to: from + DAY_MS - 1 };
      const answer: Awaited<ReturnType<ReadDay>> | undefined = await meituanUnion.readDay?.(view, call, day);
      assert.ok(answer?.ok, JSON.stringify(answer));
      reports.push(...answer.value.reports);
      page = answer.value.next;
    }
    const told = new Set(reports.map(({ aliases }) => aliases[0].value));
    const paidWithin = stories.filter((_, index) => (index + 1) * 1000 >= 100_000);
    assert.deepEqual([...told].sort(), paidWithin.map(({ platformOrderId }) => platformOrderId).sort());
  });
}

test('the played list holds the limits of the sheet', async () => {
  const memory: PlatformMemory = {};
  livedThrough(1, memory, account(), AT - 1000);
  const listed = async (more: Partial<{ from: number; to: number; page: number; scope: string }>): Promise<string> => {
    const place = { scope: '2', from: AT - DAY_MS, to: AT, by: 'paid', page: 1, scroll: null, ...more } as const;
    const answer = await readList(account(), playedCall(meituanUnion, account(), memory, AT), place, AT);
    return answer.ok ? 'ok' : answer.refusal.message;
  };
  assert.equal(await listed({}), 'ok');
  assert.match(await listed({ from: AT - DAY_MS - 1000 }), /跨度/u);
  assert.match(await listed({ page: 0 }), /page/u);
  assert.match(await listed({ scope: 'two' }), /businessLine/u);
  assert.match(await listed({ from: AT, to: AT - 1000 }), /格式/u);
  const late = await readList(
    account(),
    playedCall(meituanUnion, account(), memory, AT + 61_000),
    { scope: '2', from: AT - DAY_MS, to: AT, by: 'paid', page: 1, scroll: null },
    AT,
  );
  assert.ok(!late.ok && late.refusal.message.includes('过期'));
});

test('the credentials are proved by a list of the last minute, and a wrong secret is no proof', async () => {
  for (const view of [account(), media]) {
    const right = await meituanUnion.check?.(view, playedCall(meituanUnion, view, {}, AT), AT);
    assert.ok(right?.ok, JSON.stringify(right));
    const wrong = { ...view, credential: (name: string) => (name === 'secret' ? 'other' : view.credential(name)) };
    const call: CallPlatform = async (request) => playedCall(meituanUnion, view, {}, AT)(request);
    const refused = await meituanUnion.check?.(wrong, call, AT);
    assert.ok(refused?.ok === false, JSON.stringify(refused));
    assert.ok(!JSON.stringify(refused).includes('other'));
  }
});
