import { accept, signatureEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Refusal, Verification } from '../../core/connector.ts';
import { md5Hex } from '../../core/signing.ts';
import { schemeOf } from './account.ts';
import { readEnvelope } from './envelope.ts';
import { SCHEME_NAMES, SCHEMES } from './schemes.ts';
import type { SchemeName, SignedFields } from './schemes.ts';

/** What a believed notice holds: the account's own appid and the text that was signed. */
export type Notice = Pick<SignedFields, 'appid' | 'request_data'>;

/** The value of `sign`: hex MD5 of the scheme's text, in the scheme's letter case. */
export function sign(fields: SignedFields, secret: string, scheme: SchemeName): string {
  const { hashed, hex } = SCHEMES[scheme];
  const digest = md5Hex(hashed(fields, secret));
  return hex === 'upper' ? digest.toUpperCase() : digest;
}

/**
 * Checks `sign` over `appid`, `request_data` and `timestamp` in the account's scheme. No freshness rule: a notice is
 * sent again for an hour, and nothing says that its timestamp is renewed.
 */
export function verify(request: CallbackRequest, account: AccountView): Verification<Notice> {
  const secrets = account.secrets('appSecret').filter(({ value }) => value !== '');
  if (secrets.length === 0) return refused('no_secret', 'The account has no appSecret; enter the one that EM issued.');
  const envelope = readEnvelope(request.body);
  if (envelope === undefined) {
    return refused('unreadable', 'The body is neither JSON nor percent-encoded JSON nor a form, in UTF-8.');
  }
  const { appid, timestamp, request_data: data, sign: given } = envelope;
  if (given === undefined || given === '') return refused('missing_signature', 'The body has no field sign.');
  if (appid === undefined || timestamp === undefined || data === undefined) {
    return refused('unreadable', 'One of appid, timestamp and request_data is missing or is no text.');
  }
  const fields = { appid, timestamp, request_data: data };
  const scheme = schemeOf(account);
  for (const secret of secrets) {
    const evidence = signatureEvidence(given.toLowerCase(), sign(fields, secret.value, scheme).toLowerCase(), secret);
    if (evidence === undefined) continue;
    // Some schemes do not sign the appid, and one secret may serve two of them.
    if (appid !== account.credential('appid')) {
      return refused('wrong_signature', 'The signature is right, but appid is not the one of this account.');
    }
    return { ok: true, accepted: accept(request, evidence, { appid, request_data: data }) };
  }
  const fitting = SCHEME_NAMES.find((name) =>
    secrets.some(({ value }) => sign(fields, value, name).toLowerCase() === given.toLowerCase()),
  );
  const hint = fitting === undefined ? '; no other known scheme fits' : `, but ${fitting}: set signScheme to it`;
  return refused('wrong_signature', `The field sign does not fit the scheme ${scheme}${hint}.`);
}

function refused(reason: Refusal['reason'], detail: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { reason, detail } };
}
