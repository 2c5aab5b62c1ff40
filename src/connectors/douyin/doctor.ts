import { PLAIN_FIELDS, PLAIN_MESSAGE } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules, KnownForm, MessageRules } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS, USUAL_MESSAGE_FORMS } from '../../core/doctor/usual-forms.ts';

const callback: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['type', 'msg_signature'],
  pair: 'value',
  sortBy: 'text',
  among: '',
  digest: 'sha1',
  empty: 'skip',
};

const request: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['app_id', 'thirdparty_id', 'sign', 'other_settle_params'],
  pair: 'value',
  separator: '&',
  sortBy: 'text',
  among: '',
  object: 'as-sent',
  array: 'as-sent',
  empty: 'skip',
  skip: ['null'],
  trim: 'unicode',
  quotes: 'cut',
};

/** In which public clients differ from the platform's own demos. */
const requestForms: readonly KnownForm<FieldRules>[] = [
  noted(USUAL_FORMS.zeroDropped, '; the platform signs it', '；平台是参与的'),
  {
    code: 'quotes_kept',
    words: { en: 'the quotes around {field} are kept', zh: '{field} 两端的双引号未去掉' },
    change: { quotes: 'keep' },
  },
  {
    code: 'one_quote_cut_first',
    words: { en: 'only the first quote of {field} is cut', zh: '{field} 只去掉了开头的双引号' },
    change: { quotes: 'cut-first' },
  },
  {
    code: 'one_quote_cut_last',
    words: { en: 'only the last quote of {field} is cut', zh: '{field} 只去掉了结尾的双引号' },
    change: { quotes: 'cut-last' },
  },
  noted(USUAL_FORMS.orderUtf16, '; the order of UTF-8 bytes is needed', '；应按 UTF-8 字节序'),
  {
    code: 'trim_ascii',
    words: {
      en: 'full-width blanks around {field} are kept: send values without them',
      zh: '{field} 首尾的全角空格未去掉：发送前请先去掉',
    },
    change: { trim: 'ascii' },
  },
  {
    code: 'salt_last',
    words: { en: 'the SALT stands last; it is sorted with the values', zh: 'SALT 放在了最后；应与各值一起排序' },
    change: { among: undefined, after: '&{secret}' },
  },
  {
    code: 'amounts_by_go',
    words: {
      en: 'numbers went through a Go float: {field} is signed as {text}',
      zh: '数字经过 Go 的 float64：{field} 以 {text} 参与签名',
    },
    change: { number: 'go' },
  },
  {
    code: 'objects_by_go',
    words: {
      en: '{field} is signed as Go prints a map: {text}. Send it as a JSON text',
      zh: '{field} 以 Go 打印 map 的形式 {text} 参与签名。请改为发送 JSON 字符串',
    },
    change: { object: 'go', array: 'go' },
  },
  {
    code: 'objects_by_php',
    words: {
      en: '{field} is signed as {text}: an array cast to text by PHP. Send it as a JSON text',
      zh: '{field} 以 {text} 参与签名：PHP 将数组转为字符串的结果。请改为发送 JSON 字符串',
    },
    change: { object: 'php', array: 'php' },
  },
  {
    code: 'objects_compact',
    words: {
      en: '{field} is signed as {text}, not as it stands in the body: serialise it once and send that text',
      zh: '{field} 以 {text} 参与签名，与请求体中的写法不同：请只序列化一次并发送同一文本',
    },
    change: { object: 'json', array: 'json' },
  },
  {
    code: 'texts_rewritten_by_php',
    words: {
      en: String.raw`{field} is signed with / as \/ (PHP’s json_encode), but sent otherwise`,
      zh: String.raw`{field} 签名时 / 写作 \/（PHP 的 json_encode），与发送的不同`,
    },
    change: { nested: 'php-letters' },
  },
  {
    code: 'app_id_signed',
    words: { en: '`app_id` is signed; it must not be', zh: '`app_id` 参与了签名；它不应参与' },
    change: { except: ['thirdparty_id', 'sign', 'other_settle_params'] },
  },
  {
    code: 'thirdparty_id_signed',
    words: { en: '`thirdparty_id` is signed; it must not be', zh: '`thirdparty_id` 参与了签名；它不应参与' },
    change: { except: ['app_id', 'sign', 'other_settle_params'] },
  },
  {
    code: 'appid_not_signed',
    words: {
      en: 'the field is called `appid`, so the platform signs it: its name is `app_id`',
      zh: '字段名写成了 `appid`，平台会将其计入签名：应为 `app_id`',
    },
    change: { except: [...request.except, 'appid'] },
  },
  USUAL_FORMS.booleansByPhp,
];

const TRADE_CALLBACK = '{header:byte-timestamp}\n{header:byte-nonce-str}\n{body}\n';

const callbackBodies: readonly KnownForm<MessageRules>[] = [
  {
    code: 'no_last_line_feed',
    words: { en: 'the line feed after the body is missing', zh: '请求体之后缺少换行' },
    change: { text: '{header:byte-timestamp}\n{header:byte-nonce-str}\n{body}' },
  },
  {
    code: 'nonce_first',
    words: { en: 'nonce and timestamp are in the wrong order', zh: '随机串与时间戳的顺序颠倒' },
    change: { text: '{header:byte-nonce-str}\n{header:byte-timestamp}\n{body}\n' },
  },
  USUAL_MESSAGE_FORMS.bodyOnly,
];

export const doctor: DoctorSheet = {
  schemes: [
    {
      kind: 'fields',
      code: 'ecpay_callback',
      label: { en: 'callback of guaranteed payment', zh: '担保支付回调' },
      direction: 'in',
      signature: { in: 'field', name: 'msg_signature' },
      secrets: ['token'],
      body: 'json',
      expects: ['timestamp', 'nonce', 'msg', 'type'],
      timestamp: { name: 'timestamp', unit: 's' },
      rules: callback,
      forms: [
        noted(USUAL_FORMS.rewritten, '', '', 'msg_rewritten'),
        {
          code: 'type_signed',
          words: { en: '`type` is signed; it must not be', zh: '`type` 参与了签名；它不应参与' },
          change: { except: ['msg_signature'] },
        },
        {
          code: 'values_trimmed',
          words: { en: 'values are trimmed ({field})', zh: '字段值首尾空白被去掉（{field}）' },
          change: { trim: 'unicode' },
        },
        USUAL_FORMS.orderUtf16,
        {
          code: 'joined_by_amp',
          words: { en: 'the values are joined by &, as requests have it', zh: '各值以 & 连接（那是请求签名的规则）' },
          change: { separator: '&' },
        },
        {
          code: 'token_last',
          words: {
            en: 'the token stands last; it is sorted with the values',
            zh: 'Token 放在了最后；应与各值一起排序',
          },
          change: { among: undefined, after: '{secret}' },
        },
        {
          code: 'token_first',
          words: {
            en: 'the token stands first; it is sorted with the values',
            zh: 'Token 放在了最前；应与各值一起排序',
          },
          change: { among: undefined, before: '{secret}' },
        },
      ],
    },
    {
      kind: 'message',
      code: 'trade_callback',
      label: { en: 'callback of the trade system', zh: '交易系统回调' },
      direction: 'in',
      signature: { in: 'header', name: 'byte-signature' },
      secrets: ['platformPublicKey'],
      body: 'json',
      expects: ['byte-timestamp', 'byte-nonce-str', 'byte-signature'],
      timestamp: { name: 'byte-timestamp', unit: 's' },
      rules: { ...PLAIN_MESSAGE, text: TRADE_CALLBACK, digest: 'rsa-sha256' },
      forms: callbackBodies,
    },
    {
      kind: 'fields',
      code: 'ecpay_request',
      label: { en: 'request of guaranteed payment', zh: '担保支付请求' },
      direction: 'out',
      signature: { in: 'field', name: 'sign' },
      secrets: ['salt'],
      body: 'json',
      expects: ['app_id'],
      identity: [{ field: 'app_id', credential: 'appId' }],
      rules: request,
      forms: requestForms,
    },
    {
      kind: 'message',
      code: 'trade_request',
      label: { en: 'request of the trade system', zh: '交易系统请求' },
      direction: 'out',
      signature: { in: 'header', name: 'byte-authorization', attribute: 'signature' },
      secrets: ['privateKey'],
      body: 'json',
      expects: ['byte-authorization'],
      rules: {
        ...PLAIN_MESSAGE,
        text: '{method}\n{path}\n{header:byte-authorization.timestamp}\n{header:byte-authorization.nonce_str}\n{body}\n',
        digest: 'rsa-sha256',
      },
      forms: [
        {
          code: 'request_order_path',
          words: {
            en: 'the path is /requestOrder, as tt.requestOrder has it',
            zh: '路径为 /requestOrder（tt.requestOrder 的规则）',
          },
          change: {
            text: 'POST\n/requestOrder\n{header:byte-authorization.timestamp}\n{header:byte-authorization.nonce_str}\n{body}\n',
          },
        },
        {
          code: 'path_without_slash',
          words: { en: 'the path lacks its leading slash', zh: '路径缺少开头的斜杠' },
          change: {
            text: 'POST\nrequestOrder\n{header:byte-authorization.timestamp}\n{header:byte-authorization.nonce_str}\n{body}\n',
          },
        },
        {
          code: 'no_last_line_feed',
          words: { en: 'the line feed after the body is missing', zh: '请求体之后缺少换行' },
          change: {
            text: '{method}\n{path}\n{header:byte-authorization.timestamp}\n{header:byte-authorization.nonce_str}\n{body}',
          },
        },
        {
          code: 'no_last_line_feed_request_order',
          words: {
            en: 'the path is /requestOrder and the line feed after the body is missing',
            zh: '路径为 /requestOrder，且请求体之后缺少换行',
          },
          change: {
            text: 'POST\n/requestOrder\n{header:byte-authorization.timestamp}\n{header:byte-authorization.nonce_str}\n{body}',
          },
        },
        {
          code: 'nonce_first',
          words: { en: 'nonce and timestamp are in the wrong order', zh: '随机串与时间戳的顺序颠倒' },
          change: {
            text: '{method}\n{path}\n{header:byte-authorization.nonce_str}\n{header:byte-authorization.timestamp}\n{body}\n',
          },
        },
      ],
    },
  ],
};
