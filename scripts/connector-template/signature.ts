import { accept, signatureEvidence } from '../../src/core/accept.ts';
import type { CallbackRequest } from '../../src/core/accept.ts';
import type { AccountView, Refusal, Verification } from '../../src/core/connector.ts';
import { hmacSha256Base64 } from '../../src/core/signing.ts';

const HEADER = 'x-signature';

/** The value of `x-signature`: base64 of HMAC-SHA256 over the body's bytes. The sandbox signs with it too. */
export function sign(secret: string, body: Uint8Array): string {
  return hmacSha256Base64(secret, body);
}

/** Checks the raw bytes against every secret that is valid now. What was read on the way goes on to `parse`. */
export function verify(request: CallbackRequest, account: AccountView): Verification<null> {
  const secrets = account.secrets('appSecret');
  if (secrets.length === 0) return refused('no_secret', 'The account has no appSecret.');
  const given = request.headers[HEADER];
  if (given === undefined) return refused('missing_signature', `The header ${HEADER} is missing.`);
  for (const secret of secrets) {
    const evidence = signatureEvidence(given, sign(secret.value, request.body), secret);
    if (evidence !== undefined) return { ok: true, accepted: accept(request, evidence, null) };
  }
  return refused('wrong_signature', `The header ${HEADER} fits no valid appSecret.`);
}

function refused(reason: Refusal['reason'], detail: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { reason, detail } };
}
