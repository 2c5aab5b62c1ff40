import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAG_BUCKETS_MS, addLags, lagAt } from './lag.ts';

test('a share of lags is told by the end of the bucket that it lies in', () => {
  const counts = LAG_BUCKETS_MS.map(() => 0);
  counts[0] = 90;
  counts[3] = 9;
  counts[8] = 1;
  assert.equal(lagAt(counts, 0.5), 250);
  assert.equal(lagAt(counts, 0.9), 250);
  assert.equal(lagAt(counts, 0.95), 2000);
  assert.equal(lagAt(counts, 1), 60_000);
});

test('of nothing, and of what is beyond the last bucket, nothing is told', () => {
  assert.equal(lagAt([], 0.5), null);
  assert.equal(lagAt([0, 0], 0.5), null);
  assert.equal(lagAt([...LAG_BUCKETS_MS.map(() => 0), 3], 0.5), null);
});

test('counts add up, also those of different length', () => {
  const sum = addLags([1, 2], [0, 3, 4]);
  assert.deepEqual(sum.slice(0, 4), [1, 5, 4, 0]);
  assert.equal(sum.length, LAG_BUCKETS_MS.length + 1);
});
