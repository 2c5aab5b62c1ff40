import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformOrder } from '../core/sandbox.ts';
import { emptyLedgerState } from './ledger-state.ts';
import type { Fields } from './untrusted-json.ts';
import { compareWithHub } from './verify.ts';

const MADE: PlatformOrder = {
  platformOrderId: 'N700',
  ownNumber: 'SHOP1',
  expected: { payment: 'unpaid', amounts: {} },
};

function kindsOf(made: PlatformOrder, shown: Fields): readonly string[] {
  const hubOrder = { account: 'a', platformOrderId: null, merchantOrderId: 'SHOP1', version: 1, ...shown };
  const truth = { expected: () => null, orders: new Map([['a', new Map([['N700', made]])]]), stock: new Map() };
  const { differences } = compareWithHub(emptyLedgerState(), new Map([['ord_1', hubOrder]]), truth);
  return differences.map(({ kind }) => kind).filter((kind) => kind === 'missing' || kind === 'extra');
}

test('an unpaid payment whose number never came through is at the hub under the shop’s own, given up', () => {
  assert.deepEqual(kindsOf(MADE, { payment: 'unpaid', lifecycle: 'cancelled' }), []);
  assert.deepEqual(kindsOf(MADE, { payment: 'unpaid', lifecycle: 'open' }), ['missing', 'extra'], 'it still waits');
  const paid: PlatformOrder = { ...MADE, expected: { payment: 'paid', amounts: {} } };
  assert.deepEqual(kindsOf(paid, { payment: 'unpaid', lifecycle: 'cancelled' }), ['missing'], 'money moved for it');
  const others = { payment: 'unpaid', lifecycle: 'cancelled', merchantOrderId: 'SHOP2' };
  assert.deepEqual(kindsOf(MADE, others), ['missing']);
});
