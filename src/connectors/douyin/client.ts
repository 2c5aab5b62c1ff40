import type { AccessTokens } from '../../core/access-token.ts';
import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import type {
  CallPlatform,
  OutgoingRequest,
  PlatformRefusal,
  PlatformResponse,
  PlatformResult,
} from '../../core/outgoing.ts';
import { generationOf } from './account.ts';
import { ECPAY_ERRORS, meaningOf, PUSH_ERRORS, TRADE_ERRORS } from './errors.ts';
import { textSetting } from './payment-settings.ts';
import { ecpaySign } from './request-signature.ts';
import type { EcpayFields } from './request-signature.ts';

export interface AccessToken {
  readonly token: string;
  /** Seconds from now. */
  readonly expiresIn: number;
}

/** What the error numbers of the two token calls ask for (sheet, 4). */
const TOKEN_ERRORS: Readonly<Record<string, PlatformRefusal['class']>> = {
  '-1': 'retry',
  '40015': 'alert',
  '40017': 'alert',
  '40020': 'final',
};

/**
 * A new access token of the mini-program. It cuts the life of the one before to five minutes, so whoever keeps tokens
 * fetches one for all and not one a request. The trade system takes client tokens, the order centre takes the others.
 */
export async function fetchToken(account: AccountView, call: CallPlatform): Promise<PlatformResult<AccessToken>> {
  const [id, secret] = [account.credential('appId') ?? '', account.credential('appSecret') ?? ''];
  const isTrade = generationOf(account) === 'trade';
  const response = await call(
    isTrade
      ? post('oauth.client_token', `${hostOf(account, 'openBaseUrl')}/oauth/client_token/`, {
          client_key: id,
          client_secret: secret,
          grant_type: 'client_credential',
        })
      : post('apps.v2.token', `${hostOf(account, 'baseUrl')}/api/apps/v2/token`, {
          appid: id,
          secret,
          grant_type: 'client_credential',
        }),
  );
  const answer = objectOf(response);
  if (answer === undefined) return refused('retry', String(response.status), 'The answer is not JSON.');
  const data = answer.get('data');
  const given = isLosslessObject(data) ? data : undefined;
  const code = textOf(answer, 'err_no') ?? (given === undefined ? undefined : textOf(given, 'error_code'));
  if (code !== '0') {
    const said = textOf(answer, 'err_tips') ?? (given === undefined ? undefined : textOf(given, 'description'));
    return refused(TOKEN_ERRORS[code ?? ''] ?? 'alert', code ?? '', said ?? 'The answer has no err_no.');
  }
  const token = given === undefined ? undefined : textOf(given, 'access_token');
  const expiresIn = given === undefined ? Number.NaN : Number(textOf(given, 'expires_in'));
  // An empty token must never be kept: it is what a refusal looks like to a client that reads `data` alone.
  if (token === undefined || token === '' || !(expiresIn > 0))
    return refused('retry', '0', 'The answer holds no token.');
  return { ok: true, value: { token, expiresIn } };
}

/** A token lives two hours; one that is replaced lives on for five minutes, in which calls under way end. */
export const accessTokens: AccessTokens = {
  refreshEarlyMs: 10 * 60_000,
  async fetch(account, call, at) {
    const fetched = await fetchToken(account, call);
    if (!fetched.ok) return fetched;
    const { token, expiresIn } = fetched.value;
    return { ok: true, value: { token, expiresAt: at + expiresIn * 1000 } };
  },
};

/** Proves app id and secret by fetching a token, which changes nothing at the platform. */
export async function check(account: AccountView, call: CallPlatform): Promise<PlatformResult<string>> {
  const fetched = await fetchToken(account, call);
  if (!fetched.ok) return fetched;
  return { ok: true, value: `An access token was given for ${account.credential('appId') ?? ''}.` };
}

/** A signed call of guaranteed payment, such as `create_order`. Fields that are undefined are left out. */
export function ecpayRequest(account: AccountView, name: string, fields: EcpayFields): OutgoingRequest {
  const thirdpartyId = textSetting(account, 'thirdpartyId');
  const body: EcpayFields = {
    app_id: account.credential('appId') ?? '',
    ...(thirdpartyId === undefined ? {} : { thirdparty_id: thirdpartyId }),
    ...fields,
  };
  const sign = ecpaySign(body, account.secrets('salt')[0]?.value ?? '');
  return post(`ecpay.${name}`, `${hostOf(account, 'baseUrl')}/api/apps/ecpay/v1/${name}`, { ...body, sign });
}

/** A call of the trade system, such as `order_query`: the token is all that vouches for it. */
export function tradeRequest(
  account: AccountView,
  name: string,
  fields: Readonly<Record<string, Json | undefined>>,
  accessToken: string,
): OutgoingRequest {
  const url = `${hostOf(account, 'openBaseUrl')}/api/trade_basic/v1/developer/${name}/`;
  return post(`trade_basic.${name}`, url, fields, { 'access-token': accessToken });
}

/** A push to the order centre: its token is in the body, and nothing is signed. */
export const pushRequest = (account: AccountView, fields: Readonly<Record<string, Json>>): OutgoingRequest =>
  post('order.v2.push', `${hostOf(account, 'baseUrl')}/api/apps/order/v2/push`, fields);

const post = (
  call: string,
  url: string,
  body: Readonly<Record<string, Json | undefined>>,
  headers: Readonly<Record<string, string>> = {},
): OutgoingRequest => ({
  call,
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** What the platform answered; `logId` is what its support asks for. */
export type Answered =
  | { readonly kind: 'ok'; readonly fields: LosslessObject; readonly logId: string | undefined }
  | { readonly kind: 'refused'; readonly refusal: PlatformRefusal }
  | { readonly kind: 'unknown'; readonly reason: string };

const FAMILIES = {
  ecpay: { errors: ECPAY_ERRORS, code: 'err_no', words: ['err_tips'] },
  push: { errors: PUSH_ERRORS, code: 'err_code', words: ['err_msg', 'err_tips'] },
  trade: { errors: TRADE_ERRORS, code: 'err_no', words: ['err_msg', 'err_tips'] },
} as const;

/** Reads an answer. What a gateway says says nothing of the service behind it: unknown, so the same goes again. */
export function readAnswer(family: keyof typeof FAMILIES, response: PlatformResponse): Answered {
  const { errors, code: codeName, words } = FAMILIES[family];
  const answer = objectOf(response);
  const logId = logIdOf(response, answer);
  const tail = logId === undefined ? '' : ` (X-Tt-Logid ${logId})`;
  if (response.status === 429)
    return { kind: 'refused', refusal: { class: 'retry', kind: 'rate', code: 'http_429', message: `HTTP 429${tail}` } };
  if (answer === undefined) return { kind: 'unknown', reason: `HTTP ${response.status}, and no JSON${tail}` };
  const code = textOf(answer, codeName) ?? textOf(answer, 'err_no') ?? textOf(answer, 'err_code');
  if (code === undefined) return { kind: 'unknown', reason: `The answer has no ${codeName}${tail}` };
  if (code === '0') return { kind: 'ok', fields: answer, logId };
  const said = words.map((name) => textOf(answer, name)).find((text) => text !== undefined && text !== '') ?? '';
  const message = `${isStorableText(said) ? said.slice(0, 200) : ''}${tail}`;
  const meaning = meaningOf(errors, code, said);
  if (meaning === 'unknown') return { kind: 'unknown', reason: `${code}: ${message}` };
  return { kind: 'refused', refusal: { ...meaning, code: code.slice(0, 32), message } };
}

function logIdOf({ headers }: PlatformResponse, answer: LosslessObject | undefined): string | undefined {
  const given = headers['x-tt-logid'] ?? (answer === undefined ? undefined : textOf(answer, 'log_id'));
  return given !== undefined && /^[\w-]{1,64}$/u.test(given) ? given : undefined;
}

/** The base address of a setting without a slash at its end. */
const hostOf = (account: AccountView, name: string): string => (textSetting(account, name) ?? '').replace(/\/+$/u, '');

function objectOf({ status, body }: PlatformResponse): LosslessObject | undefined {
  const value = status === 200 ? parseLossless(body) : undefined;
  return isLosslessObject(value) ? value : undefined;
}

const textOf = (fields: LosslessObject, name: string): string | undefined => scalarText(fields.get(name));

export const refused = (
  refusalClass: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } => ({
  ok: false,
  refusal: { class: refusalClass, code, message: message.slice(0, 200) },
});
