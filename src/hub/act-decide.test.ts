import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActionOutcome } from '../core/action.ts';
import type { ActionRow } from '../store/actions.ts';
import { decide, OVERDUE } from './act-decide.ts';
import type { Decision, SilenceRules } from './act-decide.ts';

const SENT = Date.UTC(2026, 10, 20, 4, 0, 0);
const MINUTE_MS = 60_000;
const money: SilenceRules = { moves: 'money', onSilence: 'ask', canAsk: true, isCreation: false };

/** An answer to a user's request of which nothing was heard. */
const row = (more: Partial<ActionRow> = {}): ActionRow =>
  ({
    ...{ state: 'unknown', code: 'unreachable', silences: 1, attempts: 1, questions: 1 },
    ...{ createdAt: new Date(SENT - 1000), sentAt: new Date(SENT) },
    ...more,
  }) as ActionRow;

const asked = (held: ActionRow, afterMs: number, outcome: ActionOutcome | undefined): Decision =>
  decide(
    held,
    money,
    outcome === undefined ? { kind: 'silence', reason: 'away', mayHaveArrived: true } : { kind: 'outcome', outcome },
    { asked: true, settings: {}, nowMs: SENT + afterMs },
  );
const persons: ActionOutcome = { state: 'unknown', reason: 'Another request is open.', isPersons: true };

test('what only a person can decide is told to one at once, and asked about on', () => {
  const early = asked(row(), 5000, persons);
  assert.deepEqual([early.patch.code, early.isOverdue], ['unknown', undefined], 'its bytes may still be on their way');
  const told = asked(row(), 25_000, persons);
  assert.deepEqual([told.patch.state, told.patch.code, told.isOver], ['unknown', OVERDUE, false]);
  assert.equal(told.isOverdue, true);
  assert.ok((told.patch.dueAt?.getTime() ?? 0) > SENT + 25_000);
});

test('what was told to a person once stays told, though the platform is away, and ends by what it then says', () => {
  const held = row({ code: OVERDUE });
  for (const outcome of [persons, undefined]) {
    const again = asked(held, 10 * MINUTE_MS, outcome);
    assert.deepEqual([again.patch.code, again.isOverdue], [OVERDUE, undefined], 'one event is enough');
    const waitMs = (again.patch.dueAt?.getTime() ?? 0) - SENT - 10 * MINUTE_MS;
    assert.equal(waitMs, 5 * MINUTE_MS);
  }
  const ended = asked(held, 20 * MINUTE_MS, { state: 'succeeded', reports: [] });
  assert.deepEqual([ended.patch.state, ended.isOver], ['succeeded', true]);
  const given = asked(held, 1440 * MINUTE_MS, persons);
  assert.deepEqual([given.patch.state, given.patch.dueAt, given.isOver], ['unknown', null, true]);
});
