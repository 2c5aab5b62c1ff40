import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingCall, PlatformOrder } from '../core/sandbox.ts';
import { CallFaults } from './call-faults.ts';
import { applyLine, emptyLedgerState } from './ledger-state.ts';
import { orderIdentityIn } from './order-identity.ts';
import { seededRandom } from './seeded-random.ts';

const NUMBERS = ['SHOP000000000001777', '20260000000000000002'] as const;
const none = (): readonly PlatformOrder[] => [];

function stateWith(numbers: readonly string[], told: readonly string[] = []) {
  const state = emptyLedgerState();
  for (const [index, merchantOrderId] of numbers.entries()) {
    const line = { line: 'shopper', platform: 'p', number: index + 1, at: 0, plot: '', state: 'wished' } as const;
    applyLine(state, { ...line, body: { merchantOrderId }, paysAfterMs: null });
  }
  for (const [index, platformOrderId] of told.entries()) {
    const line = { line: 'order', platform: 'p', account: 'a', seed: 's', placedAt: 0, plot: '', steps: 1 } as const;
    applyLine(state, { ...line, number: index + 1, platformOrderId });
  }
  return state;
}

test('the shop’s own number is found in a body, a form and an address, and nothing else is taken for one', () => {
  const state = stateWith(NUMBERS);
  const [first, second] = NUMBERS;
  const find = (...texts: readonly string[]) => orderIdentityIn(state, 'p', none, ...texts);
  assert.equal(find('/pay', `{"out_order_no":"${first}","sign":"0123456789abcdef0123"}`), first);
  assert.equal(find(`/orders/${second}/pay`, ''), second);
  assert.equal(find(`a=1&trade=${second}&b=2`), second);
  assert.equal(find('{"msg":"{\\"cp_orderno\\":\\"SHOP000000000001777\\"}"}'), first);
  assert.equal(find('{"trade_id":"20260000000000000003"}'), undefined);
  assert.equal(find(first, second), undefined, 'about both, and so about neither');
  assert.equal(orderIdentityIn(stateWith([]), 'p', none, first), undefined);
});

test('an order that the platform told of is named by its place, whatever number the clock gave it', () => {
  const [monday, tuesday] = [stateWith([], ['17001', '17002']), stateWith([], ['99001', '99002'])];
  assert.equal(orderIdentityIn(monday, 'p', none, '{"orderId":17002}'), 'told-2');
  assert.equal(orderIdentityIn(tuesday, 'p', none, '{"orderId":99002}'), 'told-2');
  assert.equal(orderIdentityIn(monday, 'q', none, '{"orderId":17002}'), undefined, 'another platform’s number');
  assert.equal(orderIdentityIn(monday, 'p', none, '[17001,17002]'), undefined);
});

test('an order that the hub made is named by the shop’s number, also where only the platform’s is said', () => {
  const [first] = NUMBERS;
  const made = (): readonly PlatformOrder[] => [{ platformOrderId: '700123', ownNumber: first }];
  assert.equal(orderIdentityIn(stateWith(NUMBERS), 'p', made, 'order=700123'), first);
  assert.equal(orderIdentityIn(stateWith(NUMBERS), 'p', made, 'order=700124'), undefined);
});

test('the calls of several orders meet the same troubles in whatever order they come', () => {
  const state = stateWith(NUMBERS);
  const fates = (numbers: readonly string[]): ReadonlyMap<string, readonly string[]> => {
    const faults = new CallFaults();
    const met = new Map<string, string[]>();
    for (const number of numbers) {
      const call: IncomingCall = { method: 'POST', path: '/pay', query: '', headers: {}, body: number, at: 0 };
      const random = (name: string) => seededRandom(`seed/${name}`);
      const { name } = faults.fateOf('p', [], call, 0.5, random, orderIdentityIn(state, 'p', none, call.body));
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
