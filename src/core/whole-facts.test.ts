import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOn, ifAny, topicFacts, whole, wholeFacts } from './whole-facts.ts';

test('what is undefined is not said, and the rest keeps its order; zero, false and null are said', () => {
  assert.deepEqual(wholeFacts({ 'money.total': 0, note: undefined, 'flag.reminder': false, answerBy: null }), [
    { line: '', register: 'money.total', value: 0 },
    { line: '', register: 'flag.reminder', value: false },
    { line: '', register: 'answerBy', value: null },
  ]);
});

test('a fact has a time of its own only where one is given, and null is one', () => {
  assert.deepEqual(whole('note', 'x'), { line: '', register: 'note', value: 'x' });
  assert.deepEqual(whole('note', 'x', null), { line: '', register: 'note', value: 'x', at: null });
});

test('fields that a message does not have make no fact, and values of which nothing is known are none', () => {
  assert.deepEqual(topicFacts('cancel', {}), []);
  assert.deepEqual(topicFacts('cancel', { reasonCode: '1' }), [
    { line: 'topic:cancel', register: 'platformFields', value: { reasonCode: '1' } },
  ]);
  assert.equal(ifAny({ name: null, phone: null }), undefined);
  assert.deepEqual(ifAny({ name: null, phone: '1' }), { name: null, phone: '1' });
});

test('what is said of another line stands on it', () => {
  assert.deepEqual(factsOn('part:1', { payment: 'paid', sid: undefined }), [
    { line: 'part:1', register: 'payment', value: 'paid' },
  ]);
  assert.deepEqual(wholeFacts({ sid: 's' }, null), [{ line: '', register: 'sid', value: 's', at: null }]);
});
