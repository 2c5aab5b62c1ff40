import { deviation } from './deviation.ts';
import type { FieldRules, KnownForm, MessageRules } from './scheme.ts';

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
  emptiesKept: usual(
    'empties_kept',
    { empty: 'keep' },
    'the names of empty fields ({field}) are signed too',
    '空值字段（{field}）的字段名也参与签名',
  ),
  arraySpaced: usual(
    'array_spaced',
    { array: 'spaced' },
    '{field} is signed as {text}, with blanks',
    '{field} 以带空格的 {text} 参与签名',
  ),
  numbersByJs: usual(
    'numbers_by_js',
    { number: 'js' },
    'numbers went through JSON.parse: {field} is signed as {text}',
    '数字经过 JSON.parse：{field} 以 {text} 参与签名',
  ),
  booleansByPhp: usual(
    'booleans_by_php',
    { boolean: 'digit-or-empty' },
    '{field} is signed as {text}, as PHP makes text of booleans',
    '{field} 以 {text} 参与签名（PHP 的布尔转文本）',
  ),
  rewritten: usual(
    'rewritten',
    { nested: 'js' },
    '{field} is parsed and written again; its text must be signed as it was received',
    '{field} 被解析后重新序列化；应以收到的原文参与签名',
  ),
  urlEncoded: usual(
    'url_encoded',
    { url: 'form' },
    'values are URL-encoded before they are signed ({field})',
    '字段值先经 URL 编码再参与签名（{field}）',
  ),
  undecoded: usual(
    'undecoded',
    { url: 'undecoded' },
    '{field} is signed as it stands in the form, not decoded',
    '{field} 未经 URL 解码即参与签名',
  ),
  decodedTwice: usual('decoded_twice', { url: 'again' }, '{field} is URL-decoded twice', '{field} 被 URL 解码了两次'),
  gb18030: usual(
    'gb18030',
    { charset: 'gb18030' },
    'the text is hashed in GB18030, not UTF-8',
    '按 GB18030 而非 UTF-8 编码计算',
  ),
  orderUtf16: usual(
    'order_utf16',
    { order: 'utf16' },
    'the values are sorted as Java and JavaScript do by default',
    '字段值按 Java、JavaScript 默认方式排序',
  ),
  secretBehindOnly: usual(
    'secret_behind_only',
    { before: '', after: '{secret}' },
    'the secret stands behind only',
    '密钥只加在最后面',
  ),
  noSecret: usual('no_secret', { after: '' }, 'the secret was forgotten', '忘了附加密钥'),
} as const;

/** The same of what is signed as a whole. */
export const USUAL_MESSAGE_FORMS = {
  bodyOnly: deviation<MessageRules>('body_only', { text: '{body}' }, 'only the body is signed', '只有请求体参与签名'),
  bodyRewritten: deviation<MessageRules>(
    'body_rewritten',
    { body: 'js' },
    'the body is signed as JavaScript writes it again, not as it was sent',
    '参与签名的是 JavaScript 重新序列化的请求体，而非实际发送的内容',
  ),
} as const;

/** The same mistake with a word added about it at one platform, or under another code. */
export const noted = <Rules>(form: KnownForm<Rules>, en: string, zh: string, code = form.code): KnownForm<Rules> => ({
  ...form,
  code,
  words: { en: form.words.en + en, zh: form.words.zh + zh },
});
