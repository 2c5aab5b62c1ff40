import { PLAIN_FIELDS } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS } from '../../core/doctor/usual-forms.ts';

const push: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['signature'],
  sortBy: 'text',
  after: '{secret}',
  notation: 'hex',
  null: 'text',
};

const request: FieldRules = {
  ...push,
  merge: ['metas', 'params'],
  lead: ['action', 'token'],
  strings: 'json',
};

export const doctor: DoctorSheet = {
  schemes: [
    {
      kind: 'fields',
      code: 'push',
      label: { en: 'message push', zh: '消息推送' },
      direction: 'in',
      signature: { in: 'field', name: 'signature' },
      secrets: ['appSecret'],
      body: 'json',
      expects: ['requestId', 'type', 'appId', 'message', 'shopId', 'timestamp', 'userId'],
      timestamp: { name: 'timestamp', unit: 'ms' },
      rules: push,
      forms: [
        noted(USUAL_FORMS.numbersByJs, '', '', 'user_id_rounded'),
        {
          code: 'texts_quoted',
          words: {
            en: 'texts are signed in JSON quotes ({field}), as API calls have them and pushes do not',
            zh: '文本带 JSON 双引号参与签名（{field}）：那是接口调用的规则，推送不带引号',
          },
          change: { strings: 'json' },
        },
        {
          code: 'texts_quoted_unescaped',
          words: {
            en: 'texts are signed in quotes without escaping what is inside ({field})',
            zh: '文本加双引号但内部未转义参与签名（{field}）',
          },
          change: { strings: 'quoted' },
        },
        {
          code: 'signature_signed',
          words: { en: 'the field signature itself is signed too', zh: 'signature 字段自身也参与了签名' },
          change: { except: [] },
        },
        USUAL_FORMS.noSecret,
        {
          code: 'values_only',
          words: { en: 'only the values are joined, as the oldest rule had it', zh: '只拼接了字段值（最早的旧规则）' },
          change: { pair: 'value', sortBy: 'name' },
        },
        noted(USUAL_FORMS.rewritten, '', '', 'message_rewritten'),
      ],
    },
    {
      kind: 'fields',
      code: 'request',
      label: { en: 'API call (NOP)', zh: '接口调用（NOP）' },
      direction: 'out',
      signature: { in: 'field', name: 'signature' },
      secrets: ['appSecret'],
      body: 'json',
      expects: ['nop', 'id', 'action', 'token', 'metas', 'params'],
      identity: [{ field: 'app_key', credential: 'appKey' }],
      rules: request,
      forms: [
        {
          code: 'texts_unquoted',
          words: {
            en: 'texts are signed without JSON quotes ({field}), as pushes have them and API calls do not',
            zh: '文本未带 JSON 双引号参与签名（{field}）：那是推送的规则，接口调用要带引号',
          },
          change: { strings: 'plain' },
        },
        {
          code: 'texts_quoted_unescaped',
          words: {
            en: 'quotes inside texts are not escaped ({field}), as the Go SDK has it',
            zh: '文本内部的双引号未转义（{field}），即 Go SDK 的缺陷',
          },
          change: { strings: 'quoted' },
        },
        {
          code: 'texts_ascii',
          words: {
            en: String.raw`Chinese is signed as \u escapes ({field})`,
            zh: String.raw`中文以 \u 转义参与签名（{field}）`,
          },
          change: { strings: 'json-ascii' },
        },
        {
          code: 'texts_by_php',
          words: {
            en: String.raw`texts are signed as PHP writes JSON, with \/ and \u escapes ({field})`,
            zh: String.raw`文本按 PHP 默认的 JSON 写法参与签名，含 \/ 与 \u 转义（{field}）`,
          },
          change: { strings: 'json-php' },
        },
        noted(USUAL_FORMS.arraySpaced, '', '', 'arrays_spaced'),
        {
          code: 'token_missing',
          words: { en: 'the token is not in the signed text', zh: '签名文本中缺少 token' },
          change: { lead: ['action'] },
        },
        {
          code: 'action_missing',
          words: { en: 'the action is not in the signed text', zh: '签名文本中缺少 action' },
          change: { lead: ['token'] },
        },
        {
          code: 'metas_missing',
          words: { en: 'only params are signed, metas are not', zh: '只有 params 参与签名，metas 未参与' },
          change: { merge: ['params'] },
        },
        {
          code: 'params_missing',
          words: { en: 'only metas are signed, params are not', zh: '只有 metas 参与签名，params 未参与' },
          change: { merge: ['metas'] },
        },
        USUAL_FORMS.noSecret,
      ],
    },
  ],
};
