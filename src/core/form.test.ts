import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseForm, writeForm } from './form.ts';

suite('forms', () => {
  test('values are decoded exactly once, after splitting', () => {
    assert.deepEqual(
      [...(parseForm('note=a%2Bb%26c%3Dd+%2541%E4%BD%A0%F0%9F%98%84&plain=x=y&empty=&bare&&') ?? [])],
      [
        ['note', 'a+b&c=d %41你😄'],
        ['plain', 'x=y'],
        ['empty', ''],
        ['bare', ''],
      ],
    );
  });

  test('what two receivers could read differently is no form', () => {
    for (const text of ['a=%', 'a=%4', 'a=%zz', 'a=%E4%BD', 'a=%ED%A0%80', 'a=1&a=2', 'a=1&%61=2']) {
      assert.equal(parseForm(text), undefined, text);
    }
    assert.equal(parseForm(Uint8Array.of(0x61, 0x3d, 0xff)), undefined);
    assert.equal(parseForm('')?.size, 0);
    assert.equal(parseForm('__proto__=1&constructor=2')?.get('__proto__'), '1');
  });

  test('what is written is read back', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (fields) => {
        const kept = fields.filter(([name, value]) => name !== '' || value !== '');
        assert.deepEqual([...(parseForm(writeForm(kept)) ?? [])], kept);
      }),
    );
  });
});
