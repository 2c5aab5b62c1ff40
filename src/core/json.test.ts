import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalJson,
  decodeUtf8,
  isLosslessObject,
  isStorableText,
  NumberText,
  parseLossless,
  scalarText,
  stringifyLossless,
  toPlainJson,
} from './json.ts';
import type { Json, LosslessObject } from './json.ts';

function object(text: string): LosslessObject {
  const value = parseLossless(text);
  assert.ok(isLosslessObject(value), text);
  return value;
}

describe('lossless JSON', () => {
  test('a number keeps the text that its sender wrote', () => {
    for (const token of ['20.00', '9000000000000000003', '-0', '0.10', '1e3', '1E+3', '1e400', '1'.repeat(400)]) {
      assert.equal(scalarText(object(`{"n":${token}}`).get('n')), token);
      assert.equal(stringifyLossless(object(`{"a":[{"n":${token}}]}`)), `{"a":[{"n":${token}}]}`);
    }
  });

  test('what goes in compact comes out the same, whatever is inside', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const value = parseLossless(text);
        assert.ok(value !== undefined);
        assert.deepEqual(JSON.parse(stringifyLossless(value)), JSON.parse(text));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('a flat object of texts, which takes the quick way, is the same as by the slow way', () => {
    const flat = object('{"b":"2","a":"1","c":true,"d":null}');
    const slow = object('{"b":"2","a":"1","c":true,"d":null,"n":1}');
    assert.deepEqual([...flat], [...slow].slice(0, 4));
  });

  test('of a repeated name the last value counts, with its own text', () => {
    for (const first of ['1', '"x"', '[1,2]', '{"b":1}', 'null']) {
      assert.equal(scalarText(object(`{"a":${first},"a":20.00}`).get('a')), '20.00');
      assert.equal(object(`{"a":${first},"a":"last"}`).get('a'), 'last');
    }
    assert.deepEqual(
      toPlainJson(object('{"a":5,"a":{"b":2}}')),
      Object.assign(Object.create(null), { a: Object.assign(Object.create(null), { b: 2 }) }),
    );
  });

  test('__proto__ and constructor are names like any other and reach no prototype', () => {
    for (const text of ['{"__proto__":{"polluted":1},"n":1}', '{"__proto__":"x","constructor":"y"}']) {
      assert.ok(object(text).has('__proto__'));
      const plain = toPlainJson(object(text)) as Readonly<Record<string, Json>>;
      assert.ok(Object.hasOwn(plain, '__proto__'));
      assert.ok(canonicalJson(plain).includes('"__proto__":'));
    }
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  test('deep nesting ends in undefined and not in the end of the stack', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    assert.ok(parseLossless(nested(60)) !== undefined);
    for (const depth of [66, 5_000, 500_000]) assert.equal(parseLossless(nested(depth)), undefined);
    assert.equal(parseLossless(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`), undefined);
    assert.equal(parseLossless('['.repeat(1_000_000)), undefined);
  });

  test('what is not JSON is undefined', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '{"a":NaN}',
      '{"a":Infinity}',
      "{'a':1}",
      '{"a":01}',
      '{"a":1,}',
      '\uFEFF{}',
      'undefined',
    ]) {
      assert.equal(parseLossless(text), undefined, text);
    }
  });

  test('plain JSON keeps a number only while a double holds it exactly', () => {
    const plain = (token: string): Json => toPlainJson(parseLossless(token) ?? null);
    assert.equal(plain('42'), 42);
    assert.equal(plain('-1.5'), -1.5);
    for (const token of ['20.00', '9007199254740993', '1e400', '-0', '1e3']) assert.equal(plain(token), token);
  });

  test('scalars have a text, and nothing else has', () => {
    assert.equal(scalarText('x'), 'x');
    assert.equal(scalarText(new NumberText('1.0')), '1.0');
    assert.equal(scalarText(false), 'false');
    for (const value of [null, undefined, [], new Map()]) assert.equal(scalarText(value), undefined);
  });

  test('bytes that are not UTF-8 have no text, and a byte order mark is not swallowed', () => {
    assert.equal(decodeUtf8(Buffer.from('张🍜')), '张🍜');
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe4, 0xbd], [0xf5, 0x80, 0x80, 0x80]]) {
      assert.equal(decodeUtf8(Uint8Array.from(bytes)), undefined);
    }
    assert.equal(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), '\uFEFFA');
    assert.equal(decodeUtf8(Uint8Array.of(0xff)), undefined, 'a failed decode leaves nothing behind');
    assert.equal(decodeUtf8(Buffer.from('ok')), 'ok');
  });
});

describe('canonical JSON', () => {
  test('equal values give equal text, whatever order they were built in', () => {
    assert.equal(
      canonicalJson({ b: 1, a: { d: [1, { z: null, y: 'x' }], c: true } }),
      '{"a":{"c":true,"d":[1,{"y":"x","z":null}]},"b":1}',
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const reversed = JSON.parse(text, (_name, item: unknown) =>
          item !== null && typeof item === 'object' && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).reverse())
            : item,
        ) as Json;
        assert.equal(canonicalJson(reversed), canonicalJson(JSON.parse(text) as Json));
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  test('the order of a list is part of its value', () => {
    assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
  });
});

test('text that PostgreSQL refuses is known before it is stored', () => {
  for (const text of ['', 'x', '张**', '🍜', '\uFFFD', '\u0001', '\u2028']) assert.ok(isStorableText(text));
  for (const text of ['\u0000', 'a\u0000b', '\ud83c', '\udf5c', 'x\udf5c\ud83c'])
    assert.equal(isStorableText(text), false);
});
