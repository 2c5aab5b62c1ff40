import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaosRun } from '../kit/chaos-run.ts';

const DRAIN_MS = 240_000;

for (const seed of ['101', '102', '103', '104', '105', '106']) {
  test(`both sides agree after a minute of chaos at all platforms (seed ${seed})`, async (t) => {
    const { left, stats, report } = await chaosRun({ seed, seconds: 60, rate: 6, drainMs: DRAIN_MS });
    t.diagnostic(`${report.orders} orders, ${report.events} events, ${stats.dropped} callbacks dropped`);
    assert.deepEqual(report.differences, []);
    assert.deepEqual(left, { unreceived: 0, events: 0 });
    assert.equal(stats.faults, 0, stats.trouble);
  });
}
