import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { AskingStage, MINUTE_MS, page, request, said } from '../../test/kit/asking-stage.ts';
import type { Report } from '../core/fact.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import type { PollPage } from '../core/poll.ts';
import { createActGate } from './act-gate.ts';
import { createRepair } from './repair.ts';
import { settleDueDoubts } from './settle-doubts.ts';

const stage = new AskingStage();
before(() => stage.open());
after(() => stage.close());
beforeEach(() => stage.reset());

test('a refusal puts the question off: longer and longer, for a person, or to a new beginning', async () => {
  const id = await stage.account();
  const no = (kind: 'retry' | 'alert' | 'final') => (): PlatformResult<PollPage> => ({
    ok: false,
    refusal: { class: kind, code: `is_${kind}`, message: 'no' },
  });
  const waited: number[] = [];
  const failing = async (...kinds: readonly ('retry' | 'alert' | 'final')[]): Promise<void> => {
    for (const kind of kinds) {
      stage.pages = [no(kind)];
      const { nextAt } = (await stage.status(id)).list;
      stage.nowMs = Date.parse(nextAt);
      await stage.finish(createRepair(stage.hub.ctx, stage.deps()));
      const { list } = await stage.status(id);
      assert.equal(list.code, `is_${kind}`);
      waited.push(Date.parse(list.nextAt) - stage.nowMs);
    }
  };
  stage.pages = [page([], { next: 5 }), no('retry')];
  await stage.run();
  await failing('retry', 'retry', 'retry', 'retry', 'retry', 'alert');
  assert.deepEqual(waited, [15_000, 30_000, 60_000, 300_000, 900_000, 900_000]);
  assert.deepEqual(
    stage.asked.map((ask) => ask.page),
    // The sixth failure in a row brings the run back to its beginning.
    [null, 5, 5, 5, 5, 5, 5, null],
  );
  stage.pages = [page([])];
  await stage.run(900_000);
  assert.equal((await stage.status(id)).list.failures, 0);
  await failing('alert', 'final');
  assert.deepEqual(waited.slice(-2), [60_000, 60_000]);
});

test('a list that never ends is given up after 20 000 pages and begun anew later', async () => {
  const id = await stage.account();
  let count = 0;
  stage.pages = [
    () => {
      count += 1;
      // Its turn is over every five pages.
      if (count % 5 === 0) stage.nowMs += MINUTE_MS;
      return { ok: true, value: { reports: [], next: count, mark: null } };
    },
  ];
  await stage.run();
  assert.equal((await stage.status(id)).list.code, null);
  const before_ = count;
  assert.ok(before_ >= 5);
  const late = `update repair_polls set pages = 19999, due_at = $2 where account_id = $1 and poll = 'list' returning page`;
  const { rows } = await stage.hub.database.pool.query(late, [id, new Date(stage.nowMs)]);
  assert.deepEqual(rows, [{ page: before_ }]);
  await stage.finish(createRepair(stage.hub.ctx, stage.deps()));
  assert.equal((await stage.status(id)).list.code, 'endless_list');
  assert.equal(count, before_ + 1);
  stage.pages = [page([])];
  await stage.run(MINUTE_MS);
  assert.equal(stage.asked.at(-1)?.page, null);
  assert.equal((await stage.status(id)).list.code, null);
});

test('a question that nobody answered is sent again at once, and the platform is asked no more than thrice', async () => {
  await stage.account();
  const answers = [502, 0, 200, 503, 504, 502];
  stage.statuses = [...answers];
  const seen: unknown[] = [];
  stage.pages = [
    async (_ask, call) => {
      for (let count = 0; count < 2; count += 1) seen.push((await call(request)).status);
      return page([])();
    },
  ];
  await stage.run();
  assert.deepEqual(seen, [200, 502]);
  assert.equal(stage.calls, answers.length);
});

test('a platform that is away is left alone by all that the account does there', async () => {
  const id = await stage.account();
  const gate = createActGate();
  stage.away = true;
  stage.pages = [
    async (_ask, call) => {
      await call(request);
      return page([])();
    },
  ];
  await stage.run(10_000, { gate });
  assert.equal(stage.calls, 3);
  await stage.run(5000, { gate });
  assert.equal(stage.calls, 5);
  assert.ok(gate.enter(id, {}, stage.nowMs) > 0, 'its actions wait, too');
  await stage.run(5000, { gate });
  assert.equal(stage.calls, 5);
  stage.away = false;
  await stage.run(30_000, { gate });
  assert.equal(stage.calls, 6);
  assert.equal((await stage.status(id)).list.code, null);
});

test('the calls of a question keep the account’s rate', async () => {
  await stage.account();
  const startMs = stage.nowMs;
  stage.pages = [
    async (_ask, call) => {
      for (let count = 0; count < 30; count += 1) await call(request);
      return page([])();
    },
  ];
  await stage.run();
  assert.equal(stage.calls, 30);
  // Ten at once, then ten a second; beside the 15 s that `run` lets pass.
  assert.ok(stage.nowMs - startMs - 15_000 >= 1900, `${stage.nowMs - startMs - 15_000} ms`);
});

test('an order that rests too long is asked about, counted when the platform knows more, and else asked about anew after as long', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  const placed = stage.nowMs;
  const content = { kind: 'reports', reports: [said('1', 'unpaid', placed)] } as const;
  await stage.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  await stage.run();
  assert.equal(await stage.settle(), 0, 'it has not rested for long');
  await stage.run(10 * MINUTE_MS);
  assert.equal(await stage.settle(), 1);
  assert.deepEqual(
    stage.read.map(({ doubts }) => doubts),
    [['overdue']],
  );
  await stage.run(5 * MINUTE_MS);
  assert.equal(await stage.settle(), 0, 'the platform has just said that nothing happened');
  const paidAt = stage.nowMs;
  stage.nowMs += 5 * MINUTE_MS;
  stage.truth = [said('1', 'paid', paidAt)];
  assert.equal(await stage.settle(), 1);
  assert.deepEqual(await stage.orders(id), [['1', 'paid']]);
  const { repaired } = await stage.status(id);
  assert.equal(repaired.count, 1);
  assert.equal(repaired.newOrders, 0);
  assert.equal(repaired.medianSeconds, 300);
  await stage.run(30 * MINUTE_MS);
  assert.equal(await stage.settle(), 0, 'it is paid: there is nothing to ask about');
});

test('a flood of orders that rest too long is spread over the time that they may rest', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  for (let number = 1; number <= 40; number += 1) {
    const content = { kind: 'reports', reports: [said(String(number), 'unpaid', stage.nowMs)] } as const;
    await stage.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
  await stage.run(20 * MINUTE_MS);
  assert.ok((await stage.settle()) < 10);
  stage.nowMs += 5 * MINUTE_MS;
  while ((await stage.settle()) > 0);
  assert.ok(stage.read.length > 15 && stage.read.length < 25, `${stage.read.length}`);
  stage.nowMs += 5 * MINUTE_MS;
  while ((await stage.settle()) > 0);
  assert.equal(new Set(stage.read.map(({ aliases }) => aliases[0]?.value)).size, 40);
});

test('a read that must wait for its turn is put off, and counts as no failure', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  const content = { kind: 'reports', reports: [said('1', 'unpaid', stage.nowMs)] } as const;
  await stage.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  await stage.run(20 * MINUTE_MS);
  const gate = createActGate();
  for (let count = 0; count < 5; count += 1) {
    gate.enter(id, {}, stage.nowMs);
    gate.leave(id, {}, false, stage.nowMs);
  }
  stage.reads = (call) => call(request);
  await settleDueDoubts(stage.hub.ctx, { ...stage.deps({ gate }) });
  stage.reads = undefined;
  const { rows } = await stage.hub.database.pool.query<{ due_at: Date; attempts: number }>(
    'select due_at, attempts from order_clocks where account_id = $1',
    [id],
  );
  assert.deepEqual(
    rows.map(({ due_at: dueAt, attempts }) => [dueAt.getTime() - stage.nowMs, attempts]),
    [[30_000, 0]],
  );
  assert.equal(stage.calls, 0);
});

test('an order that moved by itself before it is asked about is not asked about', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  const content = (report: Report) => ({ kind: 'reports', reports: [report] }) as const;
  await stage.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: content(said('1', 'unpaid', stage.nowMs)),
    source: 'callback',
  });
  await stage.run(10 * MINUTE_MS);
  await stage.hub.commits.submit(known, {
    receipt: null,
    stored: false,
    content: content(said('1', 'paid', stage.nowMs)),
    source: 'callback',
  });
  assert.equal(await stage.settle(), 1);
  assert.equal(stage.read.length, 0);
});

test('a question gets the account’s open orders, the longest unchanged first, and the numbers of a store’s day', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  for (const number of ['1', '2', '3']) {
    stage.nowMs += 1000;
    const report: Report = {
      ...said(number, 'paid', stage.nowMs),
      facts: [
        ...said(number, 'paid', stage.nowMs).facts,
        { line: '', register: 'store', value: { ref: 's1', name: null } },
        { line: '', register: 'takeaway', value: { daySequence: Number(number), wantedAt: null, deliveryMode: null } },
      ],
    };
    const content = { kind: 'reports', reports: [report] } as const;
    await stage.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
  const heard: unknown[] = [];
  stage.pages = [
    async (ask) => {
      heard.push((await ask.openOrders(2)).map(({ aliases }) => aliases[0]?.value));
      heard.push(await ask.daySequences('s1', stage.nowMs - MINUTE_MS));
      return page([])();
    },
  ];
  await stage.run();
  assert.deepEqual(heard, [
    ['1', '2'],
    [1, 2, 3],
  ]);
});
