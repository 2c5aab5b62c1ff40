import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, parseLossless, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import type {
  CallPlatform,
  OutgoingRequest,
  PlatformRefusal,
  PlatformResponse,
  PlatformResult,
} from '../../core/outgoing.ts';
import { md5Hex } from '../../core/signing.ts';
import type { StoreToken } from '../../core/store-binding.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from '../../core/account-fields.ts';
import { signRequest } from './signature.ts';

/** The official SDK of the widest use gives up after this long. */
const TIMEOUT_MS = 15_000;
const JSON_TYPE = 'application/json; charset=utf-8';
const FORM_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** An address below the account's host. */
export function address({ settings }: Pick<AccountView, 'settings'>, path: string): string {
  const { baseUrl } = settings;
  return `${typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/u, '') : ''}${path}`;
}

/**
 * One call of the platform's API (sheet, 3). The result is the `result` of the reply, numbers by their tokens. A refusal
 * has the platform's code, `UNAUTHORIZED` when the token must be renewed.
 */
export async function callAction(
  account: AccountView,
  call: CallPlatform,
  wanted: WantedAction,
  at: TimeMs,
): Promise<PlatformResult<Lossless>> {
  const [secret] = account.secrets('appSecret');
  if (secret === undefined) return refuse('alert', 'no_secret', 'The account has no appSecret.');
  return readReply(await call(signedRequest(account, wanted, at)));
}

/** One of the platform's actions with its parameters. */
export interface WantedAction {
  readonly action: string;
  readonly token: string;
  readonly params: LosslessObject;
}

/** The signed request of an action; of an account without a secret one that the platform refuses. */
export function signedRequest(account: AccountView, wanted: WantedAction, at: TimeMs): OutgoingRequest {
  const { action, token, params } = wanted;
  const secret = account.secrets('appSecret')[0]?.value ?? '';
  const timestamp = isSet(account, 'metasTimestamp', 'ms') ? at : Math.floor(at / 1000);
  const metas = new Map<string, Lossless>([
    ['app_key', account.credential('appKey') ?? ''],
    ['timestamp', new NumberText(String(timestamp))],
  ]);
  // Unique by what is asked and when: the platform uses it to find a call in its logs, not to tell repeats.
  const id = md5Hex(`${account.id} ${action} ${stringifyLossless(params)} ${at}`).toUpperCase();
  const body: LosslessObject = new Map<string, Lossless>([
    ['nop', '1.0.0'],
    ['id', `${id}|${at}`],
    ['action', action],
    ['token', token],
    ['metas', metas],
    ['params', params],
    ['signature', signRequest(action, token, metas, params, secret)],
  ]);
  return {
    call: action,
    method: 'POST',
    url: address(account, '/api/v1/'),
    headers: { 'content-type': JSON_TYPE, 'x-eleme-requestid': `${id}|${at}` },
    body: stringifyLossless(body),
    timeoutMs: TIMEOUT_MS,
  };
}

/** The `result` of a reply, or what the platform refused it for. */
export function readReply(response: PlatformResponse): PlatformResult<Lossless> {
  const reply = replyObject(response);
  if (reply === undefined) return unreadable(response);
  const error = reply.get('error');
  if (isLosslessObject(error))
    return refused(scalarText(error.get('code')) ?? '', scalarText(error.get('message')) ?? '');
  return { ok: true, value: reply.get('result') ?? null };
}

/** Asks for tokens: `fields` are the form's, the app proves itself in the header (sheet, 2). */
export async function callToken(
  account: AccountView,
  call: CallPlatform,
  fields: Readonly<Record<string, string>>,
  at: TimeMs,
): Promise<PlatformResult<StoreToken>> {
  const [secret] = account.secrets('appSecret');
  if (secret === undefined) return refuse('alert', 'no_secret', 'The account has no appSecret.');
  const proof = Buffer.from(`${account.credential('appKey') ?? ''}:${secret.value}`).toString('base64');
  const response = await call({
    call: `token.${fields['grant_type'] ?? ''}`,
    method: 'POST',
    url: address(account, '/token'),
    headers: { 'content-type': FORM_TYPE, authorization: `Basic ${proof}` },
    body: new URLSearchParams(fields).toString(),
    timeoutMs: TIMEOUT_MS,
  });
  const reply = replyObject(response);
  if (reply === undefined) return unreadable(response);
  const accessToken = scalarText(reply.get('access_token')) ?? '';
  if (accessToken === '') {
    return refused(scalarText(reply.get('error')) ?? 'no_token', scalarText(reply.get('error_description')) ?? '');
  }
  const seconds = Number(scalarText(reply.get('expires_in')) ?? 'NaN');
  return {
    ok: true,
    value: {
      accessToken,
      refreshToken: scalarText(reply.get('refresh_token')) ?? null,
      // The lifetimes differ between the hosts and were not confirmed: what the reply says counts.
      expiresAt: Number.isFinite(seconds) && seconds > 0 ? at + Math.floor(seconds * 1000) : null,
    },
  };
}

function replyObject({ body }: PlatformResponse): LosslessObject | undefined {
  const reply = parseLossless(body);
  return isLosslessObject(reply) ? reply : undefined;
}

function unreadable({ status }: PlatformResponse): { readonly ok: false; readonly refusal: PlatformRefusal } {
  return refuse('retry', 'unreadable_reply', `The platform answered HTTP ${status} with no JSON object.`);
}

/** Which refusals pass by themselves and which need a person; all others are about the call itself. */
const CLASSES: Readonly<Record<string, PlatformRefusal['class']>> = {
  SERVER_ERROR: 'retry',
  EXCEED_LIMIT: 'retry',
  SOURCE_TIMEOUT: 'retry',
  server_error: 'retry',
  temporarily_unavailable: 'retry',
  UNAUTHORIZED: 'alert',
  ACCESS_DENIED: 'alert',
  PERMISSION_DENIED: 'alert',
  INVALID_SIGNATURE: 'alert',
  INVALID_TIMESTAMP: 'alert',
  invalid_client: 'alert',
  unauthorized_client: 'alert',
  invalid_grant: 'alert',
  access_denied: 'alert',
};

/** What is behind a refusal, where the hub can do something about it. */
const KINDS: Readonly<Record<string, NonNullable<PlatformRefusal['kind']>>> = {
  EXCEED_LIMIT: 'rate',
  UNAUTHORIZED: 'token',
};

function refused(code: string, message: string): { readonly ok: false; readonly refusal: PlatformRefusal } {
  const known = Object.hasOwn(CLASSES, code) ? (CLASSES[code] ?? 'final') : 'final';
  const { refusal } = refuse(known, code, message.slice(0, 300));
  const kind = Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
  return { ok: false, refusal: kind === undefined ? refusal : { ...refusal, kind } };
}

export function refuse(
  kind: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } {
  return { ok: false, refusal: { class: kind, code, message } };
}
