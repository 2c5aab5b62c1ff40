import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JsonReader } from './json-reader.ts';

const over = (json: string): JsonReader => {
  const reader = JsonReader.over(json, 'push.');
  assert.ok(reader !== undefined);
  return reader;
};

describe('reading the JSON of a message', () => {
  test('numbers keep their digits, and text or number make no difference', () => {
    const push = over('{"a":5301890193521352344,"b":"5301890193521352344","c":15.0,"d":"15.00","e":1439,"f":true}');
    assert.equal(push.number('a'), '5301890193521352344');
    assert.equal(push.number('b'), '5301890193521352344');
    assert.deepEqual([push.yuan('c'), push.yuan('d'), push.fen('e')], [1500, 1500, 1439]);
    assert.equal(push.text('f'), 'true');
    assert.equal(push.fault, undefined);
  });

  test('doubles are rounded by their digits, at the half and below it, and only signed sums fall below zero', () => {
    const push = over('{"a":13.799999999999999,"b":"0.005","c":0.0049,"d":-1.2,"e":"-0.001","f":1e3}');
    assert.deepEqual(
      ['a', 'b', 'c', 'e'].map((name) => push.roundedYuan(name)),
      [1380, 1, 0, 0],
    );
    assert.equal(push.roundedYuan('d', true), -120);
    assert.equal(push.fault, undefined);
    assert.deepEqual([push.roundedYuan('d'), push.fault], [undefined, 'push.d is not an amount in yuan']);
    assert.equal(over('{"f":1e3}').roundedYuan('f'), undefined);
  });

  test('a time comes as seconds, as milliseconds or as Beijing time; counts, flags and ids in text or number', () => {
    const push = over(
      '{"a":1700000000,"b":"1700000000123","c":"2023-11-15T06:13:20","d":"2","e":"true","f":0,"g":"x-1"}',
    );
    assert.deepEqual(
      [push.when('a'), push.when('b'), push.when('c')],
      [1_700_000_000_000, 1_700_000_000_123, 1_700_000_000_000],
    );
    assert.deepEqual(
      [push.count('d'), push.flag('e'), push.flag('f'), push.id('f'), push.id('g')],
      [2, true, false, undefined, 'x-1'],
    );
    assert.equal(push.fault, undefined);
    for (const [json, read] of [
      ['{"a":"soon"}', (odd: JsonReader) => odd.when('a')],
      ['{"a":"1000000"}', (odd: JsonReader) => odd.count('a')],
      ['{"a":"maybe"}', (odd: JsonReader) => odd.flag('a')],
    ] as const) {
      const odd = over(json);
      assert.equal(read(odd), undefined);
      assert.match(odd.fault ?? '', /^push\.a is /u);
    }
    assert.equal(over('{"a":999999}').count('a'), 999_999);
  });

  test('missing, null and empty are one and no fault; 0 is neither a number nor a time', () => {
    const push = over('{"a":null,"b":"","c":0}');
    for (const name of ['a', 'b', 'd']) {
      assert.deepEqual(
        [push.text(name), push.yuan(name), push.object(name), push.list(name)],
        [undefined, undefined, undefined, []],
      );
    }
    assert.deepEqual([push.number('c'), push.time('c')], [undefined, undefined]);
    assert.equal(push.fault, undefined);
  });

  test('the first thing that cannot be read is named with its path, also inside JSON in a string', () => {
    const push = over(String.raw`{"detail":"[{\"price\":5},{\"price\":\"x\"}]","later":{}}`);
    assert.equal(push.list('detail')[0]?.yuan('price'), 500);
    assert.equal(push.list('detail')[1]?.yuan('price'), undefined);
    assert.equal(push.text('later'), undefined);
    assert.equal(push.fault, 'push.detail[1].price is not an amount in yuan');
    for (const [json, read] of [
      ['{"a":-1}', 'yuan'],
      ['{"a":1.5}', 'fen'],
      ['{"a":"1e3"}', 'number'],
      ['{"a":"x"}', 'list'],
      ['{"a":[1]}', 'list'],
      ['{"a":[]}', 'object'],
      ['{"a":99}', 'time'],
      ['{"a":1.2345}', 'thousandths'],
      [String.raw`{"a":"\u0000"}`, 'text'],
      [String.raw`{"a":"\ud800"}`, 'text'],
    ] as const) {
      const reader = over(json);
      reader[read]('a');
      assert.ok(reader.fault?.startsWith('push.a '), `${json} ${read}`);
    }
  });

  test('a list may come as JSON text, as an array or, where that is allowed, as its only object', () => {
    for (const json of [String.raw`{"a":"[{\"b\":1}]"}`, '{"a":[{"b":1}]}'])
      assert.equal(over(json).list('a')[0]?.text('b'), '1');
    assert.equal(over('{"a":{"b":1}}').objects('a')[0]?.text('b'), '1');
    assert.equal(
      over(String.raw`{"a":"{\"b\":1}"}`)
        .object('a')
        ?.text('b'),
      '1',
    );
  });

  test('a value is looked up among the own names of a table only', () => {
    const table = { '1': 'one' };
    assert.equal(over('{"a":1}').oneOf('a', table), 'one');
    for (const json of ['{"a":2}', '{"a":"toString"}', '{"a":"__proto__"}']) {
      const reader = over(json);
      assert.equal(reader.oneOf('a', table), undefined);
      assert.match(reader.fault ?? '', /^push\.a .* is not known$/u);
    }
    const silent = over('{}');
    assert.deepEqual([silent.oneOf('a', table), silent.fault], [undefined, 'push.a is missing']);
  });

  test('what a message cannot do without is its own word or a fault', () => {
    const reader = over('{"a":"1","zero":0}');
    assert.deepEqual([reader.needed('a', reader.text('a')), reader.fault], ['1', undefined]);
    assert.deepEqual([reader.needed('zero', reader.number('zero')), reader.fault], ['', 'push.zero is missing']);
  });

  test('a line holds no control characters', () => {
    const reader = over(String.raw`{"a":"x y","b":"x\ty"}`);
    assert.deepEqual([reader.line('a', 10), reader.line('b', 10)], ['x y', undefined]);
    assert.equal(reader.fault, 'push.b holds control characters');
  });

  test('counts are thousandths, so that halves and 1.0 are exact', () => {
    const push = over('{"a":1,"b":1.0,"c":"0.5","d":2.2500}');
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => push.thousandths(name)),
      [1000, 1000, 500, 2250],
    );
  });

  test('fields without a noun are kept as text under their names, and what is no JSON object is none', () => {
    const push = over('{"a":34.0,"b":[1,{"c":2.50}],"d":"","e":null}');
    assert.deepEqual(push.raw(['a', 'b', 'd', 'e', 'f'], 'x.'), { 'x.a': '34.0', 'x.b': '[1,{"c":2.50}]' });
    for (const json of ['', '[]', '1', '{']) assert.equal(JsonReader.over(json, 'push.'), undefined);
  });

  test('of several names the first that says something is read, and named where it cannot be', () => {
    const push = over('{"a":"","b":"12.00","c":"free"}');
    assert.equal(push.yuan(['a', 'b', 'c']), 1200);
    assert.equal(push.yuan(['x', 'y']), undefined);
    assert.equal(push.fault, undefined);
    assert.deepEqual([push.yuan(['a', 'c']), push.fault], [undefined, 'push.c is not an amount in yuan']);
    const other = over('{"fen":-1}');
    assert.deepEqual([other.amount('fen'), other.fault], [undefined, 'push.fen is below zero']);
    const none = over('{}');
    assert.deepEqual([none.missing(['a', 'b']), none.fault], [undefined, 'push.a or b is missing']);
  });

  test('texts that belong together are one value, and none where all are silent', () => {
    const push = over('{"rider":"Wu","phone":""}');
    assert.deepEqual(push.textParts({ name: 'rider', phone: 'phone' }), { name: 'Wu', phone: null });
    assert.equal(push.textParts({ name: 'x', phone: 'phone' }), undefined);
    assert.deepEqual(
      [push.textParts({ name: 'rider' }, 1), push.fault],
      [undefined, 'push.rider is longer than 1 characters'],
    );
  });

  test('fields are kept in their own shape, and a fault where they cannot be', () => {
    const push = over('{"a":7,"b":true,"c":[2,"x"],"d":[[1]],"e":{"f":1.0},"g":null,"h":""}');
    const kept = { a: '7', b: true, c: [2, 'x'], d: '[[1]]', e: '{"f":1.0}' };
    assert.deepEqual(push.kept(['a', 'b', 'c', 'd', 'e', 'g', 'h', 'i']), kept);
    assert.equal(push.fault, undefined);
    push.kept(['e'], 5);
    assert.equal(push.fault, 'push.e is longer than 5 characters');
    const odd = over(String.raw`{"a":["\ud800"]}`);
    odd.kept(['a']);
    assert.match(odd.fault ?? '', /^push\.a holds characters that cannot be stored/u);
  });
});
