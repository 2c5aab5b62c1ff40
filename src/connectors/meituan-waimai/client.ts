import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type {
  CallPlatform,
  OutgoingRequest,
  PlatformRefusal,
  PlatformResult,
  PlatformResponse,
} from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from '../../core/account-fields.ts';
import { sign } from './signature.ts';

/** One of the platform's calls (sheet, 5.3). `method` is that of generation 1; generation 2 posts everything. */
export interface Wanted {
  readonly call: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** Business parameters. Numbers are `NumberText`, so that a 19-digit id is written as it is. */
  readonly biz: readonly (readonly [string, Lossless])[];
  /** The store's token; null for the few calls that need none. */
  readonly token: string | null;
}

export const failed = (
  code: string,
  failure: PlatformRefusal['class'],
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } => ({
  ok: false,
  refusal: { class: failure, code, message },
});

/**
 * Asks the platform and returns a reader of its whole answer, whose `data` holds the result. Throws what `call` throws
 * when no answer came.
 */
export async function ask(
  account: AccountView,
  call: CallPlatform,
  wanted: Wanted,
  at: TimeMs,
): Promise<PlatformResult<JsonReader>> {
  if (!hasCredentials(account))
    return failed('no_credentials', 'alert', 'The account has no developerId or no signKey.');
  return readAnswer(account, await call(signedRequest(account, wanted, at)), wanted.token);
}

/** Whether the account can sign anything. */
export const hasCredentials = (account: AccountView): boolean =>
  account.secrets('signKey').length > 0 && account.credential('developerId') !== undefined;

/** The signed request of a call; of an account without credentials one that the platform refuses. */
export function signedRequest(account: AccountView, wanted: Wanted, at: TimeMs): OutgoingRequest {
  const signKey = account.secrets('signKey')[0]?.value ?? '';
  const developerId = account.credential('developerId') ?? '';
  return isSet(account, 'apiVersion', '1')
    ? firstGeneration(account, wanted, signKey, at)
    : secondGeneration(account, wanted, signKey, developerId, at);
}

/** Everything in the form body, business parameters as one JSON text (sheet, 5.1). */
function secondGeneration(
  account: AccountView,
  wanted: Wanted,
  signKey: string,
  developerId: string,
  at: TimeMs,
): OutgoingRequest {
  const fields: (readonly [string, string])[] = [
    ...(wanted.token === null ? [] : [['appAuthToken', wanted.token] as const]),
    ['biz', stringifyLossless(new Map(wanted.biz))],
    ['businessId', '2'],
    ['charset', 'UTF-8'],
    ['developerId', developerId],
    ['timestamp', String(Math.floor(at / 1000))],
    ['version', '2'],
  ];
  return post(account, wanted, [...fields, ['sign', sign(fields, signKey)]]);
}

/** Business parameters beside the system's; queries by GET (sheet, 5.1). */
function firstGeneration(account: AccountView, wanted: Wanted, signKey: string, at: TimeMs): OutgoingRequest {
  const fields: (readonly [string, string])[] = [
    ...(wanted.token === null ? [] : [['appAuthToken', wanted.token] as const]),
    ['charset', 'UTF-8'],
    ['timestamp', String(Math.floor(at / 1000))],
    ['version', '1'],
    ...wanted.biz.map(([name, value]) => [name, scalarText(value) ?? stringifyLossless(value)] as const),
  ];
  const signed: readonly (readonly [string, string])[] = [...fields, ['sign', sign(fields, signKey)]];
  if (wanted.method === 'POST') return post(account, wanted, signed);
  const url = `${hostOf(account, 'baseUrl')}${wanted.path}?${writeForm(signed)}`;
  return { call: wanted.call, method: 'GET', url, headers: {}, timeoutMs: TIMEOUT_MS };
}

/** The platform's own client waits 3 s for the connection and 5 s for the answer. */
const TIMEOUT_MS = 8_000;

const post = (account: AccountView, wanted: Wanted, fields: Iterable<readonly [string, string]>): OutgoingRequest => ({
  call: wanted.call,
  method: 'POST',
  url: `${hostOf(account, 'baseUrl')}${wanted.path}`,
  headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
  body: writeForm(fields),
  timeoutMs: TIMEOUT_MS,
});

/** A host setting without a slash at its end. */
export function hostOf({ settings }: AccountView, name: 'baseUrl' | 'bindUrl'): string {
  const url = settings[name];
  return typeof url === 'string' ? url.replace(/\/+$/u, '') : '';
}

/**
 * What the platform answered, without the secrets that it may repeat. Both generations: `{"code":"OP_SUCCESS",…,"data"}`, `{"data"}`, `{"error":{"code","message"|"msg"}}`.
 */
export function readAnswer(
  account: AccountView,
  response: PlatformResponse,
  token: string | null,
): PlatformResult<JsonReader> {
  const secrets = [...account.secrets('signKey').map(({ value }) => value), token ?? ''];
  if (response.status !== 200)
    return failed(`http_${response.status}`, 'retry', 'The platform did not answer with HTTP 200.');
  const value = parseLossless(response.body);
  if (!isLosslessObject(value)) return failed('unreadable_answer', 'retry', 'The answer is not a JSON object.');
  const error = value.get('error');
  const fault = isLosslessObject(error) ? error : value;
  const code = scalarText(fault.get('code'));
  if (!isLosslessObject(error) && (code === undefined || code === 'OP_SUCCESS'))
    return { ok: true, value: new JsonReader(value) };
  const said = scalarText(fault.get('message')) ?? scalarText(fault.get('msg')) ?? '';
  const message = secrets.reduce(
    (text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')),
    said.slice(0, 300),
  );
  const known = code !== undefined && code.length <= 64 && isStorableText(code) ? code : 'unknown';
  const refusal = {
    class: classOf(`${known} ${message}`),
    code: known,
    message: isStorableText(message) ? message : '',
  };
  const kind = kindOf(refusal);
  return { ok: false, refusal: kind === undefined ? refusal : { ...refusal, kind } };
}

// No list of codes is public (sheet, 5.2), so the words decide; what they do not tell is a person's.
const TOKEN_WORDS = /token|auth|授权|绑定/iu;
const ALERT_WORDS = /sign|developer|permission|forbidden|签名|验签|权限|开发者/iu;
const RETRY_WORDS = /system|time.?out|busy|limit|frequen|too many|系统|超时|繁忙|频繁|限流|稍后/iu;

function classOf(words: string): PlatformRefusal['class'] {
  if (TOKEN_WORDS.test(words) || ALERT_WORDS.test(words)) return 'alert';
  return RETRY_WORDS.test(words) ? 'retry' : 'final';
}

/** Whether a refusal speaks of the store's token, and neither of our signature nor of an outage. */
export const isTokenRefusal = ({ class: failure, code, message }: PlatformRefusal): boolean =>
  failure === 'alert' && TOKEN_WORDS.test(`${code} ${message}`) && !ALERT_WORDS.test(`${code} ${message}`);

const RATE_WORDS = /rate|limit|frequen|too many|频繁|限流/iu;

/** What is behind a refusal, where the hub can do something about it. */
function kindOf(refusal: PlatformRefusal): PlatformRefusal['kind'] {
  if (isTokenRefusal(refusal)) return 'token';
  return refusal.class === 'retry' && RATE_WORDS.test(`${refusal.code} ${refusal.message}`) ? 'rate' : undefined;
}
