import { accept, signatureEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Refusal, Verification } from '../../core/connector.ts';
import { decodeUtf8, isLosslessObject, NumberText, parseLossless, stringifyLossless } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { compareBytes, md5Hex } from '../../core/signing.ts';
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
 * which one Meituan sends, and the bytes prove themselves.
 */
export function verify(request: CallbackRequest, account: AccountView): Verification<LosslessObject> {
  const secrets = account.secrets('callbackSecret');
  if (secrets.length === 0) {
    return refused(
      'no_secret',
      'The account has no callbackSecret; copy the callback secret (回调secret) from the console.',
    );
  }
  const text = decodeUtf8(request.body);
  if (text === undefined) return refused('unreadable', 'The body is not UTF-8.');
  const fields = parseLossless(text);
  if (fields === undefined) return refused('unreadable', 'The body is not JSON, or is nested too deeply.');
  if (!isLosslessObject(fields))
    return refused('missing_signature', 'The body is not a JSON object, so it has no field sign.');
  const given = fields.get('sign');
  if (typeof given !== 'string' || given === '') {
    return refused('missing_signature', 'The body has no field sign, or it is not text.');
  }
  const joined = signedText(fields, signingRules(account));
  for (const secret of secrets) {
    const evidence = signatureEvidence(given, frame(joined, secret.value), secret);
    if (evidence !== undefined) return { ok: true, accepted: accept(request, evidence, fields) };
  }
  return refused('wrong_signature', 'The field sign matches none of the valid callback secrets.');
}

function refused(reason: Refusal['reason'], detail: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { reason, detail } };
}
