import assert from 'node:assert/strict';
import { test } from 'node:test';
import { besideOrder, placeOf } from './takeaway-order.ts';

test('a place is in degrees on the globe; 0,0 and what is no number are none', () => {
  assert.deepEqual(placeOf('121.47', '-31.2'), { lng: 121.47, lat: -31.2 });
  assert.deepEqual(placeOf('0', '51.5'), { lng: 0, lat: 51.5 });
  for (const [lng, lat] of [
    ['0', '0.0'],
    ['181', '31'],
    ['121', '91'],
    ['1e2', '31'],
    ['121', ''],
    ['121', undefined],
  ] as const)
    assert.equal(placeOf(lng, lat), null, `${lng},${lat}`);
});

test('a store named beside the order never replaces what the order says of it', () => {
  const telling = { at: 5, facts: [{ line: '', register: 'note', value: 'x' }] } as const;
  assert.deepEqual(besideOrder('1', '8859', telling), {
    aliases: [{ kind: 'platform', value: '1' }],
    kind: 'takeaway',
    at: 5,
    facts: [...telling.facts, { line: '', register: 'store', value: { ref: '8859', name: null }, at: null }],
  });
  assert.deepEqual(besideOrder('1', undefined, telling, 'display').facts, telling.facts);
});
