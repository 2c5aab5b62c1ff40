import { signRsaSha256 } from '../../core/rsa.ts';
import { compareBytes, md5Hex } from '../../core/signing.ts';

/**
 * Values of a guaranteed-payment request. No object and no array: the official demos print one as Go prints a map, the
 * text of the documentation signs it as posted; a JSON string is one and the same to all.
 */
export type EcpayFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * The points in which public implementations differ; the first choice of each is the official one. The others are there
 * to be recognised: an integration that is refused with 2008 often is one of them.
 */
export interface EcpayForm {
  /** Blanks at the ends: `unicode` as in Go and JavaScript, `ascii` as in Java and PHP. Trimmed values suit both. */
  readonly blanks?: 'unicode' | 'ascii';
  /** Quotes around a value: both cut, one of them, none. */
  readonly quotes?: 'both' | 'first' | 'last' | 'none';
  /** The number 0. */
  readonly zero?: 'sign' | 'drop';
  /** Sorting: by UTF-8 bytes (Go, PHP) or by UTF-16 units (Java, JavaScript); they differ for emoji against `！`. */
  readonly order?: 'bytes' | 'utf16';
  /** The salt is one value among the others; many put it behind them. */
  readonly salt?: 'sorted' | 'last';
}

/** Fields that are no part of the signed text (sheet, 2.1). */
const UNSIGNED = new Set(['app_id', 'thirdparty_id', 'sign', 'other_settle_params']);

/** The text whose MD5 is the `sign` of a guaranteed-payment request: sorted values and the salt, joined with `&`. */
export function ecpayText(fields: EcpayFields, salt: string, form: EcpayForm = {}): string {
  const values: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (UNSIGNED.has(name) || value === null || value === undefined) continue;
    if (value === 0 && form.zero === 'drop') continue;
    const text = ecpayValue(String(value), form);
    if (text !== '' && text !== 'null') values.push(text);
  }
  if (form.salt !== 'last') values.push(salt);
  // Without a comparison function JavaScript sorts by UTF-16 units.
  const sorted = form.order === 'utf16' ? values.sort() : values.sort(compareBytes);
  return (form.salt === 'last' ? [...sorted, salt] : sorted).join('&');
}

/** `sign` of a guaranteed-payment request: lower-case hex MD5. Every field of the body as posted, serialised once. */
export function ecpaySign(fields: EcpayFields, salt: string, form: EcpayForm = {}): string {
  return md5Hex(ecpayText(fields, salt, form));
}

function ecpayValue(value: string, { blanks, quotes }: EcpayForm): string {
  const trim = blanks === 'ascii' ? trimAscii : (text: string): string => text.trim();
  const text = trim(value);
  if (quotes === 'none' || text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return trim(text.slice(quotes === 'last' ? 0 : 1, quotes === 'first' ? undefined : -1));
}

function trimAscii(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}

/** What the trade system has signed: five lines, each ended by a line feed. Of `requestOrder` the path is `/requestOrder`. */
export function tradeRequestText(method: string, path: string, timestamp: string, nonce: string, body: string): string {
  return `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`;
}

export interface TradeSigner {
  readonly appId: string;
  readonly privateKey: string;
  readonly keyVersion: string;
  /** Whether the values stand in quotes: two official pages differ. */
  readonly quotes: boolean;
}

/**
 * `byteAuthorization` of `tt.requestOrder` and of the header Byte-Authorization. `timestamp` in seconds; the platform
 * refuses one older than about an hour. Throws TypeError when the private key cannot be read.
 */
export function tradeAuthorization(
  signer: TradeSigner,
  request: { readonly method: string; readonly path: string; readonly body: string },
  timestamp: string,
  nonce: string,
): string {
  const text = tradeRequestText(request.method, request.path, timestamp, nonce, request.body);
  const values = [
    ['appid', signer.appId],
    ['nonce_str', nonce],
    ['timestamp', timestamp],
    ['key_version', signer.keyVersion],
    ['signature', signRsaSha256(signer.privateKey, text)],
  ];
  const quote = signer.quotes ? '"' : '';
  return `SHA256-RSA2048 ${values.map(([name, value]) => `${name}=${quote}${value}${quote}`).join(',')}`;
}
