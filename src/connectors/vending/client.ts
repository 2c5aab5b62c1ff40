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

const CREDENTIALS = ['appid', 'appSecret', 'merchantKey'] as const;

/** Whether calls can be made: each one names the application, and most are signed. */
export const hasCredentials = (account: AccountView): boolean =>
  CREDENTIALS.every((name) => (credentialOf(account, name) ?? '') !== '');

const credentialOf = (account: AccountView, name: (typeof CREDENTIALS)[number]): string | undefined =>
  name === 'appid' ? account.credential(name) : account.secrets(name)[0]?.value;

/** A call with its final bytes. An account without credentials makes one that the platform refuses. */
export function requestFor(account: AccountView, wanted: Wanted, at: TimeMs): OutgoingRequest {
  return {
    call: wanted.call,
    method: wanted.method,
    url: `${baseUrlOf(account)}${API_PATH}${wanted.path}`,
    headers: {
      appid: credentialOf(account, 'appid') ?? '',
      appsecret: credentialOf(account, 'appSecret') ?? '',
      'content-type': 'application/json',
    },
    timeoutMs: TIMEOUT_MS,
    ...bodyOf(account, wanted, credentialOf(account, 'merchantKey') ?? '', at),
  };
}

/** Asks the platform. Throws what `call` throws when no answer came. */
export async function ask(
  account: AccountView,
  call: CallPlatform,
  wanted: Wanted,
  at: TimeMs,
): Promise<PlatformResult<Data>> {
  if (!hasCredentials(account)) {
    return failed('alert', 'no_credentials', 'The account has no appid, no appSecret or no merchantKey.');
  }
  return readAnswer(account, await call(requestFor(account, wanted, at)));
}

function bodyOf(account: AccountView, { payload, body }: Wanted, merchantKey: string, at: TimeMs): { body?: string } {
  if (payload === undefined) return body === undefined ? {} : { body };
  const parameters = { ...payload, timestamp: String(Math.floor(at / 1000)) };
  return { body: JSON.stringify({ payload: signedPayload(parameters, merchantKey, encodingOf(account)) }) };
}

/**
 * What the platform answered. Success is HTTP 200, `code` 0 and `message` "ok", all three: the documents print failures
 * with `code` 0. An absent code is 0, since zeros are left out.
 */
export function readAnswer(account: AccountView, response: PlatformResponse): PlatformResult<Data> {
  const { status, body } = response;
  const fields = fieldsOf(body);
  const code = scalarText(fields?.get('code')) ?? '0';
  const message = scalarText(fields?.get('message')) ?? '';
  if (status === 200 && fields !== undefined && code === '0' && message === 'ok') {
    return { ok: true, value: fields.get('data') ?? null };
  }
  const known = code !== '0' && /^\d{1,9}$/u.test(code);
  const secrets = (['appSecret', 'merchantKey'] as const).map((name) => credentialOf(account, name) ?? '');
  const said = secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), message);
  const words = isStorableText(said) ? said.slice(0, 200).toWellFormed() : '';
  const refusal = refusalOf(status, known ? code : undefined);
  return { ok: false, refusal: { ...refusal, code: known ? code : `http_${status}`, message: words } };
}

/** `data` of an answer that was refused: some refusals name the order that there is. */
export function refusedData({ body }: PlatformResponse): LosslessObject | undefined {
  const data = fieldsOf(body)?.get('data');
  return isLosslessObject(data) ? data : undefined;
}

function fieldsOf(body: string): LosslessObject | undefined {
  const value = parseLossless(body);
  return isLosslessObject(value) ? value : undefined;
}

function refusalOf(status: number, code: string | undefined): Pick<PlatformRefusal, 'class' | 'kind'> {
  if (status === 401) return { class: 'alert' };
  // No limit is documented; a gateway in front of the platform may have one.
  if (status === 429) return { class: 'retry', kind: 'rate' };
  const row = code !== undefined && Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code] : undefined;
  if (row !== undefined) return row.kind === undefined ? { class: row.class } : { class: row.class, kind: row.kind };
  return { class: status >= 500 || (status === 200 && code === undefined) ? 'retry' : 'final' };
}

/** Proves Appid and AppSecret by `ping`. The merchant key is not part of it: no harmless call is signed. */
export async function check(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<string>> {
  const answer = await ask(account, call, { call: 'ping', method: 'POST', path: '/ping' }, at);
  if (!answer.ok) return answer;
  return { ok: true, value: `The platform answered the ping of ${account.credential('appid') ?? ''}.` };
}

/** An order with its dispense records as the platform has it. */
export const orderWanted = (orderId: string, machineNo: string): Wanted => ({
  call: 'order.query',
  method: 'POST',
  path: `/orders/${orderId}`,
  payload: { machine_no: machineNo },
});

export const queryOrder = (
  account: AccountView,
  call: CallPlatform,
  { orderId, machineNo }: { readonly orderId: string; readonly machineNo: string },
  at: TimeMs,
): Promise<PlatformResult<Data>> => ask(account, call, orderWanted(orderId, machineNo), at);
