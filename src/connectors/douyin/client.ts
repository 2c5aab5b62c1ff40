import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { CallPlatform, PlatformRefusal, PlatformResponse, PlatformResult } from '../../core/outgoing.ts';

export interface AccessToken {
  readonly token: string;
  /** Seconds from now. */
  readonly expiresIn: number;
}

/** What the error numbers of `v2/token` ask for (sheet, 4). */
const TOKEN_ERRORS: Readonly<Record<string, PlatformRefusal['class']>> = {
  '-1': 'retry',
  '40015': 'alert',
  '40017': 'alert',
  '40020': 'final',
};

/**
 * A new access token of the mini-program. It cuts the life of the one before to five minutes, so whoever keeps tokens
 * fetches one for all and not one a request.
 */
export async function fetchToken(account: AccountView, call: CallPlatform): Promise<PlatformResult<AccessToken>> {
  const response = await call({
    call: 'apps.v2.token',
    method: 'POST',
    url: `${hostOf(account, 'baseUrl')}/api/apps/v2/token`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      appid: account.credential('appId') ?? '',
      secret: account.credential('appSecret') ?? '',
      grant_type: 'client_credential',
    }),
  });
  const answer = readAnswer(response);
  if (answer === undefined) return refused('retry', String(response.status), 'The answer is not JSON.');
  const code = scalarText(answer.get('err_no'));
  if (code !== '0') {
    return refused(
      TOKEN_ERRORS[code ?? ''] ?? 'alert',
      code ?? '',
      textOf(answer, 'err_tips') ?? 'The answer has no err_no.',
    );
  }
  const data = answer.get('data');
  const token = isLosslessObject(data) ? textOf(data, 'access_token') : undefined;
  const expiresIn = isLosslessObject(data) ? Number(textOf(data, 'expires_in')) : Number.NaN;
  // An empty token must never be kept: it is what a refusal looks like to a client that reads `data` alone.
  if (token === undefined || token === '' || !(expiresIn > 0))
    return refused('retry', '0', 'The answer holds no token.');
  return { ok: true, value: { token, expiresIn } };
}

/** Proves app id and secret by fetching a token, which changes nothing at the platform. */
export async function check(account: AccountView, call: CallPlatform): Promise<PlatformResult<string>> {
  const fetched = await fetchToken(account, call);
  if (!fetched.ok) return fetched;
  return { ok: true, value: `An access token was given for ${account.credential('appId') ?? ''}.` };
}

/** The base address of a setting without a slash at its end. */
function hostOf({ settings }: AccountView, name: string): string {
  const host = settings[name];
  return typeof host === 'string' ? host.replace(/\/+$/u, '') : '';
}

function readAnswer({ status, body }: PlatformResponse): LosslessObject | undefined {
  const value = status === 200 ? parseLossless(body) : undefined;
  return isLosslessObject(value) ? value : undefined;
}

const textOf = (fields: LosslessObject, name: string): string | undefined => scalarText(fields.get(name));

function refused(
  refusalClass: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } {
  return { ok: false, refusal: { class: refusalClass, code, message: message.slice(0, 200) } };
}
