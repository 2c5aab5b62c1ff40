import { PLAIN_FIELDS } from '../../core/doctor/scheme.ts';
import type { DoctorSheet, FieldRules, FieldScheme, KnownForm } from '../../core/doctor/scheme.ts';
import { noted, USUAL_FORMS } from '../../core/doctor/usual-forms.ts';
import type { SchemeName } from './schemes.ts';

/** Only these are signed, `request_data` as the text that was received (README). */
const signed: FieldRules = {
  ...PLAIN_FIELDS,
  only: ['appid', 'request_data', 'timestamp'],
  object: 'as-sent',
  notation: 'hex',
};
const bare: FieldRules = { ...signed, pair: 'name-value', before: '{secret}', after: '{secret}' };
const amp: FieldRules = { ...signed, separator: '&' };

/** What each scheme of the setting `signScheme` hashes; those that differ only in letter case stand here once. */
const SCHEMES: Partial<Readonly<Record<SchemeName, FieldRules>>> = {
  'secret-wrap-kv-lower': bare,
  'secret-wrap-kv-body-upper': { ...bare, after: '{field:request_data}{secret}' },
  'kv-amp-key-upper': { ...amp, after: '&key={secret}' },
  'kv-amp-appsecret-upper': { ...amp, url: 'form', after: '&app_secret={secret}' },
  'kv-amp-secret-lower': { ...amp, after: '&{secret}' },
  'kv-amp-concat-secret-lower': { ...amp, after: '{secret}' },
  'kv-concat-secret-upper': { ...signed, after: '{secret}' },
  'secret-json-ts-secret-upper': { ...bare, only: ['request_data', 'timestamp'], pair: 'value' },
  'double-md5-key-upper': { ...amp, inner: 'md5', after: '&key={secret}' },
};

const forms: readonly KnownForm<FieldRules>[] = [
  { ...noted(USUAL_FORMS.rewritten, '', '', 'data_rewritten'), change: { nested: 'js', object: 'json' } },
  noted(USUAL_FORMS.undecoded, '', '', 'data_undecoded'),
  noted(USUAL_FORMS.decodedTwice, '', '', 'data_decoded_twice'),
];

const scheme = (direction: 'in' | 'out', code: string, rules: FieldRules): FieldScheme => ({
  kind: 'fields',
  code: direction === 'in' ? code : `request:${code}`,
  label:
    direction === 'in'
      ? { en: `notice, signScheme ${code}`, zh: `通知，signScheme 为 ${code}` }
      : { en: `API call, ${code}`, zh: `接口调用，${code}` },
  direction,
  signature: { in: 'field', name: 'sign' },
  secrets: ['appSecret'],
  body: 'any',
  expects: ['appid', 'request_data', 'timestamp'],
  identity: [{ field: 'appid', credential: 'appid' }],
  timestamp: { name: 'timestamp', unit: 's' },
  rules,
  forms,
});

export const doctor: DoctorSheet = {
  schemes: [
    ...Object.entries(SCHEMES).map(([code, rules]) => scheme('in', code, rules)),
    scheme('out', 'secret-wrap-kv-lower', { ...bare, only: undefined, except: ['sign'] }),
  ],
};
