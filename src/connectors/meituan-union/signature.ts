import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { compareBytes, md5Hex } from '../../core/signing.ts';
import { signedInField } from '../../core/verification.ts';
import { signingRules } from './account.ts';
import type { SigningRules } from './account.ts';

/**
 * The text between the secrets: every top-level field but `sign`, in byte order of the names, name and value joined
 * without any separator (README). Without separators two sets of fields can give one text, so nothing outside the
 * known fields is read after verification.
 */
export function signedText(fields: LosslessObject, rules: SigningRules): string {
  let text = '';
  for (const name of [...fields.keys()].sort(compareBytes)) {
    if (name === 'sign') continue;
    const value = valueText(fields.get(name) ?? null, rules);
    if (value !== undefined) text += name + value;
  }
  return text;
}

/** A value as it is signed, or `undefined` where its field is left out. Numbers keep the very text that was sent. */
function valueText(value: Lossless, rules: SigningRules): string | undefined {
  if (typeof value === 'string') return value === '' && rules.emptyValue === 'skip' ? undefined : value;
  if (value instanceof NumberText) return value.text;
  if (value === null) return rules.nullValue === 'drop' ? undefined : rules.nullValue === 'text' ? 'null' : '';
  if (Array.isArray(value) && rules.arrayForm === 'spaced') {
    return `[${(value as readonly Lossless[]).map(stringifyLossless).join(', ')}]`;
  }
  return stringifyLossless(value);
}

/** The value of `sign`: lower-case hex MD5 over the UTF-8 bytes, the secret once in front and once behind. */
export function sign(fields: LosslessObject, secret: string, rules: SigningRules): string {
  return frame(signedText(fields, rules), secret);
}

const frame = (text: string, secret: string): string => md5Hex(secret + text + secret);

/**
 * Checks `sign` of a push against every callback secret that is valid now. Any content type will do: no source says
 * which one Meituan sends.
 */
export const verify = signedInField({
  credential: 'callbackSecret',
  field: 'sign',
  signerOf(fields, account) {
    const text = signedText(fields, signingRules(account));
    return (secret) => frame(text, secret);
  },
});
