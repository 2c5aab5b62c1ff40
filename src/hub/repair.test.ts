import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { AskingStage, MINUTE_MS, page, said } from '../../test/kit/asking-stage.ts';
import { createRepair } from './repair.ts';

const stage = new AskingStage();
before(() => stage.open());
after(() => stage.close());
beforeEach(() => stage.reset());

test('a list is read page by page, its mark is the next run’s, and each page is confirmed after its commit', async () => {
  const id = await stage.account();
  const had: number[] = [];
  stage.pages = [
    page([said('1', 'paid', stage.nowMs - 5 * MINUTE_MS)], { next: { page: 2 }, toConfirm: ['1'] }),
    async (ask) => {
      had.push((await stage.orders(id)).length);
      assert.deepEqual(ask.page, { page: 2 });
      return page([said('2', 'unpaid', stage.nowMs - 3 * MINUTE_MS)], { mark: { until: 7 }, toConfirm: ['2'] })();
    },
    page([], { mark: { until: 8 } }),
  ];
  await stage.run();
  assert.deepEqual(await stage.orders(id), [
    ['1', 'paid'],
    ['2', 'pending'],
  ]);
  assert.deepEqual(had, [1]);
  assert.deepEqual(stage.confirmed, [['1'], ['2']]);
  assert.deepEqual(
    stage.asked.map(({ mark }) => mark),
    [null, null],
  );
  const { list } = await stage.status(id);
  assert.equal(list.lastReports, 2);
  assert.equal(list.lastPages, 2);
  assert.equal(list.code, null);
  assert.ok((await stage.run(300_000)) >= 1);
  assert.deepEqual(stage.asked.at(-1)?.mark, { until: 7 });
});

test('a page whose arrival the platform did not hear of is read again, stored once and confirmed then', async () => {
  const id = await stage.account();
  stage.pages = [page([said('1', 'paid', stage.nowMs - 5 * MINUTE_MS)], { toConfirm: ['1'], mark: 7 })];
  stage.deaf = true;
  await stage.run();
  assert.equal((await stage.status(id)).list.code, 'deaf');
  assert.equal((await stage.orders(id)).length, 1);
  stage.deaf = false;
  await stage.run(10_000);
  assert.deepEqual(
    stage.asked.map((ask) => [ask.mark, ask.page]),
    [
      [null, null],
      [null, null],
    ],
  );
  assert.deepEqual(stage.confirmed, [['1']]);
  assert.equal(await stage.facts(id), 1);
  assert.equal((await stage.status(id)).repaired.count, 1);
});

test('what a list says again and again is stored once, and what it alone told is counted with its lag', async () => {
  const id = await stage.account();
  const seen: (number | null)[] = [];
  const onRepaired = (_account: string, _platform: string, lagMs: number | null): void => void seen.push(lagMs);
  const placed = stage.nowMs - 4 * MINUTE_MS;
  // A list whose rows have no time of their own: they hold as of now.
  stage.pages = [(ask) => page([{ ...said('1', 'paid', ask.at), facts: [...said('1', 'paid', placed).facts] }])()];
  await stage.run(10_000, { onRepaired });
  await stage.run(300_000, { onRepaired });
  await stage.run(300_000, { onRepaired });
  assert.equal(stage.asked.length, 3);
  assert.equal(await stage.facts(id), 1);
  assert.equal(seen.length, 1);
  const { repaired } = await stage.status(id);
  assert.equal(repaired.count, 1);
  assert.equal(repaired.newOrders, 1);
  assert.ok(
    repaired.medianSeconds !== null && Math.abs(repaired.medianSeconds - 255) < 15,
    `${repaired.medianSeconds}`,
  );

  const source = await stage.hub.database.pool.query<{ source: string }>(
    'select source from facts where account_id = $1',
    [id],
  );
  assert.deepEqual(source.rows, [{ source: 'poll' }]);
});

test('what is found within a minute of its happening does not count as a push that never came', async () => {
  const id = await stage.account();
  stage.pages = [(ask) => page([said('1', 'paid', ask.at - 20_000)])()];
  await stage.run();
  assert.equal((await stage.orders(id)).length, 1);
  assert.equal((await stage.status(id)).repaired.count, 0);
});

test('what happened before the account was added was never to be told to it', async () => {
  const id = await stage.account();
  stage.pages = [
    page([said('old', 'paid', stage.nowMs - 2 * 3_600_000), said('new', 'paid', stage.nowMs - 30 * MINUTE_MS)]),
  ];
  await stage.run();
  assert.equal((await stage.orders(id)).length, 2);
  assert.equal((await stage.status(id)).repaired.count, 1);
});

test('what a callback told already is no news', async () => {
  const id = await stage.account();
  const known = await stage.hub.accounts.find(id);
  assert.ok(known);
  const report = said('1', 'paid', stage.nowMs - MINUTE_MS);
  const content = { kind: 'reports', reports: [report] } as const;
  await stage.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  const older = { ...report, at: stage.nowMs - 2 * MINUTE_MS, facts: said('1', 'unpaid', null).facts };
  stage.pages = [page([report, older])];
  await stage.run();
  assert.equal((await stage.status(id)).repaired.count, 0);
  assert.deepEqual(await stage.orders(id), [['1', 'paid']]);
});

test('two processes never run the same question, and one that died is taken over where it stood', async () => {
  const id = await stage.account();
  let arrived = 0;
  let go: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  stage.pages = [
    page([said('1', 'paid', stage.nowMs)], { next: 2 }),
    async () => {
      arrived += 1;
      if (arrived === 1) await gone;
      return page([said('2', 'paid', stage.nowMs)])();
    },
  ];
  stage.nowMs += 10_000;
  const first = createRepair(stage.hub.ctx, stage.deps());
  const second = createRepair(stage.hub.ctx, stage.deps());
  await stage.finish(first);
  stage.nowMs += 5000;
  const running = first.run();
  while (arrived === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await second.run(), 0, 'there is nothing left for another one');
  assert.equal(stage.asked.length, 2);
  // Its lease runs out, as after a death: another goes on with the page that it was at.
  stage.nowMs += 130_000;
  assert.ok((await stage.finish(second)) >= 1);
  assert.deepEqual(
    stage.asked.map((ask) => ask.page),
    [null, 2, 2],
  );
  const { list } = await stage.status(id);
  assert.equal(list.lastPages, 2);
  go?.();
  await running;
  await first.stop();
  // What the first one writes now does not count.
  assert.deepEqual((await stage.status(id)).list, list);
});

test('a paused account asks nothing; one that observes reads, and confirms nothing', async () => {
  const paused = await stage.account('paused');
  await stage.run();
  assert.equal(stage.asked.length, 0);
  assert.equal((await stage.status(paused)).list.code, 'account_paused');
  await stage.hub.database.pool.query('update accounts set deleted_at = now() where id = $1', [paused]);
  const observing = await stage.account('observe');
  stage.pages = [page([said('1', 'paid', stage.nowMs)], { toConfirm: 1 })];
  await stage.run();
  assert.equal((await stage.orders(observing)).length, 1);
  assert.deepEqual(stage.confirmed, []);
});
