import { PLAIN_FIELDS } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules, FieldScheme, KnownForm } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS } from '../../core/doctor/usual-forms.ts';

const rules: FieldRules = {
  ...PLAIN_FIELDS,
  except: ['sign'],
  exceptAnyCase: true,
  pair: 'name-value',
  order: 'utf16',
  before: '{secret}',
  digest: 'sha1',
  empty: 'skip',
};

/** What public programs were seen to sign. */
const forms: readonly KnownForm<FieldRules>[] = [
  noted(USUAL_FORMS.emptiesKept, ' (setting emptyInSignature: include)', '（设置 emptyInSignature 为 include）'),
  noted(USUAL_FORMS.zeroDropped, ': PHP takes the text 0 for nothing', '：PHP 把文本 0 视为空'),
  USUAL_FORMS.undecoded,
  USUAL_FORMS.decodedTwice,
  {
    code: 'plus_kept',
    words: { en: 'the + in {field} is not read as a blank', zh: '{field} 中的 + 未还原为空格' },
    change: { url: 'plus-kept' },
  },
  {
    code: 'order_by_locale',
    words: {
      en: 'the names are sorted without regard to letter case; upper case comes first',
      zh: '字段名排序时忽略了大小写，应为大写在前',
    },
    change: { order: 'any-case' },
  },
  {
    code: 'system_fields_only',
    words: {
      en: 'only the system parameters are signed, not those of the call',
      zh: '只有系统参数参与签名，业务参数未参与',
    },
    change: { only: ['appAuthToken', 'charset', 'timestamp', 'version', 'developerId', 'businessId'] },
  },
  noted(USUAL_FORMS.secretBehindOnly, '; it belongs in front', '，应加在最前面', 'sign_key_behind'),
  {
    code: 'emoji_dropped',
    words: { en: 'emoji are removed from {field} before it is checked', zh: '验签前 {field} 中的 emoji 被去掉' },
    change: { emoji: 'drop' },
  },
  {
    code: 'url_and_body',
    words: {
      en: 'the parameters of the address and those of the body are signed together',
      zh: '地址栏参数与请求体参数一起参与签名',
    },
    change: { source: 'body+query' },
  },
];

const scheme = {
  kind: 'fields',
  signature: { in: 'field', name: 'sign' },
  secrets: ['signKey'],
  body: 'form',
  rules,
} as const;

const identity: FieldScheme['identity'] = [{ field: 'developerId', credential: 'developerId' }];

export const doctor: DoctorSheet = {
  schemes: [
    {
      ...scheme,
      code: 'callback',
      label: { en: 'callback', zh: '回调' },
      direction: 'in',
      expects: ['developerId', 'ePoiId'],
      identity,
      forms,
    },
    {
      ...scheme,
      code: 'request',
      label: { en: 'API call', zh: '接口调用' },
      direction: 'out',
      expects: ['appAuthToken', 'charset', 'timestamp'],
      identity,
      timestamp: { name: 'timestamp', unit: 's' },
      rules: { ...rules, source: 'body+query' },
      forms: forms.map((form) =>
        form.code === 'url_and_body'
          ? {
              code: 'body_only',
              words: {
                en: 'only the parameters of the body are signed, not those of the address',
                zh: '只有请求体参数参与签名，地址栏参数未参与',
              },
              change: { source: 'body' },
            }
          : form,
      ),
    },
    {
      ...scheme,
      code: 'store_link',
      label: { en: 'address of the binding page', zh: '门店绑定页地址' },
      direction: 'out',
      body: 'any',
      expects: ['developerId', 'businessId', 'timestamp'],
      identity,
      timestamp: { name: 'timestamp', unit: 'ms' },
      rules: { ...rules, source: 'query' },
      forms,
    },
  ],
};
