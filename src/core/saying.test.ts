import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonReader } from './json-reader.ts';
import {
  aliasesOf,
  byCode,
  factsOn,
  ifAny,
  isUnknown,
  known,
  lookUp,
  orNull,
  told,
  topicFacts,
  whole,
  wholeFacts,
} from './saying.ts';

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

test('a value that no table has is named, cut and escaped; names of the language are in no table', () => {
  assert.deepEqual(isUnknown('status', `"${'x'.repeat(40)}`), {
    kind: 'unrecognised',
    reason: String.raw`status "\"${'x'.repeat(31)}" is not known`,
  });
  assert.deepEqual(isUnknown('status', undefined), { kind: 'unrecognised', reason: 'status is missing' });
  assert.deepEqual(
    [lookUp({ a: 1 }, 'a'), lookUp({ a: 1 }, 'constructor'), lookUp({ a: 1 }, undefined)],
    [1, undefined, undefined],
  );
});

test('a message of which one field cannot be read says nothing at all', () => {
  const fields = new JsonReader(new Map([['total', 'free']]));
  const report = { aliases: [{ kind: 'platform', value: '1' }], kind: 'cps', at: null, facts: [] } as const;
  assert.deepEqual(told(fields, report), { kind: 'reports', reports: [report] });
  fields.yuan('total');
  assert.deepEqual(told(fields, report), {
    kind: 'unrecognised',
    reason: 'total is not an amount in yuan',
  });
});

test('a table written by rows has each row under each of its codes, and nothing else', () => {
  const table = byCode(['open', '1', '2'], ['closed', '3']);
  assert.deepEqual(
    ['1', '2', '3', '4', 'toString'].map((code) => lookUp(table, code)),
    ['open', 'open', 'closed', undefined, undefined],
  );
});

test('the first number that is there names the order', () => {
  assert.deepEqual(aliasesOf({ platform: undefined, merchant: 'm', payment: ['p', 'q'] }), [
    { kind: 'merchant', value: 'm' },
    { kind: 'payment', value: 'p' },
    { kind: 'payment', value: 'q' },
  ]);
});

test('parts that nothing is known of are null or left out, and of no known part there is no value', () => {
  assert.deepEqual(orNull({ a: 1, b: undefined, c: null }), { a: 1, b: null, c: null });
  assert.deepEqual(known({ a: 0, b: undefined, c: null }), { a: 0, c: null });
  assert.equal(ifAny({ a: undefined, b: null }), undefined);
});

test('what is said of stores stands beside what is said of orders', () => {
  const state = { kind: 'state', store: 's', state: 'open', at: null } as const;
  assert.deepEqual(told({ fault: undefined }, state), { kind: 'reports', reports: [], stores: [state] });
  assert.deepEqual(told({ fault: undefined }, undefined), { kind: 'unrecognised', reason: 'it cannot be read' });
});
