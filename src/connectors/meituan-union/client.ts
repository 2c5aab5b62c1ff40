import type { AccountView, LinkWish } from '../../core/connector.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { CallPlatform, PlatformRefusal, PlatformResponse, PlatformResult } from '../../core/outgoing.ts';
import { hmacSha256Base64, md5Base64 } from '../../core/signing.ts';
import type { TimeMs } from '../../core/time.ts';
import { signingRules } from './account.ts';
import { sign } from './signature.ts';

const TIMEOUT_MS = 10_000;
const MEDIA_PATH = '/cps_open/common/api/v1';

export const refuse = (
  kind: PlatformRefusal['class'],
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: PlatformRefusal } => ({
  ok: false,
  refusal: { class: kind, code, message },
});

/** Which of the two APIs an account uses. */
export const isMedia = ({ settings }: Pick<AccountView, 'settings'>): boolean => settings['generation'] === 'cps_open';

function hostOf({ settings }: AccountView, name: 'baseUrl' | 'mediaBaseUrl'): string {
  const host = settings[name];
  return typeof host === 'string' ? host.replace(/\/+$/u, '') : '';
}

/**
 * One call of the g2 API: GET, every parameter signed by the API secret as pushes are by the callback secret (sheet 3.1).
 * Success is `status` 0; lists answer without any status.
 */
export async function callG2(
  account: AccountView,
  call: CallPlatform,
  path: string,
  parameters: Readonly<Record<string, string>>,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const secret = account.credential('secret');
  if (secret === undefined) return refuse('alert', 'no_secret', 'The account has no API secret.');
  const all = { ...parameters, appkey: account.credential('appkey') ?? '', ts: String(Math.floor(at / 1000)) };
  const fields = new Map<string, string>(Object.entries(all));
  const query = new URLSearchParams({ ...all, sign: sign(fields, secret, signingRules(account)) });
  const response = await call({
    call: path.slice('/api/'.length),
    method: 'GET',
    url: `${hostOf(account, 'baseUrl')}${path}?${query.toString()}`,
    headers: {},
    timeoutMs: TIMEOUT_MS,
  });
  return readAnswer(response, secret, {});
}

/** The headers of a cps_open call over the exact bytes of its body (sheet 3.3). */
export function mediaHeaders(
  path: string,
  body: string,
  { appkey, secret, at }: { readonly appkey: string; readonly secret: string; readonly at: TimeMs },
): Readonly<Record<string, string>> {
  const contentMd5 = md5Base64(body);
  const text = `POST\n${contentMd5}\nS-Ca-App:${appkey}\nS-Ca-Timestamp:${at}\n${path}`;
  return {
    'content-type': 'application/json',
    'content-md5': contentMd5,
    's-ca-app': appkey,
    's-ca-timestamp': String(at),
    's-ca-signature-headers': 'S-Ca-App,S-Ca-Timestamp',
    's-ca-signature': hmacSha256Base64(secret, text),
  };
}

/** One call of the cps_open API. Success is `code` 0. */
export async function callMedia(
  account: AccountView,
  call: CallPlatform,
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const secret = account.credential('secret');
  if (secret === undefined) return refuse('alert', 'no_secret', 'The account has no API secret.');
  const body = JSON.stringify(parameters);
  const path = `${MEDIA_PATH}/${name}`;
  const response = await call({
    call: name,
    method: 'POST',
    url: `${hostOf(account, 'mediaBaseUrl')}${path}`,
    headers: mediaHeaders(path, body, { appkey: account.credential('appkey') ?? '', secret, at }),
    body,
    timeoutMs: TIMEOUT_MS,
  });
  return readAnswer(response, secret, MEDIA_CODES);
}

type Meaning = Pick<PlatformRefusal, 'class' | 'kind'>;

/** cps_open's codes (sheet 3.3). Those of g2 are not published: each of them may pass by itself. */
const MEDIA_CODES: Readonly<Record<string, Meaning>> = {
  '1': { class: 'final' },
  '400': { class: 'alert' },
  '401': { class: 'final' },
  '402': { class: 'retry', kind: 'rate' },
  '403': { class: 'retry', kind: 'rate' },
};

function readAnswer(
  { status, body }: PlatformResponse,
  secret: string,
  codes: Readonly<Record<string, Meaning>>,
): PlatformResult<LosslessObject> {
  const value = parseLossless(body);
  if (!isLosslessObject(value)) {
    return refuse('retry', `http_${status}`, 'The platform answered with no JSON object.');
  }
  const code = scalarText(value.get('code')) ?? scalarText(value.get('status')) ?? '0';
  if (status === 200 && code === '0') return { ok: true, value };
  const words = scalarText(value.get('des')) ?? scalarText(value.get('message')) ?? scalarText(value.get('msg')) ?? '';
  const said = words.replaceAll(secret, '***').slice(0, 200).toWellFormed();
  const known = /^-?\d{1,9}$/u.test(code) ? code : 'unknown';
  const meaning: Meaning = codes[known] ?? { class: 'retry' };
  const message = isStorableText(said) ? said : '';
  return { ok: false, refusal: { ...meaning, code: known === '0' ? `http_${status}` : known, message } };
}

/** The platform's rules for a sid: g2 takes lower-case letters and digits, cps_open letters, digits and `_`; up to 64. */
export function sidFault(sid: string, account: AccountView): string | undefined {
  if (sid.length > 64) return 'is longer than 64 characters';
  if (isMedia(account)) return /^\w+$/u.test(sid) ? undefined : 'may hold only letters, digits and underscores';
  return /^[a-z0-9]+$/u.test(sid) ? undefined : 'may hold only lower-case letters and digits';
}

/** Asks for a link with a member's sid. `linkType` is the platform's own number, which differs between the two APIs. */
export async function makeLink(
  account: AccountView,
  call: CallPlatform,
  { sid, actId, linkType }: LinkWish,
  at: TimeMs,
): Promise<PlatformResult<string>> {
  if (!/^\d{1,4}$/u.test(linkType)) return refuse('final', 'link_type', 'linkType is a number at this platform.');
  const answer = isMedia(account)
    ? await callMedia(account, call, 'get_referral_link', { actId, linkType: Number(linkType), sid }, at)
    : await callG2(account, call, '/api/generateLink', { actId, linkType, sid }, at);
  if (!answer.ok) return answer;
  const link = scalarText(answer.value.get('data')) ?? '';
  if (link === '' || link.length > 4000 || !isStorableText(link))
    return refuse('retry', 'no_link', 'The answer holds no link.');
  return { ok: true, value: link };
}
