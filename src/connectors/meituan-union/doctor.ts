import { deviation } from '../../core/doctor/deviation.ts';
import { PLAIN_FIELDS, PLAIN_MESSAGE } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules, KnownForm, MessageRules } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS } from '../../core/doctor/usual-forms.ts';

const rules: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['sign'],
  pair: 'name-value',
  before: '{secret}',
  after: '{secret}',
};

/** Forms that public clients sign, or that are not settled (README): the setting for each is named. */
const forms: readonly KnownForm<FieldRules>[] = [
  noted(USUAL_FORMS.arraySpaced, ' (setting arrayForm: spaced)', '（设置 arrayForm 为 spaced）'),
  deviation(
    'array_comma',
    { array: 'comma' },
    '{field} is signed as {text}: an array made text by JavaScript',
    '{field} 以 {text} 参与签名：JavaScript 将数组转为文本的结果',
  ),
  deviation(
    'array_php',
    { array: 'php' },
    '{field} is signed as {text}: an array cast to text by PHP',
    '{field} 以 {text} 参与签名：PHP 将数组强制转为字符串的结果',
  ),
  deviation('array_dropped', { array: 'drop' }, '{field} is left out', '{field} 未参与签名'),
  deviation(
    'empties_skipped',
    { empty: 'skip' },
    'empty fields ({field}) are left out (setting emptyInSignature: skip)',
    '空值字段（{field}）不参与签名（设置 emptyInSignature 为 skip）',
  ),
  USUAL_FORMS.numbersByJs,
  deviation(
    'numbers_by_js_empties_skipped',
    { number: 'js', empty: 'skip' },
    'numbers went through JSON.parse and empty fields are left out ({field})',
    '数字经过 JSON.parse，且空值字段不参与签名（{field}）',
  ),
  deviation(
    'null_empty',
    { null: 'empty' },
    '{field}, which is null, is signed by its name alone (setting nullInSignature: empty)',
    '值为 null 的 {field} 仅字段名参与签名（设置 nullInSignature 为 empty）',
  ),
  deviation(
    'null_text',
    { null: 'text' },
    '{field}, which is null, is signed as the text null (setting nullInSignature: text)',
    '值为 null 的 {field} 以文本 null 参与签名（设置 nullInSignature 为 text）',
  ),
  USUAL_FORMS.gb18030,
  USUAL_FORMS.urlEncoded,
  deviation(
    'url_encoded_percent',
    { url: 'percent' },
    'values are URL-encoded before they are signed, blanks as %20 ({field})',
    '字段值先经 URL 编码（空格为 %20）再参与签名（{field}）',
  ),
  USUAL_FORMS.secretBehindOnly,
];

/** What a call of cps_open signs: a line for each signed header, then the address with its parameters. */
const mediaText = (lines: string, before = '{method}\n{header?:content-md5}\n'): string => `${before}${lines}{target}`;
const LINES = '{headers:s-ca-signature-headers}';

const mediaForms: readonly KnownForm<MessageRules>[] = [
  deviation(
    'headers_unsorted',
    { text: mediaText('{headers-listed:s-ca-signature-headers}') },
    'the signed headers are not sorted',
    '参与签名的请求头未排序',
  ),
  deviation(
    'no_content_md5',
    { text: mediaText(LINES, '{method}\n\n') },
    'Content-MD5 is left out of the text',
    '签名文本中缺少 Content-MD5',
  ),
  deviation(
    'accept_and_type',
    { text: mediaText(LINES, '{method}\n{header:accept}\n{header?:content-md5}\n{header:content-type}\n') },
    'lines for Accept and Content-Type are in the text, as another gateway has them',
    '签名文本中多了 Accept 与 Content-Type 两行（其他网关的写法）',
  ),
  deviation(
    'names_lower',
    { text: mediaText('{headers-lower:s-ca-signature-headers}') },
    'the names of the headers are in lower case',
    '请求头名称用了小写',
  ),
  deviation(
    'no_line_feed',
    { text: mediaText(LINES, '{method}\n{header?:content-md5}') },
    'the line feed after Content-MD5 is missing',
    'Content-MD5 之后缺少换行',
  ),
];

const identity = [{ field: 'appkey', credential: 'appkey' }];

export const doctor: DoctorSheet = {
  schemes: [
    {
      kind: 'fields',
      code: 'push',
      label: { en: 'order push', zh: '订单回推' },
      direction: 'in',
      signature: { in: 'field', name: 'sign' },
      secrets: ['callbackSecret'],
      body: 'json',
      expects: ['orderid', 'status', 'sid'],
      identity,
      rules,
      forms,
    },
    {
      kind: 'fields',
      code: 'request',
      label: { en: 'API call (openapi.meituan.com)', zh: '接口调用（openapi.meituan.com）' },
      direction: 'out',
      signature: { in: 'field', name: 'sign' },
      secrets: ['secret'],
      body: 'any',
      expects: ['appkey'],
      identity,
      timestamp: { name: 'ts', unit: 's' },
      rules,
      forms: [...forms, USUAL_FORMS.booleansByPhp],
    },
    {
      kind: 'message',
      code: 'cps_open',
      label: { en: 'API call (cps_open)', zh: '接口调用（cps_open）' },
      direction: 'out',
      signature: { in: 'header', name: 's-ca-signature' },
      secrets: ['secret'],
      body: 'json',
      expects: ['s-ca-app', 's-ca-timestamp', 's-ca-signature-headers'],
      bodyMd5: 'content-md5',
      identity: [{ field: 's-ca-app', credential: 'appkey' }],
      timestamp: { name: 's-ca-timestamp', unit: 'ms' },
      rules: {
        ...PLAIN_MESSAGE,
        text: mediaText(LINES),
      },
      forms: mediaForms,
    },
  ],
};
