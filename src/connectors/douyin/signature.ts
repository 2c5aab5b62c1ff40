import { accept, publicKeyEvidence, signatureEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Refusal, Verification } from '../../core/connector.ts';
import { decodeUtf8, isLosslessObject, NumberText, parseLossless, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { signRsaSha256, verifyRsaSha256 } from '../../core/rsa.ts';
import { compareBytes, sha1Hex } from '../../core/signing.ts';

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

/** A believed callback: its envelope, and which of the two generations vouched for it. */
export interface Envelope {
  readonly generation: 'ecpay' | 'trade';
  readonly fields: LosslessObject;
}

/**
 * Checks a callback. Both generations may use one address; a body with any `version` is the trade system's (sheet, 7:
 * even refunds of old orders handled there keep the SHA-1 signature, without that field).
 */
export function verify(request: CallbackRequest, account: AccountView): Verification<Envelope> {
  const text = decodeUtf8(request.body);
  if (text === undefined) return refused('unreadable', 'The body is not UTF-8.');
  const fields = parseLossless(text);
  if (fields === undefined) return refused('unreadable', 'The body is not JSON, or is nested too deeply.');
  if (!isLosslessObject(fields)) return refused('unreadable', 'The body is not a JSON object.');
  return fields.has('version') ? verifyTrade(request, account, fields) : verifyEcpay(request, account, fields);
}

function verifyEcpay(request: CallbackRequest, account: AccountView, fields: LosslessObject): Verification<Envelope> {
  const tokens = account.secrets('token');
  if (tokens.length === 0) {
    return refused('no_secret', 'The account has no token; copy the callback token from the payment settings page.');
  }
  const given = fields.get('msg_signature');
  if (typeof given !== 'string' || given === '') {
    return refused('missing_signature', 'The body has no field msg_signature, or it is not text.');
  }
  const missing = ENVELOPE.find((name) => !isTextOrNumber(fields.get(name)));
  if (missing !== undefined) return refused('unreadable', `The field ${missing} is missing, or is no text or number.`);
  for (const token of tokens) {
    const computed = callbackSignature(fields, token.value);
    if (computed === undefined) return refused('unreadable', 'A field of the body is neither text nor number.');
    const evidence = signatureEvidence(given, computed, token);
    if (evidence !== undefined) {
      return { ok: true, accepted: accept(request, evidence, { generation: 'ecpay', fields }) };
    }
  }
  return refused('wrong_signature', 'The field msg_signature matches none of the valid tokens.');
}

function verifyTrade(request: CallbackRequest, account: AccountView, fields: LosslessObject): Verification<Envelope> {
  const keys = account.secrets('platformPublicKey');
  if (keys.length === 0) {
    return refused(
      'no_secret',
      'The body has a version, so the platform signed it with RSA; the account has no platformPublicKey.',
    );
  }
  const { 'byte-timestamp': timestamp, 'byte-nonce-str': nonce, 'byte-signature': given } = request.headers;
  if (timestamp === undefined || nonce === undefined || given === undefined || given === '') {
    return refused(
      'missing_signature',
      'Byte-Timestamp, Byte-Nonce-Str and Byte-Signature are needed; a header is missing.',
    );
  }
  const signed = tradeCallbackText(timestamp, nonce, request.body);
  for (const key of keys) {
    const evidence = publicKeyEvidence((publicKey) => verifyRsaSha256(publicKey, signed, given), key);
    if (evidence !== undefined) {
      return { ok: true, accepted: accept(request, evidence, { generation: 'trade', fields }) };
    }
  }
  return refused('wrong_signature', 'Byte-Signature matches none of the valid public keys of the platform.');
}

const isTextOrNumber = (value: Lossless | undefined): boolean =>
  typeof value === 'string' || value instanceof NumberText;

function refused(reason: Refusal['reason'], detail: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { reason, detail } };
}
