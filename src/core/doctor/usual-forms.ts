import { deviation } from './deviation.ts';
import type { FieldRules, KnownForm } from './scheme.ts';

const usual = (code: string, change: Partial<FieldRules>, en: string, zh: string): KnownForm<FieldRules> =>
  deviation(code, change, en, zh);

/** Mistakes that are known of more than one platform, for the sheets to share. */
export const USUAL_FORMS = {
  zeroDropped: usual(
    'zero_dropped',
    { zero: 'drop' },
    '{field}, which is 0, is left out',
    '值为 0 的 {field} 未参与签名',
  ),
  undecoded: usual(
    'undecoded',
    { url: 'undecoded' },
    '{field} is signed as it stands in the form, not decoded',
    '{field} 未经 URL 解码即参与签名',
  ),
  decodedTwice: usual('decoded_twice', { url: 'again' }, '{field} is URL-decoded twice', '{field} 被 URL 解码了两次'),
  orderUtf16: usual(
    'order_utf16',
    { order: 'utf16' },
    'the values are sorted as Java and JavaScript do by default',
    '字段值按 Java、JavaScript 默认方式排序',
  ),
  noSecret: usual('no_secret', { after: '' }, 'the secret was forgotten', '忘了附加密钥'),
} as const;

/** The same mistake with a word added about it at one platform, or under another code. */
export const noted = (
  form: KnownForm<FieldRules>,
  en: string,
  zh: string,
  code = form.code,
): KnownForm<FieldRules> => ({ ...form, code, words: { en: form.words.en + en, zh: form.words.zh + zh } });
