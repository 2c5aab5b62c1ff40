import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { takeawayPlatform } from '../../test/kit/takeaway-platform.ts';
import type { Connector, OrderToRead } from '../core/connector.ts';
import type { Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { CallPlatform, PlatformResult } from '../core/outgoing.ts';
import type { PollAsk, PollPage } from '../core/poll.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { createActGate } from './act-gate.ts';
import { createRegistry } from './context.ts';
import { readRepair } from './read-repair.ts';
import { createRepair } from './repair.ts';
import type { RepairDeps } from './repair-run.ts';
import { settleDueDoubts } from './settle-doubts.ts';

const MINUTE_MS = 60_000;

let hub: TestHub;
let nowMs = Date.UTC(2026, 10, 20, 4, 0, 0);
let accounts = 0;
let asked: PollAsk[] = [];
let confirmed: Json[] = [];
let deaf = false;
let calls = 0;
let read: OrderToRead[] = [];
/** What the platform says to the questions to come; the last one stays. */
let pages: ((ask: PollAsk, call: CallPlatform) => Promise<PlatformResult<PollPage>> | PlatformResult<PollPage>)[] = [];
let truth: readonly Report[] = [];
/** What a read of the truth calls. */
let reads: ((call: CallPlatform) => Promise<unknown>) | undefined;
let away = false;
/** What it answers to the calls to come, 0: nothing; without one it is 200. */
let statuses: number[] = [];

const said = (number: string, payment: 'unpaid' | 'paid' | 'refunded', at: number | null): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at,
  facts: [
    { line: '', register: 'payment', value: payment },
    ...(at === null ? [] : [{ line: '', register: 'placedAt', value: at } as const]),
  ],
});
const page =
  (reports: readonly Report[], more: Partial<PollPage> = {}) =>
  (): PlatformResult<PollPage> => ({ ok: true, value: { reports, next: null, mark: null, ...more } });
const request = { call: 'list', method: 'GET', url: 'http://platform.test/list', headers: {} } as const;

/** A platform that is asked every five minutes, and about each unpaid order that rests for ten. */
const asking: Connector = {
  ...takeawayPlatform,
  id: 'test-asking',
  registers: { ...takeawayPlatform.registers, placedAt: { by: 'rank', ranks: 'lowest' } },
  polls: [
    {
      name: 'list',
      label: { en: 'list', zh: 'list' },
      everySeconds: 300,
      async run(_account, call, ask) {
        asked.push(ask);
        const answer = pages.length > 1 ? pages.shift() : pages[0];
        assert.ok(answer);
        return answer(ask, call);
      },
      async confirm(_account, _call, toConfirm) {
        if (deaf) return { ok: false, refusal: { class: 'retry', code: 'deaf', message: 'it did not hear' } };
        confirmed.push(toConfirm);
        return { ok: true, value: null };
      },
    },
  ],
  restMs: (order) => (order.payment === 'unpaid' ? 10 * MINUTE_MS : undefined),
  async readTruth(_account, call, order) {
    await reads?.(call);
    read.push(order);
    return { ok: true, value: truth };
  },
};

before(async () => {
  hub = await createTestHub({
    registry: createRegistry([asking]),
    clock: () => nowMs,
    async callPlatform() {
      calls += 1;
      const answer = statuses.shift() ?? 200;
      if (away || answer === 0) throw new PlatformUnreachable('it is away', true);
      return { status: answer, headers: {}, body: '{}' };
    },
  });
});
after(() => hub.close());
beforeEach(async () => {
  asked = [];
  confirmed = [];
  deaf = false;
  read = [];
  truth = [];
  calls = 0;
  away = false;
  statuses = [];
  pages = [page([])];
  nowMs += 86_400_000;
  await hub.database.pool.query('delete from repair_polls');
  await hub.database.pool.query('delete from order_clocks');
  await hub.database.pool.query('update accounts set deleted_at = now()');
});

async function account(mode = 'live'): Promise<string> {
  const id = `asks-${(accounts += 1)}`;
  await hub.addAccount(id, asking.id, { developerId: '1', signKey: 'k' }, mode);
  await hub.database.pool.query('update accounts set created_at = $2 where id = $1', [id, new Date(nowMs - 3_600_000)]);
  return id;
}

const deps = (more: Partial<RepairDeps> = {}): RepairDeps => ({
  accounts: hub.accounts,
  commits: hub.commits,
  gate: createActGate(),
  async sleep(ms) {
    nowMs += ms;
  },
  ...more,
});

/** A step to the very end of what it began: by itself it leaves alone what takes a second, which a busy machine makes of anything. */
async function finish(repair: ReturnType<typeof createRepair>): Promise<number> {
  const began = await repair.run();
  await repair.stop();
  return began;
}

/** Lets the time pass, and asks what is due then. */
async function run(afterMs = 10_000, more: Partial<RepairDeps> = {}): Promise<number> {
  nowMs += afterMs;
  const repair = createRepair(hub.ctx, deps(more));
  const first = await finish(repair);
  nowMs += 5000;
  return first + (await finish(repair));
}
const settle = (): Promise<number> => settleDueDoubts(hub.ctx, { accounts: hub.accounts, commits: hub.commits });

async function status(id: string) {
  const [only] = await readRepair(hub.ctx, ADMIN_PRINCIPAL, { account: id }, { afterId: null, limit: 1 });
  assert.ok(only);
  const list = only.polls.find(({ poll }) => poll === 'list');
  assert.ok(list);
  return { ...only, list };
}

async function facts(id: string): Promise<number> {
  const found = await hub.database.pool.query('select from facts where account_id = $1', [id]);
  return found.rowCount ?? 0;
}

async function orders(id: string): Promise<readonly (readonly [string | null, string])[]> {
  const found = await hub.database.pool.query<{ n: string | null; s: string }>(
    'select platform_order_id as n, status as s from orders where account_id = $1 order by 1',
    [id],
  );
  return found.rows.map(({ n, s }) => [n, s]);
}

test('a list is read page by page, its mark is the next run’s, and each page is confirmed after its commit', async () => {
  const id = await account();
  const had: number[] = [];
  pages = [
    page([said('1', 'paid', nowMs - 5 * MINUTE_MS)], { next: { page: 2 }, toConfirm: ['1'] }),
    async (ask) => {
      had.push((await orders(id)).length);
      assert.deepEqual(ask.page, { page: 2 });
      return page([said('2', 'unpaid', nowMs - 3 * MINUTE_MS)], { mark: { until: 7 }, toConfirm: ['2'] })();
    },
    page([], { mark: { until: 8 } }),
  ];
  await run();
  assert.deepEqual(await orders(id), [
    ['1', 'paid'],
    ['2', 'pending'],
  ]);
  assert.deepEqual(had, [1]);
  assert.deepEqual(confirmed, [['1'], ['2']]);
  assert.deepEqual(
    asked.map(({ mark }) => mark),
    [null, null],
  );
  const { list } = await status(id);
  assert.equal(list.lastReports, 2);
  assert.equal(list.lastPages, 2);
  assert.equal(list.code, null);
  assert.ok((await run(300_000)) >= 1);
  assert.deepEqual(asked.at(-1)?.mark, { until: 7 });
});

test('a page whose arrival the platform did not hear of is read again, stored once and confirmed then', async () => {
  const id = await account();
  pages = [page([said('1', 'paid', nowMs - 5 * MINUTE_MS)], { toConfirm: ['1'], mark: 7 })];
  deaf = true;
  await run();
  assert.equal((await status(id)).list.code, 'deaf');
  assert.equal((await orders(id)).length, 1);
  deaf = false;
  await run(10_000);
  assert.deepEqual(
    asked.map((ask) => [ask.mark, ask.page]),
    [
      [null, null],
      [null, null],
    ],
  );
  assert.deepEqual(confirmed, [['1']]);
  assert.equal(await facts(id), 1);
  assert.equal((await status(id)).repaired.count, 1);
});

test('what a list says again and again is stored once, and what it alone told is counted with its lag', async () => {
  const id = await account();
  const seen: (number | null)[] = [];
  const onRepaired = (_account: string, _platform: string, lagMs: number | null): void => void seen.push(lagMs);
  const placed = nowMs - 4 * MINUTE_MS;
  // A list whose rows have no time of their own: they hold as of now.
  pages = [(ask) => page([{ ...said('1', 'paid', ask.at), facts: [...said('1', 'paid', placed).facts] }])()];
  await run(10_000, { onRepaired });
  await run(300_000, { onRepaired });
  await run(300_000, { onRepaired });
  assert.equal(asked.length, 3);
  assert.equal(await facts(id), 1);
  assert.equal(seen.length, 1);
  const { repaired } = await status(id);
  assert.equal(repaired.count, 1);
  assert.equal(repaired.newOrders, 1);
  assert.ok(
    repaired.medianSeconds !== null && Math.abs(repaired.medianSeconds - 255) < 15,
    `${repaired.medianSeconds}`,
  );

  const source = await hub.database.pool.query<{ source: string }>('select source from facts where account_id = $1', [
    id,
  ]);
  assert.deepEqual(source.rows, [{ source: 'poll' }]);
});

test('what is found within a minute of its happening does not count as a push that never came', async () => {
  const id = await account();
  pages = [(ask) => page([said('1', 'paid', ask.at - 20_000)])()];
  await run();
  assert.equal((await orders(id)).length, 1);
  assert.equal((await status(id)).repaired.count, 0);
});

test('what happened before the account was added was never to be told to it', async () => {
  const id = await account();
  pages = [page([said('old', 'paid', nowMs - 2 * 3_600_000), said('new', 'paid', nowMs - 30 * MINUTE_MS)])];
  await run();
  assert.equal((await orders(id)).length, 2);
  assert.equal((await status(id)).repaired.count, 1);
});

test('what a callback told already is no news', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  const report = said('1', 'paid', nowMs - MINUTE_MS);
  const content = { kind: 'reports', reports: [report] } as const;
  await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  const older = { ...report, at: nowMs - 2 * MINUTE_MS, facts: said('1', 'unpaid', null).facts };
  pages = [page([report, older])];
  await run();
  assert.equal((await status(id)).repaired.count, 0);
  assert.deepEqual(await orders(id), [['1', 'paid']]);
});

test('two processes never run the same question, and one that died is taken over where it stood', async () => {
  const id = await account();
  let arrived = 0;
  let go: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  pages = [
    page([said('1', 'paid', nowMs)], { next: 2 }),
    async () => {
      arrived += 1;
      if (arrived === 1) await gone;
      return page([said('2', 'paid', nowMs)])();
    },
  ];
  nowMs += 10_000;
  const first = createRepair(hub.ctx, deps());
  const second = createRepair(hub.ctx, deps());
  await finish(first);
  nowMs += 5000;
  const running = first.run();
  while (arrived === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await second.run(), 0, 'there is nothing left for another one');
  assert.equal(asked.length, 2);
  // Its lease runs out, as after a death: another goes on with the page that it was at.
  nowMs += 130_000;
  assert.ok((await finish(second)) >= 1);
  assert.deepEqual(
    asked.map((ask) => ask.page),
    [null, 2, 2],
  );
  const { list } = await status(id);
  assert.equal(list.lastPages, 2);
  go?.();
  await running;
  await first.stop();
  // What the first one writes now does not count.
  assert.deepEqual((await status(id)).list, list);
});

test('a paused account asks nothing; one that observes reads, and confirms nothing', async () => {
  const paused = await account('paused');
  await run();
  assert.equal(asked.length, 0);
  assert.equal((await status(paused)).list.code, 'account_paused');
  await hub.database.pool.query('update accounts set deleted_at = now() where id = $1', [paused]);
  const observing = await account('observe');
  pages = [page([said('1', 'paid', nowMs)], { toConfirm: 1 })];
  await run();
  assert.equal((await orders(observing)).length, 1);
  assert.deepEqual(confirmed, []);
});

test('a refusal puts the question off: longer and longer, for a person, or to a new beginning', async () => {
  const id = await account();
  const no = (kind: 'retry' | 'alert' | 'final') => (): PlatformResult<PollPage> => ({
    ok: false,
    refusal: { class: kind, code: `is_${kind}`, message: 'no' },
  });
  const waited: number[] = [];
  const failing = async (...kinds: readonly ('retry' | 'alert' | 'final')[]): Promise<void> => {
    for (const kind of kinds) {
      pages = [no(kind)];
      const { nextAt } = (await status(id)).list;
      nowMs = Date.parse(nextAt);
      await finish(createRepair(hub.ctx, deps()));
      const { list } = await status(id);
      assert.equal(list.code, `is_${kind}`);
      waited.push(Date.parse(list.nextAt) - nowMs);
    }
  };
  pages = [page([], { next: 5 }), no('retry')];
  await run();
  await failing('retry', 'retry', 'retry', 'retry', 'retry', 'alert');
  assert.deepEqual(waited, [15_000, 30_000, 60_000, 300_000, 900_000, 900_000]);
  assert.deepEqual(
    asked.map((ask) => ask.page),
    // The sixth failure in a row brings the run back to its beginning.
    [null, 5, 5, 5, 5, 5, 5, null],
  );
  pages = [page([])];
  await run(900_000);
  assert.equal((await status(id)).list.failures, 0);
  await failing('alert', 'final');
  assert.deepEqual(waited.slice(-2), [60_000, 60_000]);
});

test('a list that never ends is given up after 20 000 pages and begun anew later', async () => {
  const id = await account();
  let count = 0;
  pages = [
    () => {
      count += 1;
      // Its turn is over every five pages.
      if (count % 5 === 0) nowMs += MINUTE_MS;
      return { ok: true, value: { reports: [], next: count, mark: null } };
    },
  ];
  await run();
  assert.equal((await status(id)).list.code, null);
  const before_ = count;
  assert.ok(before_ >= 5);
  const late = `update repair_polls set pages = 19999, due_at = $2 where account_id = $1 and poll = 'list' returning page`;
  const { rows } = await hub.database.pool.query(late, [id, new Date(nowMs)]);
  assert.deepEqual(rows, [{ page: before_ }]);
  await finish(createRepair(hub.ctx, deps()));
  assert.equal((await status(id)).list.code, 'endless_list');
  assert.equal(count, before_ + 1);
  pages = [page([])];
  await run(MINUTE_MS);
  assert.equal(asked.at(-1)?.page, null);
  assert.equal((await status(id)).list.code, null);
});

test('a question that nobody answered is sent again at once, and the platform is asked no more than thrice', async () => {
  await account();
  const answers = [502, 0, 200, 503, 504, 502];
  statuses = [...answers];
  const seen: unknown[] = [];
  pages = [
    async (_ask, call) => {
      for (let count = 0; count < 2; count += 1) seen.push((await call(request)).status);
      return page([])();
    },
  ];
  await run();
  assert.deepEqual(seen, [200, 502]);
  assert.equal(calls, answers.length);
});

test('a platform that is away is left alone by all that the account does there', async () => {
  const id = await account();
  const gate = createActGate();
  away = true;
  pages = [
    async (_ask, call) => {
      await call(request);
      return page([])();
    },
  ];
  await run(10_000, { gate });
  assert.equal(calls, 3);
  await run(5000, { gate });
  assert.equal(calls, 5);
  assert.ok(gate.enter(id, {}, nowMs) > 0, 'its actions wait, too');
  await run(5000, { gate });
  assert.equal(calls, 5);
  away = false;
  await run(30_000, { gate });
  assert.equal(calls, 6);
  assert.equal((await status(id)).list.code, null);
});

test('the calls of a question keep the account’s rate', async () => {
  await account();
  const startMs = nowMs;
  pages = [
    async (_ask, call) => {
      for (let count = 0; count < 30; count += 1) await call(request);
      return page([])();
    },
  ];
  await run();
  assert.equal(calls, 30);
  // Ten at once, then ten a second; beside the 15 s that `run` lets pass.
  assert.ok(nowMs - startMs - 15_000 >= 1900, `${nowMs - startMs - 15_000} ms`);
});

test('an order that rests too long is asked about, counted when the platform knows more, and else asked about anew after as long', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  const placed = nowMs;
  const content = { kind: 'reports', reports: [said('1', 'unpaid', placed)] } as const;
  await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  await run();
  assert.equal(await settle(), 0, 'it has not rested for long');
  await run(10 * MINUTE_MS);
  assert.equal(await settle(), 1);
  assert.deepEqual(
    read.map(({ doubts }) => doubts),
    [['overdue']],
  );
  await run(5 * MINUTE_MS);
  assert.equal(await settle(), 0, 'the platform has just said that nothing happened');
  const paidAt = nowMs;
  nowMs += 5 * MINUTE_MS;
  truth = [said('1', 'paid', paidAt)];
  assert.equal(await settle(), 1);
  assert.deepEqual(await orders(id), [['1', 'paid']]);
  const { repaired } = await status(id);
  assert.equal(repaired.count, 1);
  assert.equal(repaired.newOrders, 0);
  assert.equal(repaired.medianSeconds, 300);
  await run(30 * MINUTE_MS);
  assert.equal(await settle(), 0, 'it is paid: there is nothing to ask about');
});

test('a flood of orders that rest too long is spread over the time that they may rest', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  for (let number = 1; number <= 40; number += 1) {
    const content = { kind: 'reports', reports: [said(String(number), 'unpaid', nowMs)] } as const;
    await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
  await run(20 * MINUTE_MS);
  assert.ok((await settle()) < 10);
  nowMs += 5 * MINUTE_MS;
  while ((await settle()) > 0);
  assert.ok(read.length > 15 && read.length < 25, `${read.length}`);
  nowMs += 5 * MINUTE_MS;
  while ((await settle()) > 0);
  assert.equal(new Set(read.map(({ aliases }) => aliases[0]?.value)).size, 40);
});

test('a read that must wait for its turn is put off, and counts as no failure', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  const content = { kind: 'reports', reports: [said('1', 'unpaid', nowMs)] } as const;
  await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  await run(20 * MINUTE_MS);
  const gate = createActGate();
  for (let count = 0; count < 5; count += 1) {
    gate.enter(id, {}, nowMs);
    gate.leave(id, {}, false, nowMs);
  }
  reads = (call) => call(request);
  await settleDueDoubts(hub.ctx, { ...deps({ gate }) });
  reads = undefined;
  const { rows } = await hub.database.pool.query<{ due_at: Date; attempts: number }>(
    'select due_at, attempts from order_clocks where account_id = $1',
    [id],
  );
  assert.deepEqual(
    rows.map(({ due_at: dueAt, attempts }) => [dueAt.getTime() - nowMs, attempts]),
    [[30_000, 0]],
  );
  assert.equal(calls, 0);
});

test('an order that moved by itself before it is asked about is not asked about', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  const content = (report: Report) => ({ kind: 'reports', reports: [report] }) as const;
  await hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: content(said('1', 'unpaid', nowMs)),
    source: 'callback',
  });
  await run(10 * MINUTE_MS);
  await hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: content(said('1', 'paid', nowMs)),
    source: 'callback',
  });
  assert.equal(await settle(), 1);
  assert.equal(read.length, 0);
});

test('a question gets the account’s open orders, the longest unchanged first, and the numbers of a store’s day', async () => {
  const id = await account();
  const known = await hub.accounts.find(id);
  assert.ok(known);
  for (const number of ['1', '2', '3']) {
    nowMs += 1000;
    const report: Report = {
      ...said(number, 'paid', nowMs),
      facts: [
        ...said(number, 'paid', nowMs).facts,
        { line: '', register: 'store', value: { ref: 's1', name: null } },
        { line: '', register: 'takeaway', value: { daySequence: Number(number), wantedAt: null, deliveryMode: null } },
      ],
    };
    const content = { kind: 'reports', reports: [report] } as const;
    await hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
  const heard: unknown[] = [];
  pages = [
    async (ask) => {
      heard.push((await ask.openOrders(2)).map(({ aliases }) => aliases[0]?.value));
      heard.push(await ask.daySequences('s1', nowMs - MINUTE_MS));
      return page([])();
    },
  ];
  await run();
  assert.deepEqual(heard, [
    ['1', '2'],
    [1, 2, 3],
  ]);
});
