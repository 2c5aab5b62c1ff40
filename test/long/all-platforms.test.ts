import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaosRun } from '../kit/chaos-run.ts';
import { roundsFrom } from '../kit/long-rounds.ts';

/**
 * What may follow each other at the very end: a payment that was closed, made all the same, and whose callback got lost is
 * asked about 330 s after it was made; its refund's end, lost too, 120 s later; and each question may fail a few times.
 */
const DRAIN_MS = 600_000;

const SEEDS = Array.from({ length: roundsFrom('TEST_CHAOS_SEEDS', 6) }, (_, index) => String(101 + index));

for (const seed of SEEDS) {
  test(`both sides agree after a minute of chaos at all platforms (seed ${seed})`, async (t) => {
    const { left, stats, report } = await chaosRun({ seed, seconds: 60, rate: 6, drainMs: DRAIN_MS });
    t.diagnostic(`${report.orders} orders, ${report.events} events, ${stats.dropped} callbacks dropped`);
    assert.deepEqual(report.differences, []);
    assert.deepEqual(left, { unreceived: 0, events: 0 });
    assert.equal(stats.faults, 0, stats.trouble);
  });
}
