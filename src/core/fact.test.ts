import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveFacets } from './derive.ts';
import { applyReport, compareCells, mergeLines, read, reportKey } from './fact.ts';
import type { Cell, Fact, Lines, RegisterRule, RegisterRules, Report } from './fact.ts';
import type { Json } from './json.ts';
import { partLine, PAYMENT_RANKS, RAISED_RANKS, REFUND_RANKS, refundLine, WHOLE } from './registers.ts';

const rules: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'time', ranks: { open: 0, completed: 1, cancelled: 2, expired: 2 } },
  fulfilment: { by: 'time' },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'flag.risk': { by: 'rank', ranks: RAISED_RANKS },
  'flag.doubt': { by: 'time' },
  'money.paid': { by: 'time' },
  parts: { by: 'rank', ranks: 'highest' },
  completedAt: { by: 'rank', ranks: 'lowest' },
  items: { by: 'time' },
  sid: { by: 'time' },
};

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true });

/** Few values of everything, so that ties are the rule and every comparison gets its turn. */
const line = fc.constantFrom(WHOLE, partLine('a'), partLine('b'), refundLine('1'), refundLine('2'));
const fact: fc.Arbitrary<Fact> = fc.oneof(
  record({
    line,
    register: fc.constant('payment'),
    value: fc.constantFrom('unpaid', 'paid', 'partially_refunded', 'refunded'),
  }),
  record({
    line,
    register: fc.constant('lifecycle'),
    value: fc.constantFrom('open', 'completed', 'cancelled', 'expired'),
  }),
  record({
    line,
    register: fc.constant('fulfilment'),
    value: fc.constantFrom('none', 'delivering', 'delivered', 'failed'),
  }),
  record({
    line,
    register: fc.constant('refund'),
    value: record({
      state: fc.constantFrom('requested', 'failed', 'succeeded'),
      amount: fc.option(fc.integer({ min: 0, max: 3 })),
    }),
  }),
  record({ line, register: fc.constantFrom('flag.risk', 'flag.doubt'), value: fc.boolean() }),
  record({
    line,
    register: fc.constantFrom('money.paid', 'parts', 'completedAt'),
    value: fc.integer({ min: 0, max: 3 }),
  }),
  record({ line, register: fc.constant('sid'), value: fc.constantFrom('', 'u1', 'u2') }),
);

/** Some statements of a report have a time of their own, or none where the report has one. */
const timedFact: fc.Arbitrary<Fact> = fc
  .tuple(fact, fc.option(fc.option(fc.integer({ min: 1, max: 3 })), { freq: 3, nil: undefined }))
  .map(([said, at]) => (at === undefined ? said : { ...said, at }));

const report: fc.Arbitrary<Report> = record({
  at: fc.option(fc.integer({ min: 1, max: 3 })),
  stage: fc.integer({ min: 0, max: 2 }),
  final: fc.boolean(),
  generation: fc.integer({ min: 0, max: 1 }),
  // An own key shared by two different reports is a connector's mistake; it must not break convergence.
  key: fc.option(fc.constantFrom('k1', 'k2'), { freq: 4, nil: undefined }),
  facts: fc.array(timedFact, { minLength: 1, maxLength: 4 }),
}).map(({ key, ...rest }) => ({
  aliases: [{ kind: 'platform', value: '1' }] as const,
  kind: 'cps' as const,
  ...rest,
  ...(key === undefined ? {} : { key }),
}));

const fold = (reports: readonly Report[], start: Lines = {}): Lines =>
  reports.reduce((lines, next) => applyReport(lines, next, rules), start);

/** What PostgreSQL's jsonb makes of the lines: other order of names, same values. */
function throughJsonb(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(throughJsonb);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? 1 : -1));
  return Object.fromEntries(entries.map(([name, item]) => [name, throughJsonb(item)]));
}

const RUNS = { numRuns: 1_000, seed: 20_261_101 };

describe('facts', () => {
  test('any order and repetition of a history gives the same lines and the same order', () => {
    const shuffledTwice = fc
      .array(report, { minLength: 1, maxLength: 8 })
      .chain((history) =>
        fc.tuple(
          fc.constant(history),
          fc.shuffledSubarray([...history, ...history, ...history], { minLength: history.length * 3 }),
        ),
      );
    fc.assert(
      fc.property(shuffledTwice, ([history, mixed]) => {
        const [once, again] = [fold(history), fold(mixed)];
        assert.deepEqual(again, once);
        assert.deepEqual(deriveFacets(again), deriveFacets(once));
      }),
      RUNS,
    );
  });

  test('two orders that turn out to be one end where one order would have', () => {
    const split = fc.array(fc.tuple(report, fc.boolean()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(split, (history) => {
        const [left, right] = [true, false].map((side) =>
          fold(history.filter(([, own]) => own === side).map(([one]) => one)),
        );
        assert.ok(left !== undefined && right !== undefined);
        const whole = fold(history.map(([one]) => one));
        assert.deepEqual(mergeLines(left, right, rules), whole);
        assert.deepEqual(mergeLines(right, left, rules), whole);
        assert.deepEqual(mergeLines(whole, left, rules), whole);
      }),
      RUNS,
    );
  });

  test('lines that went through the database and back take further reports as if they had not', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 5 }), fc.array(report, { maxLength: 5 }), (before, after) => {
        const stored = throughJsonb(JSON.parse(JSON.stringify(fold(before))) as Json) as unknown as Lines;
        assert.deepEqual(fold(after, stored), fold([...before, ...after]));
      }),
      RUNS,
    );
  });

  test('comparing cells is a total order: antisymmetric, transitive, and equal only for equal cells', () => {
    const cell: fc.Arbitrary<Cell> = fc
      .record(
        {
          v: fc.constantFrom<Json>('paid', 'refunded', 'unknown', 1, 2, null, { state: 'paid' }),
          t: fc.integer({ min: 1, max: 2 }),
          s: fc.constant(1),
          f: fc.constant<0>(0),
          g: fc.constant(1),
          k: fc.constantFrom('a', 'b'),
        },
        { requiredKeys: ['v', 'k'] },
      )
      .map((drawn) => ({ ...drawn }));
    const rule = fc.constantFrom<RegisterRule>(
      { by: 'time' },
      { by: 'time', ranks: PAYMENT_RANKS },
      { by: 'rank', ranks: PAYMENT_RANKS },
      { by: 'rank', ranks: 'highest' },
      { by: 'rank', ranks: 'lowest' },
    );
    fc.assert(
      fc.property(rule, cell, cell, cell, (by, a, b, c) => {
        assert.equal(Math.sign(compareCells(by, a, b)), -Math.sign(compareCells(by, b, a)) + 0);
        if (compareCells(by, a, b) === 0) assert.deepEqual(a, b);
        const [low, middle, high] = [a, b, c].sort((left, right) => compareCells(by, left, right));
        assert.ok(low && middle && high);
        assert.ok(compareCells(by, low, high) <= 0);
        assert.ok(compareCells(by, low, middle) <= 0 && compareCells(by, middle, high) <= 0);
      }),
      { ...RUNS, numRuns: 5_000 },
    );
  });

  const said = (value: 'paid' | 'refunded', words: Partial<Report> = {}): Report => ({
    aliases: [{ kind: 'platform', value: '1' }],
    kind: 'cps',
    at: null,
    facts: [{ line: WHOLE, register: 'payment', value }],
    ...words,
  });

  test('by rank the further state wins whenever it was said; by time the younger does', () => {
    const older = said('refunded', { at: 1 });
    const younger = said('paid', { at: 2 });
    assert.equal(read(fold([older, younger]), WHOLE, 'payment'), 'refunded');
    const byTime: RegisterRules = { payment: { by: 'time', ranks: PAYMENT_RANKS } };
    assert.equal(
      read(
        [older, younger].reduce<Lines>((lines, one) => applyReport(lines, one, byTime), {}),
        WHOLE,
        'payment',
      ),
      'paid',
    );
  });

  test('a final value beats a provisional one, and a newer generation beats both', () => {
    const provisional = said('refunded', { at: 9, final: false });
    const final = said('paid', { at: 1 });
    const revived = said('paid', { at: null, generation: 1, final: false });
    assert.equal(read(fold([provisional, final]), WHOLE, 'payment'), 'paid');
    assert.equal(fold([said('refunded', { at: 9 }), revived])[WHOLE]?.payment?.g, 1);
  });

  test('where no time is told, the stage decides; a time beats none', () => {
    const rule: RegisterRules = { sid: { by: 'time' } };
    const named = (sid: string, words: Partial<Report>): Report => ({
      ...said('paid', words),
      facts: [{ line: WHOLE, register: 'sid', value: sid }],
    });
    const sidAfter = (...reports: Report[]): string | undefined =>
      read(
        reports.reduce<Lines>((lines, one) => applyReport(lines, one, rule), {}),
        WHOLE,
        'sid',
      );
    assert.equal(sidAfter(named('late', { stage: 2 }), named('early', { stage: 1 })), 'late');
    assert.equal(sidAfter(named('timed', { at: 1, stage: 1 }), named('late', { stage: 2 })), 'timed');
  });

  test('a fact may have a time of its own; without one it speaks only as long as none with a time does', () => {
    const about = (at: number | null, facts: readonly Fact[]): Report => ({
      ...{ aliases: [{ kind: 'platform', value: '1' }], kind: 'takeaway' },
      at,
      facts,
    });
    const order = about(9, [
      { line: WHOLE, register: 'fulfilment', value: 'accepted', at: null },
      { line: WHOLE, register: 'sid', value: 'late' },
    ]);
    const rider = about(5, [{ line: WHOLE, register: 'fulfilment', value: 'delivering' }]);
    const earlier = about(20, [{ line: WHOLE, register: 'sid', value: 'early', at: 3 }]);
    for (const history of [
      [order, rider, earlier],
      [earlier, rider, order],
      [rider, order, earlier, order],
    ]) {
      const lines = history.reduce<Lines>((held, next) => applyReport(held, next, rules), {});
      assert.equal(read(lines, WHOLE, 'fulfilment'), 'delivering');
      assert.equal(read(lines, WHOLE, 'sid'), 'late');
    }
    assert.equal(read(applyReport({}, order, rules), WHOLE, 'fulfilment'), 'accepted');
    assert.notEqual(
      reportKey(rider),
      reportKey(about(5, [{ line: WHOLE, register: 'fulfilment', value: 'delivering', at: 4 }])),
    );
  });

  test('a report that wins nothing leaves the very same object, so that nothing is written', () => {
    const lines = fold([said('refunded')]);
    assert.equal(applyReport(lines, said('refunded'), rules), lines);
    assert.equal(applyReport(lines, said('paid'), rules), lines);
  });

  test('lines are never changed in place', () => {
    const lines = fold([said('paid')]);
    const before = structuredClone(lines);
    applyReport(lines, said('refunded'), rules);
    mergeLines(lines, fold([said('refunded')]), rules);
    assert.deepEqual(lines, before);
  });

  test('a register without a declared order is a mistake in the connector, said aloud', () => {
    assert.throws(() => applyReport({}, said('paid'), {}), /register payment has no declared order/u);
  });

  test('a key is the same for the same statement and differs in whatever is said', () => {
    const key = reportKey(said('paid', { at: 1 }));
    assert.equal(reportKey(said('paid', { at: 1 })), key);
    assert.equal(key.length, 27);
    const others = [
      said('refunded', { at: 1 }),
      said('paid', { at: 2 }),
      said('paid', { at: 1, stage: 1 }),
      said('paid', { at: 1, final: false }),
      said('paid', { at: 1, generation: 1 }),
      said('paid', { at: 1, facts: [{ line: partLine('a'), register: 'payment', value: 'paid' }] }),
    ].map(reportKey);
    assert.equal(new Set([key, ...others]).size, others.length + 1);
    assert.equal(reportKey(said('paid', { key: 'own' })), 'own');
  });
});
