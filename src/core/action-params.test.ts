import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountField } from './account-fields.ts';
import { degreesText, paramFaults, placeFaults } from './action-params.ts';
import type { Json } from './json.ts';

const words = { label: { en: '', zh: '' }, help: { en: '', zh: '' } };
const text: AccountField = { name: 'reason', kind: 'text', maxLength: 3, required: true, ...words };
const faultsOf = (field: AccountField, value?: Json): readonly string[] =>
  paramFaults([field], value === undefined ? {} : { [field.name]: value }).map(({ message }) => message);

test('a text fits up to its length in characters, of which an emoji is one', () => {
  assert.deepEqual(faultsOf(text, 'abc'), []);
  assert.deepEqual(faultsOf(text, '缺货😄'), []);
  assert.deepEqual(faultsOf(text, 'abcd'), ['must have at most 3 characters']);
  assert.deepEqual(faultsOf(text, '   '), ['must be a text of 1 to 3 characters']);
  assert.deepEqual(faultsOf(text, 12), ['must be a text of 1 to 3 characters']);
});

test('what cannot be sent is refused without being repeated, a line break may be sent', () => {
  assert.deepEqual(faultsOf(text, 'a\nb'), []);
  for (const bad of ['a\u0000b', 'a\u0007', '\ud800'])
    assert.deepEqual(faultsOf(text, bad), ['holds a character that cannot be sent']);
});

test('a missing param is named only where it is required, an unknown one always', () => {
  assert.deepEqual(faultsOf(text), ['is missing']);
  assert.deepEqual(faultsOf({ ...text, required: false }), []);
  assert.deepEqual(paramFaults([{ ...text, required: false }], { reasn: 'x' }), [
    { field: 'reasn', message: 'is not one of reason' },
  ]);
  assert.deepEqual(paramFaults([], { x: 1 }), [{ field: 'x', message: 'is not one of none' }]);
});

test('numbers, choices and truth values are what they say', () => {
  const integer: AccountField = { name: 'n', kind: 'integer', minimum: 1, maximum: 2, required: true, ...words };
  assert.deepEqual(
    [0, 1, 2, 3, 1.5, '1'].map((value) => faultsOf(integer, value).length),
    [1, 0, 0, 1, 1, 1],
  );
  const choice: AccountField = { name: 'c', kind: 'choice', choices: ['a'], default: 'a', required: true, ...words };
  assert.deepEqual(
    ['a', 'b', 1].map((value) => faultsOf(choice, value).length),
    [0, 1, 1],
  );
  const truth: AccountField = { name: 'b', kind: 'boolean', default: false, required: true, ...words };
  assert.deepEqual(
    [true, 'true'].map((value) => faultsOf(truth, value).length),
    [0, 1],
  );
});

test('a place lies on the globe and is not the sea at 0, 0', () => {
  const fields = (lng: Json, lat: Json): readonly string[] => placeFaults({ lng, lat }).map(({ field }) => field);
  assert.deepEqual(fields(180, 90), []);
  assert.deepEqual(fields(-180, -90), []);
  assert.deepEqual(fields(180.000_001, 90.000_001), ['lng', 'lat']);
  assert.deepEqual(fields('120.1', 30), ['lng']);
  assert.deepEqual(fields(0, 0), ['lng']);
  assert.deepEqual(fields(0, 1), []);
});

test('degrees never have an exponent or needless zeros', () => {
  assert.deepEqual([120.382_345, 120, -0.000_000_4, 1e-7, 30.5].map(degreesText), [
    '120.382345',
    '120',
    '0',
    '0',
    '30.5',
  ]);
});
