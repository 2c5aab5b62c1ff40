import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLossless } from '../json.ts';
import { decodeGb18030, encodeGb18030 } from './gb18030.ts';
import { writeJson } from './json-writings.ts';
import { beforeRounding, numberText } from './number-writings.ts';
import { decodePart, readRequest } from './request-reading.ts';
import type { DoctorRequest } from './request-reading.ts';

test('every character that GB18030 has is written so that it reads back', () => {
  let written = 0;
  for (let point = 0x20; point < 0x1_10_00; point += 1) {
    if (point >= 0xd8_00 && point < 0xe0_00) continue;
    const text = String.fromCodePoint(point);
    const bytes = encodeGb18030(text);
    if (bytes.length === 1 && bytes[0] === 0x3f && text !== '?') continue;
    assert.equal(decodeGb18030(bytes), text, `U+${point.toString(16)}`);
    written += 1;
  }
  assert.ok(written > 63_000, `${written}`);
  assert.equal(Buffer.from(encodeGb18030('你好，🍜')).toString('hex'), 'c4e3bac3a3ac9439b930');
});

test('numbers are written as other languages write them', () => {
  const cases: readonly (readonly [string, Parameters<typeof numberText>[1], string])[] = [
    ['20.00', 'js', '20'],
    ['9000000000000000003', 'js', '9000000000000000000'],
    ['20.10', 'php', '20.1'],
    ['9000000000000000003', 'php', '9000000000000000003'],
    ['19000000000000000003', 'php', '1.9E+19'],
    ['123456789012345678', 'php', '123456789012345678'],
    ['1000000', 'go', '1e+06'],
    ['123456789', 'go', '1.23456789e+08'],
    ['999999', 'go', '999999'],
    ['0.5', 'go', '0.5'],
    ['20.00', 'java', '20.0'],
    ['12345678.5', 'java', '1.23456785E7'],
    ['20', 'fixed2', '20.00'],
    ['20.00', 'text', '20.00'],
  ];
  for (const [token, writing, expected] of cases)
    assert.equal(numberText(token, writing), expected, `${writing} ${token}`);
});

test('the numbers before rounding are those that a double turns into it', () => {
  const found = [...beforeRounding('98500000000000000')];
  assert.ok(found.includes('98500000000000001'));
  assert.ok(found.every((digits) => Number(digits) === 98_500_000_000_000_000));
  assert.deepEqual([...beforeRounding('98500000000000001')], []);
  assert.deepEqual([...beforeRounding('12345')], []);
});

test('JSON is written again as other languages write it', () => {
  const value = parseLossless('{"b": "中/<a>", "a": [1.0, true, null]}');
  assert.ok(value !== undefined);
  assert.equal(writeJson(value, 'js'), '{"b":"中/<a>","a":[1,true,null]}');
  assert.equal(writeJson(value, 'compact'), '{"b":"中/<a>","a":[1.0,true,null]}');
  assert.equal(writeJson(value, 'python'), String.raw`{"b": "\u4e2d/<a>", "a": [1.0, true, null]}`);
  assert.equal(writeJson(value, 'php'), String.raw`{"b":"\u4e2d\/<a>","a":[1,true,null]}`);
  assert.equal(writeJson(value, 'go'), String.raw`{"a":[1,true,null],"b":"中/\u003ca\u003e"}`);
});

const request = (body: string): DoctorRequest => ({
  direction: 'in',
  method: 'POST',
  path: '',
  query: '',
  topic: '',
  headers: {},
  body: Buffer.from(body),
});

test('the parts of a JSON body keep their own text', () => {
  const { fields } = readRequest(request(' {"a" : [2,  3], "b":{"c": "}"}, "d":"x" , "e":1.50}'));
  assert.deepEqual(
    fields.map(({ name, raw }) => [name, raw]),
    [
      ['a', '[2,  3]'],
      ['b', '{"c": "}"}'],
      ['d', '"x"'],
      ['e', '1.50'],
    ],
  );
});

test('a form is read as far as it can be', () => {
  assert.equal(decodePart('a%2Bb+c%'), 'a+b c%');
  assert.equal(decodePart('%C4%E3%BA%C3'), '你好');
  assert.equal(decodePart('100%25%41中'), '100%A中');
  assert.deepEqual(readRequest(request('a=1&b=x=y&c&a=2')).repeated, ['a']);
  assert.equal(readRequest(request('%7B%22a%22%3A1%7D')).shape, 'percent-json');
  assert.equal(readRequest(request('"{\\"a\\":1}"')).shape, 'json-in-text');
  assert.equal(readRequest(request('[1]')).shape, 'other');
});
