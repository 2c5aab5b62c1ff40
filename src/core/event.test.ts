import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesEventPattern, orderEventType } from './event.ts';
import type { OrderJson } from './order-json.ts';

test('an event is named for the status when that is new, else order.changed', () => {
  const order = (status: OrderJson['status']): OrderJson => ({ status }) as OrderJson;
  assert.equal(orderEventType(undefined, order('paid')), 'order.paid');
  assert.equal(orderEventType(order('paid'), order('completed')), 'order.completed');
  assert.equal(orderEventType(order('paid'), order('paid')), 'order.changed');
});

test('patterns match whole names and whole families, never half a word', () => {
  assert.ok(matchesEventPattern(['*'], 'order.paid'));
  assert.ok(matchesEventPattern(['store.bound', 'order.*'], 'order.paid'));
  assert.ok(matchesEventPattern(['order.paid'], 'order.paid'));
  for (const pattern of ['order', 'order.', 'order.pa', 'ord*', 'orders.*', 'order.paid.*', '']) {
    assert.equal(matchesEventPattern([pattern], 'order.paid'), false, pattern);
  }
  assert.equal(matchesEventPattern([], 'order.paid'), false);
});
