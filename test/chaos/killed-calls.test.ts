import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsToBeKilled, killEachCall, killedCalls } from '../kit/killed-calls-run.ts';

test('every call that changes something at a platform has a round', () => {
  assert.deepEqual([...killedCalls()].sort(), [...callsToBeKilled()].sort());
});

test('kill -9 between sending and answer of each call leaves one effect at the platform, and the truth at the hub', (t) =>
  killEachCall(t, ['done', 'lost']));
