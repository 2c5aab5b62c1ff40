import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fenFromText, fenToYuan, MAX_FEN, yuanToFen } from './money.ts';

describe('money', () => {
  test('yuan become fen digit by digit, where a float would lose one', () => {
    const cases = {
      '19.99': 1999,
      '35.80': 3580,
      '0.07': 7,
      '1.1': 110,
      '8': 800,
      '-0.00': 0,
      '20.0000': 2000,
      ' 30.50 ': 3050,
      '-12.34': -1234,
      '1001.16': 100_116,
      '00012.30': 1230,
    };
    for (const [text, fen] of Object.entries(cases)) assert.equal(yuanToFen(text), fen, text);
  });

  test('what is not an exact amount in yuan is undefined, never rounded', () => {
    const wrong = [
      '',
      ' ',
      '.',
      '1.',
      '.5',
      '1,000.00',
      '1.005',
      '19.999',
      '1e3',
      'NaN',
      'Infinity',
      '0x10',
      '１２',
      '12 元',
      '--1',
      '+1',
      'null',
    ];
    for (const text of wrong) assert.equal(yuanToFen(text), undefined, text);
  });

  test('amounts beyond the bound are undefined, however long', () => {
    assert.equal(yuanToFen('10000000000.00'), MAX_FEN);
    for (const text of ['10000000000.01', `1${'0'.repeat(30)}`, '-10000000000.01', '9'.repeat(500)])
      assert.equal(yuanToFen(text), undefined);
    assert.equal(fenFromText(String(MAX_FEN)), MAX_FEN);
    assert.equal(fenFromText(String(MAX_FEN + 1)), undefined);
  });

  test('fen as text must be a whole number', () => {
    assert.equal(fenFromText('3050'), 3050);
    assert.equal(fenFromText('-1'), -1);
    for (const text of ['30.50', '', '1e3', ' 1', 'NaN', '1'.repeat(16)])
      assert.equal(fenFromText(text), undefined, text);
  });

  test('every amount survives being written as yuan and read again', () => {
    assert.equal(fenToYuan(3050), '30.50');
    assert.equal(fenToYuan(7), '0.07');
    assert.equal(fenToYuan(-5), '-0.05');
    assert.equal(fenToYuan(0), '0.00');
    fc.assert(
      fc.property(fc.integer({ min: -MAX_FEN, max: MAX_FEN }), (fen) => {
        assert.equal(yuanToFen(fenToYuan(fen)), fen);
        assert.equal(fenFromText(String(fen)), fen);
      }),
      { seed: 3 },
    );
  });
});
