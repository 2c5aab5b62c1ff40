import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { newId } from './ids.ts';

describe('ids', () => {
  const now = Date.UTC(2026, 10, 1);

  test('an id is its prefix and 26 letters that survive the phone', () => {
    for (let count = 0; count < 200; count += 1)
      assert.match(newId('ord', now, randomBytes), /^ord_[0-9a-hjkmnp-tv-z]{26}$/u);
  });

  test('ids sort by age, to the millisecond and over centuries', () => {
    const times = [0, 1, 31, 32, now - 1, now, now + 1, Date.UTC(2199, 11, 31)];
    const ids = times.map((time) => newId('evt', time, randomBytes));
    assert.deepEqual([...ids].sort(), ids);
  });

  test('ids of one millisecond differ, and the same randomness gives the same id', () => {
    const ids = Array.from({ length: 2_000 }, () => newId('rcp', now, randomBytes));
    assert.equal(new Set(ids).size, ids.length);
    const fixed = (size: number): Uint8Array => new Uint8Array(size).fill(7);
    assert.equal(newId('rcp', now, fixed), newId('rcp', now, fixed));
  });
});
