import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOTHING, balancesOf, memberLedger, memberOfLedger, postingsBetween, sharesOf } from './ledger.ts';
import type { Basis } from './ledger.ts';

const SEED = 20_261_121;

const part = fc
  .tuple(
    fc.constantFrom('', 'part:a', 'part:b'),
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([line, gross, kept]) => ({ line, gross, net: Math.floor(gross * kept) }));
const member = fc.constantFrom('u1', 'a:b', '5f6c1c1e-4e0c', null);
const shares = fc.tuple(fc.nat(10_000), fc.nat(10_000), fc.nat(10_000)).map(([a, b, c]) => {
  const [low = 0, middle = 0, high = 0] = [a, b, c].toSorted((x, y) => x - y);
  return { self: low, inviter1: middle - low, inviter2: high - middle };
});
const basis: fc.Arbitrary<Basis> = fc.record({
  parts: fc.uniqueArray(part, { selector: ({ line }) => line, maxLength: 3 }),
  phase: fc.constantFrom('estimated', 'confirmed', 'available'),
  people: fc.record({ self: member, inviter1: member, inviter2: member }),
  plan: fc.option(fc.record({ id: fc.constant('pln_1'), name: fc.constant('p'), version: fc.constant(1), shares })),
});

const total = (postings: readonly { readonly amount: number }[]): number =>
  postings.reduce((sum, { amount }) => sum + amount, 0);

test('over any history of an order each booking sums to zero, and the ledgers hold what its last state gives', () => {
  fc.assert(
    fc.property(fc.array(basis, { minLength: 1, maxLength: 12 }), (history) => {
      const ledgers: Record<string, number> = {};
      let before = NOTHING;
      for (const state of history) {
        const postings = postingsBetween(before, state);
        assert.equal(total(postings), 0);
        for (const { ledger, amount } of postings) ledgers[ledger] = (ledgers[ledger] ?? 0) + amount;
        assert.deepEqual(postingsBetween(state, state), [], 'a repeat writes nothing');
        before = state;
      }
      const wanted = balancesOf(before);
      for (const ledger of new Set([...Object.keys(ledgers), ...Object.keys(wanted)]))
        assert.equal(ledgers[ledger] ?? 0, wanted[ledger] ?? 0, ledger);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('no member’s share and not all of them together exceed what the order earned, and the house never owes', () => {
  fc.assert(
    fc.property(basis, (state) => {
      const net = state.parts.reduce((sum, one) => sum + one.net, 0);
      const given = sharesOf(state).reduce((sum, { amount }) => sum + amount, 0);
      assert.ok(given <= net, `${given} of ${net}`);
      assert.ok((balancesOf(state)['house'] ?? 0) >= 0);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('an order of which everything is taken back leaves zero in every ledger, and says what was taken', () => {
  fc.assert(
    fc.property(basis, (state) => {
      const gone = { ...state, parts: state.parts.map((one) => ({ ...one, net: 0 })) };
      const held = balancesOf(state);
      const postings = postingsBetween(state, gone);
      for (const { ledger, amount } of postings) assert.equal((held[ledger] ?? 0) + amount, 0, ledger);
      const taken = postings.reduce((sum, { takenBack }) => sum + takenBack, 0);
      assert.equal(
        taken,
        sharesOf(state).reduce((sum, { amount }) => sum + amount, 0),
      );
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('a move to another bucket takes nothing back, and neither does a lower estimate', () => {
  const people = { self: 'u1', inviter1: null, inviter2: null };
  const plan = { id: 'p', name: 'p', version: 1, shares: { self: 6000, inviter1: 0, inviter2: 0 } };
  const before: Basis = { parts: [{ line: '', gross: 100, net: 100 }], phase: 'confirmed', people, plan };
  for (const after of [
    { ...before, phase: 'available' as const },
    { ...before, parts: [{ line: '', gross: 80, net: 80 }] },
  ]) {
    assert.equal(
      postingsBetween(before, after).reduce((sum, { takenBack }) => sum + takenBack, 0),
      0,
    );
  }
});

test('a ledger names its member whatever the id holds', () => {
  for (const id of ['u1', 'a:b', ':', 'member:x:paid', '5f6c1c1e-4e0c-4c43'])
    assert.deepEqual(memberOfLedger(memberLedger(id, 'held')), { member: id, bucket: 'held' });
  for (const ledger of ['house', 'platform', 'member:u1:nothing']) assert.equal(memberOfLedger(ledger), undefined);
});
