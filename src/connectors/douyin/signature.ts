import { publicKeyEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Verification } from '../../core/connector.ts';
import { NumberText, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { signRsaSha256, verifyRsaSha256 } from '../../core/rsa.ts';
import { compareBytes, sha1Hex } from '../../core/signing.ts';
import { acceptProved, isRefused, jsonBody, refused, signedInField } from '../../core/verification.ts';

/** Fields that are no part of the signed text of a guaranteed-payment callback (sheet, 3.2). */
const UNSIGNED = new Set(['type', 'msg_signature']);
/**
 * Only values are signed, so a message whose field names were changed has the same signature: the names must be there,
 * whatever else is.
 */
const ENVELOPE = ['timestamp', 'nonce', 'msg'] as const;

/**
 * The signed text of a guaranteed-payment callback: the token and every field that says something, sorted byte by byte
 * and joined with nothing. A number counts by its literal text, `msg` exactly as it came out of the envelope.
 * `undefined` when a field is neither text nor number.
 */
export function callbackText(envelope: LosslessObject, token: string): string | undefined {
  const values = [token];
  for (const [name, value] of envelope) {
    if (UNSIGNED.has(name) || value === null) continue;
    const text = scalarText(value);
    if (text === undefined) return undefined;
    if (text !== '') values.push(text);
  }
  return values.sort(compareBytes).join('');
}

/** `msg_signature`: lower-case hex SHA-1 of the signed text. */
export function callbackSignature(envelope: LosslessObject, token: string): string | undefined {
  const text = callbackText(envelope, token);
  return text === undefined ? undefined : sha1Hex(text);
}

/** The three lines that the trade system signs: timestamp, nonce and the body's own bytes, each ended by a line feed. */
export function tradeCallbackText(timestamp: string, nonce: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
}

/** The headers with which the trade system sends a body. */
export function tradeCallbackHeaders(
  timestamp: string,
  nonce: string,
  body: Uint8Array,
  platformPrivateKey: string,
): Readonly<Record<string, string>> {
  return {
    'byte-timestamp': timestamp,
    'byte-nonce-str': nonce,
    'byte-signature': signRsaSha256(platformPrivateKey, tradeCallbackText(timestamp, nonce, body)),
  };
}

/** Which of the two generations a callback is of: any `version` is the trade system's (sheet, 7). */
export const generationIn = (envelope: LosslessObject): 'ecpay' | 'trade' =>
  envelope.has('version') ? 'trade' : 'ecpay';

/**
 * Checks a callback. Both generations may use one address; even refunds of old orders that the trade system handles keep
 * the SHA-1 signature, and are then without its `version`.
 */
export function verify(request: CallbackRequest, account: AccountView): Verification<LosslessObject> {
  const fields = jsonBody(request);
  if (isRefused(fields)) return fields;
  return generationIn(fields) === 'trade'
    ? verifyTrade(request, account, fields)
    : verifyEcpay(request, account, fields);
}

const verifyEcpay = signedInField({
  credential: 'token',
  field: 'msg_signature',
  signerOf(fields) {
    const missing = ENVELOPE.find((name) => !isTextOrNumber(fields.get(name)));
    if (missing !== undefined)
      return refused('unreadable', `The field ${missing} is missing, or is no text or number.`);
    const isReadable = callbackText(fields, '') !== undefined;
    if (!isReadable) return refused('unreadable', 'A field of the body is neither text nor number.');
    return (token) => callbackSignature(fields, token) ?? '';
  },
});

function verifyTrade(
  request: CallbackRequest,
  account: AccountView,
  content: LosslessObject,
): Verification<LosslessObject> {
  const { 'byte-timestamp': timestamp, 'byte-nonce-str': nonce, 'byte-signature': signature = '' } = request.headers;
  const isSigned = timestamp !== undefined && nonce !== undefined && signature !== '';
  const given = isSigned ? signature : refused('missing_signature', 'A header Byte-… of the signature is missing.');
  const signed = tradeCallbackText(timestamp ?? '', nonce ?? '', request.body);
  return acceptProved(request, account, { credential: 'platformPublicKey', given, content }, (_, key) =>
    publicKeyEvidence((publicKey) => verifyRsaSha256(publicKey, signed, signature), key),
  );
}

const isTextOrNumber = (value: Lossless | undefined): boolean =>
  typeof value === 'string' || value instanceof NumberText;
