import { accept, Evidence, signatureEvidence } from './accept.ts';
import type { CallbackRequest, Secret } from './accept.ts';
import type { AccountView, Refusal, Verification } from './connector.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from './json.ts';
import type { LosslessObject } from './json.ts';

/** What `verify` is written with: reading the body, trying the secrets, saying why a request is not believed. */

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

/** A request that is not believed. */
export const refused = (reason: Refusal['reason'], detail: string): Refused => ({
  ok: false,
  refusal: { reason, detail },
});

export const isRefused = (value: object | string): value is Refused =>
  typeof value === 'object' && 'refusal' in value && !(value instanceof Map);

/** The body as a JSON object, numbers as their text. Any content type will do: the bytes prove themselves. */
export function jsonBody({ body }: Pick<CallbackRequest, 'body'>): LosslessObject | Refused {
  const text = decodeUtf8(body);
  if (text === undefined) return refused('unreadable', 'The body is not UTF-8.');
  const fields = parseLossless(text);
  if (fields === undefined) return refused('unreadable', 'The body is not JSON, or is nested too deeply.');
  return isLosslessObject(fields)
    ? fields
    : refused('missing_signature', 'The body is not a JSON object, so it has no field that signs it.');
}

/** The signature that a body holds in a field of its own. */
function signatureIn(fields: LosslessObject, name: string): string | Refused {
  const given = fields.get(name);
  if (typeof given === 'string' && given !== '') return given;
  return refused('missing_signature', `The body has no field ${name}, or it is not text.`);
}

/** What is to be proved, and with what. */
export interface Claim<Content> {
  /** The credential whose secrets prove it. */
  readonly credential: string;
  /** The signature; or what vouches for a request without one; or why there is neither. */
  readonly given: string | Evidence | Refused;
  /** What was read on the way, for `parse`. */
  readonly content: Content;
  /** What is wrong where no secret proves it, and more is known than that. */
  otherwise?(given: string, secrets: readonly Secret[]): Refused;
}

/**
 * Believes a request that one of the account's secrets proves: each that is valid now is tried, the newest first.
 * `prove`: the evidence that a secret gives, from the functions of `accept.ts`; or what else is wrong with a request
 * whose signature is right.
 */
export function acceptProved<Content>(
  request: CallbackRequest,
  account: Pick<AccountView, 'secrets'>,
  claim: Claim<Content>,
  prove: (given: string, secret: Secret) => Evidence | Refused | undefined,
): Verification<Content> {
  const { credential, given, content } = claim;
  if (given instanceof Evidence) return { ok: true, accepted: accept(request, given, content) };
  const secrets = account.secrets(credential);
  // First, since it is what the account's owner can mend.
  if (secrets.every(({ value }) => value === ''))
    return refused('no_secret', `The account has no ${credential} to check a callback with.`);
  if (typeof given !== 'string') return given;
  for (const secret of secrets) {
    if (secret.value === '') continue;
    const evidence = prove(given, secret);
    if (evidence === undefined) continue;
    return isRefused(evidence) ? evidence : { ok: true, accepted: accept(request, evidence, content) };
  }
  const detail = `The signature matches none of the valid values of ${credential}.`;
  return claim.otherwise?.(given, secrets) ?? refused('wrong_signature', detail);
}

/**
 * Believes a request that is signed with a shared secret: `sign` makes the signature that a secret gives. `anyCase`: the
 * hex of it may be of either letter case.
 */
export const acceptSigned = <Content>(
  request: CallbackRequest,
  account: Pick<AccountView, 'secrets'>,
  claim: Claim<Content> & { readonly anyCase?: boolean },
  sign: (secret: string) => string,
): Verification<Content> =>
  acceptProved(request, account, claim, (given, secret) =>
    claim.anyCase === true
      ? signatureEvidence(given.toLowerCase(), sign(secret.value).toLowerCase(), secret)
      : signatureEvidence(given, sign(secret.value), secret),
  );

/** How JSON bodies are signed in a field of their own. */
export interface FieldSignature {
  readonly credential: string;
  /** The field that holds the signature. */
  readonly field: string;
  readonly anyCase?: boolean;
  /**
   * What is the same for every secret is worked out once; what it returns makes the signature with one. A body of which
   * nothing can be signed is refused.
   */
  signerOf(fields: LosslessObject, account: AccountView): ((secret: string) => string) | Refused;
}

/** The verifier of such bodies, to be `Connector.verify`; `parse` gets the fields. */
export const signedInField =
  ({ credential, field, anyCase = false, signerOf }: FieldSignature) =>
  (request: CallbackRequest, account: AccountView, fields = jsonBody(request)): Verification<LosslessObject> => {
    if (isRefused(fields)) return fields;
    const found = signatureIn(fields, field);
    const signer = typeof found === 'string' ? signerOf(fields, account) : found;
    const [given, sign] = typeof signer === 'function' ? [found, signer] : [signer, () => ''];
    return acceptSigned(request, account, { credential, given, anyCase, content: fields }, sign);
  };
