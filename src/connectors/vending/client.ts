import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import type {
  CallPlatform,
  OutgoingRequest,
  PlatformRefusal,
  PlatformResponse,
  PlatformResult,
} from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { baseUrlOf } from './account.ts';
import { ERROR_CODES } from './errors.ts';
import { encodingOf, signedPayload } from './signature.ts';
import type { Parameters } from './signature.ts';

export const API_PATH = '/api/openapi/v1';

/** A dispense may keep the platform waiting for the machine; no limit is documented. */
const TIMEOUT_MS = 15_000;

export interface Wanted {
  /** Short name for logs and timelines. */
  readonly call: string;
  readonly method: 'POST' | 'PUT';
  /** Behind `/api/openapi/v1`. */
  readonly path: string;
  /** Business parameters of a signed payload, all of them text; `timestamp` and `sign` are added. */
  readonly payload?: Parameters;
  /** The body of the calls that are not signed. */
  readonly body?: string;
}

/** `data` of a successful answer; where a lone value is usual, it is kept as it came. */
export type Data = Lossless;

export const failed = (
  refusalClass: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } => ({
  ok: false,
  refusal: { class: refusalClass, code, message },
});

/** Asks the platform. Throws what `call` throws when no answer came. */
export async function ask(
  account: AccountView,
  call: CallPlatform,
  wanted: Wanted,
  at: TimeMs,
): Promise<PlatformResult<Data>> {
  const appid = account.credential('appid');
  const [appSecret] = account.secrets('appSecret');
  const [merchantKey] = account.secrets('merchantKey');
  if (appid === undefined || appSecret === undefined || merchantKey === undefined) {
    return failed('alert', 'no_credentials', 'The account has no appid, no appSecret or no merchantKey.');
  }
  const request: OutgoingRequest = {
    call: wanted.call,
    method: wanted.method,
    url: `${baseUrlOf(account)}${API_PATH}${wanted.path}`,
    headers: { appid, appsecret: appSecret.value, 'content-type': 'application/json' },
    timeoutMs: TIMEOUT_MS,
    ...bodyOf(account, wanted, merchantKey.value, at),
  };
  return readAnswer(await call(request), [appSecret.value, merchantKey.value]);
}

function bodyOf(account: AccountView, { payload, body }: Wanted, merchantKey: string, at: TimeMs): { body?: string } {
  if (payload === undefined) return body === undefined ? {} : { body };
  const parameters = { ...payload, timestamp: String(Math.floor(at / 1000)) };
  return { body: JSON.stringify({ payload: signedPayload(parameters, merchantKey, encodingOf(account)) }) };
}

/**
 * Success is HTTP 200, `code` 0 and `message` "ok", all three: the documents print failures with `code` 0. An absent
 * code is 0, since zeros are left out.
 */
function readAnswer({ status, body }: PlatformResponse, secrets: readonly string[]): PlatformResult<Data> {
  const value = parseLossless(body);
  const fields: LosslessObject = isLosslessObject(value) ? value : new Map<string, Lossless>();
  const code = scalarText(fields.get('code')) ?? '0';
  const message = scalarText(fields.get('message')) ?? '';
  if (status === 200 && isLosslessObject(value) && code === '0' && message === 'ok') {
    return { ok: true, value: fields.get('data') ?? null };
  }
  const known = code !== '0' && /^\d{1,9}$/u.test(code);
  const said = secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), message);
  const words = isStorableText(said) ? said.slice(0, 200).toWellFormed() : '';
  return failed(classOf(status, known ? code : undefined), known ? code : `http_${status}`, words);
}

function classOf(status: number, code: string | undefined): PlatformRefusal['class'] {
  if (status === 401) return 'alert';
  const row = code !== undefined && Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code] : undefined;
  if (row !== undefined) return row.class === 'retry' || row.class === 'alert' ? row.class : 'final';
  return status >= 500 || status === 429 || (status === 200 && code === undefined) ? 'retry' : 'final';
}

/** Proves Appid and AppSecret by `ping`. The merchant key is not part of it: no harmless call is signed. */
export async function check(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<string>> {
  const answer = await ask(account, call, { call: 'ping', method: 'POST', path: '/ping' }, at);
  if (!answer.ok) return answer;
  return { ok: true, value: `The platform answered the ping of ${account.credential('appid') ?? ''}.` };
}

/** An order with its dispense records as the platform has it. */
export const queryOrder = (
  account: AccountView,
  call: CallPlatform,
  { orderId, machineNo }: { readonly orderId: string; readonly machineNo: string },
  at: TimeMs,
): Promise<PlatformResult<Data>> =>
  ask(
    account,
    call,
    { call: 'order.query', method: 'POST', path: `/orders/${orderId}`, payload: { machine_no: machineNo } },
    at,
  );
