import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderJson } from './order-json.ts';
import { takeawayRestMs } from './takeaway-rest.ts';

const MINUTE_MS = 60_000;
const LIMITS = { acceptMs: 5 * MINUTE_MS, cancelAnswerMs: 15 * MINUTE_MS, refundAnswerMs: 180 * MINUTE_MS };

const minutes = (order: Partial<OrderJson>): number | undefined => {
  const restMs = takeawayRestMs({ lifecycle: 'open', fulfilment: 'none', flags: [], ...order }, LIMITS);
  return restMs === undefined ? undefined : restMs / MINUTE_MS;
};

test('an order rests until something should have happened to it, and a minute more', () => {
  assert.equal(minutes({}), 6);
  for (const fulfilment of ['accepted', 'preparing', 'delivering', 'delivered'] as const)
    assert.equal(minutes({ fulfilment }), 30, fulfilment);
  assert.equal(minutes({ flags: ['cancel_requested'] }), 16);
  assert.equal(minutes({ lifecycle: 'completed', flags: ['refund_requested'] }), 181);
});

test('an ended order rests as long as it likes, unless its money is on the way', () => {
  assert.equal(minutes({ lifecycle: 'completed' }), undefined);
  assert.equal(minutes({ lifecycle: 'cancelled' }), undefined);
  assert.equal(minutes({ lifecycle: 'cancelled', flags: ['refund_requested'] }), 10);
});
