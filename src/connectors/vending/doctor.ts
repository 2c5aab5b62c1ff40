import { PLAIN_FIELDS } from '../../core/doctor/scheme.ts';
import type { DoctorSheet } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS } from '../../core/doctor/usual-forms.ts';

export const doctor: DoctorSheet = {
  unsigned: {
    in: {
      en: 'This platform signs no callbacks. What proves one is the token at the end of its address: it was made for one order with the merchant key, so compare the address with the one that was given out, and see whether the merchant key was changed since.',
      zh: '该平台的回调没有签名。证明其来源的是地址末尾的令牌：它由商户密钥为单个订单生成。请核对地址是否与发出的一致，以及商户密钥此后是否更换过。',
    },
  },
  schemes: [
    {
      kind: 'fields',
      code: 'payload',
      label: { en: 'signed payload', zh: '签名 payload' },
      direction: 'out',
      signature: { in: 'field', name: 'sign' },
      secrets: ['merchantKey'],
      body: 'json',
      expects: ['payload', 'timestamp'],
      timestamp: { name: 'timestamp', unit: 's' },
      rules: {
        ...PLAIN_FIELDS,
        unwrap: 'payload',
        except: ['sign'],
        separator: '&',
        after: '&key={secret}',
        notation: 'hex-upper',
        empty: 'skip',
      },
      forms: [
        noted(
          USUAL_FORMS.urlEncoded,
          ', as in the vendor’s Go and Kotlin libraries (setting signEncoding: urlencoded)',
          '，即厂商 Go、Kotlin 库的写法（设置 signEncoding 为 urlencoded）',
          'values_form_encoded',
        ),
        {
          code: 'values_encoded_twice',
          words: {
            en: 'values go through encodeURI twice ({field}), as in the vendor’s kit.js',
            zh: '字段值经过两次 encodeURI（{field}），即厂商 kit.js 的写法',
          },
          change: { url: 'uri-twice' },
        },
        noted(USUAL_FORMS.zeroDropped, ', as in the vendor’s Kotlin library', '，即厂商 Kotlin 库的写法'),
        USUAL_FORMS.emptiesKept,
        {
          code: 'key_bare',
          words: { en: 'the key is added without &key=', zh: '附加密钥时缺少 &key=' },
          change: { after: '{secret}' },
        },
      ],
    },
  ],
};
