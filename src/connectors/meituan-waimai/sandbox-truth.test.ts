import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformMemory, Story } from '../../core/sandbox.ts';
import { sandbox } from './sandbox.ts';
import { noteReading } from './sandbox-told.ts';

const AT = Date.UTC(2026, 10, 20, 4);

/** A story of that plot that is paid online, whichever number has it. */
function findStory(plot: string): Story {
  for (let number = 1; number < 5000; number += 1) {
    let seed = (number * 104_729_393) % 2_147_483_647;
    const story = sandbox.tell(() => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647, number, AT);
    if (story.plot === plot && story.expected([0]).payment === 'paid') return story;
  }
  throw new Error(`no story has the plot ${plot}`);
}

test('an order that was read before and after its cancellation is known to have been paid', () => {
  const story = findStory('never accepted, so the system cancelled it');
  const memory: PlatformMemory = {};
  const read = (status: number): void =>
    noteReading(memory, story.platformOrderId, { order: { at: AT + status * 1000, status } });
  read(2);
  read(9);
  const both = story.expected([], 2, memory);
  assert.deepEqual([both.status, both.payment, both.amounts['paid']], ['cancelled', 'paid', both.amounts['total']]);
  // Read when all was over it tells nothing of the payment.
  const late: PlatformMemory = {};
  noteReading(late, story.platformOrderId, { order: { at: AT, status: 9 } });
  assert.equal(story.expected([], 2, late).payment, 'unpaid');
});

test('that an order was accepted before it was cancelled nobody can ask any more once the cancellation is told', () => {
  const story = findStory('accepted, then cancelled by the merchant');
  const [placed, accepted, cancelled] = [0, 1, 2] as const;
  const answered = (step: number, told: readonly number[], memory: PlatformMemory = {}) =>
    story.answered?.(step, told, memory);
  assert.equal(answered(accepted, [placed, cancelled]), 'never');
  assert.equal(answered(accepted, [placed]), 'no', 'the order is open at the hub, which is to ask');
  assert.equal(answered(placed, [cancelled]), 'no', 'what was ordered an answer tells of a cancelled order too');
  assert.equal(answered(cancelled, [placed, accepted]), 'no');
  const memory: PlatformMemory = {};
  noteReading(memory, story.platformOrderId, { order: { at: AT, status: 4 } });
  assert.equal(answered(accepted, [placed, cancelled], memory), 'yes', 'it was asked about in time');
});
