import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reasonInChinese } from './in-chinese.ts';
import { CALL_PHRASES, FIELD_PHRASES, INTAKE_PHRASES } from './phrases.ts';
import { PARAM_PHRASES, PLATFORM_PHRASES } from './platform-phrases.ts';

const SOURCE = join(import.meta.dirname, '..', '..');
/** Where a reason is made: the call or the field, and the text in quotes on the same line. */
const MADE =
  /(?:\b(?:refused|refuse|failed|failure|unrecognised|wrong)\(|\b(?:reason|message|detail)(?::| =))[^'`]*?(?:'[\w-]*', )*(?<quote>['`])(?<text>[^'`]*? [^'`]*?)\k<quote>/gu;
/** What no reader of a console sees as a reason: parameters of settings, texts of the log and of errors with codes. */
const APART = /Type\.|HuidanError|log\.|label|help|words\(/u;

function reasonsOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !APART.test(line) && !/^\s*(?:\*|\/\/)/u.test(line))
    .flatMap((line) => [...line.matchAll(MADE)].map(({ groups }) => groups?.['text'] ?? ''))
    .filter((text) => /[a-z]{2,} [a-z]{2,}/u.test(text.replaceAll(/\$\{[^}]*\}/gu, '')));
}

test('every reason that a connector or the hub gives has its Chinese', () => {
  const files = globSync('{connectors/*,core,hub}/*.ts', { cwd: SOURCE }).filter(
    (file) =>
      !/\.test\.ts$|sandbox|doctor|(?:store-import|attention|recompute-commission|reconcile-compare)\.ts$/u.test(file),
  );
  const reasons = files.flatMap((file) => reasonsOf(join(SOURCE, file)));
  assert.ok(reasons.length > 100, `only ${reasons.length} were found`);
  const strange = reasons.filter((text) => {
    // A name where the code puts one in.
    const filled = text
      .replace('${hint}', '; no other known scheme fits')
      .replace('${tail}', '')
      .replaceAll(/\$\{JSON[^}]*\}/gu, '"7"')
      .replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/gu, '7');
    return [filled, `field ${filled}`, `code: ${filled}`, `${filled} is not known`].every(
      (one) => reasonInChinese(one) === undefined,
    );
  });
  assert.deepEqual(strange, [], 'each needs a phrase in src/core/reasons/');
});

test('what differs each time stands in its place', () => {
  const wanted = {
    'wrong_signature: The signature matches none of the valid values of callbackSecret.':
      'wrong_signature：签名与 callbackSecret 的任何有效值都不相符。',
    'status "77" with refundType "3" is not known': '状态 "77"（refundType 为 "3"）不认识',
    'orderId is missing': 'orderId 缺失',
    'items[3].price is not an amount in yuan': 'items[3].price 不是以元为单位的金额',
    'orderNo or order_no is missing': 'orderNo 或 order_no 缺失',
    'method "order.paid" is not known': 'method 的值 "order.paid" 不认识',
    'type 17 without the fields of an order is not known': 'type 17 缺少订单字段，不认识',
    '30002: the machine is offline': '30002：机器离线',
    'The platform does not know it all yet (refund_status is missing).': '平台尚未掌握全部信息（refund_status 缺失）。',
    'The answer has no err_no (X-Tt-Logid 20261121ab)': '返回中没有 err_no (X-Tt-Logid 20261121ab)',
    'it holds order and refund at once': '同时带有 order 和 refund',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((text) => [text, reasonInChinese(text)])), wanted);
});

test('the words of a platform or of a person stay as they are', () => {
  for (const text of [
    '808: 订单已接单',
    'order_closed: the shop has closed',
    '骑手找不到门',
    'out of noodles today',
    '',
    'x '.repeat(5000),
  ])
    assert.equal(reasonInChinese(text), undefined);
});

test('every phrase has a place in Chinese for what differs, and none that it does not know', () => {
  for (const [english, chinese] of [
    ...INTAKE_PHRASES,
    ...CALL_PHRASES,
    ...PLATFORM_PHRASES,
    ...FIELD_PHRASES,
    ...PARAM_PHRASES,
  ]) {
    const holes = english.split('{}').length - 1;
    const places = [...chinese.matchAll(/\{(\d)\}/gu)].map(([, place]) => Number(place));
    assert.ok(
      places.every((place) => place >= 1 && place <= holes),
      english,
    );
    // A further remark may be left out, but not what a reason is about.
    if (!english.startsWith('is missing')) assert.equal(new Set(places).size, holes, english);
  }
});
