import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import { rsaKeysFromText } from '../../core/rsa.ts';
import type { OutgoingCallback } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { callbackSignature, tradeCallbackHeaders } from './signature.ts';

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/** The platform's private key for an account. It follows from the app secret, so that a restarted sandbox signs alike. */
const platformKeys = new Map<string, { readonly privateKey: string; readonly publicKey: string }>();
export function platformKeysFor(appSecret: string): { readonly privateKey: string; readonly publicKey: string } {
  const keys = platformKeys.get(appSecret) ?? rsaKeysFromText(`platform of ${appSecret}`);
  platformKeys.set(appSecret, keys);
  return keys;
}

export interface Message {
  readonly type: string;
  readonly msg: Readonly<Record<string, Json>>;
  readonly nonce: string;
  readonly atMs: TimeMs;
}

const secondsOf = (atMs: TimeMs): string => String(Math.floor(atMs / 1000));

/** A callback of guaranteed payment. `numberTimestamp`: as integrations of 2021 had it. */
export function ecpayCallback(
  account: AccountView,
  { type, msg, nonce, atMs }: Message,
  numberTimestamp = false,
): OutgoingCallback {
  const [token] = account.secrets('token');
  if (token === undefined) throw new TypeError('the account has no token to sign with');
  const seconds = secondsOf(atMs);
  const fields = new Map<string, Lossless>([
    ['timestamp', numberTimestamp ? new NumberText(seconds) : seconds],
    ['nonce', nonce],
    ['msg', JSON.stringify(msg)],
    ['type', type],
  ]);
  fields.set('msg_signature', callbackSignature(fields, token.value) ?? '');
  return { topic: '', headers: HEADERS, body: stringifyLossless(fields) };
}

/** A callback of the trade system. */
export function tradeCallback(account: AccountView, { type, msg, nonce, atMs }: Message): OutgoingCallback {
  const seconds = secondsOf(atMs);
  const body = JSON.stringify({ version: '3.0', type, msg: JSON.stringify(msg) });
  const { privateKey } = platformKeysFor(account.credential('appSecret') ?? '');
  const signed = tradeCallbackHeaders(seconds, nonce, Buffer.from(body), privateKey);
  return { topic: '', headers: { ...HEADERS, ...signed, 'byte-logid': `${seconds}${nonce.slice(0, 4)}` }, body };
}
