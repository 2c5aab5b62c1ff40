import { PLAIN_FIELDS, PLAIN_MESSAGE } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules, KnownForm } from '../../core/doctor/scheme.ts';

const rules: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['sign'],
  pair: 'name-value',
  before: '{secret}',
  after: '{secret}',
};

/** Forms that public clients sign, or that are not settled (README): the setting for each is named. */
const forms: readonly KnownForm<FieldRules>[] = [
  {
    code: 'array_spaced',
    words: {
      en: '{field} is signed as {text}, with a blank (setting arrayForm: spaced)',
      zh: '{field} 以带空格的 {text} 参与签名（设置 arrayForm 为 spaced）',
    },
    change: { array: 'spaced' },
  },
  {
    code: 'array_comma',
    words: {
      en: '{field} is signed as {text}: an array made text by JavaScript',
      zh: '{field} 以 {text} 参与签名：JavaScript 将数组转为文本的结果',
    },
    change: { array: 'comma' },
  },
  {
    code: 'array_php',
    words: {
      en: '{field} is signed as {text}: an array cast to text by PHP',
      zh: '{field} 以 {text} 参与签名：PHP 将数组强制转为字符串的结果',
    },
    change: { array: 'php' },
  },
  {
    code: 'array_dropped',
    words: { en: '{field} is left out', zh: '{field} 未参与签名' },
    change: { array: 'drop' },
  },
  {
    code: 'empties_skipped',
    words: {
      en: 'empty fields ({field}) are left out (setting emptyInSignature: skip)',
      zh: '空值字段（{field}）不参与签名（设置 emptyInSignature 为 skip）',
    },
    change: { empty: 'skip' },
  },
  {
    code: 'numbers_by_js',
    words: {
      en: 'numbers went through JSON.parse: {field} is signed as {text}',
      zh: '数字经过 JSON.parse：{field} 以 {text} 参与签名',
    },
    change: { number: 'js' },
  },
  {
    code: 'numbers_by_js_empties_skipped',
    words: {
      en: 'numbers went through JSON.parse and empty fields are left out ({field})',
      zh: '数字经过 JSON.parse，且空值字段不参与签名（{field}）',
    },
    change: { number: 'js', empty: 'skip' },
  },
  {
    code: 'null_empty',
    words: {
      en: '{field}, which is null, is signed by its name alone (setting nullInSignature: empty)',
      zh: '值为 null 的 {field} 仅字段名参与签名（设置 nullInSignature 为 empty）',
    },
    change: { null: 'empty' },
  },
  {
    code: 'null_text',
    words: {
      en: '{field}, which is null, is signed as the text null (setting nullInSignature: text)',
      zh: '值为 null 的 {field} 以文本 null 参与签名（设置 nullInSignature 为 text）',
    },
    change: { null: 'text' },
  },
  {
    code: 'gb18030',
    words: { en: 'the text is hashed in GB18030, not UTF-8', zh: '按 GB18030 而非 UTF-8 编码计算' },
    change: { charset: 'gb18030' },
  },
  {
    code: 'url_encoded',
    words: {
      en: 'values are URL-encoded before they are signed ({field})',
      zh: '字段值先经 URL 编码再参与签名（{field}）',
    },
    change: { url: 'form' },
  },
  {
    code: 'url_encoded_percent',
    words: {
      en: 'values are URL-encoded before they are signed, blanks as %20 ({field})',
      zh: '字段值先经 URL 编码（空格为 %20）再参与签名（{field}）',
    },
    change: { url: 'percent' },
  },
  {
    code: 'secret_behind_only',
    words: { en: 'the secret stands behind only', zh: '密钥只加在最后面' },
    change: { before: '' },
  },
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
      forms: [
        ...forms,
        {
          code: 'booleans_by_php',
          words: {
            en: 'booleans are signed as 1 and empty text ({field})',
            zh: '布尔值以 1 和空文本参与签名（{field}）',
          },
          change: { boolean: 'digit-or-empty' },
        },
      ],
    },
    {
      kind: 'message',
      code: 'cps_open',
      label: { en: 'API call (cps_open)', zh: '接口调用（cps_open）' },
      direction: 'out',
      signature: { in: 'header', name: 's-ca-signature' },
      secrets: ['secret'],
      body: 'json',
      expects: ['s-ca-app', 's-ca-timestamp', 'content-md5', 's-ca-signature-headers'],
      identity: [{ field: 's-ca-app', credential: 'appkey' }],
      timestamp: { name: 's-ca-timestamp', unit: 'ms' },
      rules: {
        ...PLAIN_MESSAGE,
        text: '{method}\n{header:content-md5}\nS-Ca-App:{header:s-ca-app}\nS-Ca-Timestamp:{header:s-ca-timestamp}\n{path}',
      },
      forms: [
        {
          code: 'timestamp_first',
          words: { en: 'the signed headers are not sorted', zh: '参与签名的请求头未排序' },
          change: {
            text: '{method}\n{header:content-md5}\nS-Ca-Timestamp:{header:s-ca-timestamp}\nS-Ca-App:{header:s-ca-app}\n{path}',
          },
        },
        {
          code: 'no_content_md5',
          words: { en: 'Content-MD5 is left out of the text', zh: '签名文本中缺少 Content-MD5' },
          change: { text: '{method}\n\nS-Ca-App:{header:s-ca-app}\nS-Ca-Timestamp:{header:s-ca-timestamp}\n{path}' },
        },
        {
          code: 'accept_and_type',
          words: {
            en: 'lines for Accept and Content-Type are in the text, as another gateway has them',
            zh: '签名文本中多了 Accept 与 Content-Type 两行（其他网关的写法）',
          },
          change: {
            text: '{method}\n{header:accept}\n{header:content-md5}\n{header:content-type}\nS-Ca-App:{header:s-ca-app}\nS-Ca-Timestamp:{header:s-ca-timestamp}\n{path}',
          },
        },
        {
          code: 'names_lower',
          words: { en: 'the names of the headers are in lower case', zh: '请求头名称用了小写' },
          change: {
            text: '{method}\n{header:content-md5}\ns-ca-app:{header:s-ca-app}\ns-ca-timestamp:{header:s-ca-timestamp}\n{path}',
          },
        },
        {
          code: 'no_line_feed',
          words: { en: 'the line feed after Content-MD5 is missing', zh: 'Content-MD5 之后缺少换行' },
          change: {
            text: '{method}\n{header:content-md5}S-Ca-App:{header:s-ca-app}\nS-Ca-Timestamp:{header:s-ca-timestamp}\n{path}',
          },
        },
      ],
    },
  ],
};
