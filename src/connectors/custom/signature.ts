import { signatureEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Verification } from '../../core/connector.ts';
import { hmacSha256Base64 } from '../../core/signing.ts';
import type { TimeMs } from '../../core/time.ts';
import { acceptProved, refused } from '../../core/verification.ts';
import { toleranceMs } from './account.ts';

/** What `verify` read beside the body: the time that the sender signed. */
export interface Signed {
  readonly signedAt: TimeMs;
}

const WHSEC = /^whsec_([A-Za-z\d+/]+={0,2})$/u;

/** The key behind a secret: the bytes after `whsec_`; any other text is the key itself. */
const keyOf = (secret: string): Uint8Array => {
  const base64 = WHSEC.exec(secret)?.[1];
  return base64 === undefined ? Buffer.from(secret) : Buffer.from(base64, 'base64');
};

/** `webhook-signature` as Standard Webhooks has it: HMAC-SHA256 over id, timestamp (seconds) and the body's bytes. */
export function sign(secret: string, id: string, timestamp: string, body: Uint8Array): string {
  return `v1,${hmacSha256Base64(keyOf(secret), Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]))}`;
}

/** Checks the signature against every secret that is valid now, then how old it is. */
export function verify(request: CallbackRequest, account: AccountView): Verification<Signed> {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = request.headers;
  if (id === undefined || timestamp === undefined || given === undefined) {
    return refused('missing_signature', 'One of webhook-id, webhook-timestamp and webhook-signature is missing.');
  }
  if (!/^\d{1,12}$/u.test(timestamp)) return refused('unreadable', 'webhook-timestamp is not in seconds.');
  const signedAt = Number(timestamp) * 1000;
  const claim = { credential: 'secret', given, content: { signedAt } };
  return acceptProved(request, account, claim, (signatures, secret) => {
    const computed = sign(secret.value, id, timestamp, request.body);
    // A sender that changes its secret signs with both for a while.
    const [evidence] = signatures.split(' ').flatMap((one) => signatureEvidence(one, computed, secret) ?? []);
    const offMs = Math.abs(request.receivedAt - signedAt);
    if (evidence === undefined || offMs <= (toleranceMs(account) ?? Infinity)) return evidence;
    const off = Math.round(offMs / 1000);
    return refused('wrong_time', `The signature is right, but webhook-timestamp is ${off} s from our clock.`);
  });
}
