import { signatureEvidence } from '../../core/accept.ts';
import type { CallbackRequest, Evidence, Secret } from '../../core/accept.ts';
import type { AccountView, Verification } from '../../core/connector.ts';
import { md5Hex } from '../../core/signing.ts';
import { acceptProved, refused } from '../../core/verification.ts';
import type { Claim, Refused } from '../../core/verification.ts';
import { schemeOf } from './account.ts';
import { readEnvelope } from './envelope.ts';
import type { Envelope } from './envelope.ts';
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
  const envelope = readEnvelope(request.body);
  const { appid = '', timestamp = '', request_data: data = '' } = envelope ?? {};
  const fields = { appid, timestamp, request_data: data };
  const scheme = schemeOf(account);
  const isSignedBy = (given: string, secret: Secret, name: SchemeName): Evidence | undefined =>
    signatureEvidence(given.toLowerCase(), sign(fields, secret.value, name).toLowerCase(), secret);
  const claim: Claim<Notice> = {
    credential: 'appSecret',
    given: signatureOf(envelope),
    content: { appid, request_data: data },
    otherwise(given, secrets) {
      const fitting = SCHEME_NAMES.find((name) => secrets.some((secret) => isSignedBy(given, secret, name)));
      const hint = fitting === undefined ? '; no other known scheme fits' : `, but ${fitting}: set signScheme to it`;
      return refused('wrong_signature', `The field sign does not fit the scheme ${scheme}${hint}.`);
    },
  };
  return acceptProved(request, account, claim, (given, secret) => {
    const evidence = isSignedBy(given, secret, scheme);
    // Some schemes do not sign the appid, and one secret may serve two of them.
    if (evidence === undefined || appid === account.credential('appid')) return evidence;
    return refused('wrong_signature', 'The signature is right, but appid is not the one of this account.');
  });
}

function signatureOf(envelope: Envelope | undefined): string | Refused {
  if (envelope === undefined)
    return refused('unreadable', 'The body is neither JSON nor percent-encoded JSON nor a form, in UTF-8.');
  const { appid, timestamp, request_data: data, sign: given = '' } = envelope;
  if (given === '') return refused('missing_signature', 'The body has no field sign.');
  if (appid !== undefined && timestamp !== undefined && data !== undefined) return given;
  return refused('unreadable', 'One of appid, timestamp and request_data is missing or is no text.');
}
