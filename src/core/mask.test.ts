import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maskAddress, maskName, maskNote, maskPhone } from './mask.ts';

describe('masks', () => {
  test('of a name the first character stays, whole emoji and rare characters too', () => {
    assert.equal(maskName('张三丰'), '张**');
    assert.equal(maskName(' 𠮷野 '), '𠮷**');
    assert.equal(maskName('🍜王'), '🍜**');
    assert.equal(maskName(''), '');
  });

  test('of a phone number three and four digits stay, of a privacy number its form', () => {
    assert.equal(maskPhone('13812341234'), '138****1234');
    assert.equal(maskPhone('13812341234_5678'), '138****1234_****');
    assert.equal(maskPhone('13812341234,5678'), '138****1234_****');
  });

  test('a short number never shows itself whole', () => {
    for (const number of ['1234567', '12345678', '95017', '1234567890']) {
      const masked = maskPhone(number);
      assert.ok(masked.startsWith('****'), masked);
      assert.ok(masked.length - 4 <= 4, masked);
    }
    assert.equal(maskPhone('110'), '****');
    assert.equal(maskPhone(''), '****');
  });

  test('of an address the first three characters stay', () => {
    assert.equal(maskAddress('学正街18号楼2单元301'), '学正街**');
    assert.equal(maskAddress(''), '');
  });

  test('a note stays readable, but for long numbers however they are grouped', () => {
    assert.equal(maskNote('少辣，打电话 138 1234-1234'), '少辣，打电话 ****');
    assert.equal(maskNote('2份米饭 3双筷子'), '2份米饭 3双筷子');
    assert.equal(maskNote('门禁12345#'), '门禁****#');
    const start = performance.now();
    maskNote(`1${' '.repeat(400_000)}2${'-'.repeat(400_000)}x`);
    // Milliseconds; minutes for an expression that tries each beginning with each end.
    assert.ok(performance.now() - start < 20_000, 'a long note is no way to stop the hub');
  });
});
