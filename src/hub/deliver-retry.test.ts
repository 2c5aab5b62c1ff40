import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_GAPS_SECONDS, nextAttemptMs, readRetryPolicy } from './deliver-retry.ts';
import type { RetryPolicy } from './deliver-retry.ts';

/** The times of all attempts in seconds after the first. */
function schedule(policy: RetryPolicy, random: number): readonly number[] {
  const times = [0];
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttemptMs(policy, attempts, 0, times.at(-1)! * 1000, random);
    if (next === null) return times;
    times.push(next / 1000);
  }
}

test('the default tries for more than a day, however the jitter falls', () => {
  for (const random of [0, 0.5, 0.999]) {
    const times = schedule(null, random);
    assert.equal(times.length, DEFAULT_GAPS_SECONDS.length + 1);
    assert.ok(times.at(-1)! >= 24 * 3600, `${times.at(-1)} s`);
    assert.ok(times.at(-1)! <= 34 * 3600, `${times.at(-1)} s`);
  }
});

test('gaps grow and jitter moves them by up to a tenth', () => {
  assert.equal(nextAttemptMs(null, 1, 0, 0, 0), 4500);
  assert.equal(nextAttemptMs(null, 1, 0, 0, 0.5), 5000);
  assert.equal(nextAttemptMs({ gapsSeconds: [100] }, 1, 0, 0, 1), 110_000);
  assert.equal(nextAttemptMs({ gapsSeconds: [100] }, 2, 0, 0, 1), null);
});

test('every 30 s for 1 h is 121 attempts without jitter', () => {
  const times = schedule(readRetryPolicy('every 30 s for 1 h'), 0.7);
  assert.equal(times.length, 121);
  assert.equal(times.at(-1), 3600);
});

for (const [given, read] of [
  [null, null],
  [undefined, null],
  ['every 30 s for 1 h', { everySeconds: 30, forSeconds: 3600 }],
  ['every 5m for 2d', { everySeconds: 300, forSeconds: 172_800 }],
  [' every 1 min for 90 s ', { everySeconds: 60, forSeconds: 90 }],
  [
    { everySeconds: 30, forSeconds: 3600, more: 1 },
    { everySeconds: 30, forSeconds: 3600 },
  ],
  [{ gapsSeconds: [] }, { gapsSeconds: [] }],
] as const) {
  test(`the policy ${JSON.stringify(given)} is read`, () => assert.deepEqual(readRetryPolicy(given), read));
}

for (const given of [
  'every 30 s',
  'every 0 s for 1 h',
  'every 30 s for 8 d',
  '',
  true,
  7,
  {},
  { everySeconds: 30 },
  { everySeconds: 1.5, forSeconds: 60 },
  { everySeconds: '30', forSeconds: 60 },
  { gapsSeconds: [0] },
  { gapsSeconds: Array.from({ length: 101 }, () => 1) },
]) {
  test(`the policy ${JSON.stringify(given).slice(0, 60)} is refused`, () => {
    assert.throws(() => readRetryPolicy(given), { code: 'malformed_request' });
  });
}
