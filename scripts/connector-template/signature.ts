import type { CallbackRequest } from '../../src/core/accept.ts';
import type { AccountView, Verification } from '../../src/core/connector.ts';
import { hmacSha256Base64 } from '../../src/core/signing.ts';
import { acceptSigned, refused } from '../../src/core/verification.ts';

const HEADER = 'x-signature';

/** The value of `x-signature`: base64 of HMAC-SHA256 over the body's bytes. The sandbox signs with it too. */
export function sign(secret: string, body: Uint8Array): string {
  return hmacSha256Base64(secret, body);
}

/** Checks the raw bytes against every secret that is valid now. What was read on the way goes on to `parse`. */
export function verify(request: CallbackRequest, account: AccountView): Verification<null> {
  const given = request.headers[HEADER] ?? refused('missing_signature', `The header ${HEADER} is missing.`);
  const claim = { credential: 'appSecret', given, content: null };
  return acceptSigned(request, account, claim, (secret) => sign(secret, request.body));
}
