import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import { isLosslessObject, isStorableText, parseLossless, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import type { OutgoingRequest, PlatformResponse } from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { schemeOf } from './account.ts';
import { sign } from './signature.ts';

export const CREATE_PATH = '/franchiser/api/trade/create';
export const MODIFY_PATH = '/franchiser/api/instock/modify';

const TIMEOUT_MS = 15_000;

/**
 * A call to EM: a form of `appid`, `timestamp`, `request_data` and `sign` (sheet, 4). `notify_url` stands where the
 * setting `notifyUrlIn` says: the documents speak of it and do not list it.
 */
export function callOf(
  account: AccountView,
  call: string,
  path: string,
  data: Readonly<Record<string, unknown>>,
  { at, notifyUrl }: { readonly at: TimeMs; readonly notifyUrl?: string | undefined },
): OutgoingRequest {
  const place = notifyUrl === undefined ? 'none' : account.settings['notifyUrlIn'];
  const fields = {
    appid: account.credential('appid') ?? '',
    ...(place === 'top_level' ? { notify_url: notifyUrl ?? '' } : {}),
    request_data: JSON.stringify(place === 'request_data' ? { ...data, notify_url: notifyUrl } : data),
    timestamp: String(Math.floor(at / 1000)),
  };
  const [secret] = account.secrets('appSecret');
  const { baseUrl } = account.settings;
  return {
    call,
    method: 'POST',
    url: `${typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/u, '') : ''}${path}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: writeForm(Object.entries({ ...fields, sign: sign(fields, secret?.value ?? '', schemeOf(account)) })),
    timeoutMs: TIMEOUT_MS,
  };
}

/** What an answer says. No page shows one: where to look is a setting of the account. */
export type Answer =
  | { readonly kind: 'done'; readonly answer: LosslessObject }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Neither a yes nor a no that the settings know. */
  | { readonly kind: 'unclear'; readonly message: string };

export function readAnswer(account: AccountView, { status, body }: PlatformResponse): Answer {
  const answer = parseLossless(body);
  if (!isLosslessObject(answer)) return { kind: 'unclear', message: `EM answered ${status} with no JSON object.` };
  const code = firstAt(answer, account.settings['codePath']);
  if (code === undefined) {
    return { kind: 'unclear', message: `The answer holds no code at ${textOf(account.settings['codePath'])}.` };
  }
  const good = textOf(account.settings['okCodes']).split(',');
  if (good.includes(code)) return { kind: 'done', answer };
  const words = firstAt(answer, 'message,msg,errmsg,des,data.message') ?? '';
  const [secret] = account.secrets('appSecret');
  const said = secret === undefined ? words : words.replaceAll(secret.value, '***');
  return { kind: 'refused', code: code.slice(0, 64), message: said.slice(0, 200).toWellFormed() };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * The first text or number that stands at one of the paths: names joined by dots, several paths joined by commas. Numbers
 * lead into lists.
 */
export function firstAt(answer: LosslessObject, paths: unknown): string | undefined {
  for (const path of textOf(paths).split(',')) {
    const text = scalarText(valueAt(answer, path.trim().split('.')));
    if (text !== undefined && text !== '' && isStorableText(text)) return text;
  }
  return undefined;
}

function valueAt(value: Lossless | undefined, names: readonly string[]): Lossless | undefined {
  const [name, ...rest] = names;
  if (name === undefined || value === undefined) return value;
  if (isLosslessObject(value)) return valueAt(value.get(name), rest);
  if (Array.isArray(value) && /^\d{1,4}$/u.test(name))
    return valueAt((value as readonly Lossless[])[Number(name)], rest);
  return undefined;
}
