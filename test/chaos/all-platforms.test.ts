import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaosRun } from '../kit/chaos-run.ts';

/** Placing takes so long; the holds of what nobody pays, 20 s, are waited for after it. */
const SECONDS = 6;
const LEAST_ORDERS = 30;

test('orders, money, goods and stock agree after ten simulated minutes in which a third of the callbacks never came', async (t) => {
  const seeds = ['21', '22'];
  const runs = await Promise.all(seeds.map((seed) => chaosRun({ seed, seconds: SECONDS, rate: 7 })));
  for (const [index, { left, stats, report }] of runs.entries()) {
    t.diagnostic(
      `seed ${seeds[index] ?? ''}: ${report.orders} orders, ${report.events} events, ${stats.dropped} dropped`,
    );
    assert.deepEqual(report.differences, [], `seed ${seeds[index] ?? ''}`);
    assert.deepEqual(left, { unreceived: 0, events: 0 });
    assert.ok(report.orders >= LEAST_ORDERS && stats.dropped >= LEAST_ORDERS, JSON.stringify(stats));
    assert.equal(stats.faults, 0, stats.trouble);
  }
});
