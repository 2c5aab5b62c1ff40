import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Lines } from '../core/fact.ts';
import { compactLines, expandLines } from './compact-lines.ts';

const cell: fc.Arbitrary<Cell> = fc
  .record(
    {
      v: fc.jsonValue({ maxDepth: 2 }).map((value) => value as Cell['v']),
      k: fc.constantFrom('a', 'b', 'c'),
      t: fc.integer({ min: 1, max: 3 }),
      s: fc.constantFrom(1, 2),
      f: fc.constant<0>(0),
      g: fc.constantFrom(1, 2),
    },
    { requiredKeys: ['v', 'k'] },
  )
  .map((drawn) => ({ ...drawn }));
const lines = fc.dictionary(
  fc.constantFrom('', 'part:1', 'refund:7'),
  fc.dictionary(fc.constantFrom('payment', 'money.total', 'sid', 'items'), cell),
);

test('compact lines come back as they were, through the database too', () => {
  fc.assert(
    fc.property(lines, (drawn) => {
      const plain = JSON.parse(JSON.stringify(drawn)) as Lines;
      const stored = JSON.parse(JSON.stringify(compactLines(plain))) as ReturnType<typeof compactLines>;
      assert.deepEqual(expandLines(stored), plain);
    }),
  );
});

test('the cells of one report name their source once', () => {
  const source = { k: 'key', t: 1_700_000_000_000 };
  const compact = compactLines({ '': { payment: { v: 'paid', ...source }, sid: { v: 'u1', ...source } } });
  assert.deepEqual(compact, {
    r: [['key', 1_700_000_000_000]],
    l: { '': { payment: ['paid', 0], sid: ['u1', 0] } },
  });
});

test('lines that name a source which is not there are refused, not guessed', () => {
  assert.throws(() => expandLines({ r: [], l: { '': { sid: ['u1', 0] } } }), RangeError);
});
