import { scalarText, stringifyLossless } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { compareBytes, md5Hex } from '../../core/signing.ts';
import { refused, signedInField } from '../../core/verification.ts';

/**
 * The text of a push that is signed, without the secret: every field but `signature` as `name=value` **without** JSON
 * quotes, sorted, joined without separators (sheet, 4.1). All fields that are present, not a list of them. `undefined`
 * where a value is no scalar: `message` is JSON inside text, and an object would have two spellings of one signature.
 */
export function pushText(fields: LosslessObject): string | undefined {
  const pairs: string[] = [];
  for (const [name, value] of fields) {
    if (name === 'signature') continue;
    // The very token that was sent: a double would round `userId`, which is above 2^53.
    const text = value === null ? 'null' : scalarText(value);
    if (text === undefined) return undefined;
    pairs.push(`${name}=${text}`);
  }
  return pairs.sort(compareBytes).join('');
}

/** `signature` of a push: upper-case hex MD5 of the fields' text with the secret behind it. */
export function signPush(fields: LosslessObject, secret: string): string {
  const text = pushText(fields);
  if (text === undefined) throw new TypeError('a push has only texts, numbers and booleans');
  return frame(text, secret);
}

const frame = (text: string, secret: string): string => md5Hex(text + secret).toUpperCase();

/**
 * `signature` of a call to the platform (sheet, 3.1): the fields of `metas` and `params` as `name=value` **with** the
 * value as compact JSON, so text is in quotes; sorted, joined, between action + token and the secret.
 */
export function signRequest(
  action: string,
  token: string,
  metas: LosslessObject,
  params: LosslessObject,
  secret: string,
): string {
  const joined = [...metas, ...params]
    .map(([name, value]: readonly [string, Lossless]) => `${name}=${stringifyLossless(value)}`)
    .sort(compareBytes)
    .join('');
  return frame(action + token + joined, secret);
}

/** Checks `signature` of a push against every app secret that is valid now; its hex may be of either case. */
export const verify = signedInField({
  credential: 'appSecret',
  field: 'signature',
  anyCase: true,
  signerOf(fields) {
    const text = pushText(fields);
    if (text === undefined) return refused('unreadable', 'A field of the push is neither text nor a number.');
    return (secret) => frame(text, secret);
  },
});
