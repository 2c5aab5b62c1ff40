import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inviterAt, planFor } from './plan.ts';
import type { Plan } from './plan.ts';

const plan = (id: string, scope: Partial<Plan>): Plan => ({
  id,
  name: id,
  version: 1,
  account: null,
  businessLine: null,
  actId: null,
  fromMs: null,
  shares: { self: 1, inviter1: 0, inviter2: 0 },
  ...scope,
});
const order = { account: 'a', businessLine: '2', actId: '33', placedAtMs: 1000 };

test('the plan that names most closely what it is for wins, whatever the order of writing', () => {
  const plans = [
    plan('any', {}),
    plan('line', { businessLine: '2' }),
    plan('account', { account: 'a' }),
    plan('account and line', { account: 'a', businessLine: '2' }),
    plan('activity', { actId: '33' }),
    plan('another', { actId: '34' }),
  ];
  for (const list of [plans, plans.toReversed()]) assert.equal(planFor(list, order)?.id, 'activity');
  assert.equal(planFor(plans, { ...order, actId: null })?.id, 'account and line');
  assert.equal(planFor(plans, { ...order, actId: null, account: 'b' })?.id, 'line');
  assert.equal(planFor(plans, { ...order, actId: null, account: 'b', businessLine: null })?.id, 'any');
  assert.equal(planFor([], order), undefined);
});

test('of the versions the one counts that held when the order was placed', () => {
  const plans = [plan('first', {}), plan('second', { fromMs: 1000 }), plan('third', { fromMs: 2000 })];
  const at = (placedAtMs: number): string | undefined => planFor(plans, { ...order, placedAtMs })?.id;
  assert.deepEqual([at(999), at(1000), at(1999), at(2000)], ['first', 'second', 'second', 'third']);
});

test('an inviter counts from its time on', () => {
  const spells = [
    { fromMs: 50, inviter: 'second' },
    { fromMs: null, inviter: 'first' },
    { fromMs: 90, inviter: null },
  ];
  assert.deepEqual(
    [0, 49, 50, 90].map((atMs) => inviterAt(spells, atMs)),
    ['first', 'first', 'second', null],
  );
  assert.equal(inviterAt([], 1), null);
});
