import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  compareBytes,
  equalInConstantTime,
  hmacSha256Base64,
  md5Base64,
  md5Hex,
  secretFingerprint,
  sha1Hex,
  sha256Hex,
} from './signing.ts';

describe('the signing kit', () => {
  test('digests are the published ones, over UTF-8', () => {
    assert.equal(md5Hex(''), 'd41d8cd98f00b204e9800998ecf8427e');
    assert.equal(md5Hex('abc'), '900150983cd24fb0d6963f7d28e17f72');
    assert.equal(md5Base64('{}'), 'mZFLkyvTelC5g8XnyQrpOw==');
    assert.equal(sha1Hex('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d');
    assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    assert.equal(md5Hex('🍜'), md5Hex(Buffer.from('🍜')));
    assert.equal(
      hmacSha256Base64('key', 'The quick brown fox jumps over the lazy dog'),
      '97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=',
    );
  });

  test('texts compare as their UTF-8 bytes do, emoji against the end of the plane too', () => {
    const unit = fc.constantFrom(
      '',
      'a',
      'A',
      '_',
      '\u007f',
      '\u0080',
      '美',
      '\ud7ff',
      '\ue000',
      '！',
      '\uffff',
      '🍜',
      '\u{10ffff}',
    );
    const text = fc.array(unit, { maxLength: 4 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareBytes(a, b)), bytes, `${a} ${b}`);
      }),
      { numRuns: 5_000, seed: 5 },
    );
    // JavaScript's own order has these two the other way round.
    assert.deepEqual(['🍜', '！'].sort(), ['🍜', '！']);
    assert.ok(compareBytes('🍜', '！') > 0);
  });

  test('equality is exact: case, length and every byte count', () => {
    assert.ok(equalInConstantTime('abc', 'abc'));
    for (const other of ['abd', 'ABC', 'ab', 'abcd', '', 'abc\u0000'])
      assert.equal(equalInConstantTime('abc', other), false);
  });

  test('a fingerprint names a secret without being made of it', () => {
    assert.match(secretFingerprint('s3cret'), /^[0-9a-f]{8}$/u);
    assert.notEqual(secretFingerprint('s3cret'), secretFingerprint('s3creT'));
    assert.notEqual(secretFingerprint('s3cret'), sha256Hex('s3cret').slice(0, 8));
  });
});
