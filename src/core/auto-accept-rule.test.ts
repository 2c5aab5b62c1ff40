import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autoAcceptFault, autoAccepts } from './auto-accept-rule.ts';

/** A time of a day in Beijing. */
const at = (time: string): number => Date.parse(`2026-11-20T${time}:00+08:00`);

test('true accepts everywhere and always, false and what is not understood nowhere', () => {
  assert.ok(autoAccepts(true, { store: null }, at('03:00')));
  for (const setting of [undefined, false, null, 'yes', { store: ['1'] }, { hours: ['9-10'] }, { stores: [] }])
    assert.ok(!autoAccepts(setting, { store: '1' }, at('09:30')), JSON.stringify(setting));
});

test('stores and hours narrow it together', () => {
  const setting = { stores: ['1', '2'], hours: ['09:00-14:00', '22:00-02:00'] };
  assert.equal(autoAcceptFault(setting), undefined);
  for (const time of ['09:00', '13:59', '22:00', '23:59', '00:00', '01:59'])
    assert.ok(autoAccepts(setting, { store: '2' }, at(time)), time);
  for (const time of ['08:59', '14:00', '21:59', '02:00'])
    assert.ok(!autoAccepts(setting, { store: '2' }, at(time)), time);
  assert.ok(!autoAccepts(setting, { store: '3' }, at('10:00')));
  assert.ok(!autoAccepts(setting, { store: null }, at('10:00')));
});

test('24:00 can end a span', () => {
  const evening = { hours: ['18:00-24:00'] };
  assert.equal(autoAcceptFault(evening), undefined);
  for (const time of ['18:00', '23:59']) assert.ok(autoAccepts(evening, { store: null }, at(time)), time);
  for (const time of ['00:00', '17:59']) assert.ok(!autoAccepts(evening, { store: null }, at(time)), time);
  assert.ok(autoAccepts({ hours: ['00:00-24:00'] }, { store: null }, at('23:59')));
});

test('what is wrong with a setting is said in words', () => {
  assert.match(autoAcceptFault('yes') ?? '', /true, false/u);
  assert.match(autoAcceptFault({ store: ['1'] }) ?? '', /store/u);
  assert.match(autoAcceptFault({ stores: [1] }) ?? '', /texts/u);
  for (const span of ['24:00-25:00', '24:00-10:00', '00:00-24:01', '00:00-25:00', '9:00-22:00'])
    assert.match(autoAcceptFault({ hours: [span] }) ?? '', /09:00-22:00/u, span);
});
