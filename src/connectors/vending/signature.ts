import { isSet } from '../../core/account-fields.ts';
import { pathTokenEvidence } from '../../core/accept.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Verification } from '../../core/connector.ts';
import { compareBytes, hmacSha256Base64, md5Hex } from '../../core/signing.ts';
import { acceptProved, refused } from '../../core/verification.ts';

/** What a callback's address alone says. */
export interface TokenContent {
  /** Our own order number. */
  readonly tradeId: string;
  readonly machineNo: string;
}

/** Changing it makes every address that was given out invalid. */
const PURPOSE = 'huidan vending callback 1';
/** 128 bits: with the longest numbers the token stays below the 100 characters that a route parameter may have. */
const MAC_CHARACTERS = 22;
const TOKEN = /^([0-9A-Za-z_-]{1,40})\.([0-9A-Za-z_-]{1,20})\.([0-9A-Za-z_-]{22})$/u;

/**
 * The last part of an order's `notify_url`. It names the order, which the callback's body does not, and proves itself,
 * so that nothing has to be looked up. Throws RangeError for numbers that the platform would not take either, and for
 * an account without a merchant key.
 */
export function callbackToken(account: AccountView, { tradeId, machineNo }: TokenContent): string {
  const [key] = account.secrets('merchantKey');
  if (key === undefined || key.value === '') throw new RangeError('the account has no merchantKey');
  const token = issue(key.value, account.id, { tradeId, machineNo });
  if (!TOKEN.test(token)) throw new RangeError('trade id or machine number has characters that no address carries');
  return token;
}

function issue(merchantKey: string, accountId: string, { tradeId, machineNo }: TokenContent): string {
  const text = `${PURPOSE}\n${accountId}\n${tradeId}\n${machineNo}`;
  const mac = hmacSha256Base64(merchantKey, text).replaceAll('+', '-').replaceAll('/', '_').slice(0, MAC_CHARACTERS);
  return `${tradeId}.${machineNo}.${mac}`;
}

/** Believes a request at an address that we gave out. Its body proves nothing and is signed by nobody. */
export function verify(request: CallbackRequest, account: AccountView): Verification<TokenContent> {
  const [, tradeId = '', machineNo = ''] = TOKEN.exec(request.topic) ?? [];
  const content = { tradeId, machineNo };
  const given = tradeId === '' ? ODD_ADDRESS : request.topic;
  const claim = { credential: 'merchantKey', given, content, otherwise: () => OTHER_ADDRESS };
  return acceptProved(request, account, claim, (token, { value }) =>
    pathTokenEvidence(token, issue(value, account.id, content)),
  );
}

const ODD_ADDRESS = refused('unknown_token', 'The last part of the address is not of the form that Huidan gives out.');
const OTHER_ADDRESS = refused('unknown_token', 'The last part of the address was not given out for this account.');

export type SignEncoding = 'raw' | 'urlencoded';
export type Parameters = Readonly<Record<string, string>>;

/** `name=value` sorted by name and joined by `&`, without `sign` and without empty values (sheet, 3). */
export function signedText(parameters: Parameters, encoding: SignEncoding): string {
  return Object.entries(parameters)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${name}=${encoding === 'raw' ? value : formEncoded(value)}`)
    .join('&');
}

const formEncoded = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1);

/** Upper-case MD5 of the parameters with the merchant key behind them. */
export const sign = (parameters: Parameters, merchantKey: string, encoding: SignEncoding = 'raw'): string =>
  md5Hex(`${signedText(parameters, encoding)}&key=${merchantKey}`).toUpperCase();

/** The `payload` of a call: base64 of compact JSON with the signature among the parameters, names sorted. */
export function signedPayload(parameters: Parameters, merchantKey: string, encoding: SignEncoding = 'raw'): string {
  const signed = { ...parameters, sign: sign(parameters, merchantKey, encoding) };
  const sorted = Object.fromEntries(Object.entries(signed).sort(([a], [b]) => compareBytes(a, b)));
  return Buffer.from(JSON.stringify(sorted)).toString('base64');
}

export const encodingOf = (account: Pick<AccountView, 'settings'>): SignEncoding =>
  isSet(account, 'signEncoding', 'urlencoded') ? 'urlencoded' : 'raw';
