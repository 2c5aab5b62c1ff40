import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingCall } from '../core/sandbox.ts';
import { CallFaults } from './call-faults.ts';
import { applyLine, emptyLedgerState } from './ledger-state.ts';
import { ownNumberIn } from './own-number.ts';
import { seededRandom } from './seeded-random.ts';

const NUMBERS = ['SHOP000000000001777', '20260000000000000002'] as const;

function stateWith(numbers: readonly string[]) {
  const state = emptyLedgerState();
  for (const [index, merchantOrderId] of numbers.entries()) {
    const line = { line: 'shopper', platform: 'p', number: index + 1, at: 0, plot: '', state: 'wished' } as const;
    applyLine(state, { ...line, body: { merchantOrderId }, paysAfterMs: null });
  }
  return state;
}

test('the shop’s own number is found in a body, a form and an address, and nothing else is taken for one', () => {
  const state = stateWith(NUMBERS);
  const [first, second] = NUMBERS;
  assert.equal(ownNumberIn(state, '/pay', `{"out_order_no":"${first}","sign":"0123456789abcdef0123"}`), first);
  assert.equal(ownNumberIn(state, `/orders/${second}/pay`, ''), second);
  assert.equal(ownNumberIn(state, `a=1&trade=${second}&b=2`), second);
  assert.equal(ownNumberIn(state, '{"msg":"{\\"cp_orderno\\":\\"SHOP000000000001777\\"}"}'), first);
  assert.equal(ownNumberIn(state, '{"trade_id":"20260000000000000003"}'), undefined);
  assert.equal(ownNumberIn(stateWith([]), first), undefined);
});

test('the calls of several orders meet the same troubles in whatever order they come', () => {
  const state = stateWith(NUMBERS);
  const fates = (numbers: readonly string[]): ReadonlyMap<string, readonly string[]> => {
    const faults = new CallFaults();
    const met = new Map<string, string[]>();
    for (const number of numbers) {
      const call: IncomingCall = { method: 'POST', path: '/pay', query: '', headers: {}, body: number, at: 0 };
      const random = (name: string) => seededRandom(`seed/${name}`);
      const { name } = faults.fateOf('p', [], call, 0.5, random, ownNumberIn(state, call.body));
      met.set(number, [...(met.get(number) ?? []), name]);
    }
    return met;
  };
  const [a, b] = NUMBERS;
  const inTurn = fates([a, b, a, b, a, b, a, b]);
  const mixed = fates([b, b, b, a, a, b, a, a]);
  assert.deepEqual(mixed.get(a), inTurn.get(a));
  assert.deepEqual(mixed.get(b), inTurn.get(b));
  assert.ok(new Set([...inTurn.values()].flat()).size > 1);
});
